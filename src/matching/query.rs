//! Patterns by themselves, for questions about exchanges and stubs: a request pattern, and a value pattern.

use std::path::Path;

use serde::Deserialize as _;
use serde_json::Value;

use crate::document::{Decoder, Diagnostic, Format, Node, Severity, Source};
use crate::message::{Asked, Request};

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
    /// Everything that is wrong with it.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Vec<Diagnostic>> {
        let pool = HeaderPool::default();
        read(text, |node| RequestPattern::compile(node, &pool)).map(Self)
    }

    /// Whether a request is as wanted.
    pub(crate) fn matches(&self, request: &Request) -> bool {
        let asked = Asked::new(request);
        self.0.head_matches(&asked) && self.0.body_matches(&asked)
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
    /// Everything that is wrong with it.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Vec<Diagnostic>> {
        read(text, StringPattern::compile).map(Self)
    }

    /// Whether a text is as wanted.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.0.matches(&Subject::new(Some(text)))
    }
}

/// Reads the first JSON value of a text: what follows it is ignored, as in `WireMock`.
fn read<T>(
    text: &[u8],
    compile: impl FnOnce(&Node<'_>) -> Option<T>,
) -> Result<T, Vec<Diagnostic>> {
    let path = Path::new("the request body");
    let text = String::from_utf8_lossy(text);
    let source = Source { path: path.into(), format: Format::Json, text: text.into_owned() };
    let value = Value::deserialize(&mut serde_json::Deserializer::from_str(&source.text));
    let unreadable = |error| Diagnostic::error(path, format!("not valid JSON: {error}"));
    let value = value.map_err(|error: serde_json::Error| vec![unreadable(error)])?;
    let decoder = Decoder::new(&source, 0);
    let compiled = compile(&decoder.root(&value));
    let mut problems = decoder.finish();
    problems.retain(|problem| problem.severity == Severity::Error);
    match compiled {
        Some(compiled) if problems.is_empty() => Ok(compiled),
        _ => Err(problems),
    }
}
