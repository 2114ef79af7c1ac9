//! Responses of stubs, rendered once at load (`C/http/ResponseDefinition.java`).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};

use crate::document::{Keys, Node};
use crate::message::{Body, Fault, FaultAction, FaultPoint, Origin, Plan, TimedChunk};

use super::body_files::BodyFiles;

/// The transformer that plays a recorded stream; `WireMock` ignores names it does not know, and serves
/// the plain `body` instead.
pub const STREAM_TRANSFORMER: &str = "standin-stream";

/// The bytes that `WireMock` sends as garbage (`JettyFaultInjector`).
const GARBAGE: &[u8] = b"lskdu018973t09sylgasjkfg1][]'./.sdlv";

/// The longest fixed delay, in milliseconds: a day.
const MAX_DELAY_MS: i64 = 86_400_000;

/// An answer that is ready to be sent again and again.
#[derive(Debug)]
pub(crate) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Content,
    delay: Duration,
    fault: Option<Fault>,
}

#[derive(Debug)]
enum Content {
    Bytes(Bytes),
    Stream(Vec<TimedChunk>),
}

impl Default for Response {
    fn default() -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Content::Bytes(Bytes::new()),
            delay: Duration::ZERO,
            fault: None,
        }
    }
}

impl Response {
    pub(super) fn plan(&self, origin: Origin) -> Plan {
        let body = match &self.body {
            Content::Bytes(bytes) if bytes.is_empty() => Body::Empty,
            Content::Bytes(bytes) => Body::Bytes(bytes.clone()),
            Content::Stream(chunks) => Body::Script(chunks.clone()),
        };
        let (headers, fault) = (self.headers.clone(), self.fault.clone());
        Plan { headers, delay: self.delay, fault, ..Plan::new(self.status, origin, body) }
    }

    /// Decodes `response`; problems are noted.
    pub(super) fn compile(node: &Node<'_>, files: &dyn BodyFiles) -> Option<Self> {
        let keys = node.keys()?;
        let status = keys.get("status").map_or(Some(StatusCode::OK), |node| status(&node));
        reason(&keys, status);
        let mut headers = headers(&keys);
        let stream = stream(&keys);
        let plain = plain_body(&keys, files, stream.is_some());
        let body = match stream {
            Some(chunks) => chunks.map(Content::Stream),
            None => plain.map(Content::Bytes),
        };
        framing(&keys, &mut headers, body.as_ref());
        let delay = keys
            .get("fixedDelayMilliseconds")
            .map_or(Some(0), |node| node.integer(0..=MAX_DELAY_MS));
        let fault = keys.get("fault").map(|node| node.word(&FAULTS));
        for key in NOT_SUPPORTED {
            if let Some(node) = keys.get(key) {
                node.error_at_key(format!("{key:?} is not supported"), "remove it; fixedDelayMilliseconds, fault and scenarios are there for delays and faults");
            }
        }
        keys.finish();
        let (status, body) = (status?, body?);
        let delay = Duration::from_millis(delay?.unsigned_abs());
        Some(match fault {
            None => Self { status, headers, body, delay, fault: None },
            Some(fault) => Self::broken(fault?, delay),
        })
    }

    /// A fault hides status, headers and body (`StubResponseRenderer`).
    fn broken(kind: FaultKind, delay: Duration) -> Self {
        let garbage = || FaultAction::Garbage(Bytes::from_static(GARBAGE));
        let (at, action) = match kind {
            FaultKind::Reset => (FaultPoint::BeforeHeaders, FaultAction::Reset),
            FaultKind::Empty => (FaultPoint::BeforeHeaders, FaultAction::Close),
            FaultKind::Random => (FaultPoint::BeforeHeaders, garbage()),
            FaultKind::MalformedChunk => (FaultPoint::AfterHeaders, garbage()),
        };
        // A body of unknown length, so that the head promises chunks and the garbage stands for one.
        let body = match kind {
            FaultKind::MalformedChunk => Content::Stream(Vec::new()),
            _ => Content::Bytes(Bytes::new()),
        };
        Self { body, delay, fault: Some(Fault { at, action }), ..Self::default() }
    }
}

