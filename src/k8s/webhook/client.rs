//! Where a webhook is, and whom it is trusted by.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The port of a service where none is given.
const DEFAULT_PORT: u16 = 443;

/// Where a webhook is, and whom it is trusted by (`ClientConfig` in `k8s.io/apiserver/pkg/util/webhook/client.go`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebhookClient {
    /// Where it is.
    pub endpoint: WebhookEndpoint,
    /// The certificates to trust, in PEM; empty for those that the system trusts.
    pub ca_bundle: Vec<u8>,
}

/// Where a webhook is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WebhookEndpoint {
    /// At a URL.
    Url(String),
    /// At a service of the cluster.
    Service {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// The port of the service.
        port: u16,
        /// The path of the request.
        path: String,
    },
}

impl WebhookClient {
    /// The client of a valid `clientConfig`.
    pub(crate) fn of(config: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let endpoint = match &config["service"] {
            Value::Object(service) => {
                let of = |field: &str| service.get(field).map(text).unwrap_or_default();
                let port = service.get("port").and_then(Value::as_u64);
                WebhookEndpoint::Service {
                    namespace: of("namespace"),
                    name: of("name"),
                    port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or(DEFAULT_PORT),
                    path: of("path"),
                }
            }
            _ => WebhookEndpoint::Url(text(&config["url"])),
        };
        let bundle = STANDARD.decode(text(&config["caBundle"])).unwrap_or_default();
        // One of blanks counts as none.
        let ca_bundle = if bundle.trim_ascii().is_empty() { Vec::new() } else { bundle };
        Self { endpoint, ca_bundle }
    }

    /// The URL of a request that may take some seconds.
    pub(crate) fn url(&self, seconds: u64) -> String {
        let (origin, path) = match &self.endpoint {
            WebhookEndpoint::Url(url) => {
                let url = url.split(['?', '#']).next().unwrap_or_default();
                let start = url.find("://").map_or(0, |at| at + 3);
                let path = url[start..].find('/').map_or(url.len(), |at| start + at);
                (url[..path].to_owned(), &url[path..])
            }
            WebhookEndpoint::Service { namespace, name, port, path } => {
                (format!("https://{name}.{namespace}.svc:{port}"), &**path)
            }
        };
        format!("{origin}{}?timeout={seconds}s", clean(path))
    }
}

/// A path without empty steps and dots (`path.Join`).
fn clean(path: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    format!("/{}", steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_url_names_the_webhook_and_the_timeout() {
        let url = |config: Value| WebhookClient::of(&config).url(30);
        for (given, shown) in [
            ("https://a:1/convert", "https://a:1/convert?timeout=30s"),
            ("https://a", "https://a/?timeout=30s"),
            ("https://a/b//c/./../d/?", "https://a/b/d?timeout=30s"),
        ] {
            assert_eq!(url(json!({"url": given})), shown);
        }
        let service =
            json!({"service": {"namespace": "n", "name": "hook", "port": 8443, "path": "/x"}});
        assert_eq!(url(service), "https://hook.n.svc:8443/x?timeout=30s");
        let service = json!({"service": {"namespace": "n", "name": "hook"}});
        assert_eq!(url(service), "https://hook.n.svc:443/?timeout=30s");
    }

    #[test]
    fn a_bundle_of_blanks_is_none() {
        let of = |text: &str| {
            let bundle = STANDARD.encode(text);
            WebhookClient::of(&json!({"url": "https://a", "caBundle": bundle})).ca_bundle
        };
        assert_eq!(of(" \n"), b"");
        assert_eq!(of("pem\n"), b"pem\n");
    }
}
