//! An upgraded connection to a backend: copies bytes in both directions.

use tokio::io::AsyncWriteExt;

use crate::message::Tunnel;

use super::socket::Socket;

/// Passes bytes until both sides have ended. `read` holds the bytes that were read after the
/// request.
pub(super) async fn run(mut socket: Socket, read: &[u8], tunnel: Tunnel) {
    let Tunnel(mut end) = tunnel;
    if end.write_all(read).await.is_err() || end.flush().await.is_err() {
        return;
    }
    // An error is the end of either side, and the other one sees it.
    let _ = tokio::io::copy_bidirectional(&mut socket, &mut end).await;
}
