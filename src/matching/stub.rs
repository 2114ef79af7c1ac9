//! One stub: a request pattern with its response, compiled from a `WireMock` stub mapping
//! (`C/stubbing/StubMapping.java`).

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::Bytes;
use serde::Deserialize as _;
use serde_json::Value;
use uuid::Uuid;

use crate::document::{Node, Pointer, Step};
use crate::message::{Asked, Plan, Request};
use crate::redact::Key;

use super::asker::AskerFilter;
use super::body_digest::RecordedDigest;
use super::body_files::BodyFiles;
use super::credentials::Credentials;
use super::header_pool::HeaderPool;
use super::keys::{self, StubScenario};
use super::recorded::Exactness;
use super::recorded_head::RecordedHead;
use super::request::RequestPattern;
use super::response::{
    AnsweringStub, RawResponse, Response, ResponseContext, ResponseSettings, ResponseTemplating,
    StubAnswer, WebhookRequest, Webhooks,
};
use super::url::UrlPattern;
use super::written;

/// The key under which a file has several stubs.
pub(crate) const MAPPINGS: &str = "mappings";

/// A request pattern with its response.
///
/// A set may hold a hundred thousand: the parts that answer requests are stored together, the rest
/// separately, and the mapping stays the text that it was read from.
#[derive(Debug)]
pub struct Stub {
    /// Its UUID: written in the mapping, or derived from the place it was read from.
    pub id: Uuid,
    /// Lower comes first; 5 where none is written.
    pub priority: i32,
    pub(super) request: RequestPattern,
    response: Response,
    /// The scenario that it belongs to, if any; few stubs have one.
    pub(super) scenario: Option<Box<StubScenario>>,
    webhooks: Option<Box<Webhooks>>,
    /// How often it has answered, up to [`MANY_USES`].
    uses: AtomicU8,
    written: Box<Written>,
}

/// Uses are counted up to this number: only "none", "one" and "several" matter.
const MANY_USES: u8 = 2;

/// The written mapping and its place, for messages and the admin API.
#[derive(Debug)]
struct Written {
    name: Option<Box<str>>,
    source: Arc<Path>,
    document: usize,
    /// The index in the document's `mappings`, if it has them.
    item: Option<usize>,
    persistent: bool,
    /// Its index among the stubs of the server that saved it.
    insertion_index: Option<i64>,
    /// The JSON text.
    mapping: Bytes,
}

impl Stub {
    /// Returns the answer if it is the same for every request. Settings may add to it.
    #[must_use]
    pub fn plan(&self) -> Option<Plan> {
        self.fixed_plan(&ResponseSettings::default())
    }

    /// Returns the answer if it is the same for every request and no setting changes it. Rendered
    /// at load: this only copies the headers and shares the body.
    #[must_use]
    pub(crate) fn fixed_plan(&self, settings: &ResponseSettings) -> Option<Plan> {
        self.response.fixed_plan(self.id, settings)
    }

