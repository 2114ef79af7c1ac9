//! Audit events that kube-apiserver sends to a webhook.

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tempfile::TempDir;

use crate::envtest::{Sender, assets, start, terminated};
use crate::support::{ask, eventually, files, kubeconfig};

const POLICY: &str = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\n\
    rules: [{level: None, nonResourceURLs: [/readyz]}, {level: Metadata}]\n";

/// A webhook that takes everything.
async fn webhook() -> (RunningServer, TempDir) {
    let stub = json!({
        "request": {"method": "POST", "urlPath": "/audit"}, "response": {"status": 200},
    });
    let directory = files(&[("stubs.json", &json!({"mappings": [stub]}).to_string())]);
    let server = Server::builder().fixtures(directory.path()).start().await.expect("it starts");
    (server, directory)
}

/// What the webhook has got: the events of each list, by their paths.
async fn lists(webhook: &RunningServer) -> Vec<Vec<String>> {
    let requests = ask(webhook, "GET", "/__admin/requests").await.json();
    let requests = requests["requests"].as_array().cloned().unwrap_or_default();
    let uri = |event: &Value| event["requestURI"].as_str().unwrap_or_default().to_owned();
    let list = |request: &Value| {
        let body = request["request"]["body"].as_str().unwrap_or_default();
        let list: Value = serde_json::from_str(body).expect("a list");
        assert_eq!(
            (&list["kind"], &list["apiVersion"]),
            (&json!("EventList"), &json!("audit.k8s.io/v1"))
        );
        list["items"].as_array().into_iter().flatten().map(uri).collect()
    };
    // The last one comes first.
    requests.iter().rev().map(list).collect()
}

#[tokio::test]
async fn events_are_sent_one_by_one_or_many_at_once() {
    let (root, assets) = assets(&[]).await;
    for (mode, wanted) in
        [("blocking", vec![vec!["/api"], vec!["/apis"]]), ("batch", vec![vec!["/api", "/apis"]])]
    {
        let (webhook, _stubs) = webhook().await;
        let config = kubeconfig(&format!("{}/audit", webhook.url()), "");
        let files = files(&[("policy.yaml", POLICY), ("webhook", &config)]);
        let path = |name: &str| files.path().join(name).display().to_string();
        let policy = format!("--audit-policy-file={}", path("policy.yaml"));
        let config = format!("--audit-webhook-config-file={}", path("webhook"));
        let mode = format!("--audit-webhook-mode={mode}");
        let flags = [&*policy, &config, &mode, "--authorization-mode=RBAC"];
        let plane = start(&assets, &root.path().join("certificates"), &flags);
        plane.ready("/readyz").await;
        for target in ["/api", "/apis"] {
            plane.get(target, Sender::Nobody).await;
        }
        // What waits for others is sent when the server ends.
        assert_eq!(terminated(plane.server).await, Some(0));
        eventually("the events are there", async || lists(&webhook).await == wanted).await;
    }
}
