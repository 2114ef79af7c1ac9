//! Responses, as they are read and as they are sent.

use std::time::Duration;

use http::StatusCode;
use http::header::TRANSFER_ENCODING;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{RawResponse, Response, SMALL_BODY};
use crate::matching::HeaderPool;
use crate::matching::testing::{Files, with_node};
use crate::message::{Body, Fault, FaultAction, FaultPoint, Origin, Plan, TimedChunk};

fn compile(value: &Value) -> (Option<Response>, Vec<String>) {
    let (raw, problems) = with_node(value, |node| RawResponse::read(node, &Files));
    let pool = HeaderPool::default();
    let response = raw.map(|raw| Response::new(raw, Uuid::nil(), None, &pool));
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
    assert_eq!(json.headers.len(), 1, "jsonBody sets no Content-Type");
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

#[test]
fn bodies_of_any_size_come_whole_beside_the_marks() {
    for size in [0, 1, SMALL_BODY, SMALL_BODY + 1, 100_000] {
        let body = "x".repeat(size);
        let mapping = json!({"body": body, "headers": {"A": ["1", "2"]}});
        let (raw, _) = with_node(&mapping, |node| RawResponse::read(node, &Files));
        let pool = HeaderPool::default();
        let plan = Response::new(raw.unwrap(), Uuid::nil(), Some("n"), &pool).plan(Origin::Admin);
        assert_eq!(bytes(&plan), body.as_bytes());
        let headers: Vec<(&str, &str)> = plan
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        let nil = Uuid::nil().to_string();
        let expected =
            [("a", "1"), ("a", "2"), ("matched-stub-id", &*nil), ("matched-stub-name", "n")];
        assert_eq!(headers, expected, "{size}");
    }
}
