//! Tests of responses: how they are read and sent.

use std::time::Duration;

use http::header::TRANSFER_ENCODING;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::fixed::SMALL_BODY;
use super::settings::ChunkedEncoding;
use super::{
    AnsweringStub, RawResponse, Response, ResponseContext, ResponseSettings, ResponseTemplating,
    StubAnswer,
};
use crate::matching::HeaderPool;
use crate::matching::request::RequestPattern;
use crate::matching::testing::{Files, NoHost, with_node};
use crate::message::{Body, Delay, Fault, FaultAction, FaultPoint, Plan, Request, TimedChunk};

/// Returns the answers of a response to requests; drawn numbers are all the same.
pub(super) fn answer(response: &Response, target: &str, settings: &ResponseSettings) -> StubAnswer {
    let request = Request::new(Method::GET, target);
    let mut random = || 1 << 63;
    let pattern = RequestPattern::any();
    response.answer(
        AnsweringStub { id: Uuid::nil(), name: Some("größe"), pattern: &pattern },
        &mut ResponseContext {
            request: &request,
            exchange_id: None,
            settings,
            files: &Files,
            random: &mut random,
            now: 0,
            host: &NoHost,
        },
    )
}

pub(super) fn compile(value: &Value) -> (Option<Response>, Vec<String>) {
    let (raw, problems) =
        with_node(value, |node| RawResponse::read(node, &Files, ResponseTemplating::Local));
    let pool = HeaderPool::default();
    let response = raw.map(|raw| Response::new(raw, None, &pool));
    (
        response,
        problems.iter().map(|p| p.to_string().split_once(": ").unwrap().1.to_owned()).collect(),
    )
}

pub(super) fn plan(value: &Value) -> Plan {
    let (response, problems) = compile(value);
    assert!(problems.is_empty(), "{problems:?}");
    match answer(&response.unwrap(), "/", &ResponseSettings::default()) {
        StubAnswer::Plan(plan) => plan,
        StubAnswer::Proxy(to) => panic!("{to:?}"),
    }
}

pub(super) fn bytes(plan: &Plan) -> &[u8] {
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
        assert_eq!(plan.delivery.effects().unwrap().bare_head, unannounced, "{word}");
    }
}

#[test]
fn of_several_bodies_one_is_sent() {
    let (body, json, base) = (("body", "text"), ("jsonBody", "j"), ("base64Body", "/w=="));
    let file = ("bodyFileName", "there.txt");
    for (given, sent) in [
        (&[body, json, base, file][..], &b"text"[..]),
        (&[("body", ""), json], b""),
        (&[json, base, file], b"\"j\""),
        (&[base, file], b"\xff"),
    ] {
        let response: serde_json::Map<String, Value> =
            given.iter().map(|(key, text)| ((*key).to_owned(), json!(text))).collect();
        let (response, _) = compile(&response.into());
        let StubAnswer::Plan(plan) = answer(&response.unwrap(), "/", &ResponseSettings::default())
        else {
            panic!("{given:?}");
        };
        assert_eq!(bytes(&plan), sent, "{given:?}");
    }
    assert!(matches!(plan(&json!({"jsonBody": null})).body, Body::Empty));
}

