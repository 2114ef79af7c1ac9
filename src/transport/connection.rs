//! One connection: detects the protocol by the first bytes and dispatches to it.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::message::{Bodies, ClientCertificate, Handler, HandshakeFault};
use crate::tls::server::Tls;

use super::client::{Client, Forwards, lingered};
use super::connection_errors::ConnectionErrors;
use super::forward::{self, ForwardProxy};
use super::socket::{Opened, Protocol, Socket};
use super::{TransportLimits, http1, http2};

/// What all connections of a server share.
pub(super) struct Common<H> {
    pub(super) handler: Arc<H>,
    pub(super) limits: TransportLimits,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) forward: Option<Arc<ForwardProxy>>,
    pub(super) connection_errors: Arc<ConnectionErrors>,
    pub(super) bodies: Bodies,
}

/// Serves a connection until it ends, or until the server stops and requests in flight are done.
pub(super) async fn run<H: Handler>(
    tcp: TcpStream,
    peer: SocketAddr,
    handshake: Option<HandshakeFault>,
    common: Arc<Common<H>>,
    mut stopping: watch::Receiver<bool>,
) {
    let begun = tokio::select! {
        begun = begin(tcp, peer, handshake, &common) => begun,
        () = lingered(&mut stopping, common.limits.linger) => return,
    };
    let Some(Begun { socket, http2, client }) = begun else {
        return;
    };
    let (handler, limits) = (Arc::clone(&common.handler), common.limits);
    let connection_errors = Arc::clone(&common.connection_errors);
    drop(common);
    // Each boxed: a connection holds the state of its own protocol, not of both.
    if http2 {
        Box::pin(http2::run(socket, client, handler, limits, connection_errors, stopping)).await;
    } else {
        Box::pin(http1::run(socket, client, handler, limits, connection_errors, stopping)).await;
    }
}

/// A connection whose protocol is known.
struct Begun {
    socket: Socket,
    http2: bool,
    client: Client,
}

/// Reads the first bytes, and performs the TLS handshake if there is TLS. Returns `None` if the
/// connection has ended: the client got an error answer or closed the connection.
async fn begin<H>(
    tcp: TcpStream,
    peer: SocketAddr,
    fault: Option<HandshakeFault>,
    common: &Common<H>,
) -> Option<Begun> {
    let Common { limits, tls, forward, connection_errors, .. } = common;
    let first = tokio::time::timeout(limits.header_timeout, Opened::first_bytes(tcp)).await;
    let (opened, protocol) = match first {
        // Nothing or an incomplete prefix arrived: the protocol of an answer is unknown.
        Err(_) => {
            connection_errors.report("silent", &format!("{peer}: no request arrived in time"));
            return None;
        }
        Ok(Err(_) | Ok((_, Protocol::Nothing))) => return None,
        Ok(Ok(opened)) => opened,
    };
    if let Some(forward) = forward.as_ref().filter(|_| protocol != Protocol::Tls) {
        if protocol == Protocol::Http1 && opened.begins_with(forward::CONNECT) {
            return Box::pin(connect(opened, peer, common, forward)).await;
        }
        let client = common.client(peer, None, false, Forwards::Absolute);
        let http2 = protocol == Protocol::Http2;
        return Some(Begun { socket: Socket::plain(opened), http2, client });
    }
    let forwards = if forward.is_some() { Forwards::Absolute } else { Forwards::None };
    let client = |certificate| common.client(peer, certificate, tls.is_some(), forwards);
    let Some(tls) = tls else {
        if protocol == Protocol::Tls {
            connection_errors
                .report("tls", &format!("{peer}: TLS on a port without it; use http://"));
            let why = "this is TLS, and the port serves plain HTTP; use http://";
            let mut tcp = opened.into_tcp();
            http1::write_error(&mut tcp, "400 Bad Request", "", why).await;
            http1::finish(tcp).await;
            return None;
        }
        let http2 = protocol == Protocol::Http2;
        return Some(Begun { socket: Socket::plain(opened), http2, client: client(None) });
    };
    if protocol != Protocol::Tls {
        connection_errors
            .report("plain", &format!("{peer}: plain HTTP on a TLS port; use https://"));
        return refuse_plain(opened.into_tcp()).await;
    }
    if fault == Some(HandshakeFault::Cut) {
        return None;
    }
    let accepting = Box::pin(tls.accept(opened, fault));
    let handshake = tokio::time::timeout(limits.handshake_timeout, accepting);
    match handshake.await {
        Ok(Ok(accepted)) => {
            if let Some(ClientCertificate::Refused(why)) = accepted.client.as_deref() {
                let line = format!("{peer}: its client certificate is not valid: {why}");
                connection_errors.report("certificate", &line);
            }
            let client = client(accepted.client);
            let socket = Socket::tls(accepted.stream, accepted.large_buffer);
            Some(Begun { socket, http2: accepted.http2, client })
        }
        Ok(Err(error)) => {
            connection_errors.report("handshake", &format!("{peer}: TLS handshake: {error}"));
            None
        }
        Err(_) => {
            let seconds = limits.handshake_timeout.as_secs_f32();
            connection_errors
                .report("handshake", &format!("{peer}: no TLS handshake within {seconds} s"));
            None
        }
    }
}

