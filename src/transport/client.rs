//! What a connection knows from its start: its client, and that the server stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::message::{Bodies, ClientCertificate};

/// Whose requests a connection carries.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) peer: SocketAddr,
    /// What it showed in the TLS handshake.
    pub(super) certificate: Option<Arc<ClientCertificate>>,
    /// What the bodies of all requests may hold.
    pub(super) bodies: Bodies,
    /// How long nothing of a body may come.
    pub(super) body_timeout: Duration,
}

/// Completes when the server stops; one that is gone has stopped too.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
