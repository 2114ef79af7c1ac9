//! The options of commands around a server: where it is and how to be let in, what it needs, completions, manual pages.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

use super::address::address;

/// A running server.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// Address or URL of the server; for an address, HTTP or HTTPS is detected.
    #[arg(default_value = "127.0.0.1:8080", value_name = "ADDR|URL", env = "STANDIN_LISTEN", value_parser = server)]
    pub(crate) server: String,
}

/// A server as `ask` reads it, checked here, so that the error names where the text comes from.
fn server(text: &str) -> Result<String, String> {
    crate::cli::ask::Server::parse(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// The token of the admin API.
#[derive(Debug, Default, Args)]
pub(crate) struct AdminToken {
    /// Token of the admin API, as Authorization: Bearer TOKEN; without it, requests to /__admin get 401, except for
    /// /__admin/health. Other users of the machine can read it from the command line: a file or the variable hides it.
    #[arg(long, value_name = "TOKEN", conflicts_with = "admin_token_file")]
    pub(crate) admin_token: Option<String>,
    /// File with the token of the admin API.
    #[arg(long, value_name = "FILE")]
    pub(crate) admin_token_file: Option<PathBuf>,
}

impl AdminToken {
    /// The token; nothing where the admin API needs none.
    ///
    /// # Errors
    /// The file cannot be read; a token that no header field can carry.
    pub(crate) fn read(&self) -> Result<Option<String>, String> {
        let (token, place) = match (&self.admin_token, &self.admin_token_file) {
            (_, Some(path)) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("--admin-token-file {}: {error}", path.display()))?;
                (text.trim().to_owned(), format!("--admin-token-file {}", path.display()))
            }
            (Some(token), None) => (token.clone(), "--admin-token".to_owned()),
            (None, None) => return Ok(None),
        };
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!(
                "{place}: the token must be visible ASCII characters without spaces"
            ));
        }
        Ok(Some(token))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Directory of the project; created if it does not exist.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) directory: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Address that the server shall listen on.
    #[arg(long, short, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// Fixture file or directory (repeatable).
    #[arg(long, short, value_name = "PATH")]
    pub(crate) fixtures: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Shell that completes.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Directory for the pages; created if it does not exist.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_from_files_too_and_have_to_fit_a_header_field() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "s3cret\n").unwrap();
        let of = |token: Option<&str>, file: Option<PathBuf>| {
            AdminToken { admin_token: token.map(str::to_owned), admin_token_file: file }.read()
        };
        assert_eq!(of(None, None), Ok(None));
        assert_eq!(of(Some("a"), None), Ok(Some("a".to_owned())));
        assert_eq!(of(None, Some(path.clone())), Ok(Some("s3cret".to_owned())));
        for wrong in ["", "a b", "a\n", "\u{e4}"] {
            assert!(of(Some(wrong), None).unwrap_err().starts_with("--admin-token: "), "{wrong:?}");
        }
        std::fs::write(&path, "\n").unwrap();
        assert!(of(None, Some(path)).unwrap_err().contains("the token must be"));
        let absent = of(None, Some(directory.path().join("absent"))).unwrap_err();
        assert!(absent.starts_with("--admin-token-file ") && absent.contains("absent"), "{absent}");
    }
}
