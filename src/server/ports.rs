//! The ports of a server: bound before anything is loaded, opened when everything is.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use futures_util::future::OptionFuture;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::error::Error;
use crate::message::Bodies;
use crate::serve::{AdminReach, Pipeline, Shared};
use crate::tls::server::Tls;
use crate::transport::{
    self, ForwardProxy, Listener, Logger, OpenConnections, PortOptions, TransportLimits,
};

use super::Builder;
use super::inherited::Inherited;

/// # Sockets of another process
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let address = socket.local_addr()?;
/// // Clients may connect from here on: they wait until the server has loaded everything.
/// let server = standin::Server::builder().listener(socket)?.start().await?;
/// assert_eq!(server.address(), address);
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
impl Builder {
    /// Serves on a socket that listens already, in place of the address of [`Builder::listen`]: a service manager or a
    /// test has bound it. Its connections wait until everything is loaded.
    ///
    /// # Errors
    /// [`Error::Setting`] for a socket without an address.
    pub fn listener(mut self, socket: TcpListener) -> Result<Self, Error> {
        self.listen = address_of(&socket)?;
        self.inherited.plain = Some(socket);
        Ok(self)
    }

    /// Serves `/__admin` on a socket that listens already, in place of the address of [`Builder::admin_listen`].
    ///
    /// # Errors
    /// [`Error::Setting`] for a socket without an address.
    pub fn admin_listener(mut self, socket: TcpListener) -> Result<Self, Error> {
        self.admin_listen = Some(address_of(&socket)?);
        self.inherited.admin = Some(socket);
        Ok(self)
    }

    /// Takes all addresses. Nothing listens on them yet, unless another process has begun to.
    pub(super) fn bind_ports(&mut self) -> Result<Ports, Error> {
        #[cfg(feature = "tls")]
        let https = self.https;
        #[cfg(not(feature = "tls"))]
        let https = None;
        let Inherited { plain, admin } = std::mem::take(&mut self.inherited);
        Ok(Ports {
            plain: bind(self.listen, plain)?,
            https: https.map(|address| bind(address, None)).transpose()?,
            admin: self.admin_listen.map(|address| bind(address, admin)).transpose()?,
        })
    }
}

fn address_of(socket: &TcpListener) -> Result<SocketAddr, Error> {
    let address = socket.local_addr();
    address.map_err(|why| Error::Setting(format!("the socket that was handed over: {why}")))
}

fn bind(address: SocketAddr, inherited: Option<TcpListener>) -> Result<Listener, Error> {
    let bound = match inherited {
        Some(socket) => Listener::inherit(socket),
        None => Listener::bind(address),
    };
    bound.map_err(|source| Error::Listen { address, source })
}

/// The ports that are bound: with a port for TLS, the plain one has none.
#[derive(Debug)]
pub(super) struct Ports {
    plain: Listener,
    https: Option<Listener>,
    admin: Option<Listener>,
}

/// The addresses of the ports.
#[derive(Debug)]
pub(super) struct Addresses {
    pub(super) plain: SocketAddr,
    pub(super) https: Option<SocketAddr>,
    pub(super) admin: Option<SocketAddr>,
}

impl Ports {
    /// Lets clients connect: to the admin API alone where a scenario refuses connections from the start. A port that
    /// listened for a moment would reset some of them.
    pub(super) fn listen(&mut self, refuses: bool) -> Result<(), Error> {
        let of_api = [Some(&mut self.plain), self.https.as_mut()].into_iter().filter(|_| !refuses);
        for listener in of_api.chain([self.admin.as_mut()]).flatten() {
            let address = listener.local_addr();
            listener.listen().map_err(|source| Error::Listen { address, source })?;
        }
        Ok(())
    }

    /// The port of the API, where the admin API has a port of its own.
    pub(super) fn port_besides_admin(&self) -> Option<u16> {
        self.admin.as_ref().map(|_| self.plain.local_addr().port())
    }

    pub(super) fn addresses(&self) -> Addresses {
        Addresses {
            plain: self.plain.local_addr(),
            https: self.https.as_ref().map(Listener::local_addr),
            admin: self.admin.as_ref().map(Listener::local_addr),
        }
    }
}

/// What all ports of a server share.
pub(super) struct Serving {
    pub(super) shared: Arc<Shared>,
    pub(super) limits: TransportLimits,
    pub(super) bodies: Bodies,
    pub(super) forward: Option<Arc<ForwardProxy>>,
    pub(super) log: Logger,
    pub(super) stopping: watch::Receiver<bool>,
    pub(super) open: OpenConnections,
}

impl Serving {
    /// Answers requests on all ports, in a task that ends when they are closed.
    pub(super) fn start(self, ports: Ports, tls: Option<Arc<Tls>>) -> JoinHandle<()> {
        let reach = match ports.admin {
            Some(_) => AdminReach::ApiAlone,
            None => AdminReach::Everything,
        };
        let (forward, open) = (&self.forward, &self.open);
        let options = |tls| PortOptions { tls, forward: forward.clone(), open: open.clone() };
        let (plain_tls, https) = match ports.https {
            Some(listener) => (None, Some(self.serve(listener, reach, options(tls)))),
            None => (tls, None),
        };
        let plain = self.serve(ports.plain, reach, options(plain_tls));
        let admin = ports
            .admin
            .map(|listener| self.serve(listener, AdminReach::AdminAlone, PortOptions::default()));
        tokio::spawn(async move {
            tokio::join!(plain, OptionFuture::from(https), OptionFuture::from(admin));
        })
    }

    fn serve(
        &self,
        listener: Listener,
        reach: AdminReach,
        options: PortOptions,
    ) -> impl Future<Output = transport::Served> + use<> {
        let stopped = stopped(self.stopping.clone(), Arc::clone(&self.shared));
        let handler = Arc::new(Pipeline::new(Arc::clone(&self.shared), reach));
        let (bodies, log) = (self.bodies.clone(), Arc::clone(&self.log));
        transport::serve(listener, handler, self.limits, bodies, options, log, stopped)
    }
}

async fn stopped(mut stopping: watch::Receiver<bool>, shared: Arc<Shared>) {
    // A dropped handle stops the server too.
    let _ = stopping.wait_for(|stopping| *stopping).await;
    shared.worlds.wake();
}
