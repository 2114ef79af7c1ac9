//! What all requests of a connection share: its client, and the signal that the server stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::message::{Bodies, ClientCertificate};

/// The client of a connection.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) peer: SocketAddr,
    /// The certificate from its TLS handshake.
    pub(super) certificate: Option<Arc<ClientCertificate>>,
    /// Whether the connection is TLS.
    pub(super) tls: bool,
    /// The budget of all request bodies.
    pub(super) bodies: Bodies,
    /// How long a body may pause.
    pub(super) body_timeout: Duration,
}

/// Completes when the server stops, or is dropped.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
