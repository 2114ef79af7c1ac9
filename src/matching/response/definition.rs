//! A response as it is defined, for answers that are made for each request.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::header::HeaderName;

use crate::message::Effects;

use super::delays::Delays;
use super::proxy::ProxyDefinition;
use super::text::Text;

/// What an answer is made from.
#[derive(Debug, Default)]
pub(in crate::matching) struct Definition {
    pub(super) status: StatusCode,
    /// In their order; repeated names have a value each.
    pub(super) headers: Vec<(HeaderName, Text)>,
    pub(super) body: BodyDefinition,
    /// Delays before the first byte.
    pub(super) delays: Delays,
    /// What happens besides: the reason phrase, a pace, a fault, the timing of a recorded stream.
    pub(super) effects: Effects,
    /// The server that has the answer, if this is none of the stub's own.
    pub(super) proxy: Option<Box<ProxyDefinition>>,
    /// Whether the texts are templates.
    pub(super) templated: bool,
}

/// The body of a response.
#[derive(Debug)]
pub(super) enum BodyDefinition {
    /// These bytes.
    Bytes(Bytes),
    /// A text.
    Text(Text),
    /// The text of `jsonBody`.
    Json(Text),
    /// The content of a file below `__files`, read for each answer.
    File { name: Text, directory: Option<Arc<Path>> },
}

impl Default for BodyDefinition {
    fn default() -> Self {
        Self::Bytes(Bytes::new())
    }
}

impl Definition {
    /// Whether every request has the same answer.
    pub(super) fn is_fixed(&self) -> bool {
        let body = match &self.body {
            BodyDefinition::Bytes(_) => true,
            BodyDefinition::Text(text) | BodyDefinition::Json(text) => text.as_plain().is_some(),
            BodyDefinition::File { .. } => false,
        };
        let plain = |(_, text): &(HeaderName, Text)| text.as_plain().is_some();
        body && self.delays.drawn.is_none()
            && self.proxy.is_none()
            && self.headers.iter().all(plain)
    }

    pub(super) fn has_json_body(&self) -> bool {
        matches!(self.body, BodyDefinition::Json(_))
    }

    /// Puts another text of the same JSON in place.
    pub(super) fn set_json_body(&mut self, text: &str) {
        // A text that is no template at load is none here either: the JSON is the same.
        if let Ok(text) = Text::new(text, self.templated) {
            self.body = BodyDefinition::Json(text);
        }
    }
}
