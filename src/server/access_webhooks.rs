//! Authorization webhooks: their files → what they are asked, and the clients that ask them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;

use crate::document::{Format, Source};
use crate::error::Error;
use crate::k8s::{AuthorizationConfiguration, AuthorizationWebhook, ConfiguredWebhook};
use crate::record::{Upstream, kubeconfig};
use crate::serve::ReviewWebhook;

use super::Builder;
use super::webhook_settings::AccessWebhooks;

/// How long the webhook of `--authorization-webhook-config-file` has.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(30);

/// # Authorization by webhooks
///
/// ```
/// let (yes, no) = (std::time::Duration::from_secs(300), std::time::Duration::from_secs(30));
/// let builder = standin::Server::builder()
///     .authorization_mode(["Webhook", "RBAC"])
///     .authorization_webhook("webhook.kubeconfig", "v1", yes, no);
/// ```
impl Builder {
    /// Sets the webhook of the authorization mode `Webhook`, as `kube-apiserver --authorization-webhook-config-file` does: a
    /// `SubjectAccessReview` of a version, `v1` or `v1beta1`, is posted to the server of the kubeconfig's current context.
    /// A yes and another answer hold for some time each, by the clock of the world.
    pub fn authorization_webhook(
        mut self,
        kubeconfig: impl Into<PathBuf>,
        version: impl Into<String>,
        authorized: Duration,
        unauthorized: Duration,
    ) -> Self {
        let time = |time: Duration| SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        let webhook =
            AuthorizationWebhook::new(version.into(), time(authorized), time(unauthorized));
        let kubeconfig = kubeconfig.into();
        self.access_webhooks.one =
            Some(ConfiguredWebhook { webhook, kubeconfig, timeout: TIMEOUT });
        self
    }

    /// Sets the authorization modes and their webhooks by a file, as `kube-apiserver --authorization-config` does.
    /// [`Builder::start`] fails for a file that is invalid. It is read once.
    pub fn authorization_config(mut self, file: impl Into<PathBuf>) -> Self {
        self.access_webhooks.file = Some(file.into());
        self
    }

    /// What webhooks are asked, in the order in which modes name them; the clients that ask them are kept. The modes of a
    /// file are those of the server.
    pub(super) fn open_access_webhooks(&mut self) -> Result<Vec<AuthorizationWebhook>, Error> {
        let AccessWebhooks { one, file, .. } = std::mem::take(&mut self.access_webhooks);
        let mut configured: Vec<ConfiguredWebhook> = one.into_iter().collect();
        if let Some(file) = file {
            let found = authorization_configuration(&file).map_err(Error::Setting)?;
            self.sources.bootstrap_roles = found.modes.iter().any(|mode| mode == "RBAC");
            self.authorization_modes = found.modes;
            configured = found.webhooks;
        }
        let mut asked = Vec::new();
        for ConfiguredWebhook { webhook, kubeconfig, timeout } in configured {
            let timeout = Duration::try_from(timeout).unwrap_or_default();
            self.access_webhooks.clients.push(client(&kubeconfig, timeout)?);
            asked.push(webhook);
        }
        Ok(asked)
    }
}

/// The client of the webhook of a kubeconfig.
pub(super) fn client(file: &Path, timeout: Duration) -> Result<ReviewWebhook, Error> {
    let wrong = |why: String| Error::Setting(format!("the webhook of {}: {why}", file.display()));
    let (url, options) = kubeconfig::read(file, None).map_err(wrong)?;
    // The path is the webhook's own: nothing stands behind it.
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url[host..].find('/').map_or(url.len(), |at| host + at);
    let (server, path) = url.split_at(path);
    let upstream = Upstream::new(server, &options).map_err(|error| wrong(error.to_string()))?;
    Ok(ReviewWebhook::new(upstream, path, timeout))
}

/// The configuration of a file (`LoadAndValidateFile`).
///
/// # Errors
/// Upstream's message.
pub(crate) fn authorization_configuration(
    path: &Path,
) -> Result<AuthorizationConfiguration, String> {
    let bytes = fs::read(path).map_err(|error| {
        // Go has the texts of C in lower case, without their numbers.
        let text = error.to_string();
        let text = text.split(" (os error").next().unwrap_or_default().to_lowercase();
        format!("open {}: {text}", path.display())
    })?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let parsed =
        Source::from_bytes(path.to_owned(), Format::Yaml, bytes).and_then(|source| source.parse());
    let documents = parsed.map_err(|problem| {
        format!("failed to load AuthorizationConfiguration from file: {problem}")
    })?;
    AuthorizationConfiguration::of(&documents.into_iter().next().unwrap_or_default(), &text)
}
