//! Accepts connections, and stops.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::message::{Bodies, Handler};
use crate::tls::server::Tls;

use super::client_errors::ClientErrors;
use super::connection::{self, Common};
use super::forward::ForwardProxy;
use super::{Logger, TransportLimits};

/// How long to wait after a connection could not be accepted: a lack of file descriptors lasts.
const BACK_OFF: Duration = Duration::from_millis(50);
/// How many connections are refused with an answer at once; beyond that they are closed without one.
const MAX_REFUSING: usize = 64;

/// A bound socket. Connections queue from now on, and are answered once [`serve`] runs.
#[derive(Debug)]
pub(crate) struct Listener {
    inner: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Binds an address; port 0 takes a free one.
    ///
    /// # Errors
    /// The error of the system, such as an address in use.
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<Self> {
        let inner = TcpListener::bind(address).await?;
        let address = inner.local_addr()?;
        Ok(Self { inner, address })
    }

    /// The address, with the port that was taken.
    #[must_use]
    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

/// The counts of a server that has stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Served {
    /// Connections accepted.
    pub(crate) accepted: u64,
    /// Connections refused, because there were too many.
    pub(crate) refused: u64,
    /// Connections cut, because they were not done in time when the server stopped.
    pub(crate) cut: usize,
}

/// What a port speaks besides plain HTTP.
#[derive(Debug, Clone, Default)]
pub(crate) struct PortOptions {
    /// TLS in place of it.
    pub(crate) tls: Option<Arc<Tls>>,
    /// It is a forward proxy.
    pub(crate) forward: Option<Arc<ForwardProxy>>,
}

/// Serves until `shutdown` completes: then nothing is accepted any more, idle connections close at
/// once, and requests in flight have [`TransportLimits::drain`] to finish.
pub(crate) async fn serve<H: Handler>(
    listener: Listener,
    handler: Arc<H>,
    limits: TransportLimits,
    bodies: Bodies,
    options: PortOptions,
    log: Logger,
    shutdown: impl Future<Output = ()> + Send,
) -> Served {
    let mut served = Served::default();
    let client_errors = Arc::new(ClientErrors::new(Arc::clone(&log)));
    let PortOptions { tls, forward } = options;
    let common = Arc::new(Common { handler, limits, tls, forward, client_errors, bodies });
    let (stop, stopping) = watch::channel(false);
    let places = Arc::new(Semaphore::new(limits.connections));
    let (mut connections, mut refusing) = (JoinSet::new(), JoinSet::new());
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.inner.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            Some(_) = refusing.join_next() => continue,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                log(&format!("a connection could not be accepted: {error}"));
                tokio::time::sleep(BACK_OFF).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            served.refused += 1;
            if served.refused == 1 {
                log(&format!(
                    "there are more than {} connections: further ones are refused with 503",
                    limits.connections
                ));
            }
            if refusing.len() < MAX_REFUSING {
                refusing.spawn(connection::refuse_excess(stream, limits.connections));
            }
            continue;
        };
        served.accepted += 1;
        set_nodelay(&stream);
        let (common, stopping) = (Arc::clone(&common), stopping.clone());
        connections.spawn(async move {
            connection::run(stream, peer, common, stopping).await;
            drop(place);
        });
    }
    drop(listener);
    stop.send_replace(true);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, drained).await.is_err() {
        served.cut = connections.len();
        connections.shutdown().await;
    }
    served
}

/// Sends small answers at once, without Nagle's algorithm.
fn set_nodelay(stream: &TcpStream) {
    // A socket that is closed already is noticed at the first read.
    let _ = stream.set_nodelay(true);
}
