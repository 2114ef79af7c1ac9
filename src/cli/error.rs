//! The errors of commands, and their exit codes.

use std::io;
use std::path::{Path, PathBuf};

use crate::document::Diagnostics;
use crate::drill::DrillError;
use crate::error::{EXIT_FAILURE, EXIT_USAGE, Error};

/// The error of an option that needs TLS, in a build without it.
pub(super) const NO_TLS: &str = "this build has no TLS; build it with the feature tls";

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    /// The library's own errors.
    #[error(transparent)]
    Library(#[from] Error),
    /// A drill could not be run.
    #[error(transparent)]
    Drill(#[from] DrillError),
    /// The command line is invalid in a way that clap does not check.
    #[error("{0}")]
    Usage(String),
    /// A file from the command line cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// The runtime, a thread or the signal handlers cannot be set up.
    #[error("cannot start: {0}")]
    Start(io::Error),
    /// The command did its work, and the result is bad.
    #[error("{0}")]
    Failed(String),
    /// The problems were printed in another form.
    #[error("")]
    Reported(u8),
}

impl CommandError {
    /// Invalid files.
    pub(super) fn invalid(problems: Diagnostics) -> Self {
        Error::Invalid(problems).into()
    }

    /// A file that cannot be written.
    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write { path: path.to_owned(), source }
    }

    /// The exit code of the program.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Library(error) | Self::Drill(DrillError::Server(error)) => error.exit_code(),
            Self::Usage(_) => EXIT_USAGE,
            Self::Reported(code) => *code,
            _ => EXIT_FAILURE,
        }
    }
}
