//! Tests of responses whose texts are templates.

use serde_json::{Value, json};

use super::tests::{answer, bytes, compile, plan};
use super::{RawResponse, Response, ResponseSettings, ResponseTemplating, StubAnswer};
use crate::matching::HeaderPool;
use crate::matching::testing::{Files, with_node};

fn templated(response: Value) -> Value {
    let mut response = response;
    response["transformers"] = json!(["response-template"]);
    response
}

#[test]
fn texts_are_templates_where_the_transformer_is_named() {
    let body = json!({"body": "{{request.query.a}}"});
    assert_eq!(bytes(&plan(&body)), b"{{request.query.a}}");
    let made = |response: &Value, target: &str| {
        let (response, problems) = compile(response);
        assert!(problems.is_empty(), "{problems:?}");
        match answer(&response.unwrap(), target, &ResponseSettings::default()) {
            StubAnswer::Plan(plan) => plan,
            StubAnswer::Proxy(to) => panic!("{to:?}"),
        }
    };
    for (response, expected) in [
        (body.clone(), "7"),
        (json!({"jsonBody": {"k": "{{request.query.a}}"}}), "{\"k\":\"7\"}"),
        (json!({"base64Body": "e3tyfX0="}), "{{r}}"),
        (json!({"body": "{{parameters.p}}", "transformerParameters": {"p": "v"}}), "v"),
        (json!({"bodyFileName": "{{request.query.f}}"}), "from a file"),
    ] {
        let plan = made(&templated(response.clone()), "/t?a=7&f=there.txt");
        assert_eq!(String::from_utf8_lossy(bytes(&plan)), expected, "{response}");
    }
    let headers = templated(json!({"headers": {"X-E": ["{{request.query.a}}", "b"]}}));
    let plan = made(&headers, "/t?a=7");
    assert_eq!(plan.headers.get_all("x-e").iter().collect::<Vec<_>>(), ["7", "b"]);
    // Without a tag nothing is rendered for each request.
    let (response, _) = compile(&templated(json!({"body": "text"})));
    assert!(matches!(response, Some(Response::Fixed(_))));
}

#[test]
fn which_templates_are_rendered_is_a_setting() {
    for (templating, named, expected) in [
        (ResponseTemplating::Local, false, "{{request.method}}"),
        (ResponseTemplating::Local, true, "GET"),
        (ResponseTemplating::Global, false, "GET"),
        (ResponseTemplating::Off, true, "{{request.method}}"),
    ] {
        let response = json!({"body": "{{request.method}}"});
        let response = if named { templated(response) } else { response };
        let (raw, _) = with_node(&response, |node| RawResponse::read(node, &Files, templating));
        let response = Response::new(raw.unwrap(), None, &HeaderPool::default());
        let StubAnswer::Plan(plan) = answer(&response, "/", &ResponseSettings::default()) else {
            panic!("an answer of its own");
        };
        assert_eq!(bytes(&plan), expected.as_bytes(), "{templating:?} {named}");
    }
}

#[test]
fn failures_of_templates_are_answers_with_status_500() {
    let (response, problems) = compile(&templated(json!({"body": "{{#if x}}"})));
    assert_eq!(
        problems,
        [
            "warning: body: not a template: 1:9: found: '<EOF>', expected: '{{/'; requests are answered with 500 until it is one"
        ]
    );
    let page = answer(&response.unwrap(), "/", &ResponseSettings::default());
    let (response, _) = compile(&templated(json!({"body": "{{size nothing}}"})));
    let text = answer(&response.unwrap(), "/", &ResponseSettings::default());
    for (answer, kind, start) in [
        (page, "text/html;charset=ISO-8859-1", "<html>"),
        (text, "text/plain", "1:2: size: the value is missing"),
    ] {
        let StubAnswer::Plan(plan) = answer else { panic!("an answer of its own") };
        assert_eq!(
            (plan.status.as_u16(), &plan.headers["content-type"]),
            (500, &kind.parse().unwrap())
        );
        assert!(String::from_utf8_lossy(bytes(&plan)).starts_with(start));
    }
}
