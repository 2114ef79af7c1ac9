//! Waiting for what clients have sent before they ended: for drills, whose verdict includes their last requests.

use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

use super::RunningServer;

/// How long to wait before the connections are counted again.
const POLL: Duration = Duration::from_millis(1);

impl RunningServer {
    /// Waits until all connections are over that clients opened before this was called, but no longer than `most`.
    /// Where other clients go on, as in other worlds, it takes that long.
    ///
    /// Connections are accepted in the order in which they were opened. One that is opened here, and closed at once, is
    /// therefore accepted after all of a client that has ended; and the end of such a client's connection is read after
    /// all that it has sent.
    pub(crate) async fn settle(&self, most: Duration) {
        let end = Instant::now() + most;
        let accepted = async {
            let mut probe = TcpStream::connect(self.address).await.ok()?;
            // Ends its sending: the server has nothing to wait for, and closes it.
            tokio::io::AsyncWriteExt::shutdown(&mut probe).await.ok()?;
            // Bytes, as of a TLS alert, come before the end; a reset is an end as well.
            while probe.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
            Some(())
        };
        let is_accepted = timeout_at(end, accepted).await.ok().flatten().is_some();
        // Nobody is accepted while connections are refused: those that are open may not have been accepted.
        while (self.open.count() > 0 || !is_accepted) && Instant::now() < end {
            sleep(POLL).await;
        }
        // What runs beside an answer, such as reading the body of its request, is done a moment after it.
        sleep(POLL).await;
    }
}
