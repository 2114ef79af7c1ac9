//! The file by which Kubernetes clients find a server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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

/// What stands for a token where none is asked for: over TLS kubectl asks for a password without one.
pub(crate) const ANY_TOKEN: &str = "standin";

/// The file for a server's URL: with its CA where it speaks TLS.
pub(crate) fn of_url(url: &str, ca: Option<&str>) -> String {
    match ca {
        // There is nothing to verify; the JavaScript client takes an http:// URL with this alone.
        None => render(&json!({"server": url, "insecure-skip-tls-verify": true}), &json!({})),
        Some(ca) => render(
            &json!({"server": url, "certificate-authority-data": STANDARD.encode(ca)}),
            &json!({"token": ANY_TOKEN}),
        ),
    }
}
