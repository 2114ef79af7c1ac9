//! Tests of whole sets: precedence, and when the body is read.

use serde_json::json;
use uuid::Uuid;

use super::StubSet;
use super::testing::{request, set};
use crate::message::{Asked, Request};

fn name_of(stubs: &StubSet, request: &Request) -> Option<String> {
    stubs.find(&Asked::new(request)).and_then(|stub| stub.name().map(str::to_owned))
}

#[test]
fn lower_priority_first_then_the_most_recent() {
    let stubs = set(&[
        json!({"name": "first", "request": {"urlPath": "/a"}}),
        json!({"name": "urgent", "priority": 1, "request": {"urlPathPattern": "/a.*"}}),
        json!({"name": "last", "request": {"url": "/a"}}),
        json!({"name": "fallback", "priority": 10, "request": {}}),
        json!({"name": "post", "priority": 0, "request": {"method": "POST", "urlPath": "/a"}}),
    ]);
    assert_eq!(name_of(&stubs, &request("GET", "/a", &[], "")).as_deref(), Some("urgent"));
    assert_eq!(name_of(&stubs, &request("POST", "/a", &[], "")).as_deref(), Some("post"));
    assert_eq!(name_of(&stubs, &request("GET", "/b", &[], "")).as_deref(), Some("fallback"));
    let order: Vec<_> = stubs.stubs().filter_map(|stub| stub.name()).collect();
    assert_eq!(order, ["post", "urgent", "last", "first", "fallback"]);
    let first = stubs.stubs().next().unwrap();
    assert_eq!(stubs.get(first.id).unwrap().name(), first.name());
    assert!(stubs.get(Uuid::max()).is_none());
}

#[test]
fn a_body_is_read_only_where_a_candidate_asks() {
    let stubs = set(&[
        json!({"request": {"urlPath": "/plain"}}),
        json!({"request": {"method": "POST", "urlPath": "/body", "bodyPatterns": [{"contains": "x"}]}}),
    ]);
    for (method, target, wanted) in [
        ("POST", "/body", true),
        ("GET", "/body", false),
        ("POST", "/plain", false),
        ("POST", "/", false),
    ] {
        assert_eq!(
            stubs.wants_body(&Asked::new(&request(method, target, &[], "x"))),
            wanted,
            "{method} {target}"
        );
    }
}

#[test]
fn stubs_that_differ_in_one_value_are_found_by_it() {
    let routed = |n: usize| {
        [
            json!({"name": format!("header {n}"), "request": {
                "urlPath": "/a", "headers": {"X-Tenant": {"equalTo": format!("t{n}")}}}}),
            json!({"name": format!("query {n}"), "request": {
                "urlPath": "/b", "queryParameters": {"tenant": {"equalTo": format!("t {n}")}}}}),
            json!({"name": format!("path {n}"), "request": {
                "urlPathTemplate": "/{x}/of/{tenant}",
                "pathParameters": {"tenant": {"equalTo": format!("t{n}")}}}}),
            json!({"name": format!("inside {n}"), "request": {
                "urlPathPattern": format!("/(?:x|y)+-tenant-{n:05}[a-z]*")}}),
        ]
    };
    let stubs = set(&(0..100).flat_map(routed).collect::<Vec<_>>());
    let table = [
        (request("GET", "/a", &[("x-tenant", "t42")], ""), "header 42"),
        (request("GET", "/b?tenant=t+42", &[], ""), "query 42"),
        (request("GET", "/any/of/t42", &[], ""), "path 42"),
        (request("GET", "/xyx-tenant-00042abc", &[], ""), "inside 42"),
    ];
    for (request, name) in table {
        assert_eq!(name_of(&stubs, &request).as_deref(), Some(name));
    }
    for request in [
        request("GET", "/a", &[("x-tenant", "t100")], ""),
        request("GET", "/b?tenant=t42", &[], ""),
        request("GET", "/any/of/t42/x", &[], ""),
    ] {
        assert_eq!(name_of(&stubs, &request), None);
    }
}

#[test]
fn a_header_that_is_sent_twice_finds_one_stub() {
    let stubs: Vec<_> = (0..20)
        .map(|n| {
            json!({"name": n.to_string(), "request": {
            "urlPath": "/a", "headers": {"h": {"includes": [{"equalTo": (n % 7).to_string()}]}}}})
        })
        .collect();
    let stubs = set(&stubs);
    let twice = request("GET", "/a", &[("h", "3"), ("h", "5"), ("h", "3")], "");
    assert_eq!(name_of(&stubs, &twice).as_deref(), Some("19"));
    assert_eq!(stubs.find(&Asked::new(&request("GET", "/a", &[], ""))).map(|stub| stub.id), None);
}
