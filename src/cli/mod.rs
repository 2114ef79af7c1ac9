//! The command line: parsed here, done by the library, reported to people.

mod args;
mod ask;
mod check;
mod console;
mod drill;
mod error;
mod health;
mod kubeconfig;
mod preview;
mod serve;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use error::CommandError;

use crate::error::EXIT_OK;
use crate::redact::Redactor;

/// What a build without TLS says of an option that needs it.
const NO_TLS: &str = "this build has no TLS; build it with the feature tls";

/// Parses the command line, does what it says, and says how it went.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // A message may quote what was asked.
    let redactor = Redactor::default();
    std::panic::set_hook(Box::new(move |panic| eprintln!("{}", redactor.line(&panic.to_string()))));
    let result = match cli.command {
        Command::Serve(args) => serve::serve(args),
        Command::Record(args) => serve::record(args),
        Command::Check(args) => check::check(&args),
        Command::Healthcheck(args) => health::healthcheck(&args),
        Command::Kubeconfig(args) => kubeconfig::kubeconfig(&args),
        Command::Scenarios => check::scenarios(),
        Command::Plan(args) => preview::plan(&args),
        Command::Explain(args) => preview::explain(&args),
        Command::Drill(args) => drill::drill(args),
        Command::Schema(args) => preview::schema(&args),
    };
    match result {
        Ok(()) => ExitCode::from(EXIT_OK),
        Err(CommandError::Reported(code)) => ExitCode::from(code),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}
