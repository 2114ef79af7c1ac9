//! Authorization webhooks: what they are asked, what follows from their answers, and how long these hold.

use serde_json::{Value, json};
use standin::{Error, RunningServer, Server};
use tempfile::TempDir;

use crate::support::{ask, files, kubeconfig, post, send};

const PODS: &str = "/api/v1/namespaces/default/pods";
const TOKENS: &str = "t-ann,ann,1,devs\nt-bob,bob,2\n";

/// A webhook that allows ann what she lists, refuses bob, and has no opinion of others; it is broken for maps.
async fn webhook() -> (RunningServer, TempDir) {
    let review = |priority: u32, values: &[(&str, &str)], response: Value| {
        let patterns: Vec<Value> = values
            .iter()
            .map(|(path, value)| {
                json!({"matchesJsonPath": {"expression": format!("$.spec.{path}"), "equalTo": value}})
            })
            .collect();
        json!({
            "priority": priority,
            "request": {"method": "POST", "urlPath": "/authz", "bodyPatterns": patterns},
            "response": response,
        })
    };
    let says = |status: Value| json!({"status": 200, "jsonBody": {"status": status}});
    let stubs = json!({"mappings": [
        review(1, &[("resourceAttributes.resource", "configmaps")], json!({"status": 400})),
        review(2, &[("user", "ann"), ("resourceAttributes.verb", "list")], says(json!({"allowed": true}))),
        review(2, &[("user", "bob")], says(json!({"allowed": false, "denied": true, "reason": "not bob"}))),
        review(9, &[], says(json!({"allowed": false, "reason": "who?"}))),
    ]});
    let directory = files(&[("stubs.json", &stubs.to_string())]);
    let server = Server::builder().fixtures(directory.path()).start().await.expect("it starts");
    (server, directory)
}

