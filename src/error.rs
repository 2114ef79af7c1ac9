//! The errors of the library and the program, and the exit codes they become.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::document::Diagnostics;

/// Exit code: all went well.
pub const EXIT_OK: u8 = 0;
/// Exit code: it did not work, for a reason outside of the files (a port in use, no answer).
pub const EXIT_FAILURE: u8 = 1;
/// Exit code: the command line is wrong.
pub const EXIT_USAGE: u8 = 2;
/// Exit code: fixtures or scenarios are wrong; every problem was printed.
pub const EXIT_INVALID: u8 = 3;

/// Why a server did not start, or a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fixtures or scenarios cannot be loaded.
    #[error("{0}")]
    Invalid(Diagnostics),
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {source}; choose another address with --listen, port 0 takes a free one"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificates cannot be used.
    #[cfg(feature = "tls")]
    #[error("TLS: {0}")]
    Tls(crate::tls::TlsError),
    /// The backend's address cannot be used.
    #[error("--upstream: {0}")]
    Upstream(String),
    /// The directory for recordings cannot be used.
    #[error("cannot record to {}: {source}", path.display())]
    Record {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that was given cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that was asked for cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A name that is none of a world.
    #[error("{0}")]
    World(String),
    /// Options that do not go together.
    #[error("{0}")]
    Usage(String),
    /// The runtime or the signal handlers cannot be set up.
    #[error("cannot start: {0}")]
    Start(io::Error),
    /// What is wrong was reported already, in another form.
    #[error("")]
    Reported(u8),
    /// A running server was asked and is not well.
    #[error("{0}")]
    Unhealthy(String),
}

impl Error {
    /// The exit code of a command that ends with this error.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Invalid(_) => EXIT_INVALID,
            Self::Upstream(_) | Self::Usage(_) => EXIT_USAGE,
            Self::Reported(code) => *code,
            _ => EXIT_FAILURE,
        }
    }
}
