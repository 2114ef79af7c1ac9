//! One stub: a request pattern with its response, compiled from a `WireMock` stub mapping
//! (`C/stubbing/StubMapping.java`).

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize as _;
use serde_json::Value;
use uuid::Uuid;

use crate::document::{Node, Pointer, Step};
use crate::message::{Asked, Origin, Plan, Request};
use crate::redact::Key;

use super::asker::AskerFilter;
use super::body_files::BodyFiles;
use super::credentials::Credentials;
use super::header_pool::HeaderPool;
use super::keys::{self, StubScenario};
use super::request::RequestPattern;
use super::response::{
    AnsweringStub, RawResponse, Response, ResponseContext, ResponseSettings, ResponseTemplating,
    StubAnswer, WebhookRequest, Webhooks,
};
use super::written;

/// The key of a file's many stubs.
pub(crate) const MAPPINGS: &str = "mappings";

/// A request pattern with its response.
///
/// A set may hold a hundred thousand: what answers a request lies together, the rest apart, and the mapping
/// stays the text that it was read from.
#[derive(Debug)]
pub struct Stub {
    /// Its UUID: written in the mapping, or derived from the place it was read from.
    pub id: Uuid,
    /// Lower comes first; 5 where none is written.
    pub priority: i32,
    pub(super) request: RequestPattern,
    response: Response,
    /// The scenario that it belongs to; few have one.
    pub(super) scenario: Option<Box<StubScenario>>,
    webhooks: Option<Box<Webhooks>>,
    written: Box<Written>,
}

/// What is written, and where: for people.
#[derive(Debug)]
struct Written {
    name: Option<Box<str>>,
    source: Arc<Path>,
    document: usize,
    /// Which of the document's `mappings` it is, if it has them.
    item: Option<usize>,
    persistent: bool,
    /// Where it stood among the stubs of the server that saved it.
    insertion_index: Option<i64>,
    /// The JSON text.
    mapping: Bytes,
}

impl Stub {
    /// The answer, where every request has the same. Settings may add to it.
    #[must_use]
    pub fn plan(&self) -> Option<Plan> {
        self.fixed_plan(&ResponseSettings::default())
    }

    /// The answer, where every request has the same and no setting changes it. Rendered at load: this only
    /// copies the headers and shares the body.
    #[must_use]
    pub(crate) fn fixed_plan(&self, settings: &ResponseSettings) -> Option<Plan> {
        self.response.fixed_plan(Origin::Stub(self.id), settings)
    }

    /// Whether requests are sent after an answer.
    #[must_use]
    pub(crate) fn has_webhooks(&self) -> bool {
        self.webhooks.is_some()
    }

    /// The requests that are sent after an answer; for each that cannot be made the reason.
    pub(crate) fn webhooks(
        &self,
        context: &mut ResponseContext<'_>,
    ) -> Vec<Result<WebhookRequest, String>> {
        let webhooks = self.webhooks.as_ref();
        webhooks.map(|all| all.requests(&self.request, context)).unwrap_or_default()
    }

    /// The answer to a request.
    pub(crate) fn answer(&self, context: &mut ResponseContext<'_>) -> StubAnswer {
        let pattern = &self.request;
        self.response.answer(AnsweringStub { id: self.id, name: self.name(), pattern }, context)
    }

    /// Whether the answer is made from the request's body, so that it must be read before.
    #[must_use]
    pub(crate) fn needs_body(&self) -> bool {
        self.webhooks.is_some() || self.response.needs_body()
    }

