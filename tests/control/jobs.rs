//! What both clients ask for.

use serde_json::{Value, json};

/// The jobs of a namespace.
pub(crate) const JOBS: &str = "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs";

/// The theme and the name of the scenario.
pub(crate) fn scenario() -> (String, String) {
    let scenario = std::env::var("STANDIN_SCENARIO").expect("a drill names its scenario");
    let (theme, name) = scenario.split_once('/').expect("a shipped scenario has a theme");
    (theme.to_owned(), name.to_owned())
}

/// A job with these metadata.
pub(crate) fn job(metadata: &Value) -> Value {
    let container = json!({"name": "tensorflow", "image": "busybox"});
    let worker = json!({"replicas": 1, "template": {"spec": {"containers": [container]}}});
    json!({
        "apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": metadata,
        "spec": {"tfReplicaSpecs": {"Worker": worker}},
    })
}