#[derive(Clone, Copy)]
enum FaultKind {
    Reset,
    Empty,
    Random,
    MalformedChunk,
}

const FAULTS: [(&str, FaultKind); 4] = [
    ("CONNECTION_RESET_BY_PEER", FaultKind::Reset),
    ("EMPTY_RESPONSE", FaultKind::Empty),
    ("RANDOM_DATA_THEN_CLOSE", FaultKind::Random),
    ("MALFORMED_RESPONSE_CHUNK", FaultKind::MalformedChunk),
];

/// Keys of `WireMock` that would change the answer, so that they cannot be left out silently.
const NOT_SUPPORTED: [&str; 6] = [
    "delayDistribution",
    "chunkedDribbleDelay",
    "proxyBaseUrl",
    "proxyUrlPrefixToRemove",
    "additionalProxyRequestHeaders",
    "removeProxyRequestHeaders",
];

/// Interim (1xx) answers cannot stand alone.
fn status(node: &Node<'_>) -> Option<StatusCode> {
    let number = node.integer(200..=999)?;
    StatusCode::from_u16(u16::try_from(number).ok()?).ok()
}

fn reason(keys: &Keys<'_>, status: Option<StatusCode>) {
    let Some(node) = keys.get("statusMessage") else {
        return;
    };
    let sent = status.and_then(|status| status.canonical_reason()).unwrap_or("");
    if node.text().is_some_and(|text| text != sent) {
        node.warn(
            format!("statusMessage is not sent, the standard one is: {sent:?}"),
            "HTTP clients ignore it, and HTTP/2 has none",
        );
    }
}

fn headers(keys: &Keys<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Some(node) = keys.get("headers") else {
        return headers;
    };
    for (name, values) in node.entries() {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            values.error_at_key(
                format!("{name:?} is not a header name"),
                "letters, digits and - only",
            );
            continue;
        };
        let list = if values.value().is_array() { values.items() } else { vec![values] };
        for node in list {
            let Some(text) = node.text() else {
                continue;
            };
            match HeaderValue::from_str(text) {
                Ok(value) => {
                    headers.append(&name, value);
                }
                Err(_) => {
                    node.error("a header value has no line ends and no control characters", "");
                }
            }
        }
    }
    headers
}

/// Takes out what the transport says itself: how long the body is, and how it is sent.
fn framing(keys: &Keys<'_>, headers: &mut HeaderMap, body: Option<&Content>) {
    headers.remove(TRANSFER_ENCODING);
    let Some(told) = headers.remove(CONTENT_LENGTH) else {
        return;
    };
    if let Some(Content::Bytes(bytes)) = body
        && told.as_bytes() != bytes.len().to_string().as_bytes()
    {
        keys.node().warn(
            format!("Content-Length {told:?} is not the body's: {} is sent", bytes.len()),
            "leave Content-Length out; for a body that ends early use a scenario",
        );
    }
}

/// One body of the four forms; two at once are reported, for `WireMock`'s versions disagree which wins.
fn plain_body(keys: &Keys<'_>, files: &dyn BodyFiles, stream: bool) -> Option<Bytes> {
    let given: Vec<Node<'_>> = ["body", "jsonBody", "base64Body", "bodyFileName"]
        .iter()
        .filter_map(|key| keys.get(key))
        .collect();
    if stream {
        return Some(Bytes::new());
    }
    if let [first, second, ..] = given.as_slice() {
        second.error_at_key(
            format!("{:?} and {:?} stand in one response", first.key(), second.key()),
            "keep one of them",
        );
        return None;
    }
    let Some(node) = given.first() else {
        return Some(Bytes::new());
    };
    match node.key().as_str() {
        "body" => node.text().map(|text| Bytes::copy_from_slice(text.as_bytes())),
        "jsonBody" => Some(node.value().to_string().into()),
        "base64Body" => base64(node),
        _ => files.read(node.text()?).map_err(|why| node.error(why, "")).ok(),
    }
}

fn base64(node: &Node<'_>) -> Option<Bytes> {
    STANDARD
        .decode(node.text()?)
        .map(Bytes::from)
        .map_err(|error| {
            node.error(
                format!("not base64: {error}"),
                "encode the body's bytes in standard base64, with padding",
            );
        })
        .ok()
}

