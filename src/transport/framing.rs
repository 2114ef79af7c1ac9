//! A body in HTTP/1.1's framing (RFC 9112, section 6), written without hyper: a watch is idle for most of
//! its life, and hyper would hold its buffers, 16 KiB, for as long; and what is wrong on purpose is
//! nothing that hyper writes.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::ready;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

use crate::message::{BodyStream, FaultAction, Guard};

use super::acts::{Act, Acts};
use super::socket::Socket;

/// What follows a head that is sent.
pub(super) struct Outside {
    pub(super) flow: Flow,
    pub(super) framing: Framing,
    /// Whether the connection goes on with the next request.
    pub(super) keep: bool,
    /// Is dropped when the answer is out.
    pub(super) guard: Option<Guard>,
}

/// Where the bytes come from.
pub(super) enum Flow {
    /// A stream in which nothing goes wrong.
    Stream(BodyStream),
    /// A body with what goes wrong in it.
    Acts(Acts),
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// In chunks.
    Chunked,
    /// By its length, which the head names.
    Length(u64),
    /// By the end of the connection.
    Close,
    /// There is no body: the head is all.
    HeadAlone,
}

impl Flow {
    async fn next(&mut self) -> Option<Act> {
        match self {
            Self::Stream(stream) => Some(match stream.next().await? {
                Ok(bytes) => Act::Data(bytes),
                Err(error) => Act::Broken(error),
            }),
            Self::Acts(acts) => acts.next().await,
        }
    }
}

/// How an answer went out.
pub(super) enum Sent {
    /// Whole: the next request can follow.
    Whole(Socket),
    /// Whole, and the connection ends.
    Last(Socket),
    /// It ends with a fault.
    Fault(Socket, FaultAction),
    /// The client is gone, or what the body was made of broke.
    Gone,
}

/// Sends a body behind its head. `read` is what the client has sent of its next request already.
pub(super) async fn run(socket: Socket, read: Bytes, outside: Outside, limit: usize) -> Sent {
    send(socket, read, outside, limit).await.unwrap_or(Sent::Gone)
}

async fn send(mut socket: Socket, read: Bytes, outside: Outside, limit: usize) -> io::Result<Sent> {
    let Outside { mut flow, framing, keep, guard } = outside;
    // A copy: what was read is a slice of hyper's buffer, and would keep all of it.
    let mut next_request = BytesMut::from(&read[..]);
    drop(read);
    let mut left = match framing {
        Framing::Length(length) => length,
        Framing::HeadAlone => 0,
        Framing::Chunked | Framing::Close => u64::MAX,
    };
    loop {
        tokio::select! {
            act = flow.next() => match act {
                Some(Act::Data(bytes)) => piece(&mut socket, framing, bytes, &mut left).await?,
                // Without a last chunk the client sees that it is not whole.
                Some(Act::Broken(_)) => return Ok(Sent::Gone),
                Some(Act::End(action)) => return Ok(Sent::Fault(socket, action)),
                None => break,
            },
            // A client that goes is noticed by its FIN; what it asks for meanwhile waits.
            more = receive(&mut socket, &mut next_request), if next_request.len() < limit => {
                if more? == 0 {
                    return Ok(Sent::Gone);
                }
            }
        }
    }
    drop(guard);
    if framing == Framing::Chunked {
        socket.write_all(b"0\r\n\r\n").await?;
        socket.flush().await?;
    }
    let short = matches!(framing, Framing::Length(_)) && left > 0;
    if !keep || short || framing == Framing::Close {
        return Ok(Sent::Last(socket));
    }
    socket.put_back(next_request.freeze());
    Ok(Sent::Whole(socket))
}

async fn piece(
    socket: &mut Socket,
    framing: Framing,
    mut bytes: Bytes,
    left: &mut u64,
) -> io::Result<()> {
    bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
    if bytes.is_empty() {
        // An empty chunk would be the last one.
        return Ok(());
    }
    if framing == Framing::Chunked {
        let head = format!("{:x}\r\n", bytes.len());
        let mut chunk = head.as_bytes().chain(bytes).chain(&b"\r\n"[..]);
        socket.write_all_buf(&mut chunk).await?;
    } else {
        *left = left.saturating_sub(bytes.len() as u64);
        socket.write_all_buf(&mut bytes).await?;
    }
    socket.flush().await
}

/// Reads what there is, into a buffer that is there only while it is looked at.
pub(super) async fn receive(socket: &mut Socket, into: &mut BytesMut) -> io::Result<usize> {
    poll_fn(|cx| {
        let mut buffer = [0; 1024];
        let mut buffer = ReadBuf::new(&mut buffer);
        ready!(Pin::new(&mut *socket).poll_read(cx, &mut buffer))?;
        into.extend_from_slice(buffer.filled());
        Ok(buffer.filled().len()).into()
    })
    .await
}
