//! Tokens that a webhook knows: who their owners are, how often it is asked, and what is remembered.

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tempfile::TempDir;

use crate::support::{ask, files, kubeconfig, post, send};

const PODS: &str = "/api/v1/namespaces/default/pods";

/// A webhook that knows the token `good`.
async fn webhook() -> (RunningServer, TempDir) {
    let reviews = |token: &str, status: &Value| {
        json!({
            "request": {
                "method": "POST", "urlPath": "/authn",
                "bodyPatterns": [{"matchesJsonPath": {"expression": "$.spec.token", "equalTo": token}}],
            },
            "response": {"status": 200, "jsonBody": {
                "kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "status": status,
            }},
        })
    };
    let ann = json!({"authenticated": true, "user": {"username": "ann", "groups": ["readers"]}});
    let stubs = json!({"mappings": [
        reviews("good", &ann),
        reviews("bad", &json!({"authenticated": false})),
    ]});
    let directory = files(&[("stubs.json", &stubs.to_string())]);
    let server = Server::builder().fixtures(directory.path()).start().await.expect("it starts");
    (server, directory)
}

async fn api(webhook: &RunningServer, mode: &str) -> (RunningServer, TempDir) {
    let config = kubeconfig(&format!("{}/authn", webhook.url()), "");
    let directory = files(&[("none.json", r#"{"mappings": []}"#), ("config/webhook", &config)]);
    let minutes = std::time::Duration::from_secs(120);
    let server = Server::builder()
        .fixtures(directory.path().join("none.json"))
        .authorization_mode([mode])
        .token_webhook(directory.path().join("config/webhook"), "v1", minutes)
        .start()
        .await
        .expect("it starts");
    (server, directory)
}

async fn status(server: &RunningServer, token: &str) -> (u16, String) {
    let value = format!("Bearer {token}");
    let answer = send(server, "GET", PODS, &[("authorization", &value)], "").await;
    (answer.status.as_u16(), answer.text().to_owned())
}

async fn reviews(webhook: &RunningServer) -> usize {
    let requests = ask(webhook, "GET", "/__admin/requests").await.json();
    requests["requests"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_token_of_the_webhook_has_its_owner_until_its_time_is_over() {
    let (webhook, _stubs) = webhook().await;
    let (server, _files) = api(&webhook, "RBAC").await;
    for _ in 0..2 {
        // Ann is known, and may not list pods.
        let (code, why) = status(&server, "good").await;
        assert!(code == 403 && why.contains(r#"User \"ann\" cannot list"#), "{code} {why}");
        assert_eq!(status(&server, "bad").await.0, 401);
    }
    assert_eq!(reviews(&webhook).await, 2);
    let asked = ask(&webhook, "GET", "/__admin/requests").await.json();
    let request = &asked["requests"][1]["request"];
    assert_eq!(request["url"], "/authn?timeout=30s");
    let review: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!(review["apiVersion"], "authentication.k8s.io/v1");
    assert_eq!(review["spec"]["audiences"], json!(["https://kubernetes.default.svc"]));
    // The time is that of the world.
    post(&server, "POST", "/__admin/clock/advance", &json!({"by": "121s"})).await;
    assert_eq!(status(&server, "good").await.0, 403);
    assert_eq!(reviews(&webhook).await, 3);
}

#[tokio::test]
async fn a_review_of_a_token_asks_the_webhook_too() {
    let (webhook, _stubs) = webhook().await;
    let (server, _files) = api(&webhook, "AlwaysAllow").await;
    let review = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "good"},
    });
    let sender = [("authorization", "Bearer good"), ("content-type", "application/json")];
    let path = "/apis/authentication.k8s.io/v1/tokenreviews";
    let mut review = review;
    for (token, name) in [("good", json!("ann")), ("bad", Value::Null)] {
        review["spec"]["token"] = json!(token);
        let answer = send(&server, "POST", path, &sender, &review.to_string()).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
        let status = answer.at("/status");
        assert_eq!(status["user"]["username"], name, "{status}");
        assert_eq!(status["authenticated"] == true, token == "good");
    }
}
