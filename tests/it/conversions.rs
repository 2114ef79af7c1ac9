//! Conversion webhooks of definitions: objects of every request in another version go through one, over TLS.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use standin::{RunningServer, Server, TlsOptions};
use tempfile::TempDir;

use crate::support::{Answer, ask, files, send};

const THINGS: &str = "/apis/e.com/v2/namespaces/default/things";
const OLD_THINGS: &str = "/apis/e.com/v1/namespaces/default/things";
const DEFINITION: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.e.com";

/// A stub that converts to a version: its field is that of the other one.
fn stub(version: &str, to: &str, from: &str) -> Value {
    let of = |path: &str| format!("{{{{jsonPath request.body '$.request.{path}'}}}}");
    let (uid, desired) = (of("uid"), of("desiredAPIVersion"));
    let (metadata, number) = (of("objects[0].metadata"), of(&format!("objects[0].spec.{from}")));
    let object = format!(
        r#"{{"apiVersion":"{desired}","kind":"Thing","metadata":{metadata},"spec":{{"{to}":{number} }} }}"#
    );
    let body = format!(
        r#"{{"apiVersion":"apiextensions.k8s.io/v1","kind":"ConversionReview","response":{{"uid":"{uid}","result":{{"status":"Success"}},"convertedObjects":[{object}]}}}}"#
    );
    let desired =
        json!({"expression": "$.request.desiredAPIVersion", "equalTo": format!("e.com/{version}")});
    json!({
        "request": {
            "method": "POST", "urlPath": "/convert",
            "queryParameters": {"timeout": {"equalTo": "30s"}},
            "bodyPatterns": [{"matchesJsonPath": desired}],
        },
        "response": {"status": 200, "body": body, "transformers": ["response-template"]},
    })
}

/// A webhook.
async fn webhook() -> (RunningServer, TempDir) {
    let refusal = json!({
        "request": {"urlPath": "/refuse"}, "response": {"status": 503, "body": "later"},
    });
    let stubs =
        json!({"mappings": [stub("v2", "length", "size"), stub("v1", "size", "length"), refusal]});
    let directory = files(&[("stubs.json", &stubs.to_string())]);
    let server = Server::builder()
        .fixtures(directory.path())
        .tls(TlsOptions::default())
        .start()
        .await
        .expect("it starts");
    (server, directory)
}

/// A definition with two versions and a webhook.
fn definition(config: &Value) -> Value {
    let version = |name: &str, field: &str| {
        let spec = json!({"type": "object", "properties": {field: {"type": "integer"}}});
        json!({
            "name": name, "served": true, "storage": name == "v1",
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}},
        })
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.e.com"},
        "spec": {
            "group": "e.com", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": [version("v1", "size"), version("v2", "length")],
            "conversion": {"strategy": "Webhook", "webhook": {
                "conversionReviewVersions": ["v1"], "clientConfig": config,
            }},
        },
    })
}

fn bundle(hook: &RunningServer) -> String {
    STANDARD.encode(hook.ca_pem().expect("it has a CA"))
}

/// A server with a definition and the object `a`, which is stored in the old version.
async fn server(config: &Value) -> (RunningServer, TempDir) {
    let thing = json!({
        "apiVersion": "e.com/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"size": 3},
    });
    let directory = files(&[
        ("definition.json", &definition(config).to_string()),
        ("thing.json", &thing.to_string()),
    ]);
    let started = Server::builder().fixtures(directory.path()).start().await.expect("it starts");
    (started, directory)
}

async fn write(server: &RunningServer, method: &str, target: &str, body: &Value) -> Answer {
    let media = match method {
        "PATCH" => "application/merge-patch+json",
        _ => "application/json",
    };
    send(server, method, target, &[("content-type", media)], &body.to_string()).await
}