    /// Its name, for people.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.written.name.as_deref()
    }

    /// The file it was read from.
    #[must_use]
    pub fn source(&self) -> &Path {
        &self.written.source
    }

    /// The number of the document in that file, from 0.
    #[must_use]
    pub fn document(&self) -> usize {
        self.written.document
    }

    /// Where in that document it stands.
    #[must_use]
    pub fn pointer(&self) -> Pointer {
        let item = |at| vec![Step::Key(MAPPINGS.to_owned()), Step::Index(at)];
        self.written.item.map(item).unwrap_or_default()
    }

    /// The stub with the JSON text of its mapping, which may be a part of a larger one.
    #[must_use]
    pub fn with_mapping(mut self, text: Bytes) -> Self {
        self.response.take_text(&text);
        self.written.mapping = text;
        self
    }

    /// The id of the key of the recording that it comes from; nothing where it was recorded without credentials.
    pub(crate) fn recording_key_id(&mut self) -> Option<&str> {
        self.request.credentials_mut().map(|credentials| credentials.key_id())
    }

    /// Answers the client that it was recorded from, by the key of the recording.
    #[must_use]
    pub(crate) fn with_recording_key(mut self, key: Key) -> Self {
        if let Some(credentials) = self.request.credentials_mut() {
            credentials.set_key(key);
        }
        self
    }

    /// The stub mapping in the form of `WireMock`'s admin API, with its `id` and `uuid`.
    #[must_use]
    pub fn mapping(&self) -> Value {
        let text = self.mapping_text();
        let mut reader = serde_json::Deserializer::from_str(&text);
        // It was read before, perhaps from YAML, which may be deeper.
        reader.disable_recursion_limit();
        Value::deserialize(&mut reader).unwrap_or_default()
    }

    /// The same as JSON text.
    #[must_use]
    pub fn mapping_text(&self) -> String {
        written::mapping(&self.written_text(), self.id)
    }

    /// The JSON text of the mapping for a file, where `index` is its place among the stubs, oldest first.
    pub(crate) fn file_text(&self, index: Option<i64>) -> String {
        written::file(&self.written_text(), self.id, index)
    }

    fn written_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.written.mapping)
    }

    /// The JSON text of its request pattern; two that mean the same may differ.
    pub(crate) fn request_text(&self) -> String {
        written::request(&self.written_text())
    }

    /// The JSON text of its metadata.
    pub(crate) fn metadata_text(&self) -> Option<String> {
        written::metadata(&self.written_text())
    }

    /// Whether it is kept in a file of the root directory.
    pub(crate) fn is_persistent(&self) -> bool {
        self.written.persistent
    }

    /// Where it stood among the stubs of the server that saved it, oldest first.
    pub(crate) fn insertion_index(&self) -> Option<i64> {
        self.written.insertion_index
    }

    /// The scenario that it belongs to.
    pub(crate) fn scenario(&self) -> Option<&StubScenario> {
        self.scenario.as_deref()
    }

    /// The stub mapping as it was written: JSON text.
    pub(super) fn text(&self) -> &[u8] {
        &self.written.mapping
    }

    /// Whether this stub is for a request. A body that has not been read matches no body pattern.
    #[must_use]
    pub fn matches(&self, request: &Request) -> bool {
        self.fits(&Asked::new(request), &AskerFilter::default())
    }

    pub(super) fn fits(&self, asked: &Asked<'_>, filter: &AskerFilter) -> bool {
        self.request.head_matches(asked, filter) && self.request.body_matches(asked, filter)
    }

    /// Whether the request's body is looked at.
    pub(super) fn has_body_patterns(&self) -> bool {
        self.request.asks_for_body()
    }
}

/// Compiles the stub mappings of one file.
#[derive(Debug)]
pub struct StubCompiler<'a> {
    /// The file.
    pub source: Arc<Path>,
    /// The bodies that it may name.
    pub files: &'a dyn BodyFiles,
    /// The headers of all files' stubs.
    pub headers: &'a HeaderPool,
    /// Which responses are templates.
    pub templating: ResponseTemplating,
}

impl StubCompiler<'_> {
    /// Compiles one stub mapping; its text is to be added, see [`Stub::with_mapping`]. Problems are noted at the
    /// node; a stub with problems may still be given, so ask the node's decoder before it is served.
    #[must_use]
    pub fn compile(&self, node: &Node<'_>) -> Option<Stub> {
        self.compile_with(node, |written| written.unwrap_or_else(|| derived(node)))
    }

    /// Compiles one stub mapping as [`Self::compile`] does. `choose_id` is given the id that is written.
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
        let credentials = keys.get("metadata").and_then(|node| Credentials::read(&node));
        let scenario = keys::scenario(&keys);
        let persistent = keys::persistent(&keys);
        let insertion_index = keys::insertion_index(&keys);
        keys::free(&keys);
        let webhooks = Webhooks::read(&keys);
        keys.finish();
        let (id, priority, mut request, response) = (id?, priority?, request?, response?);
        if let Some(credentials) = credentials {
            request.set_credentials(credentials);
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
        let response = Response::new(response, id, name, self.headers);
        let scenario = scenario.map(Box::new);
        let webhooks = (!webhooks.is_empty()).then(|| Box::new(webhooks));
        let written = Box::new(written);
        Some(Stub { id, priority, request, response, scenario, webhooks, written })
    }
}

