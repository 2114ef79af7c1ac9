//! A backend, with the names that its links may use.

use http::Uri;
use memchr::memmem::Finder;

use super::spelling::path_spellings;

/// One backend: its URL, and the path at which clients find it.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    pub(super) secure: bool,
    pub(super) port: u16,
    /// Its names, as they are written in links.
    pub(super) hosts: Vec<Host>,
    /// The path of its URL, without the last slash.
    pub(super) base: String,
    /// That path, where there is one, in the spellings that references by a path alone have.
    pub(super) bases: Vec<Finder<'static>>,
    /// The path at which clients find it, without the last slash.
    pub(super) below: String,
}

/// A name of a backend.
#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) finder: Finder<'static>,
}

/// Why a text is not the URL of a backend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the URL of a backend; write it like https://api.example.com/v1")]
pub(crate) struct NotABackend(String);

/// The names of the local host: a backend there may use any of them.
const LOOPBACK: [&str; 4] = ["127.0.0.1", "localhost", "[::1]", "0.0.0.0"];

impl Backend {
    /// Creates a backend by its URL, which clients find at a path.
    ///
    /// # Errors
    /// [`NotABackend`] where the URL is none with `http` or `https` and a host.
    pub(crate) fn new(url: &str, below: &str) -> Result<Self, NotABackend> {
        let wrong = || NotABackend(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().ok_or_else(wrong)?;
        let port = authority.port_u16().unwrap_or(default_port(secure));
        let host = authority.host();
        let mut names = vec![host.to_owned()];
        let lower = host.to_ascii_lowercase();
        if LOOPBACK.contains(&&*lower) {
            names.extend(LOOPBACK.map(str::to_owned));
        } else {
            names.push(lower);
        }
        let mut hosts: Vec<Host> = Vec::new();
        for name in names {
            if !hosts.iter().any(|host| host.name == name) {
                let finder = Finder::new(&name).into_owned();
                hosts.push(Host { name, finder });
            }
        }
        let base = uri.path().trim_end_matches('/').to_owned();
        let bases = path_spellings(&base).map(|text| Finder::new(&text).into_owned()).collect();
        let below = below.trim_end_matches('/').to_owned();
        Ok(Self { secure, port, hosts, base, bases, below })
    }

    /// Returns its URL, without the last slash.
    pub(super) fn url(&self) -> String {
        format!("{}{}", self.origin(), self.base)
    }

    /// Returns its scheme, host and port.
    pub(super) fn origin(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let host = self.hosts.first().map_or("", |host| &*host.name);
        if self.port == default_port(self.secure) {
            return format!("{scheme}://{host}");
        }
        format!("{scheme}://{host}:{}", self.port)
    }

    /// Returns whether a link that names this port, or none, leads to it. Some servers behind a TLS
    /// proxy write `http://`.
    pub(super) fn has_port(&self, written: Option<u16>) -> bool {
        written.map_or(matches!(self.port, 80 | 443), |port| port == self.port)
    }
}

/// Returns the port of a scheme (RFC 9110, section 4.2).
pub(super) fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}
