//! Connections to the hosts of a forward proxy's tunnels: through the proxies of the environment, as all others.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http::uri::Authority;

use crate::message::Tunnel;
use crate::transport::Dial;

use super::connect::BackendConnector;
use super::options::UpstreamOptions;
use super::route::Place;

/// Opens tunnels from a proxy that listens on `own`.
pub(crate) fn dial(options: &UpstreamOptions, own: SocketAddr) -> Dial {
    let proxies = UpstreamOptions { own_address: Some(own), ..options.clone() }.proxies();
    Arc::new(move |to: Authority| {
        Box::pin(async move {
            // What goes through a tunnel is most likely TLS, and the proxies for that apply.
            let place = Place::of(&format!("https://{to}"), proxies).map_err(io::Error::other)?;
            let mut connector = BackendConnector::new(place.route, None, false);
            connector.open().await.map(Tunnel::new).map_err(io::Error::other)
        })
    })
}
