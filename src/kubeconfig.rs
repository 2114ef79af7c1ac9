//! The file by which Kubernetes clients find a server.

use serde_json::{Value, json};

/// The file, from its cluster and its user.
pub(crate) fn render(cluster: &Value, user: &Value) -> String {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "standin", "cluster": cluster}],
        "users": [{"name": "standin", "user": user}],
        "contexts": [{"name": "standin", "context": {"cluster": "standin", "user": "standin", "namespace": "default"}}],
        "current-context": "standin",
    });
    crate::k8s::render_yaml(&config)
}

/// The file for an `http://` URL, with no credentials.
pub(crate) fn of_url(url: &str) -> String {
    // There is nothing to verify; the JavaScript client takes an http:// URL with this alone.
    render(&json!({"server": url, "insecure-skip-tls-verify": true}), &json!({}))
}