/// The chunks of a recorded stream: `None` where there is none, `Some(None)` where it is wrong.
#[expect(clippy::option_option, reason = "three cases: no stream, a good one, one noted as wrong")]
fn stream(keys: &Keys<'_>) -> Option<Option<Vec<TimedChunk>>> {
    let parameters = keys.get("transformerParameters");
    let names = keys.get("transformers").map(|node| node.items()).unwrap_or_default();
    let mut wanted = false;
    for node in names {
        match node.text() {
            Some(STREAM_TRANSFORMER) => wanted = true,
            Some(name) => node.error(
                format!("unknown transformer {name:?}"),
                format!("known here: {STREAM_TRANSFORMER}"),
            ),
            None => {}
        }
    }
    if !wanted {
        if let Some(node) = parameters {
            node.warn(
                "transformerParameters have no transformer here",
                format!("name it: \"transformers\": [\"{STREAM_TRANSFORMER}\"]"),
            );
        }
        return None;
    }
    let Some(parameters) = parameters else {
        keys.node().error(
            format!("{STREAM_TRANSFORMER} needs transformerParameters"),
            "add {\"chunks\": [{\"after\": \"120ms\", \"body\": \"...\"}]}",
        );
        return Some(None);
    };
    Some(chunks(&parameters))
}

fn chunks(parameters: &Node<'_>) -> Option<Vec<TimedChunk>> {
    let keys = parameters.keys()?;
    let list = keys.required("chunks").map(|node| node.items());
    keys.finish();
    let chunks: Vec<Option<TimedChunk>> = list?.iter().map(chunk).collect();
    chunks.into_iter().collect()
}

