//! Files of other tools, converted by `standin import`, served, and asked.

use std::path::Path;

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tempfile::TempDir;

use crate::commands::run;
use crate::support::{files, send};

/// Converts a file, checks the stubs, and serves them. Also returns the reported omissions.
async fn imported(name: &str, content: &str) -> (RunningServer, TempDir, String) {
    let directory = files(&[(name, content)]);
    let file = directory.path().join(name);
    let to = directory.path().join("fixtures");
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let (code, out, left_out) = run(&["import", &path(&file), "--to", &path(&to)]).await;
    assert_eq!(code, 0, "{out}{left_out}");
    let (code, out, problems) = run(&["check", &path(&to)]).await;
    assert_eq!((code, problems.as_str()), (0, ""), "{out}");
    let server = Server::builder().fixtures(&to).start().await.unwrap();
    (server, directory, left_out)
}

/// Sends a request; returns the status and body of its answer, a JSON body as a value.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16, Value);

async fn answers(server: &RunningServer, cases: &[Case<'_>]) {
    for (method, target, headers, body, status, wanted) in cases {
        let answer = send(server, method, target, headers, body).await;
        let text = answer.text();
        let found = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        assert_eq!(answer.status, *status, "{method} {target}: {text}");
        if !wanted.is_null() {
            assert_eq!(found, *wanted, "{method} {target}");
        }
    }
}

#[tokio::test]
async fn openapi_3_0() {
    let document = r"
openapi: 3.0.3
info: {title: Pets, version: '1'}
paths:
  /pets:
    get:
      parameters: [{name: limit, in: query, schema: {type: integer}}]
      responses:
        '200':
          description: all
          content:
            application/json:
              schema: {type: array, items: {$ref: '#/components/schemas/Pet'}}
              example: [{id: 1, name: Tom}]
    post:
      requestBody:
        content:
          application/json: {schema: {$ref: '#/components/schemas/Pet'}}
      responses:
        '201': {description: made, headers: {Location: {schema: {type: string}, example: /pets/7}}}
  /pets/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        '200':
          description: one
          content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}
        '404':
          description: none
          content: {application/json: {example: {error: gone}}}
components:
  schemas:
    Pet:
      type: object
      required: [id, name]
      properties: {id: {type: integer, example: 5}, name: {type: string, enum: [Tom, Kim]}}
";
    let (server, _files, left_out) = imported("pets.yaml", document).await;
    assert_eq!(left_out, "");
    let pet = json!({"id": 5, "name": "Tom"});
    let json = ("content-type", "application/json");
    answers(
        &server,
        &[
            ("GET", "/pets", &[], "", 200, json!([{"id": 1, "name": "Tom"}])),
            ("POST", "/pets", &[json], r#"{"id": 1, "name": "x"}"#, 201, Value::Null),
            ("GET", "/pets/9", &[], "", 200, pet),
            ("GET", "/pets/9", &[("prefer", "code=404")], "", 404, json!({"error": "gone"})),
            ("DELETE", "/pets/9", &[], "", 404, Value::Null),
        ],
    )
    .await;
}

#[tokio::test]
async fn openapi_3_1() {
    let document = json!({
        "openapi": "3.1.0",
        "info": {"title": "Board", "version": "1"},
        "paths": {"/board/{row}/{column}": {
            "parameters": [
                {"name": "row", "in": "path", "required": true, "schema": {"type": "integer"}},
                {"name": "column", "in": "path", "required": true, "schema": {"type": "integer"}},
            ],
            "get": {"responses": {"200": {"description": "a square", "content": {
                "application/json": {"schema": {"type": ["string", "null"], "examples": ["X"]}},
            }}}},
        }},
    });
    let (server, _files, left_out) = imported("board.json", &document.to_string()).await;
    assert_eq!(left_out, "");
    answers(&server, &[("GET", "/board/1/2", &[], "", 200, json!("X"))]).await;
}

#[tokio::test]
async fn postman_collection() {
    let collection = json!({
        "info": {"name": "c", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "item": [{"name": "folder", "item": [{
            "name": "get a thing",
            "request": {"method": "GET", "url": {"raw": "{{baseUrl}}/things/:id?full=true", "host": ["{{baseUrl}}"],
                "path": ["things", ":id"], "query": [{"key": "full", "value": "true"}]}},
            "response": [{
                "name": "found", "code": 200, "status": "OK",
                "originalRequest": {"method": "GET", "url": {"raw": "{{baseUrl}}/things/7?full=true",
                    "host": ["{{baseUrl}}"], "path": ["things", "7"], "query": [{"key": "full", "value": "true"}]}},
                "header": [{"key": "Content-Type", "value": "application/json"}],
                "body": "{\"id\": 7}",
            }],
        }]}],
    });
    let (server, _files, _) = imported("c.postman_collection.json", &collection.to_string()).await;
    answers(
        &server,
        &[
            ("GET", "/things/7?full=true", &[], "", 200, json!({"id": 7})),
            ("GET", "/other", &[], "", 404, Value::Null),
        ],
    )
    .await;
}

#[tokio::test]
async fn hoverfly_simulation() {
    let simulation = json!({
        "data": {"pairs": [
            {
                "request": {
                    "method": [{"matcher": "exact", "value": "POST"}],
                    "path": [{"matcher": "glob", "value": "/api/*/basket"}],
                    "body": [{"matcher": "jsonpath", "value": "$.item"}],
                    "requiresState": {"basket": "empty"},
                },
                "response": {"status": 201, "body": "added", "transitionsState": {"basket": "full"}},
            },
            {
                "request": {"path": [{"matcher": "exact", "value": "/start"}]},
                "response": {"status": 200, "body": "ok", "transitionsState": {"basket": "empty"}},
            },
        ], "globalActions": {"delays": []}},
        "meta": {"schemaVersion": "v5"},
    });
    let (server, _files, _) = imported("simulation.json", &simulation.to_string()).await;
    answers(
        &server,
        &[
            ("POST", "/api/v1/basket", &[], r#"{"item": 1}"#, 404, Value::Null),
            ("GET", "/start", &[], "", 200, json!("ok")),
            ("POST", "/api/v1/basket", &[], r#"{"no": 1}"#, 404, Value::Null),
            ("POST", "/api/v1/basket", &[], r#"{"item": 1}"#, 201, json!("added")),
            ("POST", "/api/v1/basket", &[], r#"{"item": 1}"#, 404, Value::Null),
        ],
    )
    .await;
}

#[tokio::test]
async fn mountebank_imposters() {
    let imposters = json!({"imposters": [
        {"port": 4545, "protocol": "http", "defaultResponse": {"statusCode": 400}, "stubs": [
            {
                "predicates": [{"and": [{"equals": {"method": "GET", "path": "/Turn"}}, {"exists": {"query": {"q": true}}}]}],
                "responses": [
                    {"is": {"statusCode": 200, "body": "one"}, "behaviors": [{"repeat": 2}]},
                    {"is": {"statusCode": 201, "body": {"two": 2}}},
                ],
            },
            {
                "predicates": [{"not": {"equals": {"headers": {"X-Ok": "yes"}}}}, {"startsWith": {"path": "/deny"}}],
                "responses": [{"is": {"statusCode": 403}}],
            },
        ]},
        {"port": 25, "protocol": "smtp"},
    ]});
    let (server, _files, left_out) = imported("imposters.json", &imposters.to_string()).await;
    assert!(left_out.contains("\"smtp\" is not HTTP"), "{left_out}");
    answers(
        &server,
        &[
            ("GET", "/turn?q=1", &[], "", 200, json!("one")),
            ("GET", "/turn?q=1", &[], "", 200, json!("one")),
            ("GET", "/turn?q=1", &[], "", 201, json!({"two": 2})),
            ("GET", "/turn?q=1", &[], "", 200, json!("one")),
            ("GET", "/turn", &[], "", 400, Value::Null),
            ("GET", "/deny/x", &[], "", 403, Value::Null),
            ("GET", "/deny/x", &[("x-ok", "yes")], "", 400, Value::Null),
        ],
    )
    .await;
}

#[tokio::test]
async fn mockserver_expectations() {
    let expectations = json!([
        {
            "httpRequest": {"method": "GET", "path": "/items/[0-9]+", "headers": {"!X-Debug": []}},
            "httpResponse": {"statusCode": 200, "body": {"type": "JSON", "json": {"a": 1}}},
        },
        {
            "httpRequest": {"path": "/twice"},
            "httpResponse": {"body": "yes"},
            "times": {"remainingTimes": 2, "unlimited": false},
        },
        {
            "priority": 5,
            "httpRequest": {"path": "/items/0"},
            "httpResponse": {"statusCode": 410, "reasonPhrase": "Gone Away"},
        },
        {"httpRequest": {"path": "/code"}, "httpResponseClassCallback": {"callbackClass": "a.B"}},
    ]);
    let (server, _files, left_out) = imported("expectations.json", &expectations.to_string()).await;
    assert!(left_out.contains("httpResponseClassCallback"), "{left_out}");
    answers(
        &server,
        &[
            ("GET", "/items/7", &[], "", 200, json!({"a": 1})),
            ("GET", "/items/7", &[("x-debug", "1")], "", 404, Value::Null),
            ("GET", "/items/0", &[], "", 410, Value::Null),
            ("GET", "/twice", &[], "", 200, json!("yes")),
            ("GET", "/twice", &[], "", 200, json!("yes")),
            ("GET", "/twice", &[], "", 404, Value::Null),
        ],
    )
    .await;
}
