//! Kubeconfig files for clients of a server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Renders a kubeconfig with one cluster and one user.
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

/// A token for servers that accept any: over TLS kubectl asks for a password without one.
pub(crate) const ANY_TOKEN: &str = "standin";

/// Returns the kubeconfig for a URL, with the CA to trust if it is one of HTTPS.
pub(crate) fn of_url(url: &str, ca: Option<&str>) -> String {
    match ca {
        // Without TLS there is nothing to verify; the JavaScript client needs it for an http:// URL.
        None => render(&json!({"server": url, "insecure-skip-tls-verify": true}), &json!({})),
        Some(ca) => render(
            &json!({"server": url, "certificate-authority-data": STANDARD.encode(ca)}),
            &json!({"token": ANY_TOKEN}),
        ),
    }
}
