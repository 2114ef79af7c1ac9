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
        "MutatingAdmissionPolicy" => "mutatingadmissionpolicies",
        "MutatingAdmissionPolicyBinding" => "mutatingadmissionpolicybindings",
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

/// A policy that changes a resource in the default namespace, bound.
async fn mutate(server: &RunningServer, name: &str, resource: &str, mutation: Value) {
    let spec = json!({
        "matchConstraints": {"resourceRules": [{
            "apiGroups": ["*"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": [resource],
        }]},
        "mutations": [mutation],
        "reinvocationPolicy": "Never",
    });
    let answer = configure(server, "MutatingAdmissionPolicy", name, spec).await;
    assert_eq!(answer.0, 201, "{}", answer.1);
    let binding = json!({"policyName": name});
    let answer = configure(server, "MutatingAdmissionPolicyBinding", name, binding).await;
    assert_eq!(answer.0, 201, "{}", answer.1);
}

fn applied(expression: &str) -> Value {
    json!({"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}})
}

fn patched(expression: &str) -> Value {
    json!({"patchType": "JSONPatch", "jsonPatch": {"expression": expression}})
}

#[tokio::test]
async fn mutating_policies_change_what_is_stored() {
    let (server, _fixtures) = api().await;
    let labels = applied("Object{metadata: Object.metadata{labels: {'by': request.operation}}}");
    mutate(&server, "labels", "configmaps", labels).await;
    let created = write(&server, "POST", MAPS, &map("a", "1")).await;
    assert_eq!(created.at("/metadata/labels"), json!({"by": "CREATE"}));
    let patched_map =
        write(&server, "PATCH", &format!("{MAPS}/a"), &json!({"data": {"k": "2"}})).await;
    assert_eq!(patched_map.at("/metadata/labels/by"), "UPDATE");
    let side = "Object{spec: Object.spec{replicas: 5, template: Object.spec.template{spec: \
                Object.spec.template.spec{containers: [Object.spec.template.spec.containers{name: 'side', image: 'i'}]}}}}";
    mutate(&server, "side", "deployments", applied(side)).await;
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "c", "image": "i"}]},
            },
        },
    });
    let made =
        write(&server, "POST", "/apis/apps/v1/namespaces/default/deployments", &deployment).await;
    assert_eq!(made.at("/spec/replicas"), 5, "{}", made.text());
    assert_eq!(made.at("/spec/template/spec/containers/1/name"), "side");
    assert_eq!(made.at("/spec/template/spec/containers/1/imagePullPolicy"), "Always");
}

#[tokio::test]
async fn mutating_policies_are_refused_as_upstream_refuses_them() {
    let (server, _fixtures) = api().await;
    for (mutation, code_wanted, wanted) in [
        (
            applied("Object{spec: Object.spec{a: 1}}"),
            403,
            "policy 'p' with binding 'p' denied request: error applying patch: failed to convert patch object to typed \
             object: .spec: field not declared in schema",
        ),
        (
            patched("[JSONPatch{op: 'add', path: '/spec', value: 1}]"),
            500,
            "Internal error occurred: strict decoding error: unknown field \"spec\"",
        ),
    ] {
        mutate(&server, "p", "configmaps", mutation).await;
        let answer = write(&server, "POST", MAPS, &map("a", "1")).await;
        assert_eq!(code(&answer), (code_wanted, wanted.to_owned()));
        for plural in ["mutatingadmissionpolicies", "mutatingadmissionpolicybindings"] {
            let gone =
                write(&server, "DELETE", &format!("{CONFIGURATIONS}/{plural}/p"), &json!({})).await;
            assert_eq!(gone.status, 200);
        }
    }
}

#[tokio::test]
async fn built_in_plugins_judge_before_policies_and_quotas_after_them() {
    let (server, _fixtures) = api().await;
    let quota = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"},
        "spec": {"hard": {"configmaps": "0"}},
        "status": {"hard": {"configmaps": "0"}, "used": {"configmaps": "0"}},
    });
    let quotas = "/api/v1/namespaces/default/resourcequotas";
    assert_eq!(write(&server, "POST", quotas, &quota).await.status, 201);
    let status =
        write(&server, "PATCH", &format!("{quotas}/q/status"), &json!({"status": quota["status"]}))
            .await;
    assert_eq!(status.status, 200, "{}", status.text());
    let refused = code(&write(&server, "POST", MAPS, &map("a", "1")).await);
    assert!(refused.1.contains("exceeded quota"), "{}", refused.1);
    for resource in ["configmaps", "pods"] {
        let name = format!("no-{resource}");
        let spec = policy(resource, &json!([{"expression": "false"}]));
        assert_eq!(configure(&server, "ValidatingAdmissionPolicy", &name, spec).await.0, 201);
        bind(&server, &name, "Deny").await;
    }
    let refused = code(&write(&server, "POST", MAPS, &map("a", "1")).await);
    assert!(refused.1.contains("ValidatingAdmissionPolicy 'no-configmaps'"), "{}", refused.1);
    let namespace =
        json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}});
    assert_eq!(write(&server, "PATCH", "/api/v1/namespaces/default", &namespace).await.status, 200);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {"hostNetwork": true, "containers": [{"name": "c", "image": "i"}]},
    });
    let refused = code(&write(&server, "POST", "/api/v1/namespaces/default/pods", &pod).await);
    assert!(refused.1.contains("violates PodSecurity"), "{}", refused.1);
}