/// The files of an API server.
fn config(webhook: &RunningServer) -> TempDir {
    let config = kubeconfig(&format!("{}/authz", webhook.url()), "");
    files(&[
        ("none.json", r#"{"mappings": []}"#),
        ("config/webhook", &config),
        ("tokens.csv", TOKENS),
    ])
}

async fn api(webhook: &RunningServer, modes: &[&str]) -> (RunningServer, TempDir) {
    let directory = config(webhook);
    let seconds = std::time::Duration::from_secs;
    let server = Server::builder()
        .fixtures(directory.path().join("none.json"))
        .token_auth_file(directory.path().join("tokens.csv"))
        .authorization_mode(modes.iter().copied())
        .authorization_webhook(
            directory.path().join("config/webhook"),
            "v1",
            seconds(300),
            seconds(30),
        )
        .start()
        .await
        .expect("it starts");
    (server, directory)
}

async fn status(server: &RunningServer, method: &str, target: &str, token: &str) -> (u16, String) {
    let value = format!("Bearer {token}");
    let headers = [("authorization", &*value), ("content-type", "application/json")];
    let answer = send(server, method, target, &headers, "").await;
    (answer.status.as_u16(), answer.text().to_owned())
}

async fn reviews(webhook: &RunningServer) -> Vec<Value> {
    let requests = ask(webhook, "GET", "/__admin/requests").await.json();
    let bodies = requests["requests"].as_array().into_iter().flatten();
    let body = |one: &Value| serde_json::from_str(one["request"]["body"].as_str()?).ok();
    bodies.filter_map(body).collect()
}

#[tokio::test]
async fn the_webhook_allows_refuses_or_leaves_it_to_others() {
    let (webhook, _stubs) = webhook().await;
    let (server, _files) = api(&webhook, &["Webhook"]).await;
    for _ in 0..2 {
        assert_eq!(status(&server, "GET", PODS, "t-ann").await.0, 200);
    }
    let asked = reviews(&webhook).await;
    let wanted = json!({
        "resourceAttributes": {"namespace": "default", "verb": "list", "version": "v1", "resource": "pods"},
        "user": "ann", "groups": ["devs", "system:authenticated"], "uid": "1",
    });
    assert_eq!((asked.len(), &asked[0]["spec"]), (1, &wanted));
    assert_eq!(asked[0]["apiVersion"], "authorization.k8s.io/v1");
    let (code, why) = status(&server, "GET", PODS, "t-bob").await;
    assert!(code == 403 && why.contains("in the namespace \\\"default\\\": not bob"), "{why}");
    let (code, why) = status(&server, "GET", &format!("{PODS}/x"), "t-ann").await;
    assert!(code == 403 && why.contains(": who?"), "{why}");
    let maps = "/api/v1/namespaces/default/configmaps";
    let (code, why) = status(&server, "GET", maps, "t-ann").await;
    let text = format!("Internal Server Error: \"{maps}\": ");
    assert!(code == 500 && why.starts_with(&text), "{code} {why}");
}

#[tokio::test]
async fn answers_hold_for_their_time_by_the_clock_of_the_world() {
    let (webhook, _stubs) = webhook().await;
    let (server, _files) = api(&webhook, &["Webhook", "AlwaysAllow"]).await;
    let one = format!("{PODS}/x");
    // The first is allowed by the webhook, the other one by the mode behind it.
    assert_eq!(status(&server, "GET", PODS, "t-ann").await.0, 200);
    assert_eq!(status(&server, "GET", &one, "t-ann").await.0, 404);
    assert_eq!(reviews(&webhook).await.len(), 2);
    post(&server, "POST", "/__admin/clock/advance", &json!({"by": "31s"})).await;
    assert_eq!(status(&server, "GET", PODS, "t-ann").await.0, 200);
    assert_eq!(reviews(&webhook).await.len(), 2);
    assert_eq!(status(&server, "GET", &one, "t-ann").await.0, 404);
    assert_eq!(reviews(&webhook).await.len(), 3);
}

#[tokio::test]
async fn a_review_of_access_says_what_the_webhook_says() {
    let (webhook, _stubs) = webhook().await;
    let (server, _files) = api(&webhook, &["Webhook", "AlwaysAllow"]).await;
    let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let headers = [("authorization", "Bearer t-ann"), ("content-type", "application/json")];
    let attributes = json!({"verb": "list", "resource": "secrets", "namespace": "default"});
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {"user": "bob", "resourceAttributes": attributes},
    });
    let answer = send(&server, "POST", path, &headers, &review.to_string()).await;
    let status = answer.at("/status");
    assert_eq!(
        status,
        json!({"allowed": false, "denied": true, "reason": "not bob"}),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_file_says_which_requests_a_webhook_is_asked_about() {
    let (webhook, _stubs) = webhook().await;
    let directory = config(&webhook);
    let condition =
        "has(request.resourceAttributes) && request.resourceAttributes.namespace == 'default'";
    let file = json!({
        "apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthorizationConfiguration",
        "authorizers": [
            {"type": "Webhook", "name": "hook", "webhook": {
                "timeout": "3s", "subjectAccessReviewVersion": "v1", "failurePolicy": "Deny",
                "matchConditionSubjectAccessReviewVersion": "v1",
                "matchConditions": [{"expression": condition}],
                "connectionInfo": {
                    "type": "KubeConfigFile", "kubeConfigFile": directory.path().join("config/webhook"),
                },
            }},
            {"type": "AlwaysAllow", "name": "alwaysallow"},
        ],
    });
    let path = directory.path().join("config/authorization.yaml");
    std::fs::write(&path, file.to_string()).unwrap();
    let builder = || {
        Server::builder()
            .fixtures(directory.path().join("none.json"))
            .token_auth_file(directory.path().join("tokens.csv"))
            .authorization_config(&path)
    };
    let server = builder().start().await.expect("it starts");
    assert_eq!(status(&server, "GET", PODS, "t-bob").await.0, 403);
    assert_eq!(status(&server, "GET", "/api/v1/namespaces/other/pods", "t-bob").await.0, 200);
    assert_eq!(reviews(&webhook).await.len(), 1);
    std::fs::write(&path, file.to_string().replace("Deny", "Maybe")).unwrap();
    let Err(Error::Setting(why)) = builder().start().await else { panic!("it started") };
    assert_eq!(
        why,
        "authorizers[0].failurePolicy: Unsupported value: \"Maybe\": supported values: \"NoOpinion\", \"Deny\""
    );
}
