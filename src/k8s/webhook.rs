//! The webhook that converts objects between the versions of a definition: what `spec.conversion.webhook` says
//! (`webhookClientConfigForCRD` in `k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The port of a service where none is given.
const DEFAULT_PORT: u16 = 443;

/// A conversion webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConversionWebhook {
    /// Where it is.
    pub endpoint: WebhookEndpoint,
    /// The certificates to trust, in PEM; empty for those that the system trusts.
    pub ca_bundle: Vec<u8>,
    /// The form of the reviews that it is sent; nothing where it has no known one.
    pub review: Option<ReviewVersion>,
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

/// The versions of `ConversionReview`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReviewVersion {
    /// `apiextensions.k8s.io/v1`.
    V1,
    /// `apiextensions.k8s.io/v1beta1`.
    V1Beta1,
}

impl ReviewVersion {
    /// The version alone.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1Beta1 => "v1beta1",
        }
    }
}

impl ConversionWebhook {
    /// The webhook of a valid `spec.conversion`; nothing where its strategy is another one.
    pub(crate) fn of(conversion: &Value) -> Option<Self> {
        if conversion["strategy"] != "Webhook" {
            return None;
        }
        let webhook = &conversion["webhook"];
        let config = &webhook["clientConfig"];
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
        let versions = webhook["conversionReviewVersions"].as_array().into_iter().flatten();
        let mut known = versions.filter_map(|version| match version.as_str()? {
            "v1" => Some(ReviewVersion::V1),
            "v1beta1" => Some(ReviewVersion::V1Beta1),
            _ => None,
        });
        Some(Self { endpoint, ca_bundle, review: known.next() })
    }

    /// The URL that its requests name.
    pub(crate) fn url(&self) -> String {
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
        format!("{origin}{}?timeout=30s", clean(path))
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

    fn webhook(config: &Value, versions: &[&str]) -> ConversionWebhook {
        let conversion = json!({
            "strategy": "Webhook",
            "webhook": {"clientConfig": config, "conversionReviewVersions": versions},
        });
        ConversionWebhook::of(&conversion).unwrap()
    }

    #[test]
    fn the_url_names_the_webhook_and_the_timeout() {
        for (url, shown) in [
            ("https://a:1/convert", "https://a:1/convert?timeout=30s"),
            ("https://a", "https://a/?timeout=30s"),
            ("https://a/b//c/./../d/?", "https://a/b/d?timeout=30s"),
        ] {
            assert_eq!(webhook(&json!({"url": url}), &["v1"]).url(), shown);
        }
        let service =
            json!({"service": {"namespace": "n", "name": "hook", "port": 8443, "path": "/x"}});
        assert_eq!(webhook(&service, &["v1"]).url(), "https://hook.n.svc:8443/x?timeout=30s");
        let service = json!({"service": {"namespace": "n", "name": "hook"}});
        assert_eq!(webhook(&service, &["v1"]).url(), "https://hook.n.svc:443/?timeout=30s");
    }

    #[test]
    fn the_first_known_version_of_reviews_counts() {
        let of = |versions: &[&str]| webhook(&json!({"url": "https://a"}), versions).review;
        assert_eq!(of(&["v2", "v1beta1", "v1"]), Some(ReviewVersion::V1Beta1));
        assert_eq!(of(&["v1", "v1beta1"]), Some(ReviewVersion::V1));
        assert_eq!(of(&["v2"]), None);
    }

    #[test]
    fn a_bundle_of_blanks_is_none() {
        let of = |text: &str| {
            webhook(&json!({"url": "https://a", "caBundle": STANDARD.encode(text)}), &["v1"])
                .ca_bundle
        };
        assert_eq!(of(" \n"), b"");
        assert_eq!(of("pem\n"), b"pem\n");
    }
}
