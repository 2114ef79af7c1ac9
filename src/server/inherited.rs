//! Sockets that another process has bound and handed over, until the server starts.

use std::net::TcpListener;

/// The sockets, by what they are for.
#[derive(Debug, Default)]
pub(super) struct Inherited {
    /// In place of the address of [`Builder::listen`](super::Builder::listen).
    pub(super) plain: Option<TcpListener>,
    /// In place of that of [`Builder::admin_listen`](super::Builder::admin_listen).
    pub(super) admin: Option<TcpListener>,
}
