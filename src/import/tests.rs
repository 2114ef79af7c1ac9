//! Tests with complete files of each format.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::*;
use crate::document::Format;

fn imported(document: &Value) -> Imported {
    let source =
        Source { path: PathBuf::from("f.json"), format: Format::Json, text: document.to_string() };
    import(&source, None).unwrap()
}

fn stubs_of(imported: &Imported) -> &[ImportedStub] {
    let ImportedContent::Stubs(stubs) = &imported.content else { panic!("{imported:?}") };
    stubs
}

fn stubs(imported: &Imported) -> Vec<ImportedStub> {
    stubs_of(imported).to_vec()
}

/// Name, request and response of each stub.
fn mappings(document: &Value) -> Vec<Value> {
    stubs(&imported(document)).into_iter().map(|stub| stub.mapping).collect()
}

#[test]
fn openapi_answers_with_examples_and_schemas() {
    let document = json!({
        "openapi": "3.1.0",
        "servers": [{"url": "https://api.example.com/v1/"}],
        "paths": {"/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": true, "examples": {"cat": {"value": 7}}}],
            "get": {
                "operationId": "getPet",
                "parameters": [{"name": "view", "in": "query", "required": true, "schema": {"enum": ["full", "short"]}}],
                "responses": {
                    "200": {
                        "headers": {"X-Rate": {"schema": {"type": "integer", "minimum": 10}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}, "examples": {"cat": {"value": {"name": "Tom"}}}}},
                    },
                    "404": {"content": {"application/problem+json": {"schema": {"type": "object", "properties": {"title": {"type": "string"}}}}}},
                },
            },
        }},
        "components": {"schemas": {"Pet": {"type": "object", "properties": {"name": {"type": "string"}}}}},
    });
    let stubs = mappings(&document);
    let main = &stubs[0];
    assert_eq!(main["request"]["urlPathTemplate"], "/v1/pets/{id}");
    let view = json!({"or": [{"equalTo": "full"}, {"equalTo": "short"}]});
    assert_eq!(main["request"]["queryParameters"]["view"], view);
    assert_eq!(main["response"]["jsonBody"], json!({"name": "Tom"}));
    assert_eq!(main["response"]["headers"]["X-Rate"], "10");
    let names: Vec<&str> = stubs.iter().map(|stub| stub["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["getPet", "getPet example cat", "getPet example cat by values", "getPet 404"]
    );
    assert_eq!(stubs[2]["request"]["pathParameters"], json!({"id": {"equalTo": "7"}}));
    assert_eq!(stubs[3]["request"]["headers"]["Prefer"], json!({"contains": "code=404"}));
    assert_eq!(stubs[3]["response"]["jsonBody"], json!({"title": "text"}));
}

#[test]
fn what_openapi_cannot_answer_is_reported_with_its_place() {
    let text =
        "openapi: 3.0.3\npaths:\n  /a:\n    get:\n      callbacks: {}\n      responses: {}\n";
    let source = Source { path: "a.yaml".into(), format: Format::Yaml, text: text.into() };
    let lines: Vec<String> =
        import(&source, None).unwrap().left_out.0.iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("a.yaml:5:7: warning: paths./a.get"), "{lines:?}");
}