#[tokio::test]
async fn objects_go_through_the_webhook() {
    let (hook, _stubs) = webhook().await;
    let url = format!("https://127.0.0.1:{}/convert", hook.address().port());
    let (server, _fixtures) = server(&json!({"url": url, "caBundle": bundle(&hook)})).await;
    let path = format!("{THINGS}/a");
    assert_eq!(ask(&server, "GET", &path).await.json()["spec"], json!({"length": 3}));
    let new = json!({
        "apiVersion": "e.com/v2", "kind": "Thing", "metadata": {"name": "b"}, "spec": {"length": 4},
    });
    let created = write(&server, "POST", THINGS, &new).await;
    assert_eq!((created.status.as_u16(), &created.json()["spec"]), (201, &json!({"length": 4})));
    let stored = ask(&server, "GET", &format!("{OLD_THINGS}/b")).await;
    assert_eq!(stored.json()["spec"], json!({"size": 4}));
    let patch = json!({"spec": {"length": 5}});
    assert_eq!(write(&server, "PATCH", &path, &patch).await.json()["spec"], json!({"length": 5}));
    let list = ask(&server, "GET", THINGS).await.json();
    let items = list["items"].as_array().expect("a list");
    let specs: Vec<&Value> = items.iter().map(|item| &item["spec"]).collect();
    assert_eq!(specs, [&json!({"length": 5}), &json!({"length": 4})]);
    let watched = ask(&server, "GET", &format!("{THINGS}?watch=1&timeoutSeconds=1")).await;
    let lines: Vec<Value> =
        watched.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines
            .iter()
            .all(|line| line["type"] == "ADDED" && line["object"]["spec"]["length"].is_i64())
    );
    assert_eq!(ask(&server, "DELETE", &path).await.status.as_u16(), 200);
    assert_eq!(ask(&server, "GET", &path).await.status.as_u16(), 404);
}

#[tokio::test]
async fn a_service_of_the_type_external_name_leads_to_a_webhook() {
    let (hook, _stubs) = webhook().await;
    let port = hook.address().port();
    let config = json!({
        "service": {"namespace": "default", "name": "hook", "path": "/convert", "port": port},
        "caBundle": bundle(&hook),
    });
    let (server, _fixtures) = server(&config).await;
    let path = format!("{THINGS}/a");
    let message =
        |answer: &Answer| answer.json()["message"].as_str().unwrap_or_default().to_owned();
    let missing = message(&ask(&server, "GET", &path).await);
    assert!(missing.ends_with("?timeout=30s\": service \"hook\" not found"), "{missing}");
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "hook"},
        "spec": {"type": "ExternalName", "externalName": "localhost"},
    });
    let services = "/api/v1/namespaces/default/services";
    assert_eq!(write(&server, "POST", services, &service).await.status.as_u16(), 201);
    // Its certificate has another name than that of the service.
    let named = message(&ask(&server, "GET", &path).await);
    assert!(
        named.contains("tls: failed to verify certificate: x509: certificate is valid for "),
        "{named}"
    );
    assert!(named.ends_with("not hook.default.svc"), "{named}");
    let inside =
        json!({"spec": {"type": "ClusterIP", "externalName": null, "ports": [{"port": port}]}});
    let target = format!("{services}/hook");
    assert_eq!(write(&server, "PATCH", &target, &inside).await.status.as_u16(), 200);
    let none = message(&ask(&server, "GET", &path).await);
    assert!(none.ends_with("no endpoints available for service \"hook\""), "{none}");
}

#[tokio::test]
async fn what_is_wrong_with_a_webhook_is_said() {
    let (hook, _stubs) = webhook().await;
    let port = hook.address().port();
    let (server, _fixtures) = server(
        &json!({"url": format!("https://127.0.0.1:{port}/refuse"), "caBundle": bundle(&hook)}),
    )
    .await;
    let path = format!("{THINGS}/a");
    let failed = |why: &str| format!("conversion webhook for e.com/v1, Kind=Thing failed: {why}");
    let answer = ask(&server, "GET", &path).await;
    assert_eq!(answer.status.as_u16(), 500);
    assert_eq!(
        answer.json()["message"],
        failed("the server is currently unable to handle the request")
    );
    let change =
        |config: Value| json!({"spec": {"conversion": {"webhook": {"clientConfig": config}}}});
    let unknown = change(json!({"caBundle": null}));
    assert_eq!(write(&server, "PATCH", DEFINITION, &unknown).await.status.as_u16(), 200);
    let url = format!("https://127.0.0.1:{port}/refuse?timeout=30s");
    assert_eq!(
        ask(&server, "GET", &path).await.json()["message"],
        failed(&format!(
            "Post \"{url}\": tls: failed to verify certificate: x509: certificate signed by unknown authority"
        ))
    );
    // A port that nothing listens on.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = free.local_addr().expect("an address").port();
    drop(free);
    let nowhere = change(json!({"url": format!("https://127.0.0.1:{closed}/x")}));
    assert_eq!(write(&server, "PATCH", DEFINITION, &nowhere).await.status.as_u16(), 200);
    assert_eq!(
        ask(&server, "GET", &path).await.json()["message"],
        failed(&format!(
            "Post \"https://127.0.0.1:{closed}/x?timeout=30s\": dial tcp 127.0.0.1:{closed}: connect: connection \
             refused"
        ))
    );
    assert_eq!(ask(&server, "GET", &format!("{OLD_THINGS}/a")).await.status.as_u16(), 200);
}