#[test]
fn the_body_may_be_an_object_as_in_wiremock_4() {
    for (body, text) in [
        (json!({"data": "text", "format": "text"}), "text"),
        (json!({"data": {"b": 1, "a": [2]}}), r#"{"a":[2],"b":1}"#),
        (json!({"base64Data": "aGk=", "encoding": "binary"}), "hi"),
        (json!({"data": "text", "base64Data": "aGk="}), "text"),
        (json!({"format": "json"}), ""),
    ] {
        assert_eq!(bytes(&plan(&json!({"body": body}))), text.as_bytes(), "{body}");
    }
    let problems = |body: Value| compile(&json!({"body": body})).1;
    let both = problems(json!({"data": "a", "filePath": "f"}));
    assert!(both[0].contains("data and a filePath"), "{both:?}");
    let store = problems(json!({"dataStore": "s", "dataRef": "r"}));
    assert_eq!(store.len(), 2, "{store:?}");
    let unknown = problems(json!({"dat": "a"}));
    assert!(unknown[0].contains("did you mean \"data\"?"), "{unknown:?}");
}

#[test]
fn numbers_and_texts_are_read_leniently() {
    for (status, sent) in [
        (json!("201"), 201),
        (json!(203.7), 203),
        (json!(0), 200),
        (json!(-1), 200),
        (json!(600), 600),
    ] {
        assert_eq!(plan(&json!({"status": status})).status.as_u16(), sent, "{status}");
    }
    assert_eq!(bytes(&plan(&json!({"body": 5}))), b"5");
    assert_eq!(bytes(&plan(&json!({"body": true}))), b"true");
    assert_eq!(bytes(&plan(&json!({"base64Body": "aGk"}))), b"hi");
    let headers = plan(&json!({"headers": {"A": "grü\n中"}})).headers;
    assert_eq!(headers["a"].as_bytes(), b"gr\xfc  ");
}

#[test]
fn status_lines_are_those_of_wiremock() {
    let reason = |response| {
        let plan = plan(&response);
        plan.delivery.effects().and_then(|effects| effects.reason.clone())
    };
    assert_eq!(reason(json!({})), None);
    assert_eq!(reason(json!({"statusMessage": "Très\nbon 中"})).unwrap(), &b"Tr\xe8s?bon ?"[..]);
    assert_eq!(reason(json!({"status": 500})).unwrap(), "Server Error");
    assert_eq!(reason(json!({"status": 600})).unwrap(), "600");
}

#[test]
fn lengths_are_announced_as_settings_and_stubs_say() {
    let chunked = |response: Value, chunked_encoding| {
        let settings = ResponseSettings { chunked_encoding, ..ResponseSettings::default() };
        match answer(&compile(&response).0.unwrap(), "/", &settings) {
            StubAnswer::Plan(plan) => plan.chunked,
            StubAnswer::Proxy(_) => unreachable!("there is none"),
        }
    };
    let (text, file) = (json!({"body": "x"}), json!({"bodyFileName": "there.txt"}));
    for (policy, of_text, of_file) in [
        (ChunkedEncoding::Always, true, true),
        (ChunkedEncoding::BodyFile, false, true),
        (ChunkedEncoding::Never, false, false),
    ] {
        assert_eq!(chunked(text.clone(), policy), of_text, "{policy:?}");
        assert_eq!(chunked(file.clone(), policy), of_file, "{policy:?}");
    }
    let named = json!({"body": "x", "headers": {"Content-Length": "7"}});
    assert!(!chunked(named.clone(), ChunkedEncoding::Always));
    assert!(plan(&named).delivery.effects().unwrap().wrong_length);
}

#[test]
fn delays_that_a_stub_has_not_come_from_the_settings() {
    let ms = Duration::from_millis;
    let settings = ResponseSettings {
        fixed_delay: Some(ms(10)),
        delay_distribution: Some(Delay::Uniform { min: ms(100), max: ms(300) }),
        ..ResponseSettings::default()
    };
    // The draws of these tests are the middle of what can be drawn.
    for (response, delay) in [
        (json!({}), 210),
        (json!({"fixedDelayMilliseconds": 0}), 200),
        (json!({"fixedDelayMilliseconds": 3}), 203),
        (json!({"delayDistribution": {"type": "fixed", "milliseconds": 7}}), 17),
        (
            json!({"delayDistribution": {"type": "uniform", "lower": 2, "upper": 4}, "fixedDelayMilliseconds": 1}),
            4,
        ),
        (json!({"fault": "EMPTY_RESPONSE", "fixedDelayMilliseconds": 1}), 201),
        (
            json!({"delayDistribution": {"type": "lognormal", "median": 90, "sigma": 0, "maxValue": 100}}),
            100,
        ),
    ] {
        let StubAnswer::Plan(plan) = answer(&compile(&response).0.unwrap(), "/", &settings) else {
            unreachable!("there is no proxy");
        };
        assert_eq!(plan.delivery.delay(), ms(delay), "{response}");
    }
}

#[test]
fn a_proxied_request_is_described() {
    let response = json!({
        "proxyBaseUrl": "http://backend/base",
        "proxyUrlPrefixToRemove": "/api",
        "additionalProxyRequestHeaders": {"X-A": ["1", "2"]},
        "fault": "EMPTY_RESPONSE",
        "removeProxyRequestHeaders": ["x-b", "X-D"],
        "headers": {"X-C": "2"},
        "fixedDelayMilliseconds": 5,
    });
    let response = compile(&response).0.unwrap();
    let of = |target| match answer(&response, target, &ResponseSettings::default()) {
        StubAnswer::Proxy(to) => to,
        StubAnswer::Plan(plan) => panic!("{plan:?}"),
    };
    let to = of("/api/x?y=/api");
    assert_eq!((&*to.base_url, &*to.target), ("http://backend/base", "/x?y=/api"));
    assert_eq!(
        (&to.add["x-a"], &to.answer_headers["x-c"]),
        (&"1".parse().unwrap(), &"2".parse().unwrap())
    );
    assert_eq!((to.add.len(), to.remove.len()), (1, 1));
    assert_eq!((to.remove[0].as_str(), to.delivery.delay()), ("x-b", Duration::from_millis(5)));
    assert_eq!(of("/other/api").target, "/other/api");
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
    let fixed = |value| {
        let response = compile(&value).0.unwrap();
        let plan = || response.fixed_plan(Uuid::nil(), &ResponseSettings::default()).unwrap();
        [plan(), plan()]
    };
    assert!(fixed(json!({"body": "x"}))[0].delivery.effects().is_none());
    let [one, other] = fixed(json!({"fixedDelayMilliseconds": 5}));
    let effects = [&one, &other].map(|plan| plan.delivery.effects().unwrap());
    assert!(std::ptr::eq(effects[0], effects[1]));
}

#[test]
fn what_cannot_be_served_is_reported() {
    let table = [
        (
            json!({"status": 99}),
            "warning: status: 99 is no status, 500 is sent; statuses are from 100 to 999",
        ),
        (json!({"status": "one"}), "status: expected a whole number, found the text \"one\""),
        (
            json!({"status": 101}),
            "warning: status: 101 Switching Protocols alone is no answer, 500 is sent",
        ),
        (
            json!({"body": "a", "jsonBody": 1}),
            "warning: jsonBody: \"body\" is sent, \"jsonBody\" is not; keep one of them: WireMock's versions disagree which of two is sent",
        ),
        (
            json!({"base64Body": "%"}),
            "base64Body: not base64: Input byte[] should at least have 2 bytes for base64 bytes; encode the body's bytes in standard base64",
        ),
        (
            json!({"bodyFileName": "gone"}),
            "warning: bodyFileName: there is no \"gone\"; requests are answered with 500 until it is there",
        ),
        (
            json!({"headers": {"a b": "c"}}),
            "headers.a b: \"a b\" is not a header name; letters, digits and - only",
        ),
        (
            json!({"delayDistribution": {"type": "unform"}}),
            "delayDistribution.type: unknown word \"unform\"; did you mean \"uniform\"?",
        ),
        (
            json!({"transformers": ["mine"]}),
            "warning: transformers[0]: there is no transformer \"mine\", so it has no effect; known here: standin-stream, standin-websocket, standin-links, standin-json-rpc, standin-echo, response-template",
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
        let (raw, _) =
            with_node(&mapping, |node| RawResponse::read(node, &Files, ResponseTemplating::Local));
        let pool = HeaderPool::default();
        let plan = Response::new(raw.unwrap(), Some("n"), &pool);
        let plan = plan.fixed_plan(Uuid::nil(), &ResponseSettings::default()).unwrap();
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
