//! The input of a decision: a request as rules see it.

use std::cell::OnceCell;

use http::HeaderMap;
use serde_json::Value;

use crate::message::Query;

use super::draw;

/// A request for rules: as sent, and as a Kubernetes API understands it.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The path, as sent.
    pub path: &'a str,
    /// The query, decoded.
    pub query: &'a Query<'a>,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The body, where it was read.
    pub body: Option<&'a [u8]>,
    /// The body as JSON, parsed when a rule first needs it.
    pub parsed: OnceCell<Option<Value>>,
    /// The verb of a resource request.
    pub verb: Option<&'a str>,
    /// `plural.group`, or the plural alone in the core group.
    pub resource: Option<&'a str>,
    /// The namespace.
    pub namespace: Option<&'a str>,
    /// The object's name.
    pub name: Option<&'a str>,
    /// The subresource.
    pub subresource: Option<&'a str>,
    /// The page of a list chain, from 1; nothing for other requests.
    pub page: Option<u64>,
    /// The world's name.
    pub world: &'a str,
}

impl Facts<'_> {
    /// The body as JSON, if it is JSON.
    pub(in crate::scenario) fn json(&self) -> Option<&Value> {
        self.parsed.get_or_init(|| serde_json::from_slice(self.body?).ok()).as_ref()
    }

    /// The identity of the request.
    pub(in crate::scenario) fn request_id(&self) -> [u8; 32] {
        let pairs: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        draw::request_id(self.method, self.path, &pairs.join("&"), self.body.unwrap_or_default())
    }
}
