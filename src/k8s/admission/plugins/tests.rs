//! Plugins on objects as values.

use serde_json::json;

use super::super::super::resource::GroupResource;
use super::super::super::store::Snapshot;
use super::*;

fn with<T>(plural: &str, names: &[&str], run: impl FnOnce(&Request<'_>) -> T) -> T {
    let enabled: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    run(&Request {
        plugins: AdmissionPlugins::parse(&enabled, &[]).unwrap(),
        resource: &GroupResource::new("", plural),
        subresource: "",
        namespace: "ns",
        snapshot: &Snapshot::default(),
        may_sign: &|_, _| false,
        makes_accounts: false,
        suffix: "abcde",
    })
}

fn pod() -> Value {
    json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
}

#[test]
fn a_pod_needs_its_account_where_the_plugin_is_on() {
    let mut new = pod();
    with("pods", &[], |request| mutate(request, &mut new, None)).unwrap();
    assert_eq!(new["spec"]["serviceAccountName"], Value::Null);
    assert_eq!(new["spec"]["tolerations"].as_array().map(Vec::len), Some(2));
    let error = with("pods", &["ServiceAccount"], |request| mutate(request, &mut pod(), None));
    assert_eq!(
        error.unwrap_err().message,
        "pods \"p\" is forbidden: error looking up service account ns/default: serviceaccount \"default\" not found"
    );
}

#[test]
fn a_token_is_mounted_once_in_each_container() {
    let mut new = pod();
    new["spec"]["initContainers"] = json!([{
        "name": "i", "volumeMounts": [{"name": "x", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
    }]);
    with("pods", &["ServiceAccount"], |request| {
        let request = Request { makes_accounts: true, ..*request };
        mutate(&request, &mut new, None).unwrap();
        validate(&request, &new, None).unwrap();
    });
    assert_eq!(new["spec"]["serviceAccountName"], "default");
    let mount = &new["spec"]["containers"][0]["volumeMounts"];
    assert_eq!(mount[0]["name"], "kube-api-access-abcde");
    assert_eq!(new["spec"]["initContainers"][0]["volumeMounts"].as_array().map(Vec::len), Some(1));
    let sources = &new["spec"]["volumes"][0]["projected"]["sources"];
    assert_eq!(sources[0]["serviceAccountToken"]["expirationSeconds"], 3607);
}

#[test]
fn what_is_off_is_not_set() {
    let mut node = json!({"metadata": {"name": "n"}, "spec": {}});
    let all = AdmissionPlugins::parse(&[], &["TaintNodesByCondition".to_owned()]).unwrap();
    with("nodes", &[], |request| {
        mutate(&Request { plugins: all, ..*request }, &mut node, None).unwrap();
        assert_eq!(node["spec"]["taints"], Value::Null);
        mutate(request, &mut node, None).unwrap();
    });
    assert_eq!(node["spec"]["taints"][0]["key"], "node.kubernetes.io/not-ready");
}

#[test]
fn everything_is_denied_by_the_plugin_for_that() {
    let error = with("configmaps", &["AlwaysDeny"], |request| mutate(request, &mut pod(), None));
    assert_eq!(
        error.unwrap_err().message,
        "configmaps \"p\" is forbidden: admission control is denying all modifications"
    );
}

#[test]
fn tolerations_of_a_class_replace_narrower_ones() {
    let narrow = json!({"key": "a", "operator": "Equal", "value": "1", "effect": "NoSchedule"});
    let wide = json!({"key": "a", "operator": "Exists"});
    let other = json!({"key": "b", "operator": "Exists"});
    let merged = tolerations::merged(&[narrow, other.clone()], &[wide.clone(), other.clone()]);
    assert_eq!(merged, [other, wide]);
}
