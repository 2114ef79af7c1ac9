//! The errors of the library, and the exit codes of programs.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::document::Diagnostics;

/// Exit code of `standin`: success.
pub const EXIT_OK: u8 = 0;
/// Exit code of `standin`: failure for a reason outside the files, such as a port in use or no answer.
pub const EXIT_FAILURE: u8 = 1;
/// Exit code of `standin`: invalid command line.
pub const EXIT_USAGE: u8 = 2;
/// Exit code of `standin`: invalid fixtures or scenarios; every problem was printed.
pub const EXIT_INVALID: u8 = 3;
/// Exit code of `standin drill` and `standin verdict`: no client failed, but one met no fault, or not all of them.
pub const EXIT_NOT_MET: u8 = 4;
/// Exit code of `standin drill` and `standin verdict`: nothing could be found out about a client, since its command was not
/// started or the server failed.
pub const EXIT_BROKEN: u8 = 5;

/// Why a server did not start.
///
/// ```
/// # async fn run() {
/// let builder = standin::Server::builder().scenario("throtled");
/// match builder.start().await {
///     Err(standin::Error::Invalid(problems)) => assert!(problems.to_string().contains("throttled")),
///     other => panic!("{other:?}"),
/// }
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run());
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Fixtures, scenarios or other files cannot be loaded.
    #[error("{0}")]
    Invalid(Diagnostics),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; {}", listen_advice(*address, source))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system reports.
        source: io::Error,
    },
    /// The certificates cannot be used.
    #[cfg(feature = "tls")]
    #[error("TLS: {0}")]
    Tls(crate::tls::TlsError),
    /// The backend's URL or its certificates cannot be used.
    #[error("upstream: {0}")]
    Upstream(String),
    /// The directory for recordings cannot be used.
    #[error("cannot record to {}: {source}{}", path.display(), record_advice(source))]
    Record {
        /// The directory.
        path: PathBuf,
        /// What the system reports.
        source: io::Error,
    },
    /// The name of a world is invalid.
    #[error("{0}")]
    World(String),
    /// A setting is invalid.
    #[error("{0}")]
    Setting(String),
}

/// What to do about a directory that cannot be written.
fn record_advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; name a directory that may be written, or make this one so"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; make room there, or name a directory on another disk"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "; name a directory",
        _ => "",
    }
}

/// What to do about an address that cannot be listened on.
fn listen_advice(address: SocketAddr, error: &io::Error) -> String {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "another program listens there, which `ss -ltnp \"sport = :{port}\"` or `lsof -i :{port}` names; choose another port, or 0 for a free one"
        ),
        io::ErrorKind::PermissionDenied => {
            format!(
                "ports below 1024 need the rights of root; choose one such as 8080 in place of {port}"
            )
        }
        io::ErrorKind::AddrNotAvailable => {
            format!(
                "this machine has no address {}; choose 127.0.0.1, or 0.0.0.0 for all of them",
                address.ip()
            )
        }
        _ => "choose another address, or port 0 for a free one".to_owned(),
    }
}

impl Error {
    /// The exit code of a program that ends with this error.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Invalid(_) => EXIT_INVALID,
            Self::Upstream(_) | Self::Setting(_) | Self::World(_) => EXIT_USAGE,
            _ => EXIT_FAILURE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_cannot_be_written_comes_with_advice() {
        for (kind, advice) in [
            (io::ErrorKind::ReadOnlyFilesystem, "name a directory that may be written"),
            (io::ErrorKind::PermissionDenied, "name a directory that may be written"),
            (io::ErrorKind::StorageFull, "make room there"),
            (io::ErrorKind::NotADirectory, "; name a directory"),
        ] {
            let error = Error::Record { path: "recorded".into(), source: kind.into() }.to_string();
            assert!(error.starts_with("cannot record to recorded: "), "{error}");
            assert!(error.contains(advice), "{error}");
        }
    }
}
