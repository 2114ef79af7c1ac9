//! The audit log: which events there are of a request, what webhooks and policies add, and that nothing secret is in it.

use std::path::Path;

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tempfile::TempDir;

use crate::admission::{hooks, patch, stub, webhook};
use crate::support::{Answer, eventually, files, send};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1";

/// A server with an audit policy of some rules, and its directory.
async fn audited(rules: &Value) -> (RunningServer, TempDir) {
    let policy = json!({
        "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": rules,
    });
    let directory =
        files(&[("none.json", r#"{"mappings": []}"#), ("audit/policy.yaml", &policy.to_string())]);
    let root = directory.path();
    let server = Server::builder()
        .fixtures(root.join("none.json"))
        .audit(root.join("audit/policy.yaml"), root.join("audit/audit.log"))
        .start()
        .await
        .expect("it starts");
    (server, directory)
}

async fn write(server: &RunningServer, method: &str, target: &str, body: &Value) -> Answer {
    send(server, method, target, &[("content-type", "application/json")], &body.to_string()).await
}

fn events(directory: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(directory.join("audit/audit.log")).unwrap_or_default();
    // The last line may be half written.
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The events of the last request at a path, once there are so many.
async fn events_of(directory: &TempDir, uri: &str, count: usize) -> Vec<Value> {
    let found = || {
        let mut all = events(directory.path());
        all.retain(|event| event["requestURI"] == uri);
        all
    };
    eventually("the events are written", async || found().len() >= count).await;
    found()
}

fn map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}})
}

#[tokio::test]
async fn an_event_has_what_its_rule_asks_for() {
    let (server, directory) = audited(&json!([
        {"level": "None", "verbs": ["list"]},
        {"level": "Metadata", "resources": [{"resources": ["secrets"]}]},
        {"level": "RequestResponse", "omitManagedFields": true},
    ]))
    .await;
    let answer = write(&server, "POST", MAPS, &map("a")).await;
    assert_eq!(answer.status.as_u16(), 201);
    send(&server, "GET", MAPS, &[], "").await;
    write(&server, "POST", MAPS, &map("a")).await;
    let events = events_of(&directory, MAPS, 2).await;
    assert_eq!(events.len(), 2, "{events:?}");
    let [created, refused] = &*events else { panic!("{events:?}") };
    assert_eq!(created["stage"], "ResponseComplete");
    assert_eq!(created["auditID"], answer.headers["audit-id"].to_str().unwrap());
    assert_eq!(created["user"]["username"], "system:anonymous");
    assert_eq!(created["sourceIPs"], json!(["127.0.0.1"]));
    assert_eq!(
        created["objectRef"],
        json!({"resource": "configmaps", "namespace": "default", "name": "a", "apiVersion": "v1"})
    );
    assert_eq!(created["responseStatus"], json!({"metadata": {}, "code": 201}));
    assert_eq!(created["requestObject"]["data"], json!({"a": "b"}));
    let stored = &created["responseObject"]["metadata"];
    assert!(stored["uid"].is_string() && stored["managedFields"].is_null(), "{stored}");
    assert_eq!(
        created["annotations"],
        json!({"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""})
    );
    assert_eq!(refused["responseStatus"]["reason"], "AlreadyExists");
    assert_eq!(refused["responseObject"]["kind"], "Status");
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "hunter2-xyzzy"},
    });
    let secrets = "/api/v1/namespaces/default/secrets";
    write(&server, "POST", secrets, &secret).await;
    let events = events_of(&directory, secrets, 1).await;
    assert_eq!(events[0]["level"], "Metadata");
    assert!(events[0]["requestObject"].is_null() && events[0]["objectRef"]["name"] == "s");
    // What is sent is shown as it is, a patch for one.
    let path = format!("{MAPS}/a");
    let patch = [("content-type", "application/merge-patch+json")];
    send(&server, "PATCH", &path, &patch, r#"{"data":{"c":"d"}}"#).await;
    let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0});
    write(&server, "DELETE", &path, &options).await;
    let events = events_of(&directory, &path, 2).await;
    assert_eq!(events[0]["requestObject"], json!({"data": {"c": "d"}}));
    assert_eq!(events[1]["requestObject"]["apiVersion"], "meta.k8s.io/__internal");
    assert_eq!(events[1]["responseStatus"]["status"], "Success");
}

