//! Accepts connections until the server stops.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::message::{Bodies, Excess, Handler, HandshakeFault, ListenMode, Listening};
use crate::tls::server::Tls;

use super::connection::{self, Common};
use super::connection_errors::ConnectionErrors;
use super::door::Door;
use super::forward::ForwardProxy;
use super::open::OpenConnections;
use super::{Logger, TransportLimits};

/// How long to wait after a connection could not be accepted: a shortage of file descriptors lasts.
const BACK_OFF: Duration = Duration::from_millis(50);
/// How many connections are refused with an answer at once; beyond that they are closed without one.
const MAX_REFUSING: usize = 64;

/// A bound socket. It refuses connections until [`Listener::listen`], and answers them once [`serve`] runs.
#[derive(Debug)]
pub(crate) struct Listener(Door);

impl Listener {
    /// Binds an address; port 0 takes a free one.
    ///
    /// # Errors
    /// The error of the system, such as an address in use.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        Door::bind(address).map(Self)
    }

    /// Takes a socket that another process has bound and that listens: its connections wait until they are answered.
    ///
    /// # Errors
    /// The error of the system.
    pub(crate) fn inherit(listener: std::net::TcpListener) -> io::Result<Self> {
        Door::inherit(listener).map(Self)
    }

    /// Listens: connections queue from now on.
    ///
    /// # Errors
    /// The error of the system: another program listens on the address by now.
    pub(crate) fn listen(&mut self) -> io::Result<()> {
        self.0.open()
    }

    /// Returns the address with the actual port.
    #[must_use]
    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.0.address()
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

/// What a port supports in addition to plain HTTP.
#[derive(Debug, Clone, Default)]
pub(crate) struct PortOptions {
    /// TLS instead.
    pub(crate) tls: Option<Arc<Tls>>,
    /// A forward proxy.
    pub(crate) forward: Option<Arc<ForwardProxy>>,
    /// Counts its connections.
    pub(crate) open: OpenConnections,
}

/// Serves until `shutdown` completes: then no connection is accepted, idle connections close
/// after [`TransportLimits::linger`], and requests in flight have [`TransportLimits::drain`] to finish.
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
    let connection_errors = Arc::new(ConnectionErrors::new(Arc::clone(&log)));
    let PortOptions { tls, forward, open } = options;
    let common = Arc::new(Common { handler, limits, tls, forward, connection_errors, bodies });
    let (stop, stopping) = watch::channel(false);
    let places = Arc::new(Semaphore::new(limits.connections));
    let (mut connections, mut refusing) = (JoinSet::new(), JoinSet::new());
    let mut listening = common.handler.listening();
    let mut door = listener.0;
    let address = door.address();
    // Somebody else has taken the address.
    let mut lost = false;
    let mut treated = Listening::default();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        if let Some(now) = listening.as_mut().map(|listening| *listening.borrow_and_update()) {
            let cut = now.cuts != treated.cuts
                || (now.mode != treated.mode && now.mode != ListenMode::Open);
            if cut {
                connections.abort_all();
            }
            treated = now;
            let moved = if now.mode == ListenMode::Refuse { door.shut() } else { door.open() };
            if let Err(error) = moved
                && !std::mem::replace(&mut lost, true)
            {
                log(&format!("the address {address} cannot be bound again: {error}; retrying"));
            }
            lost &= !door.is_open();
        }
        let is_full = treated.bound.is_some_and(|(most, _)| connections.len() >= most);
        let waits = is_full && treated.bound.is_some_and(|(_, excess)| excess == Excess::Wait);
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            () = changed(&mut listening) => continue,
            accepted = door.accept(), if !waits => accepted,
            Some(_) = connections.join_next() => continue,
            Some(_) = refusing.join_next() => continue,
            // An address that another program has taken may be free again.
            () = tokio::time::sleep(BACK_OFF), if !door.is_open() && treated.mode != ListenMode::Refuse => {
                continue;
            }
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                let line = format!("a connection could not be accepted: {error}{}", remedy(&error));
                common.connection_errors.report("accept", &line);
                tokio::time::sleep(BACK_OFF).await;
                continue;
            }
        };
        if let Some((_, excess)) = treated.bound.filter(|_| is_full) {
            turn_away(&stream, excess);
            continue;
        }
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
        let place = (place, open.open());
        if treated.mode == ListenMode::Silent {
            // Held until the phase ends.
            let mut listening = listening.clone();
            connections.spawn(async move {
                changed(&mut listening).await;
                drop((stream, place));
            });
            continue;
        }
        connections.spawn(run((stream, peer), treated.tls, &common, &stopping, place));
    }
    stop.send_replace(true);
    for accepted in door.close() {
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { break };
        served.accepted += 1;
        connections.spawn(run(accepted, None, &common, &stopping, (place, open.open())));
    }
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.linger + limits.drain, drained).await.is_err() {
        served.cut = connections.len();
        connections.shutdown().await;
    }
    served
}

/// Returns what to do where the process or the system has no file descriptor left (accept(2)).
#[cfg(unix)]
fn remedy(error: &io::Error) -> &'static str {
    use rustix::io::Errno;
    let shortages = [Errno::MFILE, Errno::NFILE].map(|shortage| Some(shortage.raw_os_error()));
    if shortages.contains(&error.raw_os_error()) {
        "; it waits: raise the limit of open files (`ulimit -n`)"
    } else {
        ""
    }
}

/// Other systems have no limit of open files that people set.
#[cfg(not(unix))]
fn remedy(_: &io::Error) -> &'static str {
    ""
}

/// Serves a connection, which holds its place meanwhile.
fn run<H: Handler, P: Send + 'static>(
    (stream, peer): (TcpStream, SocketAddr),
    handshake: Option<HandshakeFault>,
    common: &Arc<Common<H>>,
    stopping: &watch::Receiver<bool>,
    place: P,
) -> impl Future<Output = ()> + Send + use<H, P> {
    set_nodelay(&stream);
    let (common, stopping) = (Arc::clone(common), stopping.clone());
    async move {
        connection::run(stream, peer, handshake, common, stopping).await;
        drop(place);
    }
}

/// Completes when the treatment of connections changes.
async fn changed(listening: &mut Option<watch::Receiver<Listening>>) {
    // The handler has the sender.
    let changed = match listening {
        Some(listening) => listening.changed().await.is_ok(),
        None => false,
    };
    if !changed {
        std::future::pending::<()>().await;
    }
}

/// Ends a connection beyond the bound of a scenario.
fn turn_away(stream: &TcpStream, excess: Excess) {
    if excess == Excess::Reset {
        // The close that follows sends an RST.
        let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
    }
}

/// Sends small answers at once, without Nagle's algorithm.
fn set_nodelay(stream: &TcpStream) {
    // A socket that is already closed fails at the first read.
    let _ = stream.set_nodelay(true);
}
