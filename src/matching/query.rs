//! Patterns by themselves, for questions about exchanges and stubs: a request pattern, and a value pattern.

use crate::document::{Refusal, read_body};
use crate::message::Request;

use super::facts::Facts;
use super::header_pool::HeaderPool;
use super::operator::{StringPattern, Subject};
use super::request::RequestPattern;
use super::url::UrlPattern;

/// A request pattern as it is written in `request` of a stub mapping.
#[derive(Debug)]
pub(crate) struct RequestQuery(RequestPattern);

impl RequestQuery {
    /// Reads the JSON text of a pattern.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Refusal> {
        let pool = HeaderPool::default();
        read_body(text, |node| RequestPattern::compile(node, &pool)).map(Self)
    }

    /// Whether a request is as wanted.
    pub(crate) fn matches(&self, request: &Request) -> bool {
        let facts = Facts::new(request);
        self.0.head_matches(&facts) && self.0.body_matches(&facts)
    }

    /// The only path that is wanted, as it is sent; nothing where there may be others.
    pub(crate) fn only_path(&self) -> Option<&str> {
        match &self.0.url {
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
    /// What is wrong with it first.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Refusal> {
        read_body(text, StringPattern::compile).map(Self)
    }

    /// Whether a text is as wanted.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.0.matches(&Subject::new(Some(text)))
    }
}
