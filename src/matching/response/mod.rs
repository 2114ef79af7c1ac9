//! Responses of stubs, rendered once at load (`C/http/ResponseDefinition.java`).

mod body;
mod heads;
mod read;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::message::{Body, Delivery, Origin, Plan};

pub use heads::SharedHeads;

/// The headers by which clients see which stub answered.
const STUB_ID: HeaderName = HeaderName::from_static("matched-stub-id");
const STUB_NAME: HeaderName = HeaderName::from_static("matched-stub-name");

/// A body of at most so many bytes lies beside its stub's id: both are read at the same time.
const SMALL_BODY: usize = 4 << 10;

/// A response as it is written.
#[derive(Debug, Default)]
pub(super) struct RawResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    delivery: Delivery,
}

/// An answer that is ready to be sent again and again.
#[derive(Debug)]
pub(super) struct Response {
    status: StatusCode,
    /// With an empty value for each mark, last. Shared by all stubs that have the same headers.
    head: Arc<HeaderMap>,
    id: HeaderValue,
    body: Bytes,
    /// Shared by all answers.
    delivery: Delivery,
    /// Few stubs have one.
    name: Option<Box<HeaderValue>>,
}

impl Response {
    /// The response of a stub, marked with its id and name.
    pub(super) fn new(raw: RawResponse, id: Uuid, name: Option<&str>, heads: &SharedHeads) -> Self {
        let RawResponse { status, mut headers, body, delivery } = raw;
        let name = name.and_then(ascii);
        // Out and in again: marks come last.
        for mark in [Some(STUB_ID), name.as_ref().map(|_| STUB_NAME)].into_iter().flatten() {
            headers.remove(&mark);
            headers.insert(mark, HeaderValue::from_static(""));
        }
        let mut text = [0; Hyphenated::LENGTH];
        let id = id.hyphenated().encode_lower(&mut text).as_bytes();
        let (id, body) = if !body.is_empty() && body.len() <= SMALL_BODY {
            let both = Bytes::from([id, &body].concat());
            (both.slice(..id.len()), both.slice(id.len()..))
        } else {
            (Bytes::copy_from_slice(id), body)
        };
        let id = HeaderValue::from_maybe_shared(id).expect("a UUID is ASCII");
        Self { status, head: heads.share(headers), id, body, delivery, name: name.map(Box::new) }
    }

    /// The answer, ready to be sent: this copies the headers and shares the body.
    pub(super) fn plan(&self, origin: Origin) -> Plan {
        let body = match &self.body {
            bytes if bytes.is_empty() => Body::Empty,
            bytes => Body::Bytes(bytes.clone()),
        };
        let mut headers = HeaderMap::clone(&self.head);
        let marks = [Some(&self.id), self.name.as_deref()];
        let first = headers.len() - marks.iter().flatten().count();
        for (place, mark) in headers.values_mut().skip(first).zip(marks.into_iter().flatten()) {
            *place = mark.clone();
        }
        let delivery = self.delivery.clone();
        Plan { headers, delivery, ..Plan::new(self.status, origin, body) }
    }
}

/// Header values are ASCII: anything else becomes `?`, as in `WireMock`.
fn ascii(name: &str) -> Option<HeaderValue> {
    let ascii = name.replace(|c: char| !c.is_ascii() || c.is_ascii_control(), "?");
    HeaderValue::from_str(&ascii).ok()
}