#[tokio::test]
async fn a_watch_has_an_event_when_it_begins_and_one_when_it_ends() {
    let (server, directory) = audited(&json!([{"level": "RequestResponse"}])).await;
    let uri = format!("{MAPS}?watch=true&timeoutSeconds=1");
    send(&server, "GET", &uri, &[], "").await;
    let events = events_of(&directory, &uri, 2).await;
    let stages: Vec<&Value> = events.iter().map(|event| &event["stage"]).collect();
    assert_eq!(stages, ["ResponseStarted", "ResponseComplete"]);
    assert!(events.iter().all(|event| event["verb"] == "watch" && event["auditID"].is_string()));
    assert!(events.iter().all(|event| event["responseObject"].is_null()));
}

#[tokio::test]
async fn secrets_have_pseudonyms_in_the_log() {
    let (server, directory) = audited(&json!([{"level": "RequestResponse"}])).await;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "hunter2-xyzzy"},
    });
    let secrets = "/api/v1/namespaces/default/secrets";
    assert_eq!(write(&server, "POST", secrets, &secret).await.status.as_u16(), 201);
    let events = events_of(&directory, secrets, 1).await;
    assert_eq!(events[0]["requestObject"]["metadata"]["name"], "s");
    let text = std::fs::read_to_string(directory.path().join("audit/audit.log")).unwrap();
    assert!(!text.contains("hunter2-xyzzy") && !text.contains("aHVudGVyMi14eXp6eQ"), "{text}");
}

#[tokio::test]
async fn webhooks_and_policies_annotate_their_requests() {
    let labels = json!([{"op": "add", "path": "/metadata/labels", "value": {"hooked": "yes"}}]);
    let mut answer = patch(&labels);
    answer["auditAnnotations"] = json!({"seen": "by the webhook"});
    let (hooks, _stubs) = hooks(vec![stub("/label", &[], &answer)]).await;
    let (server, directory) = audited(&json!([{"level": "Request"}])).await;
    let mut failing = webhook(&hooks, "broken.e.com", "/nothing", &["configmaps"]);
    failing["failurePolicy"] = json!("Ignore");
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "m"},
        "webhooks": [webhook(&hooks, "m.e.com", "/label", &["configmaps"]), failing],
    });
    let path = format!("{CONFIGURATIONS}/mutatingwebhookconfigurations");
    assert_eq!(write(&server, "POST", &path, &configuration).await.status.as_u16(), 201);
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "p"},
        "spec": {
            "matchConstraints": {"resourceRules": [{
                "apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"],
            }]},
            "validations": [
                {"expression": "true"}, {"expression": "object.data.a == 'x'", "message": "not x"},
            ],
            "auditAnnotations": [{"key": "name", "valueExpression": "string(object.metadata.name)"}],
        },
    });
    let path = format!("{CONFIGURATIONS}/validatingadmissionpolicies");
    assert_eq!(write(&server, "POST", &path, &policy).await.status.as_u16(), 201);
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "b"}, "spec": {"policyName": "p", "validationActions": ["Audit", "Warn"]},
    });
    let path = format!("{CONFIGURATIONS}/validatingadmissionpolicybindings");
    assert_eq!(write(&server, "POST", &path, &binding).await.status.as_u16(), 201);
    assert_eq!(write(&server, "POST", MAPS, &map("a")).await.status.as_u16(), 201);
    let events = events_of(&directory, MAPS, 1).await;
    let patched = "{\"configuration\":\"m\",\"webhook\":\"m.e.com\",\"patch\":[{\"op\":\"add\",\"path\":\"/metadata/labels\",\"value\":{\"hooked\":\"yes\"}}],\"patchType\":\"JSONPatch\"}";
    assert_eq!(
        events[0]["annotations"],
        json!({
            "authorization.k8s.io/decision": "allow",
            "authorization.k8s.io/reason": "",
            "mutation.webhook.admission.k8s.io/round_0_index_0":
                "{\"configuration\":\"m\",\"webhook\":\"m.e.com\",\"mutated\":true}",
            "mutation.webhook.admission.k8s.io/round_0_index_1":
                "{\"configuration\":\"m\",\"webhook\":\"broken.e.com\",\"mutated\":false}",
            "failed-open.mutating.webhook.admission.k8s.io/round_0_index_1": "broken.e.com",
            "patch.webhook.admission.k8s.io/round_0_index_0": patched,
            "m.e.com/seen": "by the webhook",
            "validation.policy.admission.k8s.io/validation_failure":
                "[{\"message\":\"not x\",\"policy\":\"p\",\"binding\":\"b\",\"expressionIndex\":1,\"validationActions\":[\"Audit\",\"Warn\"]}]",
            "p/name": "a",
        })
    );
}
