//! Standalone patterns for queries over exchanges and stubs: a request pattern and a value pattern.

use serde_json::Value;

use crate::document::{Node, Refusal, read_body};
use crate::message::{Asked, Request};

use super::asker::AskerFilter;
use super::header_pool::HeaderPool;
use super::near_miss::distance;
use super::operator::{StringPattern, Subject};
use super::request::RequestPattern;
use super::url::UrlPattern;

/// A request pattern as it is written in `request` of a stub mapping.
#[derive(Debug)]
pub(crate) struct RequestQuery {
    pattern: RequestPattern,
    written: Value,
}

impl RequestQuery {
    /// Reads the JSON text of a pattern.
    ///
    /// # Errors
    /// The first problem.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Refusal> {
        let pool = HeaderPool::default();
        let compile = |node: &Node<'_>| {
            let pattern = RequestPattern::compile(node, &pool)?;
            Some(Self { pattern, written: node.value().clone() })
        };
        read_body(text, compile)
    }

    /// Returns the pattern as written, with the default method where there is none.
    pub(crate) fn to_json(&self) -> Value {
        let mut written = self.written.clone();
        if written.get("method").is_none_or(Value::is_null) {
            written["method"] = "ANY".into();
        }
        written
    }

    /// Returns whether a request matches.
    pub(crate) fn matches(&self, request: &Request) -> bool {
        let asked = Asked::new(request);
        let filter = AskerFilter::default();
        self.pattern.head_matches(&asked, &filter) && self.pattern.body_matches(&asked, &filter)
    }

    /// Returns the distance of a request, from 0 to 1.
    pub(crate) fn distance(&self, request: &Request) -> f64 {
        distance::of(&self.pattern, &Asked::new(request))
    }

    /// Returns the only path that matches, as sent, or `None` if several may match.
    pub(crate) fn only_path(&self) -> Option<&str> {
        match &self.pattern.url {
            UrlPattern::Path(path) => Some(path),
            UrlPattern::Url(url) => url.split('?').next(),
            _ => None,
        }
    }
}

/// A pattern of one value, such as that of a stub's metadata.
#[derive(Debug)]
pub(crate) struct ValueQuery(StringPattern);

impl ValueQuery {
    /// Reads the JSON text of a pattern.
    ///
    /// # Errors
    /// The first problem.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Refusal> {
        read_body(text, StringPattern::compile).map(Self)
    }

    /// Returns whether a text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.0.matches(&Subject::new(Some(text)))
    }
}
