//! Responses of stubs, rendered once at load (`C/http/ResponseDefinition.java`).

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};

use crate::document::{Keys, Node};
use crate::message::{Body, Delivery, Effects, Origin, Plan};

use super::body_files::BodyFiles;
use super::delivery::{base64, delay, fault, stream};

/// An answer that is ready to be sent again and again.
#[derive(Debug, Default)]
pub(crate) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    body: Bytes,
    /// Shared by all answers.
    delivery: Delivery,
}

impl Response {
    pub(super) fn plan(&self, origin: Origin) -> Plan {
        let body = match &self.body {
            bytes if bytes.is_empty() => Body::Empty,
            bytes => Body::Bytes(bytes.clone()),
        };
        Plan {
            status: self.status,
            headers: self.headers.clone(),
            body,
            delivery: self.delivery.clone(),
            guard: None,
            origin,
        }
    }

    /// Decodes `response`; problems are noted.
    pub(super) fn compile(node: &Node<'_>, files: &dyn BodyFiles) -> Option<Self> {
        let keys = node.keys()?;
        let status = keys.get("status").map_or(Some(StatusCode::OK), |node| status(&node));
        reason(&keys, status);
        let mut headers = headers(&keys);
        let stream = stream(&keys);
        let plain = plain_body(&keys, files, stream.is_some());
        framing(&keys, &mut headers, plain.as_ref().filter(|_| stream.is_none()));
        let delay = delay(&keys);
        let fault = fault(&keys);
        for key in NOT_SUPPORTED {
            if let Some(node) = keys.get(key) {
                node.error_at_key(format!("{key:?} is not supported"), "remove it; fixedDelayMilliseconds, fault and scenarios are there for delays and faults");
            }
        }
        keys.finish();
        let (body, schedule) = match stream {
            Some(recorded) => {
                let recorded = recorded?;
                (recorded.body, Some(recorded.schedule))
            }
            None => (plain?, None),
        };
        let (status, delay) = (status?, delay?);
        // A fault hides status, headers and body (`StubResponseRenderer`).
        if let Some(fault) = fault {
            let delivery = Effects { delay, ..fault? }.into();
            return Some(Self { delivery, ..Self::default() });
        }
        let unannounced = schedule.is_some();
        let delivery = Effects { delay, unannounced, schedule, ..Effects::default() }.into();
        Some(Self { status, headers, body, delivery })
    }
}

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
fn framing(keys: &Keys<'_>, headers: &mut HeaderMap, body: Option<&Bytes>) {
    headers.remove(TRANSFER_ENCODING);
    let Some(written) = headers.remove(CONTENT_LENGTH) else {
        return;
    };
    if let Some(bytes) = body
        && written.as_bytes() != bytes.len().to_string().as_bytes()
    {
        keys.node().warn(
            format!("Content-Length {written:?} is not the body's: {} is sent", bytes.len()),
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use std::time::Duration;

    use super::*;
    use crate::matching::testing::{Files, with_node};
    use crate::message::{Fault, FaultAction, FaultPoint, TimedChunk};

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
        assert_eq!(
            (plan_a.status.as_u16(), plan_a.delivery.delay()),
            (201, Duration::from_millis(1500))
        );
        assert_eq!(plan_a.headers.get_all("x-two").iter().count(), 2);
        assert!(!plan_a.headers.contains_key(TRANSFER_ENCODING));

        let garbage = FaultAction::Garbage("lskdu018973t09sylgasjkfg1][]'./.sdlv".into());
        let table = [
            ("CONNECTION_RESET_BY_PEER", FaultPoint::BeforeHeaders, FaultAction::Reset),
            ("EMPTY_RESPONSE", FaultPoint::BeforeHeaders, FaultAction::Close),
            ("RANDOM_DATA_THEN_CLOSE", FaultPoint::BeforeHeaders, garbage.clone()),
            ("MALFORMED_RESPONSE_CHUNK", FaultPoint::AfterHeaders, garbage),
        ];
        for (word, at, action) in table {
            let plan = plan(&json!({"status": 503, "body": "x", "fault": word}));
            assert_eq!(plan.delivery.fault(), Some(&Fault { at, action }), "{word}");
            assert_eq!(plan.status, StatusCode::OK, "{word}");
            let unannounced = plan.delivery.effects().unwrap().unannounced;
            assert_eq!(unannounced, word == "MALFORMED_RESPONSE_CHUNK");
        }
    }

    #[test]
    fn recorded_streams_have_a_schedule() {
        let plan = plan(&json!({
            "body": "ab\u{0}",
            "transformers": ["standin-stream"],
            "transformerParameters": {"chunks": [
                {"after": "120ms", "body": "ab"},
                {"base64Body": "AA=="},
            ]},
        }));
        assert_eq!(bytes(&plan), b"ab\0");
        let effects = plan.delivery.effects().unwrap();
        let expected = [(120, 2), (0, 1)]
            .map(|(ms, bytes)| TimedChunk { after: Duration::from_millis(ms), bytes });
        assert_eq!(effects.schedule.as_deref(), Some(&expected[..]));
        assert!(effects.unannounced, "the end of a stream is not known when it begins");
    }

    #[test]
    fn answers_of_a_stub_share_their_delivery() {
        let plain = compile(&json!({"body": "x"})).0.unwrap();
        assert!(plain.plan(Origin::Admin).delivery.effects().is_none());
        let slow = compile(&json!({"fixedDelayMilliseconds": 5})).0.unwrap();
        let [one, other] = [slow.plan(Origin::Admin), slow.plan(Origin::Admin)];
        let effects = [&one, &other].map(|plan| plan.delivery.effects().unwrap());
        assert!(std::ptr::eq(effects[0], effects[1]));
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
