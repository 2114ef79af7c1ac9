//! What tells requests apart: a request → the pattern that matches it again, and no other request.
//!
//! ```text
//! SentRequest → [target]: method, path, query ─┐
//!               [body]: JSON, form, parts, bytes ├─ the request; [headers]: its variants
//!               credentials, as pseudonyms ─────┘
//! ```
//!
//! Requests that agree in method, URL, body and credentials are one request. They may differ in header fields:
//! then they are its variants. What a client draws anew for each request ([drawn]) tells nothing apart.

mod body;
mod content;
mod drawn;
mod graphql;
mod headers;
mod marked;
mod markup;
mod order;
mod parts;
mod signed_chunks;
mod target;
mod times;
mod xml;

use http::HeaderMap;
use serde_json::{Map, Value};
use uuid::Uuid;

pub(super) use drawn::{is_echoed, is_random};
pub(super) use headers::{Field, RequestFields, title};
pub(super) use order::ORDER;

use super::clean::Clean;
use super::exchange::{SentRequest, path_of};
use super::forward::Origin;

/// A request as a recording knows it.
#[derive(Debug)]
pub(super) struct Identity {
    /// `request` of its mapping, without header fields.
    pub(super) pattern: Map<String, Value>,
    /// How many conditions it has besides method and URL: the more, the earlier its stub is asked.
    pub(super) conditions: i32,
    /// The header fields that may tell its variants apart, and the order of its lists.
    pub(super) fields: RequestFields,
    /// The digest of a body that no pattern can hold, for the mapping's metadata.
    pub(super) digest: Option<Value>,
    /// The credentials of the client, for the mapping's metadata.
    pub(super) credentials: Option<Value>,
}

impl Identity {
    /// The identity of a request. `answer` has the header fields of its answer. What is not matched is added to
    /// `notes`.
    pub(super) fn of(
        sent: &SentRequest,
        answer: &HeaderMap,
        clean: &Clean<'_>,
        notes: &mut Vec<String>,
    ) -> Self {
        let mut pattern = Map::new();
        pattern.insert("method".to_owned(), sent.method.as_str().into());
        if let Some(origin) = &sent.origin {
            origin.add_to(&mut pattern);
        }
        let mut conditions = target::pattern(sent, clean, notes, &mut pattern);
        let digest = body::pattern(sent, clean, notes, &mut pattern, &mut conditions);
        let credentials = clean.credentials();
        let values = credentials.as_ref().and_then(|of| of["values"].as_array()).map(Vec::len);
        conditions += i32::try_from(values.unwrap_or_default()).unwrap_or(i32::MAX);
        let mut fields = RequestFields::of(sent, answer, clean);
        fields.choices.extend(order::of(&pattern).map(|order| (ORDER.to_owned(), order)));
        Self { pattern, conditions, fields, digest, credentials }
    }

    /// The id of the request: the same for the same request of the same client, in each recording.
    pub(super) fn id(&self) -> Uuid {
        let mut name = Value::Object(order::sorted(&self.pattern)).to_string();
        for part in [&self.digest, &self.credentials].into_iter().flatten() {
            name.push('\n');
            name.push_str(&part.to_string());
        }
        Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
    }

    /// The method and the path, for people.
    pub(super) fn title(sent: &SentRequest, clean: &Clean<'_>) -> String {
        let host = sent.origin.as_ref().map(Origin::authority).unwrap_or_default();
        format!("{} {host}{}", sent.method, path_of(&clean.target()))
    }
}
