//! The listening socket, which can be closed and reopened while the address stays reserved.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// A listening socket.
#[derive(Debug)]
pub(super) struct Door {
    address: SocketAddr,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Connections queue, and can be accepted.
    Open(TcpListener),
    /// The address is bound without listening: the system refuses connections.
    Shut(Socket),
    /// Another program has taken the address in the meantime.
    Lost,
}

impl Door {
    pub(super) fn new(listener: TcpListener, address: SocketAddr) -> Self {
        Self { address, state: State::Open(listener) }
    }

    /// Returns the next connection; waits while the socket is closed.
    pub(super) async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        match &self.state {
            State::Open(listener) => listener.accept().await,
            State::Shut(_) | State::Lost => std::future::pending().await,
        }
    }

    /// Closes the listening socket and reserves its address with one that does not listen.
    ///
    /// # Errors
    /// Another program has taken the address, so this one cannot refuse connections.
    pub(super) fn shut(&mut self) -> io::Result<()> {
        if !matches!(self.state, State::Open(_)) {
            return Ok(());
        }
        // The system allows one listening socket per address: close this one first.
        self.state = State::Lost;
        self.state = State::Shut(bound(self.address)?);
        Ok(())
    }

    /// Listens again.
    ///
    /// # Errors
    /// Another program has taken the address.
    pub(super) fn open(&mut self) -> io::Result<()> {
        let socket = match std::mem::replace(&mut self.state, State::Lost) {
            State::Open(listener) => {
                self.state = State::Open(listener);
                return Ok(());
            }
            State::Shut(socket) => socket,
            State::Lost => bound(self.address)?,
        };
        socket.listen(BACKLOG)?;
        self.state = State::Open(TcpListener::from_std(socket.into())?);
        Ok(())
    }

    /// Returns whether the socket listens.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }
}

/// Returns a socket with an address, which does not listen.
fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Recently closed connections do not block the address.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}
