//! Admission webhooks: what they are asked over TLS, what their answers do, and what is said of broken ones.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use standin::{RunningServer, Server, TlsOptions};
use tempfile::TempDir;

use crate::support::{Answer, ask, files, send};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const PODS: &str = "/api/v1/namespaces/default/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1";

/// A stub that answers reviews at a path, those whose body has some values.
pub(crate) fn stub(path: &str, values: &[(&str, &str)], response: &Value) -> Value {
    let mut response = response.clone();
    response["uid"] = json!("{{jsonPath request.body '$.request.uid'}}");
    let review = json!({
        "kind": "AdmissionReview",
        "apiVersion": "{{jsonPath request.body '$.apiVersion'}}",
        "response": response,
    });
    // A template ends with its braces.
    let body = review.to_string().replace("}}}", "}} }");
    let patterns: Vec<Value> = values
        .iter()
        .map(|(path, value)| {
            json!({"matchesJsonPath": {"expression": format!("$.request.{path}"), "equalTo": value}})
        })
        .collect();
    json!({
        "priority": if values.is_empty() { 9 } else { 1 },
        "request": {"method": "POST", "urlPath": path, "bodyPatterns": patterns},
        "response": {"status": 200, "body": body, "transformers": ["response-template"]},
    })
}

/// An answer that changes the object.
pub(crate) fn patch(operations: &Value) -> Value {
    let patch = STANDARD.encode(operations.to_string());
    json!({"allowed": true, "patchType": "JSONPatch", "patch": patch})
}

fn refuse(status: &Value) -> Value {
    json!({"allowed": false, "status": status})
}

/// A server of webhooks.
pub(crate) async fn hooks(stubs: Vec<Value>) -> (RunningServer, TempDir) {
    let directory = files(&[("stubs.json", &json!({"mappings": stubs}).to_string())]);
    let server = Server::builder()
        .fixtures(directory.path())
        .tls(TlsOptions::default())
        .start()
        .await
        .expect("it starts");
    (server, directory)
}

/// An API server.
async fn api() -> (RunningServer, TempDir) {
    let directory = files(&[("none.json", r#"{"mappings": []}"#)]);
    let server = Server::builder().fixtures(directory.path()).start().await.expect("it starts");
    (server, directory)
}

/// A webhook of a configuration.
pub(crate) fn webhook(hooks: &RunningServer, name: &str, path: &str, resources: &[&str]) -> Value {
    let bundle = STANDARD.encode(hooks.ca_pem().expect("it has a CA"));
    let url = format!("https://127.0.0.1:{}{path}", hooks.address().port());
    json!({
        "name": name, "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "clientConfig": {"url": url, "caBundle": bundle},
        "rules": [{
            "operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": resources,
        }],
    })
}

async fn write(server: &RunningServer, method: &str, target: &str, body: &Value) -> Answer {
    let media = match method {
        "PATCH" => "application/merge-patch+json",
        _ => "application/json",
    };
    send(server, method, target, &[("content-type", media)], &body.to_string()).await
}

async fn configure(server: &RunningServer, kind: &str, name: &str, webhooks: &[Value]) {
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": format!("{kind}WebhookConfiguration"),
        "metadata": {"name": name}, "webhooks": webhooks,
    });
    let plural = format!("{}webhookconfigurations", kind.to_lowercase());
    let answer = write(server, "POST", &format!("{CONFIGURATIONS}/{plural}"), &configuration).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
}

fn map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}})
}

fn code(answer: &Answer) -> (u16, String) {
    let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), message)
}

