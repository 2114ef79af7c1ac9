//! Sockets that a service manager hands over (`sd_listen_fds(3)`): they accept connections before this program runs.
//!
//! The first socket is for `--listen`; one that `LISTEN_FDNAMES` calls `admin` is for `--admin-listen`.

use std::net::TcpListener;

use listenfd::ListenFd;

use crate::server::Builder;

use super::error::CommandError;

/// The name of the socket for the admin API.
const ADMIN: &str = "admin";

/// Serves on the sockets that were handed over, in place of the addresses of the options.
///
/// # Errors
/// [`CommandError::Usage`] for a socket that is not one of TCP, and for sockets that nothing is served on.
pub(super) fn with_sockets(mut builder: Builder) -> Result<Builder, CommandError> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let names: Vec<&str> = names.split(':').collect();
    let mut sockets = ListenFd::from_env();
    let (mut plain, mut admin): (Option<TcpListener>, Option<TcpListener>) = (None, None);
    for index in 0..sockets.len() {
        let name = names.get(index).copied().filter(|name| !name.is_empty()).unwrap_or("unnamed");
        let wrong = |why: &str| {
            CommandError::Usage(format!("LISTEN_FDS: socket {} ({name}) {why}", index + 1))
        };
        let socket = sockets.take_tcp_listener(index).map_err(|error| wrong(&error.to_string()))?;
        let place = if name == ADMIN { &mut admin } else { &mut plain };
        if place.is_some() {
            return Err(wrong("is one too many: there is one for --listen, and one named admin"));
        }
        *place = socket;
    }
    if let Some(socket) = plain {
        builder = builder.listener(socket)?;
    }
    if let Some(socket) = admin {
        builder = builder.admin_listener(socket)?;
    }
    Ok(builder)
}
