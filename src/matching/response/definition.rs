//! A response definition, for answers that are rendered for each request.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, HeaderName};
use serde_json::Value;

use crate::links::Links;
use crate::message::Effects;
use crate::template::Parameters;

use super::delays::Delays;
use super::echo::Echo;
use super::marks::{STUB_ID, STUB_NAME};
use super::proxy::ProxyDefinition;
use super::text::Text;

/// The definition of a response.
#[derive(Debug, Default)]
pub(in crate::matching) struct Definition {
    pub(super) status: StatusCode,
    /// In their order; repeated names have a value each.
    pub(super) headers: Vec<(HeaderName, Text)>,
    pub(super) body: BodyDefinition,
    /// Delays before the first byte.
    pub(super) delays: Delays,
    /// Further effects: the reason phrase, a pace, a fault, the timing of a recorded stream.
    pub(super) effects: Effects,
    /// The server to proxy to, if the stub does not answer itself.
    pub(super) proxy: Option<Box<ProxyDefinition>>,
    /// Whether the texts are templates.
    pub(super) templated: bool,
    /// Whether it is the recorded answer of a backend, which is sent unchanged.
    pub(super) exact: bool,
    /// The value of `parameters` in templates.
    pub(super) parameters: Parameters,
    /// Links to the recorded backend, which are rewritten to the host of the request.
    pub(super) links: Option<Arc<Links>>,
    /// The ids of the recorded JSON-RPC calls, which are replaced by those of the request.
    pub(super) rpc_ids: Option<Box<[Value]>>,
    /// What the answer repeats of its request.
    pub(super) echoes: Option<Box<[Echo]>>,
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
    File { name: Text, directory: Option<Arc<Path>>, content: FileContent },
}

/// How the content of a file is used.
#[derive(Debug)]
pub(super) enum FileContent {
    /// It is sent.
    Sent,
    /// It is a template, compiled again when the content changes.
    Template(Mutex<Option<(Bytes, Arc<Text>)>>),
}

impl FileContent {
    /// Returns the template of a content.
    pub(super) fn template(&self, content: &Bytes) -> Option<Arc<Text>> {
        let Self::Template(compiled) = self else { return None };
        let text = std::str::from_utf8(content).ok()?;
        let mut compiled = compiled.lock().unwrap_or_else(PoisonError::into_inner);
        // The same bytes in memory are the same content: they are stored here, so the address is not reused.
        let is_same =
            |known: &Bytes| known.as_ptr() == content.as_ptr() && known.len() == content.len();
        match &*compiled {
            Some((known, text)) if is_same(known) => Some(Arc::clone(text)),
            _ => {
                let text = Arc::new(Text::new(text, true));
                *compiled = Some((content.clone(), Arc::clone(&text)));
                Some(text)
            }
        }
    }
}

impl Default for BodyDefinition {
    fn default() -> Self {
        Self::Bytes(Bytes::new())
    }
}

impl Definition {
    /// Returns whether every request has the same answer.
    pub(super) fn is_fixed(&self) -> bool {
        let body = match &self.body {
            BodyDefinition::Bytes(_) => true,
            BodyDefinition::Text(text) | BodyDefinition::Json(text) => text.as_plain().is_some(),
            BodyDefinition::File { .. } => false,
        };
        // The marks of a fixed answer come last and must not exist already.
        let plain = |(name, text): &(HeaderName, Text)| {
            let is_sendable = |text: &str| *name != CONTENT_LENGTH || text.parse::<u64>().is_ok();
            text.as_plain().is_some_and(is_sendable) && *name != STUB_ID && *name != STUB_NAME
        };
        body && self.delays.drawn.is_none()
            && self.proxy.is_none()
            && self.links.is_none()
            && self.rpc_ids.is_none()
            && self.echoes.is_none()
            && self.headers.iter().all(plain)
    }

    pub(super) fn has_json_body(&self) -> bool {
        matches!(self.body, BodyDefinition::Json(_))
    }

    /// Replaces the text of the JSON body by an equivalent one.
    pub(super) fn set_json_body(&mut self, text: &str) {
        self.body = BodyDefinition::Json(Text::new(text, self.templated));
    }

    /// Sets the parameters from their JSON text.
    pub(super) fn set_parameters(&mut self, json: &str) {
        if let Ok(parameters) = Parameters::from_text(json) {
            self.parameters = parameters;
        }
    }
}
