//! The program: command line → library → output and exit code.
//!
//! ```text
//! [args] → one file a command: [serve] (with [signals], [sockets], [ready], [log_format], [otlp]), [check], [health], [kubeconfig],
//!    │                      [preview], [store], [drill], [verdict], [import], [export], [diff], [snapshot], [wiremock], [init], [doctor],
//!    │                      [envtest] (also by the names that envtest calls), [setup] (completions, manual pages)
//!              └ [ask] (a running server), [backend] (another one), [console] (lines), [output] (files), [reports], [error] (exit codes)
//! ```

mod args;
mod ask;
mod backend;
mod check;
mod console;
mod diff;
mod doctor;
#[cfg(test)]
mod documented_tests;
mod drill;
mod envtest;
mod error;
mod export;
mod health;
mod import;
mod init;
mod kubeconfig;
mod log_format;
mod new;
#[cfg(feature = "otlp")]
mod otlp;
mod output;
mod preview;
mod ready;
mod reports;
mod scenario;
mod serve;
mod setup;
mod signals;
mod snapshot;
mod sockets;
#[cfg(feature = "etcd")]
mod store;
mod verdict;
mod wiremock;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use args::{Cli, Command};
use envtest::Program;
use error::CommandError;

use crate::error::{EXIT_INVALID, EXIT_OK, EXIT_USAGE, Error};
use crate::redact::Redactor;

/// Prints why the command line cannot be used, or the help that it asks for.
fn refused(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    // A reader that has closed its end gets nothing.
    let _ = error.print();
    if error.kind() == ErrorKind::MissingRequiredArgument {
        blame(&error.to_string(), arguments);
    } else if let Some(variable) = args::variable_of(error, Cli::command(), arguments) {
        eprintln!("The value is that of the environment variable {variable}.");
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// Names the environment variables that an error is about.
fn blame(error: &str, arguments: &[OsString]) {
    match args::variables_quoted(error, Cli::command(), arguments).as_slice() {
        [] => {}
        [variable] => eprintln!("The value is that of the environment variable {variable}."),
        many => eprintln!("The values are those of the environment variables {}.", many.join(", ")),
    }
}

/// Runs the program: parses the command line, runs the command, reports its error.
#[must_use]
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(program) = Program::called(arguments.first()) {
        return program.run(arguments.get(1..).unwrap_or_default());
    }
    let arguments = wiremock::recognised(arguments);
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return refused(&error, &arguments),
    };
    if matches!(cli.command, Command::Serve(_) | Command::Record(_) | Command::Wiremock(_)) {
        for warning in args::misspelt(Cli::command()) {
            eprintln!("{warning}");
        }
    }
    // The message of a panic may quote a request.
    let redactor = Redactor::default();
    std::panic::set_hook(Box::new(move |panic| eprintln!("{}", redactor.line(&panic.to_string()))));
    let result = match cli.command {
        Command::Serve(args) => serve::serve(args.0),
        Command::Wiremock(args) => wiremock::wiremock(&args.0),
        Command::Record(args) => serve::record(args.0),
        Command::Check(args) => check::check(&args.0),
        Command::Import(args) => import::import(&args.0),
        Command::Export(args) => export::export(&args.0),
        Command::Diff(args) => diff::diff(&args.0),
        Command::Snapshot(args) => snapshot::snapshot(&args.0),
        #[cfg(feature = "etcd")]
        Command::Store(command) => store::store(&command),
        Command::Envtest(args) => envtest::envtest(&args.0),
        Command::Healthcheck(args) => health::healthcheck(&args.0),
        Command::Kubeconfig(args) => kubeconfig::kubeconfig(&args.0),
        Command::Scenarios => check::scenarios(),
        Command::Scenario(command) => scenario::scenario(&command),
        Command::Plan(args) => preview::plan(&args.0),
        Command::Explain(args) => preview::explain(&args.0),
        Command::Drill(args) => drill::drill(args.0),
        Command::Verdict(args) => verdict::verdict(args.0),
        Command::Schema(args) => preview::schema(&args.0),
        Command::New(args) => new::new(&args.0),
        Command::Init(args) => init::init(&args.0),
        Command::Doctor(args) => doctor::doctor(&args.0),
        Command::Completions(args) => setup::completions(&args.0),
        Command::Man(args) => setup::man(&args.0),
    };
    match result {
        Ok(()) => ExitCode::from(EXIT_OK),
        Err(CommandError::Reported(code)) => ExitCode::from(code),
        Err(error) => {
            let text = match &error {
                // With the lines of the files that they are about.
                CommandError::Library(Error::Invalid(problems)) => format!("{problems:#}"),
                error => error.to_string(),
            };
            eprintln!("{text}");
            // What the command was told, rather than what happened to it.
            if [EXIT_USAGE, EXIT_INVALID].contains(&error.exit_code()) {
                blame(&text, &arguments);
            }
            ExitCode::from(error.exit_code())
        }
    }
}
