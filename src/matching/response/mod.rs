//! Responses of stubs, rendered once at load (`C/http/ResponseDefinition.java`).

mod body;
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

use super::header_pool::{Head, HeaderPool};

/// The headers by which clients see which stub answered.
const STUB_ID: HeaderName = HeaderName::from_static("matched-stub-id");
const STUB_NAME: HeaderName = HeaderName::from_static("matched-stub-name");

/// A body of at most so many bytes is kept beside its stub's id, and copied for each answer: that costs less
/// than counting who uses it, when it is one of many.
const SMALL_BODY: usize = 512;

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
    /// With an empty value for each mark, last. Shared by all stubs that have the same head.
    head: Arc<Head>,
    /// The stub's id, then a small body.
    text: Box<[u8]>,
    /// Shared by all answers.
    delivery: Delivery,
    /// What few responses have.
    rare: Option<Box<Rare>>,
}

#[derive(Debug)]
struct Rare {
    name: Option<HeaderValue>,
    /// A body that is not a small one.
    body: Option<Bytes>,
}

impl Response {
    /// The response of a stub, marked with its id and name.
    pub(super) fn new(raw: RawResponse, id: Uuid, name: Option<&str>, pool: &HeaderPool) -> Self {
        let RawResponse { status, mut headers, body, delivery } = raw;
        let name = name.and_then(ascii);
        // Out and in again: marks come last.
        for mark in [Some(STUB_ID), name.as_ref().map(|_| STUB_NAME)].into_iter().flatten() {
            headers.remove(&mark);
            headers.insert(mark, HeaderValue::from_static(""));
        }
        let mut text = [0; Hyphenated::LENGTH];
        let id = id.hyphenated().encode_lower(&mut text).as_bytes();
        let (small, body) =
            if body.len() <= SMALL_BODY { (body, None) } else { (Bytes::new(), Some(body)) };
        let text = [id, &small].concat().into();
        let rare = name.is_some() || body.is_some();
        let rare = rare.then(|| Box::new(Rare { name, body }));
        Self { head: pool.head(status, headers), text, delivery, rare }
    }

    /// The answer, ready to be sent: this copies the headers and a small body, and shares a larger one.
    pub(super) fn plan(&self, origin: Origin) -> Plan {
        let (id, small) = self.text.split_at(Hyphenated::LENGTH);
        let id = HeaderValue::from_bytes(id).expect("a UUID is ASCII");
        let rare = self.rare.as_deref();
        let body = match rare.and_then(|rare| rare.body.as_ref()) {
            None if small.is_empty() => Body::Empty,
            None => Body::Bytes(Bytes::copy_from_slice(small)),
            Some(bytes) => Body::Bytes(bytes.clone()),
        };
        let marks = [Some(id), rare.and_then(|rare| rare.name.clone())];
        let mut headers = self.head.headers.clone();
        let first = headers.len() - marks.iter().flatten().count();
        for (place, mark) in headers.values_mut().skip(first).zip(marks.into_iter().flatten()) {
            *place = mark;
        }
        let delivery = self.delivery.clone();
        Plan { headers, delivery, ..Plan::new(self.head.status, origin, body) }
    }
}

/// Header values are ASCII: anything else becomes `?`, as in `WireMock`.
fn ascii(name: &str) -> Option<HeaderValue> {
    let ascii = name.replace(|c: char| !c.is_ascii() || c.is_ascii_control(), "?");
    HeaderValue::from_str(&ascii).ok()
}
