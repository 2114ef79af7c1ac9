//! The credentials that requests without their own get, and when they are fetched again.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::HeaderValue;
use jiff::Timestamp;

use crate::document::disk;

use super::exec_plugin::{ExecPlugin, GivenToken};

/// The largest file of a token, in bytes.
const MOST: u64 = 1 << 20;

/// How long the token of a file is used: as in the client library of Kubernetes.
const FILE_LIFE: Duration = Duration::from_secs(60);

/// How long before its end a token is fetched again.
const EARLY: Duration = Duration::from_secs(10);

/// The value of `Authorization`.
#[derive(Clone)]
pub(super) struct Credentials(Arc<Source>);

enum Source {
    Fixed(HeaderValue),
    File(PathBuf, Mutex<Option<(HeaderValue, Instant)>>),
    Plugin(ExecPlugin, Mutex<(HeaderValue, Option<Timestamp>)>),
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    pub(super) fn bearer(token: &str) -> Result<Self, String> {
        Ok(Self(Arc::new(Source::Fixed(value(&format!("Bearer {}", token.trim()))?))))
    }

    pub(super) fn basic(name: &str, password: &str) -> Result<Self, String> {
        let encoded = STANDARD.encode(format!("{name}:{password}"));
        Ok(Self(Arc::new(Source::Fixed(value(&format!("Basic {encoded}"))?))))
    }

    /// The token in a file, which may change.
    pub(super) fn file(path: PathBuf) -> Self {
        Self(Arc::new(Source::File(path, Mutex::new(None))))
    }

    /// The token of a plugin, which is asked again when it expires.
    pub(super) fn plugin(plugin: ExecPlugin, token: GivenToken) -> Result<Self, String> {
        let first = (value(&format!("Bearer {}", token.text))?, token.expires);
        Ok(Self(Arc::new(Source::Plugin(plugin, Mutex::new(first)))))
    }

    /// The value to send now.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn get(&self) -> Result<HeaderValue, String> {
        match &*self.0 {
            Source::Fixed(value) => return Ok(value.clone()),
            Source::File(_, known) => {
                let known = known.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((value, read)) = &*known
                    && read.elapsed() < FILE_LIFE
                {
                    return Ok(value.clone());
                }
            }
            Source::Plugin(_, known) => {
                let known = known.lock().unwrap_or_else(PoisonError::into_inner);
                let soon = Timestamp::now() + EARLY;
                if known.1.is_none_or(|expires| expires > soon) {
                    return Ok(known.0.clone());
                }
            }
        }
        let source = Arc::clone(&self.0);
        let fetched = tokio::task::spawn_blocking(move || source.fetch()).await;
        fetched.unwrap_or_else(|_| Err("the credentials cannot be fetched".to_owned()))
    }
}

impl Source {
    /// Fetches the value again.
    fn fetch(&self) -> Result<HeaderValue, String> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::File(path, known) => {
                let text = disk::read(path, MOST)
                    .map_err(|error| format!("the token file {}: {error}", path.display()))?;
                let value = value(&format!("Bearer {}", String::from_utf8_lossy(&text).trim()))?;
                let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                *known = Some((value.clone(), Instant::now()));
                Ok(value)
            }
            Self::Plugin(plugin, known) => {
                // Held while the program runs: it runs once for all requests that wait.
                let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                if known.1.is_some_and(|expires| expires > Timestamp::now() + EARLY) {
                    return Ok(known.0.clone());
                }
                let given = plugin.run()?.token;
                let given = given.ok_or_else(|| {
                    format!("the exec plugin {} gives no token any more", plugin.command)
                })?;
                *known = (value(&format!("Bearer {}", given.text))?, given.expires);
                Ok(known.0.clone())
            }
        }
    }
}

fn value(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| "the credentials of its user cannot be sent in a header field")?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn values_have_their_scheme() {
        for (credentials, expected) in [
            (Credentials::bearer(" secret-1\n").unwrap(), "Bearer secret-1"),
            (Credentials::basic("u", "p").unwrap(), "Basic dTpw"),
        ] {
            assert_eq!(credentials.get().await.unwrap(), expected);
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "secret-2\n").unwrap();
        let credentials = Credentials::file(file.path().to_path_buf());
        assert_eq!(credentials.get().await.unwrap(), "Bearer secret-2");
        let gone = Credentials::file("no/such".into());
        assert!(gone.get().await.unwrap_err().contains("no/such"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn an_expired_token_of_a_plugin_is_fetched_again() {
        let plugin = serde_json::json!({"command": "sh", "args": ["-c", "echo '{\"status\":{\"token\":\"new\"}}'"]});
        let plugin: ExecPlugin = serde_json::from_value(plugin).unwrap();
        let given = |expires| GivenToken { text: "old".to_owned(), expires };
        let lasting = Credentials::plugin(plugin.clone(), given(None)).unwrap();
        assert_eq!(lasting.get().await.unwrap(), "Bearer old");
        let expired = Credentials::plugin(plugin, given(Some(Timestamp::UNIX_EPOCH))).unwrap();
        assert_eq!(expired.get().await.unwrap(), "Bearer new");
    }
}
