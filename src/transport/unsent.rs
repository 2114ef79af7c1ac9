//! Waits until a socket has sent what was written to it: a reset discards the rest (RFC 9293, section 3.10.4).

use std::time::Duration;

use tokio::net::TcpStream;

/// How long to wait for a client that does not read.
#[cfg(target_os = "linux")]
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the queue is checked.
#[cfg(target_os = "linux")]
const EVERY: Duration = Duration::from_millis(1);

/// Waits until all written bytes are sent, or the client does not read them for too long.
#[cfg(target_os = "linux")]
pub(super) async fn wait(tcp: &TcpStream) {
    // With this mark a socket is writable only while no byte in it is unsent (tcp(7)).
    if socket2::SockRef::from(tcp).set_tcp_notsent_lowat(1).is_err() {
        return;
    }
    let until = tokio::time::Instant::now() + PATIENCE;
    while !is_writable(tcp) && tokio::time::Instant::now() < until {
        tokio::time::sleep(EVERY).await;
    }
}

#[cfg(target_os = "linux")]
fn is_writable(tcp: &TcpStream) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut sockets = [PollFd::new(tcp, PollFlags::OUT)];
    let polled = poll(&mut sockets, Some(&Timespec::default()));
    // A socket that cannot be polled or has failed needs no wait.
    polled.is_err() || !sockets[0].revents().is_empty()
}

/// Waits briefly, because the queue cannot be read on this system.
#[cfg(not(target_os = "linux"))]
pub(super) async fn wait(_: &TcpStream) {
    tokio::time::sleep(Duration::from_millis(20)).await;
}
