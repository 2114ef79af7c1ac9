//! The number of webhooks that are not done.

use std::sync::atomic::AtomicUsize;

/// How many webhooks wait or are under way.
#[derive(Debug, Default)]
pub(crate) struct WebhooksUnderWay(pub(super) AtomicUsize);
