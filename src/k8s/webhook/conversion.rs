//! The webhook that converts objects between the versions of a definition: what `spec.conversion.webhook` says
//! (`webhookClientConfigForCRD` in `k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go`).

use serde_json::Value;

use super::client::WebhookClient;

/// How long a conversion may take, in seconds.
const SECONDS: u64 = 30;

/// A conversion webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConversionWebhook {
    /// Where it is.
    pub client: WebhookClient,
    /// The form of the reviews that it is sent; nothing where it has no known one.
    pub review: Option<ReviewVersion>,
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
        let client = WebhookClient::of(&webhook["clientConfig"]);
        let versions = webhook["conversionReviewVersions"].as_array().into_iter().flatten();
        let mut known = versions.filter_map(|version| match version.as_str()? {
            "v1" => Some(ReviewVersion::V1),
            "v1beta1" => Some(ReviewVersion::V1Beta1),
            _ => None,
        });
        Some(Self { client, review: known.next() })
    }

    /// The URL that its requests name.
    pub(crate) fn url(&self) -> String {
        self.client.url(SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_known_version_of_reviews_counts() {
        let of = |versions: &[&str]| {
            let webhook = json!({
                "clientConfig": {"url": "https://a"}, "conversionReviewVersions": versions,
            });
            let conversion = json!({"strategy": "Webhook", "webhook": webhook});
            ConversionWebhook::of(&conversion).unwrap().review
        };
        assert_eq!(of(&["v2", "v1beta1", "v1"]), Some(ReviewVersion::V1Beta1));
        assert_eq!(of(&["v1", "v1beta1"]), Some(ReviewVersion::V1));
        assert_eq!(of(&["v2"]), None);
    }
}
