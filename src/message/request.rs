//! A request: the head parsed once, the body read at most once.

use std::net::SocketAddr;
use std::sync::Arc;

use http::{HeaderMap, Method, Uri, Version, request};

use super::informational::InformationalSink;
use super::request_body::RequestBody;
use super::request_trailers::RequestTrailers;

/// One request, from its first stage to the journal.
#[derive(Debug)]
pub struct Request {
    /// The method, as sent.
    pub method: Method,
    /// The request target; its path and query are still percent-encoded.
    pub uri: Uri,
    /// The protocol version.
    pub version: Version,
    /// The header fields, as sent.
    pub headers: HeaderMap,
    /// The body, read by the first stage that needs it.
    pub body: RequestBody,
    /// The client's address; absent in unit tests.
    pub peer: Option<SocketAddr>,
    /// The client's certificate from the TLS handshake, if one was requested and given.
    pub certificate: Option<Arc<ClientCertificate>>,
    /// Whether it came over TLS.
    pub tls: bool,
    /// Whether it is for another server: a client of this forward proxy sent it.
    pub(crate) forwarded: bool,
    /// The path prefix that named the request's world; the target does not contain it.
    pub(crate) mount: Option<Box<str>>,
    /// Receives informational answers of a backend, to be sent to the client.
    pub(crate) informational: Option<InformationalSink>,
    /// Its trailers, if it may be passed on to a backend.
    pub(crate) trailers: Option<RequestTrailers>,
}

/// A client's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCertificate {
    /// A trusted CA signed it.
    Trusted {
        /// The subject's common name (CN); may be empty.
        common_name: String,
        /// The subject's organizations (O).
        organizations: Vec<String>,
    },
    /// The CA of front proxies signed it: such a proxy says who sends a request.
    FrontProxy {
        /// The subject's common name (CN); may be empty.
        common_name: String,
        /// What it is to the CAs of clients, where there are any.
        as_client: Option<Box<ClientCertificate>>,
    },
    /// It is not valid, for this reason.
    Refused(String),
}

impl Request {
    /// Creates a request without a body, for tests and for requests that did not come over the
    /// wire.
    ///
    /// # Panics
    /// When `target` is not a valid request target.
    #[must_use]
    pub fn new(method: Method, target: &str) -> Self {
        let (mut head, ()) = http::Request::new(()).into_parts();
        head.method = method;
        head.uri = target.parse().expect("a valid request target");
        Self::incoming(head, RequestBody::Empty)
    }

    /// Creates a request that came over the wire.
    #[must_use]
    pub fn incoming(head: request::Parts, body: RequestBody) -> Self {
        Self {
            method: head.method,
            uri: head.uri,
            version: head.version,
            headers: head.headers,
            body,
            peer: None,
            certificate: None,
            tls: false,
            forwarded: false,
            mount: None,
            informational: None,
            trailers: None,
        }
    }

    /// Returns the request to be handed on: its head is copied, its body moves.
    #[must_use]
    pub fn take(&self) -> Self {
        Self {
            method: self.method.clone(),
            uri: self.uri.clone(),
            version: self.version,
            headers: self.headers.clone(),
            body: self.body.take(),
            peer: self.peer,
            certificate: None,
            tls: self.tls,
            forwarded: self.forwarded,
            mount: self.mount.clone(),
            informational: self.informational.clone(),
            trailers: self.trailers.clone(),
        }
    }

    /// Returns the path, still percent-encoded. `*` and authority forms read as `/`-less text.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// Returns the query, still percent-encoded, without the `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    /// Path and query as sent: the recorder writes them, and `url` of a stub is compared with them.
    #[must_use]
    pub fn target(&self) -> &str {
        self.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
    }

    /// Returns the first value of a header, when it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