#[test]
fn postman_examples_become_stubs() {
    let document = json!({
        "info": {"name": "c", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "variable": [{"key": "base", "value": "https://api.example.com/v2"}],
        "item": [{"name": "folder", "item": [{
            "name": "get user",
            "request": {"method": "GET", "url": {"raw": "{{base}}/users/:id?full=true&x={{unknown}}"}},
            "response": [
                {"name": "ok", "code": 200, "header": [{"key": "Content-Type", "value": "application/json"}], "body": "{\"id\": 1}"},
                {"name": "again", "code": 500, "body": ""},
            ],
        }, {"name": "never called", "request": "https://api.example.com/x", "response": []}]}],
    });
    let result = imported(&document);
    let stubs = stubs_of(&result);
    assert_eq!(stubs.len(), 1);
    let mapping = &stubs[0].mapping;
    assert_eq!(mapping["name"], "folder / get user: ok");
    assert_eq!(
        mapping["request"],
        json!({
            "method": "GET",
            "urlPathTemplate": "/v2/users/{id}",
            "queryParameters": {"full": {"equalTo": "true"}, "x": {"matches": ".*"}},
        })
    );
    assert_eq!(mapping["response"]["body"], "{\"id\": 1}");
    assert_eq!(result.left_out.0.len(), 2, "{}", result.left_out);
}

#[test]
fn hoverfly_pairs_become_stubs() {
    let pair = |path: Value, response: Value| json!({"request": {"method": [{"matcher": "exact", "value": "get"}], "path": [path], "destination": [{"matcher": "exact", "value": "h"}]}, "response": response});
    let document = json!({"data": {"pairs": [
        pair(json!({"matcher": "glob", "value": "/a/*"}), json!({"status": 201, "body": "x", "encodedBody": false, "fixedDelay": 20, "headers": {"A": ["1", "2"]}})),
        {"request": {"requiresState": {"sequence:1": "1"}, "query": {"q": [{"matcher": "regex", "value": "^a"}]}}, "response": {"status": 200, "transitionsState": {"sequence:1": "2"}, "body": "{{ Request.Method }}", "templated": true}},
        pair(json!({"matcher": "jwt", "value": "{}"}), json!({"status": 200})),
    ]}});
    let result = imported(&document);
    let stubs: Vec<&Value> = stubs_of(&result).iter().map(|stub| &stub.mapping).collect();
    assert_eq!(stubs.len(), 2);
    assert_eq!(stubs[0]["request"], json!({"method": "GET", "urlPathPattern": "/a/.*"}));
    assert_eq!(
        stubs[0]["response"],
        json!({"status": 201, "body": "x", "fixedDelayMilliseconds": 20, "headers": {"A": ["1", "2"]}})
    );
    assert_eq!(stubs[1]["request"]["queryParameters"], json!({"q": {"matches": "a.*"}}));
    assert_eq!(stubs[1]["requiredScenarioState"], "Started");
    assert_eq!(stubs[1]["newScenarioState"], "2");
    assert_eq!(stubs[1]["response"]["body"], "{{{request.method}}}");
    assert!(result.left_out.to_string().contains("jwt"), "{}", result.left_out);
}

#[test]
fn hoverflys_older_schemas_become_stubs_too() {
    let pair = |request: Value| {
        let pairs = json!([{"request": request, "response": {"status": 200, "body": "OK"}}]);
        json!({"data": {"pairs": pairs}, "meta": {"schemaVersion": "v3"}})
    };
    for (request, wanted) in [
        (
            json!({"path": {"exactMatch": "/a"}, "query": {"exactMatch": "b=1&c=%20&b=2"}}),
            json!({"urlPath": "/a", "queryParameters": {
                "b": {"hasExactly": [{"equalTo": "1"}, {"equalTo": "2"}]}, "c": {"equalTo": " "},
            }}),
        ),
        (json!({"path": {"globMatch": "/a/*"}}), json!({"urlPathPattern": "/a/.*"})),
        (
            json!({"method": {"exactMatch": "get"}, "body": {"jsonPathMatch": "$.a"}}),
            json!({"method": "GET", "bodyPatterns": [{"matchesJsonPath": "$.a"}]}),
        ),
        (
            json!({"headers": {"Accept": ["a", "b"], "X": ["c"]}}),
            json!({"headers": {
                "Accept": {"includes": [{"equalTo": "a"}, {"equalTo": "b"}]}, "X": {"equalTo": "c"},
            }}),
        ),
        (
            json!({"method": [{"matcher": "regex", "value": "^(GET|POST)$"}]}),
            json!({"method": {"oneOf": ["GET", "POST"]}}),
        ),
        (
            json!({"deprecatedQuery": [{"matcher": "exact", "value": "a=b"}]}),
            json!({"queryParameters": {"a": {"equalTo": "b"}}}),
        ),
    ] {
        let stubs = mappings(&pair(request.clone()));
        let mut read = stubs[0]["request"].clone();
        if wanted.get("method").is_none() {
            read.as_object_mut().unwrap().remove("method");
        }
        assert_eq!(read, wanted, "{request}");
    }
    let result = imported(&pair(json!({"query": {"regexMatch": "a=.*"}})));
    assert!(stubs_of(&result).is_empty() && result.left_out.to_string().contains("whole query"));
    let result = imported(&pair(json!({"body": {"jsonMatch": "no JSON"}})));
    assert!(stubs_of(&result).is_empty() && result.left_out.to_string().contains("no equivalent"));
}

#[test]
fn mountebank_predicates_become_alternatives() {
    let document = json!({"protocol": "http", "port": 4545, "stubs": [{
        "predicates": [
            {"equals": {"method": "post", "path": "/Orders"}},
            {"not": {"equals": {"headers": {"X-A": "1"}, "query": {"q": "2"}}}},
        ],
        "responses": [{"is": {"statusCode": "201", "body": {"id": 1}}, "repeat": 2}, {"is": {"statusCode": 500}}],
    }, {
        "predicates": [{"startsWith": {"path": "/b"}}, {"not": {"endsWith": {"path": "x"}}}],
        "responses": [{"fault": "CONNECTION_RESET_BY_PEER"}],
    }, {
        "predicates": [{"inject": "() => true"}],
        "responses": [{"is": {}}],
    }]});
    let result = imported(&document);
    let stubs: Vec<&Value> = stubs_of(&result).iter().map(|stub| &stub.mapping).collect();
    // Two alternatives with three turns each, and one.
    assert_eq!(stubs.len(), 7);
    assert_eq!(
        stubs[0]["request"],
        json!({
            "method": "POST",
            "urlPathPattern": "(?i)/Orders",
            "headers": {"X-A": {"not": {"equalTo": "1", "caseInsensitive": true}}},
        })
    );
    assert_eq!(stubs[2]["newScenarioState"], "Started");
    assert_eq!(stubs[6]["request"]["urlPathPattern"], "(?=(?:(?i)/b.*)$)(?!(?:(?i).*x)$).*");
    assert_eq!(stubs[6]["priority"], 7);
    assert!(result.left_out.to_string().contains("inject"), "{}", result.left_out);
}

#[test]
fn mockserver_expectations_become_stubs_in_their_order() {
    let document = json!([
        {"httpRequest": {"method": "!GET", "path": "/a.*", "queryStringParameters": {"q": ["1", "2"]}, "cookies": [{"name": "c", "value": "v"}]}, "httpResponse": {"statusCode": 202, "body": {"type": "JSON", "json": "{\"a\":1}"}, "delay": {"timeUnit": "SECONDS", "value": 2}}},
        {"priority": 10, "httpRequest": {"path": "/b", "body": {"type": "STRING", "string": "x", "subString": true}}, "httpResponse": {"body": "once"}, "times": {"remainingTimes": 1, "unlimited": false}},
        {"httpRequest": {"path": "/c"}, "httpForward": {"host": "h", "port": 81, "scheme": "HTTPS"}},
        {"httpRequest": {"path": "/d"}, "httpResponseClassCallback": {"callbackClass": "C"}},
    ]);
    let result = imported(&document);
    let stubs: Vec<&Value> = stubs_of(&result).iter().map(|stub| &stub.mapping).collect();
    assert_eq!(stubs.len(), 3);
    assert_eq!(stubs[0]["request"]["urlPath"], "/b");
    assert_eq!(stubs[0]["newScenarioState"], "spent");
    assert_eq!(stubs[1]["request"]["method"], json!({"noneOf": ["GET"]}));
    assert_eq!(
        stubs[1]["request"]["queryParameters"],
        json!({"q": {"includes": [{"equalTo": "1"}, {"equalTo": "2"}]}})
    );
    assert_eq!(stubs[1]["response"]["fixedDelayMilliseconds"], 2000);
    assert_eq!(stubs[1]["response"]["jsonBody"], json!({"a": 1}));
    assert_eq!(stubs[2]["response"]["proxyBaseUrl"], "https://h:81");
    assert!(
        result.left_out.to_string().contains("httpResponseClassCallback"),
        "{}",
        result.left_out
    );
}

#[test]
fn mockserver_schemas_of_values_become_patterns() {
    let of = |schema: Value| {
        let request = json!({"path": "/p", "queryStringParameters": {"q": [{"schema": schema}]}});
        imported(&json!([{"httpRequest": request, "httpResponse": {"body": "x"}}]))
    };
    for (schema, pattern) in [
        (json!({"type": "integer"}), "-?[0-9]+"),
        (json!({"type": "string", "pattern": "^[A-Z]+$"}), "[A-Z]+"),
        (json!({"enum": ["a.b", "c"]}), "a\\.b|c"),
        (json!({"type": "boolean"}), "true|false"),
    ] {
        let mapping = json!(stubs_of(&of(schema.clone()))[0].mapping);
        let read = &mapping["request"]["queryParameters"]["q"];
        assert_eq!(*read, json!({"matches": pattern}), "{schema}");
    }
    let result = of(json!({"type": "string", "minLength": 2}));
    assert!(stubs_of(&result).is_empty() && result.left_out.to_string().contains("schema"));
}

#[test]
fn other_files_are_refused() {
    let source =
        |text: &str| Source { path: "f.yaml".into(), format: Format::Yaml, text: text.into() };
    for (text, message) in [
        (
            "a: 1",
            "f.yaml: the format is not recognised; name it with --format: openapi, postman, hoverfly, mountebank, mockserver, har, vcr, audit, wiremock",
        ),
        ("", "f.yaml: the file is empty"),
        (
            "swagger: '2.0'",
            "f.yaml:1:10: swagger: this is Swagger 2.0; OpenAPI 3.0 and 3.1 are read; convert it first, for instance with swagger2openapi",
        ),
    ] {
        assert_eq!(import(&source(text), None).unwrap_err().to_string().trim(), message);
    }
}
