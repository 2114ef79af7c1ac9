//! Responses of stubs, rendered once at load (`C/http/ResponseDefinition.java`).

mod body;
mod heads;
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

pub use body::STREAM_TRANSFORMER;
pub use heads::SharedHeads;

/// The headers by which clients see which stub answered.
const STUB_ID: HeaderName = HeaderName::from_static("matched-stub-id");
const STUB_NAME: HeaderName = HeaderName::from_static("matched-stub-name");

/// A body of at most so many bytes lies beside its stub's id: both are read at the same time.
const SMALL_BODY: usize = 4 << 10;

/// A response as it is written.
#[derive(Debug)]
pub(super) struct RawResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Content,
    delay: Duration,
    fault: Option<Fault>,
}

/// An answer that is ready to be sent again and again.
#[derive(Debug)]
pub(super) struct Response {
    status: StatusCode,
    /// With an empty value for each mark, last. Shared by all stubs that have the same headers.
    head: Arc<HeaderMap>,
    id: HeaderValue,
    body: Content,
    /// What few responses have.
    rare: Option<Box<Rare>>,
}

#[derive(Debug)]
struct Rare {
    name: Option<HeaderValue>,
    delay: Duration,
    fault: Option<Fault>,
}

#[derive(Debug)]
enum Content {
    Bytes(Bytes),
    Stream(Box<[TimedChunk]>),
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
    pub(super) fn new(raw: RawResponse, id: Uuid, name: Option<&str>, heads: &SharedHeads) -> Self {
        let RawResponse { status, mut headers, body, delay, fault } = raw;
        let name = name.and_then(ascii);
        // Out and in again: marks come last.
        for mark in [Some(STUB_ID), name.as_ref().map(|_| STUB_NAME)].into_iter().flatten() {
            headers.remove(&mark);
            headers.insert(mark, HeaderValue::from_static(""));
        }
        let mut text = [0; Hyphenated::LENGTH];
        let id = id.hyphenated().encode_lower(&mut text).as_bytes();
        let (id, body) = match body {
            Content::Bytes(bytes) if !bytes.is_empty() && bytes.len() <= SMALL_BODY => {
                let both = Bytes::from([id, &bytes].concat());
                (both.slice(..id.len()), Content::Bytes(both.slice(id.len()..)))
            }
            body => (Bytes::copy_from_slice(id), body),
        };
        let id = HeaderValue::from_maybe_shared(id).expect("a UUID is ASCII");
        let rare = name.is_some() || !delay.is_zero() || fault.is_some();
        let rare = rare.then(|| Box::new(Rare { name, delay, fault }));
        Self { status, head: heads.share(headers), id, body, rare }
    }

    /// The answer, ready to be sent: this copies the headers and shares the body.
    pub(super) fn plan(&self, origin: Origin) -> Plan {
        let body = match &self.body {
            Content::Bytes(bytes) if bytes.is_empty() => Body::Empty,
            Content::Bytes(bytes) => Body::Bytes(bytes.clone()),
            Content::Stream(chunks) => Body::Script(chunks.to_vec()),
        };
        let mut headers = HeaderMap::clone(&self.head);
        let rare = self.rare.as_deref();
        let name = rare.and_then(|rare| rare.name.as_ref());
        let marks = [Some(&self.id), name];
        let first = headers.len() - marks.iter().flatten().count();
        for (place, mark) in headers.values_mut().skip(first).zip(marks.into_iter().flatten()) {
            *place = mark.clone();
        }
        let plan = Plan { headers, ..Plan::new(self.status, origin, body) };
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
