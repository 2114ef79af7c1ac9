//! Options that are put together only for the command that runs: there are hundreds, and a start pays for each. All of them
//! may come from the environment.

use clap::builder::Resettable;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};

use super::environment::with_variables;

/// The options of a command.
#[derive(Debug)]
pub(in crate::cli) struct Deferred<T>(pub(in crate::cli) T);

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T: Args> Args for Deferred<T> {
    fn group_id() -> Option<Id> {
        T::group_id()
    }

    fn augment_args(command: Command) -> Command {
        command.defer(|command| described(command, T::augment_args))
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(|command| described(command, T::augment_args_for_update))
    }
}

/// Adds the options to a command, which keeps its own description: that of a list of options would replace it.
fn described(command: Command, augment: fn(Command) -> Command) -> Command {
    let about = Resettable::from(command.get_about().cloned());
    let long = Resettable::from(command.get_long_about().cloned());
    with_variables(augment(command).about(about).long_about(long))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use crate::cli::args::Cli;

    #[test]
    fn every_command_has_its_options_and_its_own_description() {
        let mut all = Cli::command();
        let before = all.clone();
        all.build();
        for described in before.get_subcommands() {
            let name = described.get_name();
            let command = all.find_subcommand(name).unwrap();
            assert!(described.get_about().is_some(), "{name}");
            assert_eq!(command.get_about(), described.get_about(), "{name}");
            assert_eq!(command.get_long_about(), described.get_long_about(), "{name}");
        }
        let count = |name: &str| all.find_subcommand(name).unwrap().get_arguments().count();
        for name in ["serve", "wiremock", "record", "import", "export", "diff", "drill", "explain"]
        {
            assert!(count(name) > 3, "{name}");
        }
    }

    #[test]
    fn every_option_of_every_command_has_a_variable() {
        fn options(command: &clap::Command, without: &mut Vec<String>) {
            for option in command.get_arguments().filter(|option| option.get_long().is_some()) {
                if option.get_env().is_none() {
                    without.push(format!("{} {option}", command.get_name()));
                }
            }
            command.get_subcommands().for_each(|command| options(command, without));
        }
        let mut all = Cli::command();
        all.build();
        let mut without = Vec::new();
        options(&all, &mut without);
        without.retain(|option| !option.contains(" --help") && !option.ends_with(" --version"));
        // A service called standin gives its pods STANDIN_PORT=tcp://ADDRESS:PORT.
        assert_eq!(without, ["wiremock --port <PORT>"]);
    }
}