/// An id that is the same at every load of the same file, so that hit counts survive.
fn derived(node: &Node<'_>) -> Uuid {
    let decoder = node.decoder();
    let mut name = format!("{}#{}", decoder.source().path.display(), decoder.document());
    for step in node.pointer() {
        match step {
            Step::Key(key) => name.extend(["/", &key]),
            Step::Index(index) => name.extend(["/", &index.to_string()]),
        }
    }
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::matching::testing::{self, request, stub};
    use crate::message::{Bodies, RequestBody};

    fn messages(mapping: &Value) -> Vec<String> {
        let (_, problems) = testing::compile(mapping);
        problems.iter().map(|p| p.to_string().split_once(": ").unwrap().1.to_owned()).collect()
    }

    #[test]
    fn every_part_of_a_request_counts() {
        let base = || {
            request(
                "GET",
                "/a/1?q=x%20y",
                &[
                    ("X-One", "1"),
                    ("Cookie", "a=b; c=\"d\""),
                    ("Host", "api.test:8080"),
                    ("Authorization", "basic dTpw"),
                ],
                "",
            )
        };
        let table = [
            (json!({"method": "GET"}), true),
            (json!({"method": "POST"}), false),
            (json!({"method": "ANY"}), true),
            (json!({"method": "GET_OR_HEAD"}), true),
            (json!({"method": {"noneOf": ["GET"]}}), false),
            (json!({"method": {"oneOf": ["PUT", "GET"]}}), true),
            (json!({"headers": {"x-ONE": {"equalTo": "1"}}}), true),
            (json!({"headers": {"x-two": {"absent": true}}}), true),
            (json!({"headers": {"x-one": {"absent": true}}}), false),
            (json!({"queryParameters": {"q": {"equalTo": "x y"}}}), true),
            (json!({"queryParameters": {"Q": {"equalTo": "x y"}}}), false),
            (json!({"cookies": {"c": {"equalTo": "d"}, "z": {"absent": true}}}), true),
            (json!({"cookies": {"a": {"equalTo": "d"}}}), false),
            (json!({"host": {"equalTo": "api.test"}, "port": 8080}), true),
            (json!({"port": 80}), false),
            (json!({"basicAuth": {"username": "u", "password": "p"}}), true),
            (json!({"basicAuthCredentials": {"username": "u", "password": "q"}}), false),
            (
                json!({"urlPathTemplate": "/a/{id}", "pathParameters": {"id": {"equalTo": "1"}}}),
                true,
            ),
            (
                json!({"urlPathTemplate": "/a/{id}", "pathParameters": {"id": {"equalTo": "2"}}}),
                false,
            ),
            (json!({"bodyPatterns": [{"absent": true}]}), true),
            (json!({"bodyPatterns": [{"contains": "x"}]}), false),
        ];
        for (pattern, verdict) in table {
            let stub = stub(&json!({"request": pattern}));
            assert_eq!(stub.matches(&base()), verdict, "{pattern}");
        }
        assert!(stub(&json!({"response": {}})).matches(&base()), "no request: any request");
    }

    #[test]
    fn an_unread_body_matches_no_pattern() {
        let mut request = request("POST", "/", &[], "");
        request.body =
            RequestBody::arriving(Box::pin(futures_util::stream::empty()), Bodies::default());
        assert!(
            !stub(&json!({"request": {"bodyPatterns": [{"anything": "x"}]}})).matches(&request)
        );
    }

    #[test]
    fn answers_name_their_stub() {
        let id = "9F0E0F6E-59E4-4D3C-B0AD-5D24C0A4F36E";
        let stub = stub(&json!({"uuid": id, "name": "größe", "response": {"status": 204}}));
        let plan = stub.fixed_plan(&ResponseSettings::default()).unwrap();
        assert_eq!(plan.headers["matched-stub-id"], id.to_lowercase());
        assert_eq!(plan.headers["matched-stub-name"], "gr??e");
        assert_eq!(plan.origin, Origin::Stub(id.parse().unwrap()));
        assert_eq!(stub.mapping()["id"], stub.id.to_string());
    }

    #[test]
    fn derived_ids_are_the_same_at_every_load() {
        let mapping = json!({"id": "", "uuid": null, "response": {}});
        assert_eq!(stub(&mapping).id, stub(&mapping).id);
        assert_eq!(stub(&mapping).id.get_version_num(), 5);
    }

    #[test]
    fn what_is_not_understood_is_told() {
        let table = [
            (
                json!({"id": "one"}),
                "id: not a UUID; like 9f0e0f6e-59e4-4d3c-b0ad-5d24c0a4f36e; leave it out to have one derived",
            ),
            (
                json!({"request": {"metod": "GET"}}),
                "request.metod: unknown key \"metod\"; did you mean \"method\"?",
            ),
            (
                json!({"request": {"customMatcher": {"name": "own"}}}),
                "warning: request.customMatcher: no request matches: there is no custom matcher \"own\"; match with url, headers, queryParameters and bodyPatterns",
            ),
            (
                json!({"request": {"urlPath": "/a", "pathParameters": {"id": {"absent": 1}}}}),
                "warning: request.pathParameters.id: the path parameter \"id\" has no template and no effect; use \"urlPathTemplate\": \"/things/{id}\"",
            ),
            (
                json!({"request": {"urlPathTemplate": "/{a}", "pathParameters": {"id": {"absent": 1}}}}),
                "warning: request.pathParameters.id: the template has no variable \"id\": it counts as absent; it has: a",
            ),
            (
                json!({"request": {"method": "get"}}),
                "warning: request.method: this never matches: methods are compared in upper case, as GET; write \"GET\"",
            ),
            (
                json!({"priority": 1.5}),
                "priority: expected a whole number from -2147483648 to 2147483647, found the number 1.5",
            ),
        ];
        for (mapping, message) in table {
            assert_eq!(messages(&mapping), [message], "{mapping}");
        }
    }
}