fn chunk(node: &Node<'_>) -> Option<TimedChunk> {
    let keys = node.keys()?;
    let after = keys.get("after").map_or(Some(Duration::ZERO), |node| node.duration());
    let bytes = match (keys.get("body"), keys.get("base64Body")) {
        (Some(node), None) => node.text().map(|text| Bytes::copy_from_slice(text.as_bytes())),
        (None, Some(node)) => base64(&node),
        _ => {
            node.error("a chunk has either body or base64Body", "");
            None
        }
    };
    keys.finish();
    Some(TimedChunk { after: after?, bytes: bytes? })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::matching::testing::{Files, with_node};

    fn compile(value: &Value) -> (Option<Response>, Vec<String>) {
        let (response, problems) = with_node(value, |node| Response::compile(node, &Files));
        (
            response,
            problems.iter().map(|p| p.to_string().split_once(": ").unwrap().1.to_owned()).collect(),
        )
    }

    fn plan(value: &Value) -> Plan {
        let (response, problems) = compile(value);
        assert!(problems.is_empty(), "{problems:?}");
        response.unwrap().plan(Origin::Admin)
    }

    fn bytes(plan: &Plan) -> &[u8] {
        match &plan.body {
            Body::Bytes(bytes) => bytes,
            _ => b"",
        }
    }

    #[test]
    fn bodies_have_four_forms() {
        assert!(matches!(plan(&json!({})).body, Body::Empty));
        assert_eq!(bytes(&plan(&json!({"body": "text"}))), b"text");
        assert_eq!(bytes(&plan(&json!({"base64Body": "/w=="}))), b"\xff");
        assert_eq!(bytes(&plan(&json!({"bodyFileName": "there.txt"}))), b"from a file");
        let json = plan(&json!({"jsonBody": {"a": [1, null]}}));
        assert_eq!(bytes(&json), b"{\"a\":[1,null]}");
        assert!(json.headers.is_empty(), "jsonBody sets no Content-Type");
    }

    #[test]
    fn heads_delays_and_faults() {
        let plan_a = plan(&json!({
            "status": 201,
            "headers": {"X-One": "1", "X-Two": ["a", "b"], "Transfer-Encoding": "chunked"},
            "fixedDelayMilliseconds": 1500,
        }));
        assert_eq!((plan_a.status.as_u16(), plan_a.delay), (201, Duration::from_millis(1500)));
        assert_eq!(plan_a.headers.get_all("x-two").iter().count(), 2);
        assert!(!plan_a.headers.contains_key(TRANSFER_ENCODING));

        let garbage = FaultAction::Garbage(Bytes::from_static(GARBAGE));
        let table = [
            ("CONNECTION_RESET_BY_PEER", FaultPoint::BeforeHeaders, FaultAction::Reset),
            ("EMPTY_RESPONSE", FaultPoint::BeforeHeaders, FaultAction::Close),
            ("RANDOM_DATA_THEN_CLOSE", FaultPoint::BeforeHeaders, garbage.clone()),
            ("MALFORMED_RESPONSE_CHUNK", FaultPoint::AfterHeaders, garbage),
        ];
        for (word, at, action) in table {
            let plan = plan(&json!({"status": 503, "body": "x", "fault": word}));
            assert_eq!(plan.fault, Some(Fault { at, action }), "{word}");
            assert_eq!(plan.status, StatusCode::OK, "{word}");
            let chunked = plan.body.known_len().is_none();
            assert_eq!(chunked, word == "MALFORMED_RESPONSE_CHUNK");
        }
    }

    #[test]
    fn recorded_streams_become_scripts() {
        let plan = plan(&json!({
            "body": "ab\u{0}",
            "transformers": ["standin-stream"],
            "transformerParameters": {"chunks": [
                {"after": "120ms", "body": "ab"},
                {"base64Body": "AA=="},
            ]},
        }));
        let Body::Script(chunks) = plan.body else { panic!("a script") };
        let expected = [(120, &b"ab"[..]), (0, b"\0")].map(|(ms, bytes)| TimedChunk {
            after: Duration::from_millis(ms),
            bytes: Bytes::from_static(bytes),
        });
        assert_eq!(chunks, expected);
    }

    #[test]
    fn what_cannot_be_served_is_told() {
        let table = [
            (
                json!({"status": 99}),
                "status: expected a whole number from 200 to 999, found the number 99",
            ),
            (
                json!({"body": "a", "jsonBody": 1}),
                "jsonBody: \"body\" and \"jsonBody\" stand in one response; keep one of them",
            ),
            (
                json!({"base64Body": "%"}),
                "base64Body: not base64: Invalid symbol 37, offset 0.; encode the body's bytes in standard base64, with padding",
            ),
            (json!({"bodyFileName": "gone"}), "bodyFileName: there is no \"gone\""),
            (
                json!({"headers": {"a b": "c"}}),
                "headers.a b: \"a b\" is not a header name; letters, digits and - only",
            ),
            (
                json!({"headers": {"a": "b\nc"}}),
                "headers.a: a header value has no line ends and no control characters",
            ),
            (
                json!({"proxyBaseUrl": "http://x"}),
                "proxyBaseUrl: \"proxyBaseUrl\" is not supported; remove it; fixedDelayMilliseconds, fault and scenarios are there for delays and faults",
            ),
            (
                json!({"transformers": ["response-template"]}),
                "transformers[0]: unknown transformer \"response-template\"; known here: standin-stream",
            ),
            (
                json!({"transformers": ["standin-stream"], "transformerParameters": {"chunks": [{}]}}),
                "transformerParameters.chunks[0]: a chunk has either body or base64Body",
            ),
            (
                json!({"fault": "EMPTY_RESPONS"}),
                "fault: unknown word \"EMPTY_RESPONS\"; did you mean \"EMPTY_RESPONSE\"?",
            ),
            (json!({"stauts": 200}), "stauts: unknown key \"stauts\"; did you mean \"status\"?"),
            (
                json!({"body": "abc", "headers": {"Content-Length": "7"}}),
                "warning: Content-Length \"7\" is not the body's: 3 is sent; leave Content-Length out; for a body that ends early use a scenario",
            ),
            (
                json!({"statusMessage": "Fine"}),
                "warning: statusMessage: statusMessage is not sent, the standard one is: \"OK\"; HTTP clients ignore it, and HTTP/2 has none",
            ),
        ];
        for (response, message) in table {
            assert_eq!(compile(&response).1, [message], "{response}");
        }
    }
}
