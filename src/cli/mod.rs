//! The command line: parsed here, done by the library, told to people.

mod args;
mod ask;
mod check;
mod health;
mod kubeconfig;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

use crate::error::EXIT_OK;

/// Parses the command line, does what it says, and says how it went.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Serve(args) => serve::serve(args),
        Command::Record(args) => serve::record(args),
        Command::Check(args) => check::check(&args),
        Command::Healthcheck(args) => health::healthcheck(&args),
        Command::Kubeconfig(args) => kubeconfig::kubeconfig(&args),
        Command::Scenarios => check::scenarios(),
    };
    match result {
        Ok(()) => ExitCode::from(EXIT_OK),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}