fn warnings(answer: &Answer) -> Vec<String> {
    let all = answer.headers.get_all("warning").iter();
    all.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

#[tokio::test]
async fn an_object_is_changed_then_judged_as_it_is_stored() {
    let labels = json!([{"op": "add", "path": "/metadata/labels", "value": {"hooked": "yes"}}]);
    let stored = [
        ("operation", "CREATE"),
        ("name", "a"),
        ("object.metadata.labels.hooked", "yes"),
        ("object.metadata.namespace", "default"),
        ("options.kind", "CreateOptions"),
        ("options.fieldManager", "tester"),
        ("object.metadata.managedFields[0].manager", "tester"),
        ("requestResource.resource", "configmaps"),
        ("kind.kind", "ConfigMap"),
    ];
    let changed = [("operation", "UPDATE"), ("oldObject.metadata.labels.hooked", "yes")];
    let gone = [("operation", "DELETE"), ("oldObject.metadata.name", "a")];
    let allow = json!({"allowed": true});
    let (hooks, _stubs) = hooks(vec![
        stub("/label", &[("operation", "CREATE")], &patch(&labels)),
        stub("/label", &[], &allow),
        stub("/judge", &stored, &allow),
        stub("/judge", &changed, &refuse(&json!({"message": "no changes", "code": 409}))),
        stub("/judge", &gone, &allow),
    ])
    .await;
    let (server, _fixtures) = api().await;
    configure(&server, "Mutating", "m", &[webhook(&hooks, "m.e.com", "/label", &["configmaps"])])
        .await;
    configure(&server, "Validating", "v", &[webhook(&hooks, "v.e.com", "/judge", &["configmaps"])])
        .await;
    let created = write(&server, "POST", &format!("{MAPS}?fieldManager=tester"), &map("a")).await;
    assert_eq!(created.status.as_u16(), 201, "{}", created.text());
    assert_eq!(created.json()["metadata"]["labels"], json!({"hooked": "yes"}));
    // The fields that a webhook sets have no owner.
    let object = created.json();
    let owned = &object["metadata"]["managedFields"];
    assert_eq!(owned[0]["fieldsV1"], json!({"f:data": {".": {}, "f:a": {}}}));
    assert_eq!(owned.as_array().map(Vec::len), Some(1));
    let path = format!("{MAPS}/a");
    let refused = write(&server, "PATCH", &path, &json!({"data": {"a": "c"}})).await;
    let denied = "admission webhook \"v.e.com\" denied the request: no changes";
    assert_eq!(code(&refused), (409, denied.to_owned()));
    assert_eq!(ask(&server, "GET", &path).await.json()["data"], json!({"a": "b"}));
    assert_eq!(ask(&server, "DELETE", &path).await.status.as_u16(), 200);
}

#[tokio::test]
async fn what_is_wrong_with_a_webhook_is_said() {
    let invalid = json!([{"op": "add", "path": "/metadata/labels", "value": {"a b": "c"}}]);
    let wrong_type = json!([{"op": "add", "path": "/data", "value": {"a": 1}}]);
    let nowhere = json!([{"op": "remove", "path": "/nothing/here"}]);
    let mut stubs = vec![
        stub("/invalid", &[], &patch(&invalid)),
        stub("/type", &[], &patch(&wrong_type)),
        stub("/nowhere", &[], &patch(&nowhere)),
        stub("/untyped", &[], &json!({"allowed": true, "patch": "W10="})),
        stub("/text", &[], &json!({"allowed": "yes"})),
    ];
    for (path, status, body) in [
        ("/html", 500, "<html>"),
        ("/empty", 200, ""),
        ("/none", 200, r#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}"#),
        ("/other", 200, r#"{"kind":"Pod","apiVersion":"v1"}"#),
    ] {
        let response =
            json!({"status": status, "body": body, "headers": {"Content-Type": "text/html"}});
        stubs.push(json!({"request": {"urlPath": path}, "response": response}));
    }
    let uid = json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
        "response": {"uid": "x", "allowed": true},
    });
    stubs.push(
        json!({"request": {"urlPath": "/uid"}, "response": {"status": 200, "jsonBody": uid}}),
    );
    for (path, status, to) in [
        ("/loop", 307, "/loop"),
        ("/moved", 307, "/type"),
        ("/found", 302, "/got"),
        ("/ftp", 308, "ftp://x/"),
    ] {
        let response = json!({"status": status, "headers": {"Location": to}});
        stubs.push(json!({"request": {"urlPath": path}, "response": response}));
    }
    let got = json!({"status": 500, "body": "got"});
    stubs.push(json!({"request": {"method": "GET", "urlPath": "/got"}, "response": got}));
    let slow = json!({"status": 200, "jsonBody": uid, "fixedDelayMilliseconds": 20_000});
    stubs.push(json!({"request": {"urlPath": "/slow"}, "response": slow}));
    let (hooks, _stubs) = hooks(stubs).await;
    let (server, _fixtures) = api().await;
    let failing = "Internal error occurred: failed calling webhook \"m.e.com\": ";
    let url = format!("https://127.0.0.1:{}", hooks.address().port());
    for (path, status, message) in [
        ("/html", 500, format!("{failing}failed to call webhook: an error on the server (\"<html>\") has prevented the request from succeeding")),
        ("/empty", 500, format!("{failing}failed to call webhook: 0-length response with status code: 200 and content type: text/html")),
        ("/none", 500, format!("{failing}received invalid webhook response: webhook response was absent")),
        ("/other", 500, format!("{failing}failed to call webhook: no kind \"Pod\" is registered for version \"v1\" in scheme \"pkg/runtime/scheme.go:111\"")),
        ("/untyped", 500, format!("{failing}received invalid webhook response: webhook returned response.patch but not response.patchType")),
        ("/text", 500, format!("{failing}failed to call webhook: json: cannot unmarshal string into Go struct field AdmissionResponse.response.allowed of type bool")),
        ("/slow", 500, format!("{failing}failed to call webhook: Post \"{url}/slow?timeout=1s\": context deadline exceeded")),
        // As Go's client follows redirects.
        ("/loop", 500, format!("{failing}failed to call webhook: Post \"/loop\": stopped after 10 redirects")),
        ("/found", 500, format!("{failing}failed to call webhook: an error on the server (\"got\") has prevented the request from succeeding")),
        ("/ftp", 500, format!("{failing}failed to call webhook: Post \"ftp://x/\": unsupported protocol scheme \"ftp\"")),
        ("/moved", 500, "Internal error occurred: json: cannot unmarshal number into Go struct field ConfigMap.data of type string".to_owned()),
        ("/type", 500, "Internal error occurred: json: cannot unmarshal number into Go struct field ConfigMap.data of type string".to_owned()),
        ("/nowhere", 500, "Internal error occurred: remove operation does not apply: doc is missing path: \"/nothing/here\": missing value".to_owned()),
    ] {
        let mut hook = webhook(&hooks, "m.e.com", path, &["configmaps"]);
        hook["timeoutSeconds"] = json!(if path == "/slow" { 1 } else { 30 });
        configure(&server, "Mutating", "m", &[hook]).await;
        let answer = write(&server, "POST", MAPS, &map("a")).await;
        assert_eq!(code(&answer), (status, message), "{path}");
        let target = format!("{CONFIGURATIONS}/mutatingwebhookconfigurations/m");
        assert_eq!(ask(&server, "DELETE", &target).await.status.as_u16(), 200);
    }
    let mut hook = webhook(&hooks, "m.e.com", "/invalid", &["configmaps"]);
    configure(&server, "Mutating", "m", &[hook.clone()]).await;
    let (status, message) = code(&write(&server, "POST", MAPS, &map("a")).await);
    assert_eq!(status, 422, "{message}");
    assert!(message.starts_with("ConfigMap \"a\" is invalid: metadata.labels: "), "{message}");
    // A failure to ask is ignored where the configuration says so; a wrong uid is such a failure.
    hook["clientConfig"]["url"] = json!(format!("{url}/uid"));
    hook["failurePolicy"] = json!("Ignore");
    hook["name"] = json!("i.e.com");
    let ignored = json!({"webhooks": [hook]});
    let target = format!("{CONFIGURATIONS}/mutatingwebhookconfigurations/m");
    assert_eq!(write(&server, "PATCH", &target, &ignored).await.status.as_u16(), 200);
    assert_eq!(write(&server, "POST", MAPS, &map("a")).await.status.as_u16(), 201);
}

#[tokio::test]
async fn a_refusal_has_the_status_and_the_warnings_of_the_webhook() {
    let status = json!({
        "code": 418, "reason": "Teapot", "message": "short",
        "details": {"name": "n", "causes": [{"reason": "Own", "message": "m", "field": "f"}], "retryAfterSeconds": 3},
    });
    let mut refusal = refuse(&status);
    refusal["warnings"] = json!(["one", "a \"quoted\" one", "line\nbreak", "one"]);
    let (hooks, _stubs) =
        hooks(vec![stub("/refuse", &[], &refusal), stub("/mute", &[], &json!({"allowed": false}))])
            .await;
    let (server, _fixtures) = api().await;
    let both = [
        webhook(&hooks, "a.e.com", "/refuse", &["configmaps"]),
        webhook(&hooks, "b.e.com", "/mute", &["configmaps"]),
    ];
    configure(&server, "Validating", "v", &both).await;
    let answer = write(&server, "POST", MAPS, &map("a")).await;
    let denied = "admission webhook \"a.e.com\" denied the request: short";
    assert_eq!(code(&answer), (418, denied.to_owned()));
    let status = answer.json();
    assert_eq!(status["reason"], "Teapot");
    assert_eq!(status["details"]["causes"][0]["reason"], "Own");
    assert_eq!(answer.headers["retry-after"], "3");
    assert_eq!(warnings(&answer), ["299 - \"one\"", "299 - \"a \\\"quoted\\\" one\""]);
    let target = format!("{CONFIGURATIONS}/validatingwebhookconfigurations/v");
    let second = json!({"webhooks": [both[1]]});
    assert_eq!(write(&server, "PATCH", &target, &second).await.status.as_u16(), 200);
    let denied = "admission webhook \"b.e.com\" denied the request without explanation";
    let answer = write(&server, "POST", MAPS, &map("a")).await;
    assert_eq!(code(&answer), (400, denied.to_owned()));
}

#[tokio::test]
async fn no_webhook_is_asked_twice_for_the_same() {
    // Each of them allows a first request only.
    let once = |path: &str, response: &Value| {
        let mut first = stub(path, &[], response);
        first["scenarioName"] = json!(path);
        first["requiredScenarioState"] = json!("Started");
        first["newScenarioState"] = json!("asked");
        let mut second = stub(path, &[], &refuse(&json!({"message": "again"})));
        second["scenarioName"] = json!(path);
        second["requiredScenarioState"] = json!("asked");
        [first, second]
    };
    let label =
        |name: &str| patch(&json!([{"op": "add", "path": format!("/data/{name}"), "value": name}]));
    let mut stubs = Vec::new();
    for (path, response) in [
        ("/m1", label("one")),
        ("/m2", label("two")),
        ("/v1", json!({"allowed": true})),
        ("/v2", json!({"allowed": true})),
    ] {
        stubs.extend(once(path, &response));
    }
    let (hooks, _stubs) = hooks(stubs).await;
    let (server, _fixtures) = api().await;
    let of = |path: &str, name: &str| webhook(&hooks, name, path, &["configmaps"]);
    configure(&server, "Mutating", "b", &[of("/m2", "two.e.com")]).await;
    configure(&server, "Mutating", "a", &[of("/m1", "one.e.com")]).await;
    let judges = [of("/v1", "one.e.com"), of("/v2", "two.e.com")];
    configure(&server, "Validating", "v", &judges).await;
    let created = write(&server, "POST", MAPS, &map("a")).await;
    assert_eq!(created.status.as_u16(), 201, "{}", created.text());
    assert_eq!(created.json()["data"], json!({"a": "b", "one": "one", "two": "two"}));
    let again = write(&server, "POST", MAPS, &map("c")).await;
    assert_eq!(code(&again).1, "admission webhook \"one.e.com\" denied the request: again");
}

#[tokio::test]
async fn a_webhook_sees_again_what_later_ones_have_changed() {
    let add = |path: &str| json!([{"op": "add", "path": path, "value": "yes"}]);
    let (hooks, _stubs) = hooks(vec![
        stub("/first", &[("object.data.later", "yes")], &patch(&add("/data/again"))),
        stub("/first", &[], &json!({"allowed": true})),
        stub("/later", &[], &patch(&add("/data/later"))),
    ])
    .await;
    let (server, _fixtures) = api().await;
    let mut first = webhook(&hooks, "first.e.com", "/first", &["configmaps"]);
    let later = webhook(&hooks, "later.e.com", "/later", &["configmaps"]);
    configure(&server, "Mutating", "a", &[first.clone(), later.clone()]).await;
    let created = write(&server, "POST", MAPS, &map("a")).await.json();
    assert_eq!(created["data"], json!({"a": "b", "later": "yes"}));
    first["reinvocationPolicy"] = json!("IfNeeded");
    let target = format!("{CONFIGURATIONS}/mutatingwebhookconfigurations/a");
    let reinvoked = json!({"webhooks": [first, later]});
    assert_eq!(write(&server, "PATCH", &target, &reinvoked).await.status.as_u16(), 200);
    let created = write(&server, "POST", MAPS, &map("b")).await.json();
    assert_eq!(created["data"], json!({"a": "b", "again": "yes", "later": "yes"}));
}

#[tokio::test]
async fn subresources_and_connections_are_admitted_as_what_they_are() {
    let seven = json!([{"op": "replace", "path": "/spec/replicas", "value": 7}]);
    let scale =
        [("kind.kind", "Scale"), ("subResource", "scale"), ("oldObject.spec.replicas", "2")];
    let exec =
        [("operation", "CONNECT"), ("object.command[0]", "ls"), ("object.kind", "PodExecOptions")];
    let eviction =
        [("kind.kind", "Eviction"), ("resource.resource", "pods"), ("operation", "CREATE")];
    let refusal = |why: &str| refuse(&json!({"message": why}));
    let (hooks, _stubs) = hooks(vec![
        stub("/scale", &scale, &patch(&seven)),
        stub("/judge", &exec, &refusal("no exec")),
        stub("/judge", &eviction, &refusal("no eviction")),
    ])
    .await;
    let (server, _fixtures) = api().await;
    let containers = json!([{"name": "c", "image": "i"}]);
    let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}});
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": template},
    });
    assert_eq!(write(&server, "POST", DEPLOYMENTS, &deployment).await.status.as_u16(), 201);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers},
    });
    assert_eq!(write(&server, "POST", PODS, &pod).await.status.as_u16(), 201);
    let scaled = webhook(&hooks, "m.e.com", "/scale", &["deployments/scale"]);
    configure(&server, "Mutating", "m", &[scaled]).await;
    let others = webhook(&hooks, "v.e.com", "/judge", &["pods/exec", "pods/eviction"]);
    configure(&server, "Validating", "v", &[others]).await;
    let asked = json!({"spec": {"replicas": 5}});
    let answer = write(&server, "PATCH", &format!("{DEPLOYMENTS}/d/scale"), &asked).await;
    assert_eq!(answer.json()["spec"]["replicas"], 7, "{}", answer.text());
    let denied =
        |why: &str| (400, format!("admission webhook \"v.e.com\" denied the request: {why}"));
    let exec = ask(&server, "POST", &format!("{PODS}/p/exec?command=ls&stdout=1")).await;
    assert_eq!(code(&exec), denied("no exec"));
    let eviction =
        json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}});
    let evicted = write(&server, "POST", &format!("{PODS}/p/eviction"), &eviction).await;
    assert_eq!(code(&evicted), denied("no eviction"));
    assert_eq!(ask(&server, "DELETE", &format!("{PODS}/p")).await.status.as_u16(), 200);
}