impl<H> Common<H> {
    fn client(
        &self,
        peer: SocketAddr,
        certificate: Option<Arc<ClientCertificate>>,
        tls: bool,
        forwards: Forwards,
    ) -> Client {
        let (bodies, body_timeout) = (self.bodies.clone(), self.limits.body_timeout);
        Client { peer, certificate, tls, forwards, bodies, body_timeout }
    }
}

/// Answers a CONNECT. Returns the connection inside it, or `None` if it got a tunnel or has ended.
async fn connect<H>(
    mut opened: Opened,
    peer: SocketAddr,
    common: &Common<H>,
    forward: &ForwardProxy,
) -> Option<Begun> {
    let Common { limits, connection_errors, .. } = common;
    let head = forward::target(&mut opened, limits.header_bytes);
    let target = match tokio::time::timeout(limits.header_timeout, head).await {
        Ok(Ok(target)) => target,
        Ok(Err(error)) => {
            connection_errors.report("connect", &format!("{peer}: {error}"));
            let mut tcp = opened.into_tcp();
            http1::write_error(&mut tcp, "400 Bad Request", "", &error.to_string()).await;
            http1::finish(tcp).await;
            return None;
        }
        Err(_) => return None,
    };
    let host = target.host().trim_matches(['[', ']']).to_owned();
    let Some(tls) = forward.issuer(&host) else {
        forward.tunnel(opened, &target).await;
        return None;
    };
    forward::establish(&mut opened).await.ok()?;
    let next = tokio::time::timeout(limits.header_timeout, opened.next_bytes()).await;
    let (opened, protocol) = next.ok()?.ok()?;
    match protocol {
        Protocol::Nothing => None,
        Protocol::Tls => {
            let handshake = Box::pin(tls.accept_as(&host, opened));
            match tokio::time::timeout(limits.handshake_timeout, handshake).await.ok()? {
                Ok(accepted) => {
                    let client = common.client(peer, accepted.client, true, Forwards::All);
                    let socket = Socket::tls(accepted.stream, accepted.large_buffer);
                    Some(Begun { socket, http2: accepted.http2, client })
                }
                Err(error) => {
                    forward.distrust(&host, &error);
                    connection_errors
                        .report("handshake", &format!("{peer}: TLS handshake for {host}: {error}"));
                    None
                }
            }
        }
        Protocol::Http1 | Protocol::Http2 => {
            let client = common.client(peer, None, false, Forwards::All);
            let http2 = protocol == Protocol::Http2;
            Some(Begun { socket: Socket::plain(opened), http2, client })
        }
    }
}

/// Answers plain HTTP on a TLS port with the text of Go's server, as API servers do (`net/http`).
async fn refuse_plain(mut tcp: TcpStream) -> Option<Begun> {
    let why = "Client sent an HTTP request to an HTTPS server.";
    http1::write_error(&mut tcp, "400 Bad Request", "", why).await;
    http1::finish(tcp).await;
    None
}

/// Answers a connection beyond the limit.
pub(super) async fn refuse_excess(mut tcp: TcpStream, limit: usize) {
    let why = format!("the server has reached its limit of {limit} connections");
    http1::write_error(&mut tcp, "503 Service Unavailable", "retry-after: 1\r\n", &why).await;
    http1::finish(tcp).await;
}