    /// Counts an answer. Once the counter is at its limit it is only read, so that threads do not
    /// contend for it.
    pub(crate) fn count_use(&self) {
        if self.uses.load(Ordering::Relaxed) < MANY_USES {
            self.uses.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns whether it has answered.
    pub(crate) fn is_used(&self) -> bool {
        self.uses.load(Ordering::Relaxed) > 0
    }

    /// Returns whether it has answered more than once.
    pub(crate) fn is_used_again(&self) -> bool {
        self.uses.load(Ordering::Relaxed) >= MANY_USES
    }

    /// Returns whether requests are sent after an answer.
    #[must_use]
    pub(crate) fn has_webhooks(&self) -> bool {
        self.webhooks.is_some()
    }

    /// Returns the requests that are sent after an answer, or for each that cannot be rendered the
    /// reason.
    pub(crate) fn webhooks(
        &self,
        context: &mut ResponseContext<'_>,
    ) -> Vec<Result<WebhookRequest, String>> {
        let webhooks = self.webhooks.as_ref();
        webhooks.map(|all| all.requests(&self.request, context)).unwrap_or_default()
    }

    /// Returns the answer to a request.
    pub(crate) fn answer(&self, context: &mut ResponseContext<'_>) -> StubAnswer {
        let pattern = &self.request;
        self.response.answer(AnsweringStub { id: self.id, name: self.name(), pattern }, context)
    }

    /// Returns whether the answer depends on the request's body, so that it must be read first.
    #[must_use]
    pub(crate) fn needs_body(&self) -> bool {
        self.webhooks.is_some() || self.response.needs_body()
    }

    /// Returns its display name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.written.name.as_deref()
    }

    /// Returns the file it was read from.
    #[must_use]
    pub fn source(&self) -> &Path {
        &self.written.source
    }

    /// Returns the number of the document in that file, from 0.
    #[must_use]
    pub fn document(&self) -> usize {
        self.written.document
    }

    /// Returns its place in that document.
    #[must_use]
    pub fn pointer(&self) -> Pointer {
        let item = |at| vec![Step::Key(MAPPINGS.to_owned()), Step::Index(at)];
        self.written.item.map(item).unwrap_or_default()
    }

    /// Returns the stub with the JSON text of its mapping, which may be a part of a larger one.
    #[must_use]
    pub fn with_mapping(mut self, text: Bytes) -> Self {
        self.response.take_text(&text);
        if let Some(webhooks) = &mut self.webhooks
            && let Ok(text) = std::str::from_utf8(&text)
        {
            webhooks.take_text(text);
        }
        self.written.mapping = text;
        self
    }

    /// Returns the id of the key of the recording that it comes from, or `None` if it was recorded
    /// without credentials.
    pub(crate) fn recording_key_id(&mut self) -> Option<&str> {
        self.request.credentials_mut().map(|credentials| credentials.key_id())
    }

    /// Sets the key of the recording, by which the client that it was recorded from is recognized.
    #[must_use]
    pub(crate) fn with_recording_key(mut self, key: Key) -> Self {
        if let Some(credentials) = self.request.credentials_mut() {
            credentials.set_key(key);
        }
        self
    }

    /// Returns the stub mapping in the form of `WireMock`'s admin API, with its `id` and `uuid`.
    #[must_use]
    pub fn mapping(&self) -> Value {
        let text = self.mapping_text();
        let mut reader = serde_json::Deserializer::from_str(&text);
        // It was read before, perhaps from YAML, which may be nested more deeply.
        reader.disable_recursion_limit();
        Value::deserialize(&mut reader).unwrap_or_default()
    }

    /// Returns the same as JSON text.
    #[must_use]
    pub fn mapping_text(&self) -> String {
        written::mapping(&self.written_text(), self.id)
    }

    /// Returns the JSON text of the mapping for a file, where `index` is its place among the stubs,
    /// oldest first.
    pub(crate) fn file_text(&self, index: Option<i64>) -> String {
        written::file(&self.written_text(), self.id, index)
    }

    fn written_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.written.mapping)
    }

    /// Returns the JSON text of its request pattern; two that mean the same may differ.
    pub(crate) fn request_text(&self) -> String {
        written::request(&self.written_text())
    }

    /// Returns its request pattern in one form for equal ones, if it alone decides whether the stub
    /// answers: stubs of scenarios and recordings depend on more.
    pub(crate) fn sole_request(&self) -> Option<String> {
        if self.scenario.is_some() || !self.request.is_plain() {
            return None;
        }
        let request: Value = serde_json::from_str(&self.request_text()).ok()?;
        Some(request.to_string())
    }

    /// Returns whether it matches every request.
    pub(crate) fn takes_all(&self) -> bool {
        self.scenario.is_none() && self.request.takes_all()
    }

    /// Returns the path that it names literally.
    pub(crate) fn literal_path(&self) -> Option<&str> {
        match &self.request.url {
            UrlPattern::Path(path) => Some(path),
            UrlPattern::Url(url) => url.split('?').next(),
            _ => None,
        }
    }

    /// Returns the JSON text of its metadata.
    pub(crate) fn metadata_text(&self) -> Option<String> {
        written::metadata(&self.written_text())
    }

    /// Returns whether it is saved to a file of the root directory.
    pub(crate) fn is_persistent(&self) -> bool {
        self.written.persistent
    }

    /// Returns its index among the stubs of the server that saved it, oldest first.
    pub(crate) fn insertion_index(&self) -> Option<i64> {
        self.written.insertion_index
    }

    /// Returns the scenario that it belongs to.
    pub(crate) fn scenario(&self) -> Option<&StubScenario> {
        self.scenario.as_deref()
    }

    /// Returns the stub mapping as it was written: JSON text.
    pub(super) fn text(&self) -> &[u8] {
        &self.written.mapping
    }

    /// Returns whether this stub matches a request. A body that has not been read matches no body
    /// pattern.
    #[must_use]
    pub fn matches(&self, request: &Request) -> bool {
        self.fits(&Asked::new(request), &AskerFilter::default())
    }

    pub(super) fn fits(&self, asked: &Asked<'_>, filter: &AskerFilter) -> bool {
        self.request.head_matches(asked, filter) && self.request.body_matches(asked, filter)
    }

    /// Returns whether the request's body is matched.
    pub(super) fn has_body_patterns(&self) -> bool {
        self.request.asks_for_body()
    }
}

