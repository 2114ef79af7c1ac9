//! Options from the environment: each option of each command has a variable, for images and compose files.
//!
//! `--tls-cert` is `STANDIN_TLS_CERT`. What the command line has comes first. An option that may be repeated has a value
//! on each line, or what separates its values on the command line. A flag is on with
//! `true`, `yes`, `on` or `1`, off with `false`, `no`, `off` or `0`. An empty variable counts as unset.

use std::env;
use std::ffi::{OsStr, OsString};

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, Error};

/// The options without a variable. Kubernetes gives pods beside a service called standin `STANDIN_PORT=tcp://...`.
const WITHOUT: [&str; 2] = ["port", "help"];

/// Gives each option a variable, unless it has one of its own.
pub(super) fn with_variables(command: Command) -> Command {
    command.mut_args(|option| {
        let long = option.get_long().filter(|long| !WITHOUT.contains(long));
        let Some(long) = long.filter(|_| option.get_env().is_none()) else {
            return option;
        };
        let variable = OsString::from(variable(long));
        // An empty variable counts as unset: scripts and compose files write `${NAME:-}`.
        if env::var_os(&variable).is_some_and(|value| value.is_empty()) {
            return option;
        }
        let option = option.env(variable).hide_env_values(true);
        match option.get_action() {
            ArgAction::SetTrue => option.value_parser(BoolishValueParser::new()),
            ArgAction::Append => separated(option),
            _ => option,
        }
    })
}

/// A variable has a value on each line, but for options that are lists with commas.
fn separated(option: Arg) -> Arg {
    if option.get_value_delimiter().is_some() { option } else { option.value_delimiter('\n') }
}

/// The variable of an option.
fn variable(long: &str) -> String {
    format!("STANDIN_{}", long.replace('-', "_").to_ascii_uppercase())
}

/// The variable that an error is about: it has the value that is wrong, and the command line does not have it.
pub(in crate::cli) fn variable_of(
    error: &Error,
    mut all: Command,
    arguments: &[OsString],
) -> Option<String> {
    let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    all.build();
    let mut command = &all;
    for argument in arguments.iter().skip(1).filter_map(|argument| argument.to_str()) {
        command = command.find_subcommand(argument).unwrap_or(command);
    }
    let is_wrong = |option: &&Arg| {
        // Errors name an option as the usage does, or as --name alone.
        let shown = option.to_string();
        shown == *wrong || option.get_long().is_some_and(|long| *wrong == format!("--{long}"))
    };
    let option = command.get_arguments().find(is_wrong)?;
    let variable = option.get_env()?;
    let value = env::var_os(variable)?;
    let invalid = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(invalid)) => Some(invalid.as_str()),
        _ => None,
    };
    let has_it = invalid.is_none_or(|invalid| value.to_string_lossy().contains(invalid));
    let is_to_blame = has_it
        && error.kind() != ErrorKind::MissingRequiredArgument
        && !is_given(option, invalid, arguments);
    is_to_blame.then(|| variable.to_string_lossy().into_owned())
}

/// The variables whose values an error quotes which came up after the command line was read: that of a file that is not
/// there, of an address in use. For an error of the command line itself that asks for further options, those that it
/// names.
pub(in crate::cli) fn variables_quoted(
    text: &str,
    mut all: Command,
    arguments: &[OsString],
) -> Vec<String> {
    all.build();
    let mut command = &all;
    for argument in arguments.iter().skip(1).filter_map(|argument| argument.to_str()) {
        command = command.find_subcommand(argument).unwrap_or(command);
    }
    let quoted = command.get_arguments().filter(|option| {
        let takes_values = matches!(option.get_action(), ArgAction::Set | ArgAction::Append);
        let value = option.get_env().filter(|_| takes_values).and_then(env::var_os);
        value.is_some_and(|value| {
            let value = value.to_string_lossy();
            let delimiter = option.get_value_delimiter().unwrap_or('\n');
            let name = option.get_long().map(|long| format!("--{long}"));
            value.split(delimiter).chain(name.as_deref()).any(|part| quotes(text, part))
        }) && !is_given(option, None, arguments)
    });
    let variables = quoted.filter_map(Arg::get_env);
    variables.map(|variable| variable.to_string_lossy().into_owned()).collect()
}