#[tokio::test]
async fn each_object_of_a_deleted_collection_is_judged() {
    let (hooks, _stubs) = hooks(vec![
        stub("/judge", &[("oldObject.metadata.name", "b")], &refuse(&json!({"message": "not b"}))),
        stub("/judge", &[], &json!({"allowed": true})),
    ])
    .await;
    let (server, _fixtures) = api().await;
    for name in ["a", "b", "c"] {
        let mut object = map(name);
        object["metadata"]["labels"] = json!({"l": "1"});
        assert_eq!(write(&server, "POST", MAPS, &object).await.status.as_u16(), 201);
    }
    configure(&server, "Validating", "v", &[webhook(&hooks, "v.e.com", "/judge", &["configmaps"])])
        .await;
    let selected = format!("{MAPS}?labelSelector=l=1");
    let answer = ask(&server, "DELETE", &selected).await;
    assert_eq!(
        code(&answer),
        (400, "admission webhook \"v.e.com\" denied the request: not b".to_owned())
    );
    assert_eq!(ask(&server, "GET", &selected).await.names(), ["b", "c"]);
    // Their configurations are exempt.
    let everything = webhook(&hooks, "all.e.com", "/none", &["*"]);
    configure(&server, "Validating", "w", &[everything]).await;
    for name in ["v", "w"] {
        let target = format!("{CONFIGURATIONS}/validatingwebhookconfigurations/{name}");
        assert_eq!(ask(&server, "DELETE", &target).await.status.as_u16(), 200);
    }
    assert_eq!(ask(&server, "DELETE", &selected).await.status.as_u16(), 200);
}
