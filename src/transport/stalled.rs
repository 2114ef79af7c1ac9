//! An HTTP/1.1 answer with a long delay. It waits without hyper, which would hold its buffers: a
//! drill of a hanging server has ten thousand such answers.

use bytes::{Bytes, BytesMut};
use http::{Method, Version};
use tokio::time::Instant;

use crate::message::Plan;

use super::exact;
use super::framing::receive;
use super::socket::Socket;

/// A plan whose delay is not over.
pub(super) struct Stalled {
    pub(super) until: Instant,
    pub(super) plan: Plan,
    /// The request line that hyper reads again after the delay: method and version decide the
    /// framing.
    head: Bytes,
}

impl Stalled {
    /// Creates a plan that is sent at a time, as the answer to a request of this method and
    /// version, without a body.
    pub(super) fn new(
        until: Instant,
        plan: Plan,
        (method, version): (&Method, Version),
        closes: bool,
    ) -> Self {
        let version = if version == Version::HTTP_10 { "1.0" } else { "1.1" };
        let close = if closes { "connection: close\r\n" } else { "" };
        let head = format!("{method} / HTTP/{version}\r\nhost: standin\r\n{close}\r\n").into();
        Self { until, plan, head }
    }

    /// Waits. Returns `None` if the client has closed the connection.
    pub(super) async fn wait(
        self,
        mut socket: Socket,
        read: Bytes,
        limit: usize,
    ) -> Option<(Socket, Plan)> {
        // Copied, because a slice of hyper's buffer would keep all of it alive.
        let mut next = BytesMut::from(&self.head[..]);
        next.extend_from_slice(&read);
        drop(read);
        let limit = limit + self.head.len();
        let time = exact::until(self.until);
        let mut time = std::pin::pin!(time);
        loop {
            tokio::select! {
                () = &mut time => break,
                more = receive(&mut socket, &mut next), if next.len() < limit => {
                    if more.ok()? == 0 {
                        return None;
                    }
                }
            }
        }
        socket.put_back(next.freeze());
        Some((socket, self.plan))
    }
}
