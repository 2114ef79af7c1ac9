use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

/// Mappings as they are read, and as `WireMock` 3.13.2 answers.
fn table() -> Vec<(Value, Value)> {
    let body = |pattern: Value| json!({"request": {"bodyPatterns": [pattern]}});
    let bodies = |pattern: Value| json!({"request": {"method": "ANY", "bodyPatterns": [pattern]}});
    vec![
        (
            json!({"priority": "3", "name": 5, "persistent": 1, "insertionIndex": 4, "$schema": "x"}),
            json!({"priority": 3, "name": "5", "persistent": true}),
        ),
        (
            json!({"metadata": {"a": {"b": null, "c": [null, 1]}}, "request": null}),
            json!({"metadata": {"a": {"c": [null, 1]}}}),
        ),
        (
            json!({"postServeActions": {"webhook": {"a": 1}}, "serveEventListeners": []}),
            json!({
                "postServeActions": [{"name": "webhook", "parameters": {"a": 1}}],
                "serveEventListeners": []
            }),
        ),
        (
            json!({"request": {"urlPath": "/b", "urlPattern": "/c", "port": "80", "headers": {}}}),
            json!({"request": {"method": "ANY", "urlPattern": "/c", "port": 80, "headers": {}}}),
        ),
        (
            json!({"request": {"basicAuth": {"username": "u", "password": "p"}}}),
            json!({"request": {
                "method": "ANY",
                "basicAuthCredentials": {"username": "u", "password": "p"}
            }}),
        ),
        (
            json!({"response": {"headers": {"A": ["x"], "B": ["1", "2"]}, "transformers": [null, 5]}}),
            json!({"response": {
                "status": 200,
                "headers": {"A": "x", "B": ["1", "2"]},
                "transformers": [null, "5"]
            }}),
        ),
        (
            body(json!({"equalTo": "x", "caseInsensitive": 1.5})),
            bodies(json!({"equalTo": "x", "caseInsensitive": false})),
        ),
        (
            body(json!({"equalTo": "x", "caseInsensitive": null})),
            bodies(json!({"equalTo": "x", "caseInsensitive": false})),
        ),
        (
            body(json!({"matchesXPath": "/a", "xPathNamespaces": {"x": 1}})),
            bodies(json!({"matchesXPath": "/a", "xPathNamespaces": {"x": null}})),
        ),
        (
            body(json!({
                "matchesXPath": {"expression": "/x:a", "equalTo": "1"},
                "xPathNamespaces": {"x": "urn:x"}
            })),
            bodies(json!({
                "matchesXPath": {"expression": "/x:a", "equalTo": "1"},
                "xPathNamespaces": {"x": "urn:x"}
            })),
        ),
        (body(json!({"absent": false})), bodies(json!({"absent": true}))),
        (
            body(json!({"equalTo": "x", "caseInsensitive": "true", "other": 1})),
            bodies(json!({"equalTo": "x", "caseInsensitive": true})),
        ),
        (
            body(json!({"matchesJsonSchema": {"type": "object", "e": []}})),
            bodies(json!({
                "matchesJsonSchema": "{\n  \"e\" : [ ],\n  \"type\" : \"object\"\n}",
                "schemaVersion": "V202012"
            })),
        ),
        (
            body(json!({"matchesJsonPath": {"equalToJson": "{}", "expression": "$.a"}})),
            bodies(json!({"matchesJsonPath": {"equalToJson": "{}", "expression": "$.a"}})),
        ),
        (
            body(json!({"before": "now", "expectedOffset": -3, "expectedOffsetUnit": "HOURS"})),
            bodies(json!({"before": "now -3 hours"})),
        ),
        (body(json!({"after": "now"})), bodies(json!({"after": "now +0 seconds"}))),
        (body(json!({"after": "x", "expectedOffset": 3})), bodies(json!({"after": "x"}))),
        (
            json!({"response": {"body": 5, "jsonBody": {"a": 1}, "bodyFileName": "f", "status": "201"}}),
            json!({"response": {"status": 201, "body": "5", "bodyFileName": "f"}}),
        ),
        (
            json!({"response": {
                "delayDistribution": {"type": "lognormal", "median": 5, "sigma": 0.1},
                "transformers": [],
                "fromConfiguredStub": true
            }}),
            json!({"response": {
                "status": 200,
                "delayDistribution": {"type": "lognormal", "median": 5.0, "sigma": 0.1}
            }}),
        ),
    ]
}

#[test]
fn mappings_are_written_as_wiremock_does() {
    for (read, mut expected) in table() {
        let written = mapping(&read.to_string(), Uuid::nil());
        let mut written: Value = serde_json::from_str(&written).unwrap();
        for key in ["id", "uuid"] {
            assert_eq!(
                written.as_object_mut().unwrap().remove(key),
                Some(json!(Uuid::nil().to_string()))
            );
        }
        for (key, default) in
            [("request", json!({"method": "ANY"})), ("response", json!({"status": 200}))]
        {
            expected.as_object_mut().unwrap().entry(key).or_insert(default);
        }
        assert_eq!(written, expected, "{read}");
    }
}

#[test]
fn free_json_keeps_the_order_of_its_keys() {
    let text =
        r#"{"response": {"jsonBody": {"z": 1.50, "a": [1, null]}}, "metadata": {"b": 1, "a": 2}}"#;
    let id = Uuid::nil();
    assert_eq!(
        file(text, id, Some(7)),
        format!(
            "{{\"id\":\"{id}\",\"request\":{{\"method\":\"ANY\"}},\
             \"response\":{{\"status\":200,\"jsonBody\":{{\"z\": 1.50, \"a\": [1, null]}}}},\
             \"uuid\":\"{id}\",\"metadata\":{{\"b\":1,\"a\":2}},\"persistent\":true,\"insertionIndex\":7}}"
        )
    );
}
