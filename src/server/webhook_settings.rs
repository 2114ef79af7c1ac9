//! How webhooks besides those of objects are configured, until the server starts.

use std::path::PathBuf;

#[cfg(feature = "record")]
use crate::k8s::ConfiguredWebhook;
use crate::serve::AuditRotation;
#[cfg(feature = "record")]
use crate::serve::{AuditBatches, ReviewWebhook};

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

/// The audit of a server.
#[derive(Debug, Default)]
pub(crate) struct AuditOptions {
    /// The file of the policy.
    pub(crate) policy: PathBuf,
    /// The log, and when it begins anew.
    pub(crate) log: Option<(PathBuf, AuditRotation)>,
    /// The kubeconfig of the webhook, and how events are put together for it.
    #[cfg(feature = "record")]
    pub(crate) webhook: Option<(PathBuf, AuditBatches)>,
}
