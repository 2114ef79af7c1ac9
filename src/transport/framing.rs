//! Writes a body in HTTP/1.1's framing (RFC 9112, section 6) without hyper: a watch is idle for
//! most of its life, and hyper would hold 16 KiB of buffers for it; and hyper writes nothing that
//! is deliberately malformed.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::ready;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::StreamExt;
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

use crate::message::{BodyStream, Ending, FaultAction, Guard};

use super::deliver::{Step, Steps};
use super::raw_head::RawHead;
use super::socket::Socket;
use super::upload::{MAX_SKIPPED, Rest, SKIP_TIME, Upload};

/// The body after a head.
pub(super) struct Outside {
    /// The head, if hyper does not send it.
    pub(super) head: Option<RawHead>,
    pub(super) flow: Flow,
    pub(super) framing: Framing,
    /// The trailers of a chunked body.
    pub(super) trailers: Option<Arc<HeaderMap>>,
    /// Whether the connection continues with the next request.
    pub(super) keep: bool,
    /// The request's body, if it was not read to its end.
    pub(super) upload: Option<Upload>,
    /// Dropped when the answer is sent.
    pub(super) guard: Option<Guard>,
}

/// The source of the bytes.
pub(super) enum Flow {
    /// An undisturbed stream.
    Stream(BodyStream),
    /// A body with a delivery.
    Steps(Steps),
}

/// How the end of a body is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// In chunks.
    Chunked,
    /// By its length, which the head announces.
    Length(u64),
    /// By the end of the connection.
    Close,
    /// There is no body.
    HeadAlone,
}

impl Flow {
    async fn next(&mut self) -> Option<Step> {
        match self {
            Self::Stream(stream) => Some(match stream.next().await? {
                Ok(bytes) => Step::Send(bytes),
                Err(error) => Step::Broken(error),
            }),
            Self::Steps(steps) => steps.next().await,
        }
    }
}

/// The result of sending an answer.
pub(super) enum Sent {
    /// Complete: the next request can follow.
    Whole(Socket),
    /// Complete, and the connection ends.
    Last(Socket),
    /// It ends with a fault.
    Fault(Socket, FaultAction),
    /// The client closed the connection, or the source of the body failed.
    Gone,
}

/// Sends a body after its head. `read` holds the bytes that were read after the request.
pub(super) async fn run(socket: Socket, read: Bytes, outside: Outside, limit: usize) -> Sent {
    send(socket, read, outside, limit).await.unwrap_or(Sent::Gone)
}

async fn send(mut socket: Socket, read: Bytes, outside: Outside, limit: usize) -> io::Result<Sent> {
    let Outside { head, mut flow, framing, trailers, keep, upload, mut guard } = outside;
    let mut incoming = Incoming::new(upload.map_or(Rest::Bytes(0), |upload| upload.take_rest()));
    incoming.push(&read);
    drop(read);
    if let Some(head) = head {
        head.send(&mut socket).await?;
    }
    let mut left = match framing {
        Framing::Length(length) => length,
        Framing::HeadAlone => 0,
        Framing::Chunked | Framing::Close => u64::MAX,
    };
    loop {
        tokio::select! {
            step = flow.next() => match step {
                Some(Step::Send(bytes)) => piece(&mut socket, framing, bytes, &mut left).await?,
                // Without a last chunk the client sees that the body is incomplete.
                Some(Step::Broken(_)) => return Ok(Sent::Gone),
                Some(Step::Fail(action)) => {
                    ends(guard.as_mut(), Ending::Fault);
                    return Ok(Sent::Fault(socket, action));
                }
                None => break,
            },
            // A client that closes the connection is noticed by its FIN; further requests wait.
            more = incoming.receive(&mut socket), if incoming.next.len() < limit => {
                if more? == 0 {
                    if left == 0 {
                        // It has all that the head announced, and closes before the stream says that it ends.
                        ends(guard.as_mut(), Ending::Whole);
                    }
                    return Ok(Sent::Gone);
                }
            }
        }
    }
    ends(guard.as_mut(), Ending::Whole);
    drop(guard);
    if framing == Framing::Chunked {
        socket.write_all(&last_chunk(trailers.as_deref())).await?;
        socket.flush().await?;
    }
    let short = matches!(framing, Framing::Length(_)) && left > 0;
    if !keep || short || framing == Framing::Close {
        return Ok(Sent::Last(socket));
    }
    if !incoming.reach_next(&mut socket).await? {
        return Ok(Sent::Last(socket));
    }
    socket.put_back(incoming.next.freeze());
    Ok(Sent::Whole(socket))
}