/// Compiles the stub mappings of one file.
#[derive(Debug)]
pub struct StubCompiler<'a> {
    /// The file.
    pub source: Arc<Path>,
    /// The body files that it may name.
    pub files: &'a dyn BodyFiles,
    /// The headers of all files' stubs.
    pub headers: &'a HeaderPool,
    /// Which responses are templates.
    pub templating: ResponseTemplating,
}

impl StubCompiler<'_> {
    /// Compiles one stub mapping; its text is to be added, see [`Stub::with_mapping`]. Problems are
    /// reported at the node. A stub with problems may still be returned, so check the node's
    /// decoder before serving it.
    #[must_use]
    pub fn compile(&self, node: &Node<'_>) -> Option<Stub> {
        self.compile_with(node, |written| written.unwrap_or_else(|| derived(node)))
    }

    /// Compiles one stub mapping as [`Self::compile`] does. `choose_id` receives the written id.
    pub(crate) fn compile_with(
        &self,
        node: &Node<'_>,
        choose_id: impl FnOnce(Option<Uuid>) -> Uuid,
    ) -> Option<Stub> {
        let keys = node.keys()?;
        let id = keys::id(&keys).ok().map(choose_id);
        let name = keys.get("name").and_then(|node| node.loose_text());
        let name = name.as_deref();
        let priority = keys::priority(&keys);
        let request = keys.get("request").map_or_else(
            || Some(RequestPattern::any()),
            |node| RequestPattern::compile(&node, self.headers),
        );
        let response = keys.get("response").map_or_else(
            || Some(RawResponse::default()),
            |node| RawResponse::read(&node, self.files, self.templating),
        );
        let metadata = keys.get("metadata");
        let credentials = metadata.as_ref().and_then(Credentials::read);
        let digest = metadata.as_ref().and_then(RecordedDigest::read);
        let exactness = metadata.as_ref().and_then(Exactness::read);
        let head = metadata.as_ref().filter(|_| exactness.is_some()).map(RecordedHead::read);
        let scenario = keys::scenario(&keys);
        let persistent = keys::persistent(&keys);
        let insertion_index = keys::insertion_index(&keys);
        keys::free(&keys);
        let webhooks = Webhooks::read(&keys, self.files);
        keys.finish();
        let (id, priority, mut request, response) = (id?, priority?, request?, response?);
        if let Some(credentials) = credentials {
            request.set_credentials(credentials);
        }
        if let Some(exactness) = exactness {
            request.set_exactness(exactness);
        }
        if let Some(digest) = digest {
            request.set_digest(digest);
        }
        let written = Written {
            name: name.map(Into::into),
            source: Arc::clone(&self.source),
            document: node.decoder().document(),
            item: node.pointer().into_iter().find_map(|step| match step {
                Step::Index(at) => Some(at),
                Step::Key(_) => None,
            }),
            persistent,
            insertion_index,
            mapping: Bytes::from_static(b"{}"),
        };
        let response = match head {
            Some(head) => response.exactly(head),
            None => response,
        };
        let response = Response::new(response, name, self.headers);
        let scenario = scenario.map(Box::new);
        let webhooks = (!webhooks.is_empty()).then(|| Box::new(webhooks));
        let written = Box::new(written);
        let uses = AtomicU8::new(0);
        Some(Stub { id, priority, request, response, scenario, webhooks, uses, written })
    }
}

/// Reads an id that is the same at every load of the same file, so that hit counts survive.
fn derived(node: &Node<'_>) -> Uuid {
    let decoder = node.decoder();
    let path = decoder.source().path.to_string_lossy();
    let mut name = String::with_capacity(path.len() + 32);
    name.extend([&path, "#", &decoder.document().to_string()]);
    for step in node.pointer() {
        match step {
            Step::Key(key) => name.extend(["/", &key]),
            Step::Index(index) => name.extend(["/", &index.to_string()]),
        }
    }
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
}
