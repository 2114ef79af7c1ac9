//! Tests of one stub: which requests it matches, how its answer names it, and the diagnostics of
//! invalid mappings.

use serde_json::{Value, json};

use super::response::ResponseSettings;
use super::testing::{self, request, stub};
use crate::message::{Bodies, Origin, RequestBody};

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
        (json!({"urlPathTemplate": "/a/{id}", "pathParameters": {"id": {"equalTo": "1"}}}), true),
        (json!({"urlPathTemplate": "/a/{id}", "pathParameters": {"id": {"equalTo": "2"}}}), false),
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
    assert!(!stub(&json!({"request": {"bodyPatterns": [{"anything": "x"}]}})).matches(&request));
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
fn what_is_not_understood_is_reported() {
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
    ];
    for (mapping, message) in table {
        assert_eq!(messages(&mapping), [message], "{mapping}");
    }
}

#[test]
fn what_answers_a_request_lies_in_seven_lines_of_a_cache() {
    // Four of them hold a small body. Two counters of an `Arc` come before the stub.
    assert!(size_of::<super::Stub>() + 16 <= 7 * 64, "{} bytes", size_of::<super::Stub>());
}
