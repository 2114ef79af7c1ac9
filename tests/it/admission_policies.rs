//! `ValidatingAdmissionPolicy` with bindings, and conditions of webhooks, over HTTP.

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tempfile::TempDir;

use crate::support::{Answer, files, send};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1";

async fn api() -> (RunningServer, TempDir) {
    let directory = files(&[("none.json", r#"{"mappings": []}"#)]);
    let server = Server::builder().fixtures(directory.path()).start().await.expect("it starts");
    (server, directory)
}

async fn write(server: &RunningServer, method: &str, target: &str, body: &Value) -> Answer {
    let media = match method {
        "PATCH" => "application/merge-patch+json",
        _ => "application/json",
    };
    send(server, method, target, &[("content-type", media)], &body.to_string()).await
}

fn code(answer: &Answer) -> (u16, String) {
    let message = answer.json()["message"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), message)
}

async fn configure(server: &RunningServer, kind: &str, name: &str, spec: Value) -> (u16, String) {
    let object = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec,
    });
    let plural = match kind {
        "ValidatingAdmissionPolicy" => "validatingadmissionpolicies",
        _ => "validatingadmissionpolicybindings",
    };
    code(&write(server, "POST", &format!("{CONFIGURATIONS}/{plural}"), &object).await)
}

fn policy(resource: &str, validations: &Value) -> Value {
    json!({
        "matchConstraints": {"resourceRules": [{
            "apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": [resource],
        }]},
        "validations": validations,
    })
}

async fn bind(server: &RunningServer, name: &str, action: &str) {
    let binding = json!({"policyName": name, "validationActions": [action]});
    let answer = configure(server, "ValidatingAdmissionPolicyBinding", name, binding).await;
    assert_eq!(answer.0, 201, "{}", answer.1);
}

fn map(name: &str, value: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": value}})
}

#[tokio::test]
async fn policies_judge_what_is_written_and_deleted() {
    let (server, _directory) = api().await;
    let validations = json!([
        {"expression": "object == null || object.data.k != 'bad'", "messageExpression": "'not ' + object.data.k"},
        {"expression": "request.operation != 'DELETE' || oldObject.data.k != 'kept'", "message": "kept", "reason": "Forbidden"},
    ]);
    let spec = policy("configmaps", &validations);
    let answer = configure(&server, "ValidatingAdmissionPolicy", "p", spec).await;
    assert_eq!(answer.0, 201, "{}", answer.1);
    assert_eq!(code(&write(&server, "POST", MAPS, &map("unbound", "bad")).await).0, 201);
    bind(&server, "p", "Deny").await;
    let refused = write(&server, "POST", MAPS, &map("a", "bad")).await;
    let by = "ValidatingAdmissionPolicy 'p' with binding 'p' denied request:";
    assert_eq!(code(&refused), (422, format!("configmaps \"a\" is forbidden: {by} not bad")));
    assert_eq!(refused.json()["reason"], "Invalid");
    assert_eq!(code(&write(&server, "POST", MAPS, &map("a", "kept")).await).0, 201);
    let at = format!("{MAPS}/a");
    let patched = write(&server, "PATCH", &at, &json!({"data": {"k": "bad"}})).await;
    assert_eq!(patched.status.as_u16(), 422);
    let deleted = send(&server, "DELETE", &at, &[], "").await;
    assert_eq!(code(&deleted), (403, format!("configmaps \"a\" is forbidden: {by} kept")));
}

#[tokio::test]
async fn policies_warn() {
    let (server, _directory) = api().await;
    let spec = policy("configmaps", &json!([{"expression": "false", "message": "no"}]));
    assert_eq!(configure(&server, "ValidatingAdmissionPolicy", "p", spec).await.0, 201);
    bind(&server, "p", "Warn").await;
    let answer = write(&server, "POST", MAPS, &map("a", "b")).await;
    assert_eq!(answer.status.as_u16(), 201);
    let wanted =
        "299 - \"Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p': no\"";
    assert_eq!(answer.headers["warning"], wanted);
}

#[tokio::test]
async fn policies_are_checked_when_they_are_written() {
    let (server, _directory) = api().await;
    let spec = policy("configmaps", &json!([{"expression": "1 + 1"}]));
    let refused = configure(&server, "ValidatingAdmissionPolicy", "p", spec).await;
    let why = "spec.validations[0].expression: Invalid value: \"1 + 1\": must evaluate to bool but got int";
    let wanted =
        format!("ValidatingAdmissionPolicy.admissionregistration.k8s.io \"p\" is invalid: {why}");
    assert_eq!(refused, (422, wanted));
    let binding = json!({"policyName": "p", "validationActions": ["Deny", "Warn"]});
    let refused = configure(&server, "ValidatingAdmissionPolicyBinding", "b", binding).await;
    assert!(
        refused.0 == 422 && refused.1.contains("must not contain both Deny and Warn"),
        "{}",
        refused.1
    );
}

#[tokio::test]
async fn conditions_choose_the_requests_of_a_webhook() {
    let (server, _directory) = api().await;
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "w"},
        "webhooks": [{
            "name": "a.b.c", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "clientConfig": {"url": "https://127.0.0.1:1/"},
            "rules": [{
                "operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"],
            }],
            "matchConditions": [{"name": "bad", "expression": "object.data.k == 'bad'"}],
        }],
    });
    let target = format!("{CONFIGURATIONS}/validatingwebhookconfigurations");
    assert_eq!(write(&server, "POST", &target, &configuration).await.status.as_u16(), 201);
    assert_eq!(write(&server, "POST", MAPS, &map("a", "good")).await.status.as_u16(), 201);
    // Nobody answers there.
    assert_eq!(write(&server, "POST", MAPS, &map("b", "bad")).await.status.as_u16(), 500);
    let empty = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}});
    let why = "expression 'object.data.k == 'bad'' resulted in error: no such key: data";
    let wanted = (403, format!("configmaps \"c\" is forbidden: {why}"));
    assert_eq!(code(&write(&server, "POST", MAPS, &empty).await), wanted);
}
