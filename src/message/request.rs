//! A request as every stage sees it: the head parsed once, the body read at most once.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, Method, Uri, Version, request};

use super::bodies::{Bodies, BodyError, Held};

/// A body that is still arriving.
pub(crate) type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

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
    /// The body, read by the first stage that asks for it.
    pub body: RequestBody,
    /// The client's address; absent in unit tests.
    pub peer: Option<SocketAddr>,
    /// The client's certificate from the TLS handshake, if one was requested and given.
    pub certificate: Option<Arc<ClientCertificate>>,
    /// Whether it came over TLS.
    pub tls: bool,
    /// The memory budget of all request bodies.
    pub bodies: Bodies,
    /// The share of this body, once it is read.
    held: Held,
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
    /// It is not valid, for this reason.
    Refused(String),
}

/// A request body.
pub enum RequestBody {
    /// The request has no body.
    Empty,
    /// The whole body.
    Bytes(Bytes),
    /// A body that has not been read.
    Stream(BodyStream),
}

impl Request {
    /// A request without a body, for tests and for requests that did not come over the wire.
    ///
    /// # Panics
    /// When `target` is not a valid request target.
    #[must_use]
    pub fn new(method: Method, target: &str) -> Self {
        Self {
            method,
            uri: target.parse().expect("a valid request target"),
            version: Version::HTTP_11,
            headers: HeaderMap::new(),
            body: RequestBody::Empty,
            peer: None,
            certificate: None,
            tls: false,
            bodies: Bodies::default(),
            held: Held::default(),
        }
    }

    /// A request that came over the wire.
    #[must_use]
    pub fn incoming(head: request::Parts, body: RequestBody, bodies: Bodies) -> Self {
        Self {
            method: head.method,
            uri: head.uri,
            version: head.version,
            headers: head.headers,
            body,
            peer: None,
            certificate: None,
            tls: false,
            bodies,
            held: Held::default(),
        }
    }

    /// The request to be handed on: its head is copied, its body moves.
    #[must_use]
    pub fn take(&mut self) -> Self {
        Self {
            method: self.method.clone(),
            uri: self.uri.clone(),
            version: self.version,
            headers: self.headers.clone(),
            body: std::mem::replace(&mut self.body, RequestBody::Empty),
            peer: self.peer,
            certificate: None,
            tls: self.tls,
            bodies: self.bodies.clone(),
            held: std::mem::take(&mut self.held),
        }
    }

    /// The path, still percent-encoded. `*` and authority forms read as `/`-less text.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The query, still percent-encoded, without the `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    /// Path and query as sent: the recorder writes them, and `url` of a stub is compared with them.
    #[must_use]
    pub fn target(&self) -> &str {
        self.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
    }

    /// The first value of a header, when it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Reads the whole body, once; later calls give the same bytes.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] past `limit` bytes, [`BodyError::TooMany`] where all bodies together exceed
    /// their budget, [`BodyError::Stalled`] and [`BodyError::Broken`] when the client pauses or disconnects.
    pub async fn read_body(&mut self, limit: usize) -> Result<Bytes, BodyError> {
        match &mut self.body {
            RequestBody::Empty => Ok(Bytes::new()),
            RequestBody::Bytes(bytes) if bytes.len() > limit => Err(BodyError::TooLarge(limit)),
            RequestBody::Bytes(bytes) => Ok(bytes.clone()),
            RequestBody::Stream(stream) => {
                let mut held = Held::of(&self.bodies);
                let bytes = collect(stream, limit, &mut held).await?;
                self.held = held;
                self.body = RequestBody::Bytes(bytes.clone());
                Ok(bytes)
            }
        }
    }

    /// The body, shared; empty where it has not been read.
    #[must_use]
    pub fn shared_body(&self) -> Bytes {
        match &self.body {
            RequestBody::Bytes(bytes) => bytes.clone(),
            RequestBody::Empty | RequestBody::Stream(_) => Bytes::new(),
        }
    }

    /// The body, if it has been read or there is none.
    #[must_use]
    pub fn body_bytes(&self) -> Option<&[u8]> {
        match &self.body {
            RequestBody::Empty => Some(&[]),
            RequestBody::Bytes(bytes) => Some(bytes),
            RequestBody::Stream(_) => None,
        }
    }
}

async fn collect(
    stream: &mut BodyStream,
    limit: usize,
    held: &mut Held,
) -> Result<Bytes, BodyError> {
    let Some(first) = stream.next().await.transpose()? else {
        return Ok(Bytes::new());
    };
    if first.len() > limit {
        return Err(BodyError::TooLarge(limit));
    }
    held.grow(first.len())?;
    let Some(second) = stream.next().await.transpose()? else {
        return Ok(first);
    };
    let mut whole = BytesMut::with_capacity(first.len() + second.len());
    whole.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        if whole.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge(limit));
        }
        held.grow(chunk.len())?;
        whole.extend_from_slice(&chunk);
        next = stream.next().await.transpose()?;
    }
    Ok(whole.freeze())
}

impl std::fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}
