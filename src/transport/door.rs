//! The listening socket. It takes its address before the server is ready to listen, and can be closed and opened again:
//! the address stays taken meanwhile.

use std::io;
use std::net::{Shutdown, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;
/// The same, counted.
const BACKLOG_LENGTH: usize = 1024;

/// A listening socket.
#[derive(Debug)]
pub(super) struct Door {
    address: SocketAddr,
    state: State,
    /// Another process handed the socket over and may hold it too: closing it here would not end the listening.
    is_inherited: bool,
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
    /// Takes an address, and does not listen yet: connections are refused.
    ///
    /// # Errors
    /// The error of the system, such as an address in use.
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = bound(address)?;
        let address = local_address(&socket)?;
        Ok(Self { address, state: State::Shut(socket), is_inherited: false })
    }

    /// Takes a socket that listens already: connections wait until they are accepted.
    ///
    /// # Errors
    /// The socket has no address, or cannot be set up.
    pub(super) fn inherit(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let state = State::Open(TcpListener::from_std(listener)?);
        Ok(Self { address, state, is_inherited: true })
    }

    /// The address, with the port that was taken.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
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
        let listener = match std::mem::replace(&mut self.state, State::Lost) {
            State::Open(listener) => listener,
            shut => {
                self.state = shut;
                return Ok(());
            }
        };
        if self.is_inherited {
            let socket = Socket::from(listener.into_std()?);
            // On Linux it stops listening for all who hold it, and keeps its address.
            socket.shutdown(Shutdown::Both)?;
            self.state = State::Shut(socket);
            return Ok(());
        }
        // The system allows one socket that listens for an address: this one goes first.
        drop(listener);
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
        // Connections that close later do not block the address when it is bound again.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.listen(BACKLOG)?;
        self.state = State::Open(TcpListener::from_std(socket.into())?);
        Ok(())
    }

    /// Closes the socket for good. Returns the connections that wait in its queue: the system would reset them.
    pub(super) fn close(self) -> Vec<(TcpStream, SocketAddr)> {
        let mut waiting = Vec::new();
        let State::Open(listener) = self.state else { return waiting };
        let Ok(listener) = listener.into_std() else { return waiting };
        while let Ok((stream, peer)) = listener.accept() {
            if stream.set_nonblocking(true).is_ok()
                && let Ok(stream) = TcpStream::from_std(stream)
            {
                waiting.push((stream, peer));
            }
            if waiting.len() == BACKLOG_LENGTH {
                break;
            }
        }
        waiting
    }

    /// Returns whether the socket listens.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }
}

fn local_address(socket: &Socket) -> io::Result<SocketAddr> {
    let unusable = || io::Error::other("the socket has no address of IP");
    socket.local_addr()?.as_socket().ok_or_else(unusable)
}

/// A socket with an address, which does not listen.
fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Recently closed connections do not block an address that is asked for. A port of the system's choice has none, and
    // until it listens nobody else that allows this may have it.
    #[cfg(unix)]
    socket.set_reuse_address(address.port() != 0)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_of_the_systems_choice_is_taken_before_it_listens() {
        let mut door = Door::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let taken = || bound(door.address()).is_err();
        assert!(taken(), "not even by those who reuse addresses");
        door.open().unwrap();
        door.shut().unwrap();
        door.open().unwrap();
        assert!(door.is_open());
    }
}
