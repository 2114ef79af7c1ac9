//! A stream as a chunked body (RFC 9112, section 7.1), written without hyper: a watch is idle for most of
//! its life, and hyper would hold its buffers, 16 KiB, for as long.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::ready;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

use crate::message::BodyStream;

use super::socket::Socket;

/// Sends a stream to its end, behind a head that says it is chunked. The socket comes back where the
/// next request can follow; `read` is what the client has sent of it already.
pub(super) async fn run(
    mut socket: Socket,
    read: Bytes,
    mut stream: BodyStream,
    limit: usize,
) -> Option<Socket> {
    // A copy: what was read is a slice of hyper's buffer, and would keep all of it.
    let mut next_request = BytesMut::from(&read[..]);
    drop(read);
    loop {
        tokio::select! {
            item = stream.next() => match item {
                Some(Ok(bytes)) => send(&mut socket, bytes).await.ok()?,
                // It broke: without a last chunk the client sees that it is not whole.
                Some(Err(_)) => return None,
                None => {
                    socket.write_all(b"0\r\n\r\n").await.ok()?;
                    socket.flush().await.ok()?;
                    socket.put_back(next_request.freeze());
                    return Some(socket);
                }
            },
            // A client that goes is noticed by its FIN; what it asks for meanwhile waits.
            more = receive(&mut socket, &mut next_request), if next_request.len() < limit => {
                if more.ok()? == 0 {
                    return None;
                }
            }
        }
    }
}

async fn send(socket: &mut Socket, bytes: Bytes) -> io::Result<()> {
    if bytes.is_empty() {
        // An empty chunk would be the last one.
        return Ok(());
    }
    let head = format!("{:x}\r\n", bytes.len());
    let mut chunk = head.as_bytes().chain(bytes).chain(&b"\r\n"[..]);
    socket.write_all_buf(&mut chunk).await?;
    socket.flush().await
}

/// Reads what there is, into a buffer that is there only while it is looked at.
async fn receive(socket: &mut Socket, into: &mut BytesMut) -> io::Result<usize> {
    poll_fn(|cx| {
        let mut buffer = [0; 1024];
        let mut buffer = ReadBuf::new(&mut buffer);
        ready!(Pin::new(&mut *socket).poll_read(cx, &mut buffer))?;
        into.extend_from_slice(buffer.filled());
        Ok(buffer.filled().len()).into()
    })
    .await
}
