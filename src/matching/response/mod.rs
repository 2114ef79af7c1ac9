//! Responses of stubs, rendered once at load (`C/http/ResponseDefinition.java`).

mod body;
mod read;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::message::{Body, Fault, Origin, Plan, TimedChunk};

use super::header_pool::{Head, HeaderPool};

pub use body::STREAM_TRANSFORMER;

/// The headers by which clients see which stub answered.
const STUB_ID: HeaderName = HeaderName::from_static("matched-stub-id");
const STUB_NAME: HeaderName = HeaderName::from_static("matched-stub-name");

/// A body of at most so many bytes is kept beside its stub's id, and copied for each answer: that costs less
/// than counting who uses it, when it is one of many.
const SMALL_BODY: usize = 512;

/// A response as it is written.
#[derive(Debug)]
pub(super) struct RawResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Content,
    delay: Duration,
    fault: Option<Fault>,
}

#[derive(Debug)]
enum Content {
    Bytes(Bytes),
    Stream(Box<[TimedChunk]>),
}

/// An answer that is ready to be sent again and again.
#[derive(Debug)]
pub(super) struct Response {
    /// With an empty value for each mark, last. Shared by all stubs that have the same head.
    head: Arc<Head>,
    /// The stub's id, then a small body.
    text: Box<[u8]>,
    /// What few responses have.
    rare: Option<Box<Rare>>,
}

#[derive(Debug)]
struct Rare {
    name: Option<HeaderValue>,
    /// A body that is not a small one.
    body: Option<Content>,
    delay: Duration,
    fault: Option<Fault>,
}

impl Default for RawResponse {
    fn default() -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Content::Bytes(Bytes::new()),
            delay: Duration::ZERO,
            fault: None,
        }
    }
}

impl Response {
    /// The response of a stub, marked with its id and name.
    pub(super) fn new(raw: RawResponse, id: Uuid, name: Option<&str>, pool: &HeaderPool) -> Self {
        let RawResponse { status, mut headers, body, delay, fault } = raw;
        let name = name.and_then(ascii);
        // Out and in again: marks come last.
        for mark in [Some(STUB_ID), name.as_ref().map(|_| STUB_NAME)].into_iter().flatten() {
            headers.remove(&mark);
            headers.insert(mark, HeaderValue::from_static(""));
        }
        let mut text = [0; Hyphenated::LENGTH];
        let id = id.hyphenated().encode_lower(&mut text).as_bytes();
        let (small, body) = match body {
            Content::Bytes(bytes) if bytes.len() <= SMALL_BODY => (bytes, None),
            body => (Bytes::new(), Some(body)),
        };
        let text = [id, &small].concat().into();
        let rare = name.is_some() || body.is_some() || !delay.is_zero() || fault.is_some();
        let rare = rare.then(|| Box::new(Rare { name, body, delay, fault }));
        Self { head: pool.head(status, headers), text, rare }
    }

    /// The answer, ready to be sent: this copies the headers and a small body, and shares a larger one.
    pub(super) fn plan(&self, origin: Origin) -> Plan {
        let (id, small) = self.text.split_at(Hyphenated::LENGTH);
        let id = HeaderValue::from_bytes(id).expect("a UUID is ASCII");
        let rare = self.rare.as_deref();
        let body = match rare.and_then(|rare| rare.body.as_ref()) {
            None if small.is_empty() => Body::Empty,
            None => Body::Bytes(Bytes::copy_from_slice(small)),
            Some(Content::Bytes(bytes)) => Body::Bytes(bytes.clone()),
            Some(Content::Stream(chunks)) => Body::Script(chunks.to_vec()),
        };
        let marks = [Some(id), rare.and_then(|rare| rare.name.clone())];
        let mut headers = self.head.headers.clone();
        let first = headers.len() - marks.iter().flatten().count();
        for (place, mark) in headers.values_mut().skip(first).zip(marks.into_iter().flatten()) {
            *place = mark;
        }
        let plan = Plan { headers, ..Plan::new(self.head.status, origin, body) };
        match rare {
            Some(rare) => Plan { delay: rare.delay, fault: rare.fault.clone(), ..plan },
            None => plan,
        }
    }
}

/// Header values are ASCII: anything else becomes `?`, as in `WireMock`.
fn ascii(name: &str) -> Option<HeaderValue> {
    let ascii = name.replace(|c: char| !c.is_ascii() || c.is_ascii_control(), "?");
    HeaderValue::from_str(&ascii).ok()
}
