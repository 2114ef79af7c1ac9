//! How webhooks besides those of objects are configured, until the server starts.

#[cfg(feature = "record")]
use std::path::PathBuf;

#[cfg(feature = "record")]
use crate::k8s::ConfiguredWebhook;
#[cfg(feature = "record")]
use crate::serve::ReviewWebhook;

/// How the authorization webhooks are configured.
#[derive(Debug, Default)]
pub(super) struct AccessWebhooks {
    /// The one of `authorization_webhook`.
    #[cfg(feature = "record")]
    pub(super) one: Option<ConfiguredWebhook>,
    /// The file of `authorization_config`.
    #[cfg(feature = "record")]
    pub(super) file: Option<PathBuf>,
    /// What asks them, in the order in which modes name them.
    #[cfg(feature = "record")]
    pub(super) clients: Vec<ReviewWebhook>,
}
