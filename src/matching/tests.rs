//! Whole sets: precedence, the index against a linear scan, the texts of misses.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::testing::{request, stub};
use super::{Stub, StubIndex};
use crate::message::Request;
use crate::redact::Redactor;

fn index(mappings: &[Value]) -> StubIndex {
    // The derived ids of stubs from one place are the same; here each needs its own.
    let with_id = |(at, mapping): (usize, &Value)| {
        let mut mapping = mapping.clone();
        if mapping.get("id").is_none() {
            mapping["id"] = uuid::Uuid::from_u128(at as u128).to_string().into();
        }
        stub(&mapping)
    };
    StubIndex::new(mappings.iter().enumerate().map(with_id).collect())
}

fn name_of(index: &StubIndex, request: &Request) -> Option<String> {
    index.find(request).and_then(|stub| stub.name.as_deref().map(str::to_owned))
}

#[test]
fn lower_priority_first_then_the_most_recent() {
    let index = index(&[
        json!({"name": "first", "request": {"urlPath": "/a"}}),
        json!({"name": "urgent", "priority": 1, "request": {"urlPathPattern": "/a.*"}}),
        json!({"name": "last", "request": {"url": "/a"}}),
        json!({"name": "fallback", "priority": 10, "request": {}}),
        json!({"name": "post", "priority": 0, "request": {"method": "POST", "urlPath": "/a"}}),
    ]);
    assert_eq!(name_of(&index, &request("GET", "/a", &[], "")).as_deref(), Some("urgent"));
    assert_eq!(name_of(&index, &request("POST", "/a", &[], "")).as_deref(), Some("post"));
    assert_eq!(name_of(&index, &request("GET", "/b", &[], "")).as_deref(), Some("fallback"));
    let order: Vec<_> = index.stubs().filter_map(|stub| stub.name.as_deref()).collect();
    assert_eq!(order, ["post", "urgent", "last", "first", "fallback"]);
    let first = index.stubs().next().unwrap();
    assert_eq!(index.get(&first.id).unwrap().name, first.name);
    assert!(index.get("no such id").is_none());
}

#[test]
fn a_body_is_read_only_where_a_candidate_asks() {
    let index = index(&[
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
            index.wants_body(&request(method, target, &[], "x")),
            wanted,
            "{method} {target}"
        );
    }
}

/// Few words, so that requests meet several stubs.
fn url_part() -> impl Strategy<Value = Value> {
    let path = prop_oneof!["/a", "/a/b", "/c"];
    prop_oneof![
        path.clone().prop_map(|path| json!({"urlPath": path})),
        (path.clone(), prop_oneof![Just(""), Just("?q=1")])
            .prop_map(|(path, query)| json!({"url": path + query})),
        Just(json!({"urlPathPattern": "/a.*"})),
        Just(json!({"urlPathPattern": "(?=/a)/.*b"})),
        Just(json!({"urlPattern": "/a\\?q=.*"})),
        Just(json!({"urlPathPattern": "/a?.*|/c"})),
        Just(json!({"urlPathPattern": "/[ac]"})),
        Just(json!({"urlPathTemplate": "/a/{x}"})),
        Just(json!({"urlPathTemplate": "/{x}"})),
        Just(json!({})),
    ]
}

fn mapping() -> impl Strategy<Value = Value> {
    let method = prop_oneof![Just(None), Just(Some("GET")), Just(Some("POST"))];
    let header = proptest::option::of(prop_oneof!["1", "2"]);
    let body = proptest::option::of(prop_oneof!["x", "y"]);
    (url_part(), method, header, body, 1..4_i32).prop_map(
        |(mut request, method, header, body, priority)| {
            if let Some(method) = method {
                request["method"] = json!(method);
            }
            if let Some(header) = header {
                request["headers"] = json!({"h": {"equalTo": header}});
            }
            if let Some(body) = body {
                request["bodyPatterns"] = json!([{"contains": body}]);
            }
            json!({"priority": priority, "request": request})
        },
    )
}

