//! `standin completions` and `standin man`: what shells and manuals know of the command line.

use std::fs;
use std::io::{self, Write as _};

use clap::CommandFactory as _;

use super::args::{Cli, Completions, Man};
use super::error::CommandError;

#[expect(clippy::unnecessary_wraps, reason = "commands have one signature")]
pub(super) fn completions(args: &Completions) -> Result<(), CommandError> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "standin", &mut text);
    // A reader that has seen enough closes the pipe.
    let _ = io::stdout().lock().write_all(&text);
    Ok(())
}

pub(super) fn man(args: &Man) -> Result<(), CommandError> {
    fs::create_dir_all(&args.to).map_err(CommandError::write(&args.to))?;
    clap_mangen::generate_to(Cli::command(), &args.to).map_err(CommandError::write(&args.to))?;
    println!("{}: man -l {}", args.to.display(), args.to.join("standin.1").display());
    Ok(())
}