fn ends(guard: Option<&mut Guard>, how: Ending) {
    if let Some(guard) = guard {
        guard.ends(how);
    }
}

/// Returns the end of a body in chunks (RFC 9112, section 7.1).
fn last_chunk(trailers: Option<&HeaderMap>) -> Vec<u8> {
    let mut out = b"0\r\n".to_vec();
    for (name, value) in trailers.into_iter().flatten() {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// The bytes that the client sends in the meantime: the rest of its request's body, then the next
/// request.
struct Incoming {
    rest: Rest,
    next: BytesMut,
}

impl Incoming {
    fn new(rest: Rest) -> Self {
        Self { rest, next: BytesMut::new() }
    }

    /// Adds bytes that were read. They are copied: a slice of hyper's buffer would keep all of it.
    fn push(&mut self, bytes: &[u8]) {
        let skipped = match &mut self.rest {
            Rest::Unknown => bytes.len(),
            Rest::Bytes(rest) => {
                let skipped = bytes.len().min(usize::try_from(*rest).unwrap_or(usize::MAX));
                *rest -= skipped as u64;
                skipped
            }
        };
        self.next.extend_from_slice(&bytes[skipped..]);
    }

    /// Reads the available bytes; returns how many.
    async fn receive(&mut self, socket: &mut Socket) -> io::Result<usize> {
        let mut came = BytesMut::new();
        let read = receive(socket, &mut came).await?;
        self.push(&came);
        Ok(read)
    }

    /// Skips the rest of the body once the answer is sent; returns whether the next request
    /// follows.
    async fn reach_next(&mut self, socket: &mut Socket) -> io::Result<bool> {
        match self.rest {
            Rest::Unknown => return Ok(false),
            Rest::Bytes(rest) if rest > MAX_SKIPPED => return Ok(false),
            Rest::Bytes(_) => {}
        }
        let skipping = async {
            while self.rest != Rest::Bytes(0) {
                if self.receive(socket).await? == 0 {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        // A client that stops sending loses the connection.
        tokio::time::timeout(SKIP_TIME, skipping).await.unwrap_or(Ok(false))
    }
}

async fn piece(
    socket: &mut Socket,
    framing: Framing,
    mut bytes: Bytes,
    left: &mut u64,
) -> io::Result<()> {
    bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
    if bytes.is_empty() {
        // An empty chunk would end the body.
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

/// Reads the available bytes. The buffer is only allocated while the socket is polled.
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::stream;
    use tokio::io::AsyncReadExt as _;
    use tokio::net::{TcpListener, TcpStream};

    use crate::message::AnswerEnd;

    use super::super::socket::Opened;
    use super::*;

    struct Heard(Arc<Mutex<Option<Ending>>>);

    impl AnswerEnd for Heard {
        fn ends(&mut self, how: Ending) {
            *self.0.lock().unwrap() = Some(how);
        }
    }

    /// How an answer of 5 announced bytes ended, whose client closes the connection when it has what is sent of it. The
    /// stream does not say that it ends.
    async fn ending(sent: &'static [u8]) -> Option<Ending> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.write_all(b"G").await.unwrap();
        let (tcp, _) = listener.accept().await.unwrap();
        let (opened, _) = Opened::first_bytes(tcp).await.unwrap();
        let heard = Arc::new(Mutex::new(None));
        let first = Ok(Bytes::from_static(sent));
        let outside = Outside {
            head: None,
            flow: Flow::Stream(Box::pin(stream::iter([first]).chain(stream::pending()))),
            framing: Framing::Length(5),
            trailers: None,
            keep: true,
            upload: None,
            guard: Some(Guard(Box::new(Heard(Arc::clone(&heard))))),
        };
        let reads = async {
            let mut read = vec![0; sent.len()];
            client.read_exact(&mut read).await.unwrap();
            drop(client);
        };
        let sends = send(Socket::plain(opened), Bytes::new(), outside, 1024);
        let (gone, ()) = tokio::join!(sends, reads);
        assert!(matches!(gone, Ok(Sent::Gone)));
        *heard.lock().unwrap()
    }

    #[tokio::test]
    async fn a_client_that_has_all_bytes_may_close_before_the_stream_ends() {
        assert_eq!(ending(b"hello").await, Some(Ending::Whole));
        assert_eq!(ending(b"hell").await, None);
    }
}
