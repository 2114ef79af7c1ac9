//! Options from the environment: each option of `serve` and `record` has a variable, for images and compose files.
//!
//! `--tls-cert` is `STANDIN_TLS_CERT`. What the command line has comes first. An option that may be repeated has a value
//! on each line. A flag is on with `true`, `yes`, `on` or `1`, off with `false`, `no`, `off` or `0`.

use std::env;
use std::ffi::OsString;

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command, Error};

/// Gives each option a variable, unless it has one of its own.
pub(super) fn with_variables(command: Command) -> Command {
    command.mut_args(|option| {
        let Some(long) = option.get_long().filter(|_| option.get_env().is_none()) else {
            return option;
        };
        let variable = OsString::from(variable(long));
        let option = option.env(variable).hide_env_values(true);
        match option.get_action() {
            ArgAction::SetTrue => option.value_parser(BoolishValueParser::new()),
            ArgAction::Append => separated(option),
            _ => option,
        }
    })
}

/// Options whose values have lines of their own keep them.
fn separated(option: Arg) -> Arg {
    option.value_delimiter('\n')
}

/// The variable of an option.
fn variable(long: &str) -> String {
    format!("STANDIN_{}", long.replace('-', "_").to_ascii_uppercase())
}

/// The variable that an error is about: the value of an option that the command line does not have.
pub(in crate::cli) fn variable_of(error: &Error, arguments: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let long = option.strip_prefix("--")?.split([' ', '=', '[']).next()?;
    let is_given = |argument: &OsString| {
        let text = argument.to_string_lossy();
        let rest = text.strip_prefix("--").and_then(|text| text.strip_prefix(long));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    let variable = variable(long);
    (env::var_os(&variable).is_some() && !arguments.iter().any(is_given)).then_some(variable)
}
