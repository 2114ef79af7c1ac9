//! Fixed responses: answers that are the same for every request, rendered at load.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, HeaderValue};
use smallvec::SmallVec;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::message::{Body, Delivery, Effects, Origin, Plan};

use super::super::header_pool::{Head, HeaderPool};
use super::definition::{BodyDefinition, Definition};
use super::delays::Delays;
use super::headers::header_value;
use super::marks::{STUB_ID, STUB_NAME};

/// A body of at most this many bytes is copied for each answer: that is cheaper than reference
/// counting among many stubs.
pub(super) const SMALL_BODY: usize = 512;

/// A body of at most this many bytes is stored in its stub. Elsewhere it would be on another page of memory, and cost a
/// second wait after the one for its address.
const INLINE_BODY: usize = 256;

/// An answer that is ready to be sent again and again.
#[derive(Debug)]
pub(in crate::matching) struct FixedResponse {
    /// The head, with an empty value for each mark at the end. Shared by all stubs with the same
    /// head.
    head: Arc<Head>,
    /// A small body.
    small_body: SmallVec<[u8; INLINE_BODY]>,
    /// Shared by all answers.
    delivery: Delivery,
    /// The parts that few responses have.
    rare: Option<Box<Rare>>,
    /// Whether the body comes from `jsonBody`.
    is_json: bool,
    /// Whether no Content-Length is written.
    chunked: bool,
    /// Whether it is the recorded answer of a backend, which is sent unchanged.
    exact: bool,
}

#[derive(Debug, Default)]
struct Rare {
    name: Option<HeaderValue>,
    /// A body that is not a small one.
    body: Option<Bytes>,
    delays: Delays,
}

impl FixedResponse {
    /// Creates the response of a definition that is the same for every request.
    pub(super) fn new(
        definition: Definition,
        name: Option<HeaderValue>,
        pool: &HeaderPool,
    ) -> Self {
        let is_json = definition.has_json_body();
        let Definition { status, headers: written, body, delays, effects, exact, .. } = definition;
        let mut headers = HeaderMap::with_capacity(written.len() + 2);
        for (name, text) in written {
            let value = text.as_plain().map_or(HeaderValue::from_static(""), header_value);
            headers.append(name, value);
        }
        let body = match body {
            BodyDefinition::Bytes(bytes) => bytes,
            BodyDefinition::Text(text) | BodyDefinition::Json(text) => {
                Bytes::copy_from_slice(text.as_plain().unwrap_or_default().as_bytes())
            }
            BodyDefinition::File { .. } => Bytes::new(),
        };
        // Marks come last.
        for mark in [Some(STUB_ID), name.as_ref().map(|_| STUB_NAME)].into_iter().flatten() {
            headers.append(mark, HeaderValue::from_static(""));
        }
        let wrong_length = is_wrong_length(&headers, &body);
        let chunked = !headers.contains_key(CONTENT_LENGTH);
        let delay = delays.fixed.unwrap_or_default();
        let delivery = Effects { delay, wrong_length, ..effects }.into();
        let rare = name.is_some() || delays.fixed.is_some();
        let rare = rare.then(|| Box::new(Rare { name, body: None, delays }));
        let head = pool.head(status, headers);
        let mut response =
            Self { head, small_body: SmallVec::new(), delivery, rare, is_json, chunked, exact };
        response.set_body(body);
        response
    }

    pub(super) fn has_json_body(&self) -> bool {
        self.is_json
    }

    /// Returns the delays that the stub has itself.
    pub(super) fn delays(&self) -> &Delays {
        self.rare.as_ref().map_or(&Delays::NONE, |rare| &rare.delays)
    }

    /// Replaces the body.
    pub(super) fn set_body(&mut self, body: Bytes) {
        let is_small = body.len() <= SMALL_BODY;
        self.small_body = SmallVec::from_slice(if is_small { &body } else { &[] });
        if !is_small {
            self.rare.get_or_insert_default().body = Some(body);
        } else if let Some(rare) = &mut self.rare {
            rare.body = None;
        }
    }

    /// Returns the answer, ready to be sent: this copies the headers and a small body, and shares a
    /// larger one.
    pub(super) fn plan(&self, id: Uuid) -> Plan {
        let mut text = [0; Hyphenated::LENGTH];
        let text = id.hyphenated().encode_lower(&mut text);
        let mark = HeaderValue::from_str(text).expect("a UUID is ASCII");
        let rare = self.rare.as_deref();
        let body = match rare.and_then(|rare| rare.body.as_ref()) {
            None if self.small_body.is_empty() => Body::Empty,
            None => Body::Bytes(Bytes::copy_from_slice(&self.small_body)),
            Some(bytes) => Body::Bytes(bytes.clone()),
        };
        let marks = [Some(mark), rare.and_then(|rare| rare.name.clone())];
        let mut headers = self.head.headers.clone();
        let first = headers.len() - marks.iter().flatten().count();
        for (place, mark) in headers.values_mut().skip(first).zip(marks.into_iter().flatten()) {
            *place = mark;
        }
        let Self { chunked, exact, .. } = *self;
        let delivery = self.delivery.clone();
        let plan = Plan::new(self.head.status, Origin::Stub(id), body);
        Plan { headers, chunked, exact, delivery, ..plan }
    }
}

/// Returns whether the header fields have a Content-Length that is not the body's.
pub(super) fn is_wrong_length(headers: &HeaderMap, body: &[u8]) -> bool {
    let named = headers.get(CONTENT_LENGTH);
    named.is_some_and(|value| value.as_bytes() != body.len().to_string().as_bytes())
}
