//! Patterns by themselves, for questions about exchanges and stubs: a request pattern, and a value pattern.

use std::path::Path;

use serde::Deserialize as _;
use serde_json::Value;

use crate::document::{Decoder, Diagnostic, Format, Node, Severity, Source};
use crate::message::{Asked, Request};

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
    /// Everything that is wrong with it.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Vec<Diagnostic>> {
        let pool = HeaderPool::default();
        let compile = |node: &Node<'_>| {
            let pattern = RequestPattern::compile(node, &pool)?;
            Some(Self { pattern, written: node.value().clone() })
        };
        read(text, compile)
    }

    /// As it is written, with the method that is meant where there is none.
    pub(crate) fn to_json(&self) -> Value {
        let mut written = self.written.clone();
        if written.get("method").is_none_or(Value::is_null) {
            written["method"] = "ANY".into();
        }
        written
    }

    /// Whether a request is as wanted.
    pub(crate) fn matches(&self, request: &Request) -> bool {
        let asked = Asked::new(request);
        self.pattern.head_matches(&asked) && self.pattern.body_matches(&asked)
    }

    /// How far a request is from it, from 0 to 1.
    pub(crate) fn distance(&self, request: &Request) -> f64 {
        distance::of(&self.pattern, &Asked::new(request))
    }

    /// The only path that is wanted, as it is sent; nothing where there may be others.
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
    /// Everything that is wrong with it.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Vec<Diagnostic>> {
        read(text, StringPattern::compile).map(Self)
    }

    /// Whether a text is as wanted.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.0.matches(&Subject::new(Some(text)))
    }
}

/// Where a pattern comes from, in messages.
const BODY: &str = "the request body";

/// Reads the first JSON value of a text: what follows it is ignored, as in `WireMock`.
///
/// # Errors
/// That it is not JSON.
pub(crate) fn read_json(text: &[u8]) -> Result<Value, Vec<Diagnostic>> {
    let text = String::from_utf8_lossy(text);
    let value = Value::deserialize(&mut serde_json::Deserializer::from_str(&text));
    value.map_err(|error| vec![Diagnostic::error(BODY, format!("not valid JSON: {error}"))])
}

/// Reads a pattern of a JSON text.
pub(super) fn read<T>(
    text: &[u8],
    compile: impl FnOnce(&Node<'_>) -> Option<T>,
) -> Result<T, Vec<Diagnostic>> {
    let value = read_json(text)?;
    let path = Path::new(BODY).into();
    let source = Source { path, format: Format::Json, text: value.to_string() };
    let decoder = Decoder::new(&source, 0);
    let compiled = compile(&decoder.root(&value));
    let mut problems = decoder.finish();
    problems.retain(|problem| problem.severity == Severity::Error);
    match compiled {
        Some(compiled) if problems.is_empty() => Ok(compiled),
        _ => Err(problems),
    }
}
