//! The backends of a forward proxy: one for each origin that its clients ask for, made when it is first asked.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::Uri;
use serde_json::{Map, Value, json};

use crate::message::{Asked, Request};

use super::options::UpstreamOptions;
use super::upstream::{Upstream, UpstreamError};

/// How many origins have connections at once; that of the oldest makes room.
const MAX_ORIGINS: usize = 256;

/// Scheme, host and port of a server that a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// Of a request to another server; nothing where it names none.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let asked = Asked::new(request);
        let (scheme, authority) = (asked.scheme(), asked.authority()?);
        let scheme = scheme.to_ascii_lowercase();
        let host = authority.host().to_ascii_lowercase();
        Some(Self { port: asked.port()?, scheme, host })
    }

    /// Reads the beginning of a URL; nothing where it is none.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let (scheme, host) = (uri.scheme_str()?, uri.host()?);
        let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        Some(Self { scheme: scheme.to_owned(), host: host.to_owned(), port })
    }

    /// As a URL, without the port where it is that of the scheme.
    pub(super) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.authority())
    }

    /// Host and port, without the port where it is that of the scheme.
    pub(super) fn authority(&self) -> String {
        match (self.scheme.as_str(), self.port) {
            ("https", 443) | ("http", 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// The matchers of a request to it.
    pub(super) fn add_to(&self, pattern: &mut Map<String, Value>) {
        pattern.insert("scheme".to_owned(), self.scheme.as_str().into());
        pattern.insert("host".to_owned(), json!({"equalTo": self.host}));
        pattern.insert("port".to_owned(), self.port.into());
    }
}

/// The backends of a forward proxy.
#[derive(Debug)]
pub(crate) struct ForwardBackends {
    options: UpstreamOptions,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    backends: HashMap<Origin, Arc<Upstream>>,
    /// In the order in which they were made.
    order: VecDeque<Origin>,
}

impl ForwardBackends {
    /// Backends that are reached with these options from a proxy that listens on `own`.
    pub(crate) fn new(options: UpstreamOptions, own: SocketAddr) -> Self {
        let options = UpstreamOptions { own_address: Some(own), ..options };
        Self { options, known: Mutex::default() }
    }

    /// The backend of an origin.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(super) fn of(&self, origin: &Origin) -> Result<Arc<Upstream>, UpstreamError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(upstream) = known.backends.get(origin) {
            return Ok(Arc::clone(upstream));
        }
        let upstream = Arc::new(Upstream::new(&origin.url(), &self.options)?);
        if known.order.len() >= MAX_ORIGINS
            && let Some(oldest) = known.order.pop_front()
        {
            known.backends.remove(&oldest);
        }
        known.order.push_back(origin.clone());
        known.backends.insert(origin.clone(), Arc::clone(&upstream));
        Ok(upstream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_a_url_and_read_again() {
        for url in ["https://api.test", "http://api.test:8080", "http://[::1]"] {
            let origin = Origin::parse(url).unwrap();
            assert_eq!(origin.url(), url);
            assert_eq!(Origin::parse(&format!("{url}/x?y")), Some(origin));
        }
        assert_eq!(Origin::parse("/x"), None);
    }

    #[test]
    fn the_number_of_origins_is_bounded() {
        let backends = ForwardBackends::new(UpstreamOptions::default(), ([127, 0, 0, 1], 1).into());
        for port in 1..=300 {
            let origin = Origin::parse(&format!("http://127.0.0.1:{port}")).unwrap();
            backends.of(&origin).unwrap();
        }
        let known = backends.known.lock().unwrap();
        assert_eq!((known.order.len(), known.backends.len()), (MAX_ORIGINS, MAX_ORIGINS));
    }
}
