//! The data that all requests of a connection share: its client, and the shutdown signal.

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
    /// Whether its requests are those of a forward proxy's clients: all of them, or those with an absolute URL.
    pub(super) forwards: Forwards,
    /// The budget of all request bodies.
    pub(super) bodies: Bodies,
    /// How long a body may pause.
    pub(super) body_timeout: Duration,
}

/// Which requests of a connection are for another server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forwards {
    None,
    /// Those with an absolute URL.
    Absolute,
    /// All: the connection is inside a tunnel.
    All,
}

/// Completes when the server has stopped, and a connection without a request has had its time.
pub(super) async fn lingered(stopping: &mut watch::Receiver<bool>, linger: Duration) {
    stopped(stopping).await;
    if !linger.is_zero() {
        tokio::time::sleep(linger).await;
    }
}

/// Completes when the server stops, or is dropped.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
