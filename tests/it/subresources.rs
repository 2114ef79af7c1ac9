//! Subresources of built-in types, as kube-apiserver 1.36.3 answers them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use standin::{RunningServer, Server};

use crate::support::{Answer, ask, files, post, send, server};

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const PODS: &str = "/api/v1/namespaces/default/pods";
const APPLY: (&str, &str) = ("content-type", "application/apply-patch+yaml");
const MERGE: (&str, &str) = ("content-type", "application/merge-patch+json");

async fn patch(server: &RunningServer, target: &str, media: (&str, &str), patch: &Value) -> Answer {
    send(server, "PATCH", target, &[media], &patch.to_string()).await
}

async fn create(server: &RunningServer, target: &str, object: &Value) {
    let answer = post(server, "POST", target, object).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": {"a": "b"}},
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "a", "image": "b"}]},
            },
        },
    })
}

fn pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "a", "image": "b"}]},
    })
}

fn scale(replicas: i32) -> Value {
    json!({
        "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "d"},
        "spec": {"replicas": replicas},
    })
}

#[tokio::test]
async fn a_scale_is_applied_and_owned() {
    let server = server().await;
    create(&server, DEPLOYMENTS, &deployment()).await;
    let of = format!("{DEPLOYMENTS}/d/scale?fieldManager=scaler");
    let conflict = patch(&server, &of, APPLY, &scale(2)).await;
    assert_eq!(conflict.status, 409, "{}", conflict.text());
    assert_eq!(conflict.at("/details/causes/0/field"), ".spec.replicas");
    let applied = patch(&server, &format!("{of}&force=true"), APPLY, &scale(2)).await;
    assert_eq!(applied.status, 200, "{}", applied.text());
    // As client-go's apply configuration of a Scale: what it leaves out is that of the current one.
    let mut nameless = scale(2);
    nameless["metadata"] = json!({});
    let applied = patch(&server, &format!("{of}&force=true"), APPLY, &nameless).await;
    assert_eq!(applied.status, 200, "{}", applied.text());
    assert_eq!(applied.at("/metadata/name"), "d");
    assert_eq!(applied.at("/spec/replicas"), 2);
    assert_eq!(applied.at("/kind"), "Scale");
    let object = ask(&server, "GET", &format!("{DEPLOYMENTS}/d")).await.json();
    assert_eq!(object["spec"]["replicas"], 2);
    let managed = object["metadata"]["managedFields"].as_array().unwrap();
    let own = managed.iter().find(|entry| entry["manager"] == "scaler").unwrap();
    assert_eq!(own["subresource"], "scale");
    assert_eq!(own["operation"], "Apply");
    assert_eq!(own["fieldsV1"], json!({"f:spec": {"f:replicas": {}}}));
    let other = patch(&server, &of, APPLY, &deployment()).await;
    assert_eq!(other.status, 400, "{}", other.text());
    let negative = patch(&server, &format!("{of}&force=true"), APPLY, &scale(-1)).await;
    assert_eq!(negative.status, 422, "{}", negative.text());
}