/// Whether a text has a value as a word of its own. Numbers are in many texts by chance.
fn quotes(text: &str, value: &str) -> bool {
    if value.parse::<f64>().is_ok() || value.is_empty() {
        return false;
    }
    let is_inner = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(value).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + value.len()..).and_then(|after| after.chars().next());
        let first = value.chars().next().is_some_and(is_inner);
        let last = value.chars().next_back().is_some_and(is_inner);
        !(first && before.is_some_and(is_inner) || last && after.is_some_and(is_inner))
    })
}

/// Whether the command line has an option by its name, or an argument by its value.
fn is_given(option: &Arg, value: Option<&str>, arguments: &[OsString]) -> bool {
    let long = option.get_long().map(|long| format!("--{long}"));
    let short = option.get_short().map(|short| format!("-{short}"));
    let is_named = |text: &str| {
        let rest = long.as_deref().and_then(|long| text.strip_prefix(long));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
            || short.as_deref().is_some_and(|short| text.starts_with(short))
    };
    let is_value = |text: &str| option.is_positional() && value == Some(text);
    arguments
        .iter()
        .skip(1)
        .filter_map(|argument| argument.to_str())
        .any(|text| is_named(text) || is_value(text))
}

/// Warnings about variables that no option has, and whose names are nearly those of options.
pub(in crate::cli) fn misspelt(all: Command) -> Vec<String> {
    let set = env::vars_os().filter(|(_, value)| !value.is_empty());
    let names = set.filter_map(|(name, _)| name.into_string().ok());
    let names: Vec<String> = names.filter(|name| name.starts_with("STANDIN_")).collect();
    misspelt_of(&names, all)
}

fn misspelt_of(names: &[String], mut all: Command) -> Vec<String> {
    if names.is_empty() {
        return Vec::new();
    }
    all.build();
    let options = all.get_subcommands().flat_map(Command::get_arguments);
    let known = options.filter_map(Arg::get_env).filter_map(OsStr::to_str);
    let known: Vec<&str> = known.chain(OTHERS.iter().copied()).collect();
    let unknown = names.iter().filter(|name| !known.contains(&name.as_str()));
    let warning = |name: &String| {
        let edits = |known: &&&str| strsim::damerau_levenshtein(known, name);
        let nearest = known.iter().min_by_key(edits)?;
        // One letter of a short name, two of a long one.
        let most = if name.len() < "STANDIN_1234567".len() { 1 } else { 2 };
        (edits(&nearest) <= most).then(|| {
            format!(
                "standin: warning: {name} has no effect; the variable of an option is {nearest}"
            )
        })
    };
    unknown.filter_map(warning).collect()
}

/// Variables that are no option's: secrets, and what drills give to their clients.
const OTHERS: [&str; 6] = [
    "STANDIN_REDACT_KEY",
    "STANDIN_STORE_PASSWORD",
    "STANDIN_URL",
    "STANDIN_CA",
    "STANDIN_SCENARIO",
    "STANDIN_WORLD",
];

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::args::Cli;

    #[test]
    fn values_are_quoted_as_words_of_their_own() {
        let text = "nope.yaml: no such file; 127.0.0.1:8080 is in use, \"(\" is not a pattern, --key is needed";
        for value in ["nope.yaml", "127.0.0.1:8080", "(", "--key"] {
            assert!(quotes(text, value), "{value}");
        }
        for value in ["nop", "file;x", "8080", "0", "", "us", "--ke"] {
            assert!(!quotes(text, value), "{value}");
        }
    }

    #[test]
    fn nearly_right_names_are_reported_and_others_are_not() {
        let names = [
            "STANDIN_FIXTURE",
            "STANDIN_FIXTURES",
            "STANDIN_SERVICE_HOST",
            "STANDIN_PORT",
            "STANDIN_PORT_8080_TCP",
            "STANDIN_URL",
        ];
        let warnings = misspelt_of(&names.map(str::to_owned), Cli::command());
        assert_eq!(
            warnings,
            [
                "standin: warning: STANDIN_FIXTURE has no effect; the variable of an option is STANDIN_FIXTURES"
            ]
        );
        assert!(misspelt_of(&[], Cli::command()).is_empty());
    }
}
