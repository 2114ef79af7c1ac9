//! The webhook that knows tokens: its kubeconfig → a client.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::serve::ReviewWebhook;

use super::{Builder, access_webhooks};

/// How long the webhook has for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// # Tokens of others
///
/// ```
/// let lifetime = std::time::Duration::from_secs(120);
/// let builder = standin::Server::builder().token_webhook("webhook.kubeconfig", "v1", lifetime);
/// ```
impl Builder {
    /// Asks a webhook about tokens that nobody else knows, as `kube-apiserver --authentication-token-webhook-config-file`
    /// does: a `TokenReview` of a version, `v1` or `v1beta1`, is posted to the server of the kubeconfig's current context.
    /// Its answers are valid for some time, by the clock of the world. Requests with a token that it does not know get 401.
    pub fn token_webhook(
        mut self,
        kubeconfig: impl Into<PathBuf>,
        version: impl Into<String>,
        lifetime: Duration,
    ) -> Self {
        self.token_webhook = Some((kubeconfig.into(), version.into(), lifetime));
        self
    }

    /// The client of the webhook, where there is one.
    pub(super) fn open_token_webhook(&mut self) -> Result<Option<ReviewWebhook>, Error> {
        let Some((file, version, _)) = self.token_webhook.take() else { return Ok(None) };
        let wrong =
            |why: String| Error::Setting(format!("the token webhook of {}: {why}", file.display()));
        if !matches!(version.as_str(), "v1" | "v1beta1") {
            return Err(wrong(format!(
                "unsupported authentication webhook version {version:?}, supported versions are \"v1\", \"v1beta1\""
            )));
        }
        access_webhooks::client(&file, TIMEOUT).map(Some)
    }
}