#[tokio::test]
async fn a_status_is_written_with_the_metadata_that_its_type_lets_through() {
    let server = server().await;
    create(&server, DEPLOYMENTS, &deployment()).await;
    create(&server, PODS, &pod()).await;
    let owner = json!([{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u"}]);
    let change = json!({"metadata": {
        "annotations": {"k": "v"}, "labels": {"k": "v"}, "ownerReferences": owner,
    }});
    for (object, labels, owners) in [
        (format!("{DEPLOYMENTS}/d"), Value::Null, owner),
        (format!("{PODS}/p"), json!("v"), Value::Null),
    ] {
        let answer = patch(&server, &format!("{object}/status"), MERGE, &change).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let stored = ask(&server, "GET", &object).await;
        assert_eq!(stored.at("/metadata/annotations/k"), "v", "{object}");
        assert_eq!(stored.at("/metadata/labels/k"), labels, "{object}");
        assert_eq!(stored.at("/metadata/ownerReferences"), owners, "{object}");
    }
}

#[tokio::test]
async fn the_body_of_a_subresource_has_its_kind() {
    let server = server().await;
    create(&server, PODS, &pod()).await;
    let binding = |version: &str| {
        json!({
            "apiVersion": version, "kind": "Binding", "metadata": {"name": "p"},
            "target": {"kind": "Node", "name": "n"},
        })
    };
    let path = format!("{PODS}/p/binding");
    let wrong = post(&server, "POST", &path, &binding("coordination.k8s.io/v1")).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(
        wrong.at("/message"),
        "Binding in version \"v1\" cannot be handled as a Binding: no kind \"Binding\" is registered for version \
         \"coordination.k8s.io/v1\" in scheme \"pkg/runtime/scheme.go:111\""
    );
    assert_eq!(post(&server, "POST", &path, &binding("v1")).await.status, 201);
    let eviction = |version: &str, kind: &str| json!({"apiVersion": version, "kind": kind, "metadata": {"name": "p"}});
    let path = format!("{PODS}/p/eviction");
    assert_eq!(post(&server, "POST", &path, &eviction("policy/v1", "Pod")).await.status, 400);
    assert_eq!(
        post(&server, "POST", &path, &eviction("policy/v1beta1", "Eviction")).await.status,
        201
    );
}

/// The media type of a new object comes before its options; of a changed one after them.
#[tokio::test]
async fn what_is_checked_first_is_what_upstream_checks_first() {
    let server = server().await;
    create(&server, PODS, &pod()).await;
    let body = pod().to_string();
    for (method, path, status) in
        [("POST", PODS.to_owned(), 415), ("PUT", format!("{PODS}/p"), 422)]
    {
        let target = format!("{path}?dryRun=x");
        let answer = send(&server, method, &target, &[MERGE], &body).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}

/// A server without fixtures is an API server; one with stubs answers with what is nearest.
#[tokio::test]
async fn the_index_of_paths_is_there_where_no_stub_is() {
    let bare = server().await;
    let index = ask(&bare, "GET", "/").await;
    assert_eq!(index.status, 200);
    assert!(index.json()["paths"].as_array().unwrap().contains(&json!("/apis/apps/v1")));
    let stub = r#"{"request": {"urlPath": "/a"}, "response": {"status": 200}}"#;
    let own = files(&[("a.json", stub)]);
    let stubs = standin::Server::builder().fixtures(own.path()).start().await.unwrap();
    assert_eq!(ask(&stubs, "GET", "/").await.status, 404);
}

#[tokio::test]
async fn annotations_hold_what_containers_have_written() {
    let server = server().await;
    let mut object = pod();
    object["metadata"]["annotations"] =
        json!({"standin.dev/logs": "one\ntwo\n", "standin.dev/logs.z": "first\n"});
    object["spec"]["nodeName"] = json!("n");
    object["spec"]["initContainers"] = json!([{"name": "z", "image": "b"}]);
    create(&server, PODS, &object).await;
    let log = async |query: &str| ask(&server, "GET", &format!("{PODS}/p/log?{query}")).await;
    for (query, text) in [
        ("", "one\ntwo\n"),
        ("tailLines=1", "two\n"),
        ("container=z", "first\n"),
        ("limitBytes=2", "on"),
    ] {
        let answer = log(query).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, text), "{query}");
        assert_eq!(answer.headers["content-type"], "text/plain");
    }
    for (query, code, why) in [
        ("tailLines=x", 400, "strconv.ParseInt: parsing \"x\": invalid syntax"),
        (
            "limitBytes=0",
            422,
            "PodLogOptions \"p\" is invalid: limitBytes: Invalid value: 0: must be greater than 0",
        ),
        (
            "stream=x",
            422,
            "PodLogOptions \"p\" is invalid: stream: Forbidden: may not be specified",
        ),
        ("container=q", 400, "container q is not valid for pod p"),
        ("previous=true", 400, "previous terminated container \"a\" in pod \"p\" not found"),
    ] {
        let answer = log(query).await;
        assert_eq!(answer.status, code, "{query}");
        assert_eq!(answer.at("/message"), why, "{query}");
    }
}

#[tokio::test]
async fn tokens_are_of_the_issuers_that_are_set() {
    let directory = files(&[("none.json", r#"{"mappings": []}"#)]);
    let none: [&str; 0] = [];
    let server = Server::builder()
        .fixtures(directory.path())
        .service_account_issuers(["https://a/", "https://b/"], none)
        .start()
        .await
        .unwrap();
    let accounts = "/api/v1/namespaces/default/serviceaccounts";
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "s"}});
    create(&server, accounts, &account).await;
    let request =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
    let made = post(&server, "POST", &format!("{accounts}/s/token"), &request).await;
    assert_eq!(made.at("/spec/audiences"), json!(["https://a/", "https://b/"]), "{}", made.text());
    let token = made.at("/status/token");
    let claims = token.as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    assert_eq!(claims["iss"], "https://a/");
    let review = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
        "spec": {"token": token, "audiences": ["https://b/", "z"]},
    });
    let reviews = "/apis/authentication.k8s.io/v1/tokenreviews";
    let reviewed = post(&server, "POST", reviews, &review).await;
    assert_eq!(reviewed.at("/status/authenticated"), true, "{}", reviewed.text());
    assert_eq!(reviewed.at("/status/audiences"), json!(["https://b/"]));
}

#[tokio::test]
async fn what_an_apply_or_an_update_creates_has_a_uid_of_its_own() {
    let server = server().await;
    let mut uids = std::collections::BTreeSet::new();
    for name in ["a", "b"] {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
        let target = format!("/api/v1/namespaces/default/configmaps/{name}?fieldManager=m");
        let made = patch(&server, &target, APPLY, &map).await;
        assert_eq!(made.status, 201, "{}", made.text());
        uids.insert(made.at("/metadata/uid").to_string());
        let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}});
        let target = format!("/apis/coordination.k8s.io/v1/namespaces/default/leases/{name}");
        let made = post(&server, "PUT", &target, &lease).await;
        assert_eq!(made.status, 201, "{}", made.text());
        uids.insert(made.at("/metadata/uid").to_string());
    }
    assert_eq!(uids.len(), 4, "{uids:?}");
}