/// What the index must agree with: every stub is asked, in the order of the reference.
fn linear<'a>(index: &'a StubIndex, request: &Request) -> Option<&'a Stub> {
    // Ids were given in the order the stubs were added.
    let mut ranked: Vec<&Stub> = index.stubs().map(|stub| &**stub).collect();
    ranked.sort_by(|a, b| a.priority.cmp(&b.priority).then_with(|| b.id.cmp(&a.id)));
    ranked.into_iter().find(|stub| stub.matches(request))
}

proptest! {
    #[test]
    fn the_index_answers_as_a_linear_scan(
        mappings in proptest::collection::vec(mapping(), 0..60),
        method in prop_oneof!["GET", "POST"],
        target in prop::sample::select(vec!["/a", "/a?q=1", "/a/b", "/c", "/c?q=1", "/d"]),
        header in prop_oneof!["1", "2"],
        body in prop_oneof!["", "x", "xy"],
    ) {
        let index = index(&mappings);
        let request = request(&method, target, &[("h", &header)], &body);
        let expected = linear(&index, &request).map(|stub| stub.id.to_string());
        let found = index.find(&request);
        prop_assert_eq!(found.map(|stub| stub.id.to_string()), expected.clone());
        // A body that was never asked for cannot have decided.
        if !index.wants_body(&request) {
            let mut unread = request;
            unread.body = crate::message::RequestBody::Stream(Box::pin(futures_util::stream::empty()));
            prop_assert_eq!(index.find(&unread).map(|stub| stub.id.to_string()), expected);
        }
    }
}

#[test]
fn a_miss_tells_the_nearest_part_by_part() {
    let index = index(&[
        json!({"id": "00000000-0000-0000-0000-000000000001", "name": "create a job", "request": {
            "method": "POST", "urlPath": "/jobs", "headers": {"X-Trace": {"matches": "[0-9]+"}},
            "bodyPatterns": [{"equalToJson": {"name": "a", "parts": [1, 2]}}],
        }}),
        json!({"id": "00000000-0000-0000-0000-000000000002", "request": {"url": "/far/away/from/here"}}),
    ]);
    let request =
        request("POST", "/jobs?x=1", &[("x-trace", "abc\t")], r#"{"name": "b", "parts": [1, 2]}"#);
    let report = index.nearest(&request, &Redactor::default()).to_string();
    let expected = r#"No stub answers POST /jobs?x=1 (2 stubs loaded). The nearest, and what differs:

1. "create a job" (00000000-0000-0000-0000-000000000001) in t.json
   ok    method          POST
   ok    urlPath         /jobs
   FAIL  header x-trace  expected: [matches] [0-9]+
                         actual:   abc\t
   FAIL  body            expected: [equalToJson] {"name":"a","parts":[1,2]}
                         actual:   {"name": "b", "parts": [1, 2]}
         --- expected
         +++ actual
         @@ -1,5 +1,5 @@
          {
         -  "name": "a",
         +  "name": "b",
            "parts": [
              1,
              2

2. 00000000-0000-0000-0000-000000000002 in t.json
   ok    method  POST
   FAIL  url     expected: /far/away/from/here
                 actual:   /jobs?x=1
"#;
    assert_eq!(report, expected, "\n{report}");
    let json = index.nearest(&request, &Redactor::default()).to_json();
    assert_eq!(json["nearest"][0]["parts"][2]["matched"], false);
    assert!(json["nearest"][0]["diff"].as_str().unwrap().contains("+  \"name\": \"b\""));
    assert!(
        StubIndex::default()
            .nearest(&request, &Redactor::default())
            .to_string()
            .ends_with("there are no stubs.\n")
    );
}

#[test]
fn a_miss_is_bounded_in_stubs_and_in_size() {
    let mappings: Vec<Value> = (0..500)
        .map(|n| json!({"request": {"urlPath": format!("/things/{n}"), "bodyPatterns": [{"equalTo": "x".repeat(5000)}]}}))
        .collect();
    let index = index(&mappings);
    let long = format!("/things/{}", "9".repeat(5000));
    let report = index
        .nearest(&request("POST", &long, &[], &"y\n".repeat(50_000)), &Redactor::default())
        .to_string();
    assert!(report.len() < 20_000, "{} bytes", report.len());
    assert!(report.contains("(500 stubs loaded)"), "{report}");
}
