//! Byte-level tests: a test handler behind a real socket, and a peer that reads every byte.
mod connections;
mod deliveries;
mod uploads;

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::deliver::Step;
use super::listen::Served;
use super::{Listener, PortOptions, TransportLimits, serve};
use crate::message::Bodies;
use crate::message::{
    Body, Effects, Fault, FaultAction, FaultPoint, Handler, Handling, Origin, Pace, Plan, Request,
    RequestBody, TimedChunk,
};

/// Answers by path; counts the streams that were dropped.
struct Toy {
    dropped: Arc<AtomicUsize>,
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn plan(body: Body) -> Plan {
    Plan::new(StatusCode::OK, Origin::Server, body)
}

impl Handler for Toy {
    fn handle(&self, request: Box<Request>) -> Handling<'_> {
        Handling::Waiting(Box::pin(self.answer(request)))
    }
}

impl Toy {
    async fn answer(&self, request: Box<Request>) -> Plan {
        let path = request.path().to_owned();
        let mut parts = path.trim_start_matches('/').split('/');
        let body = match parts.next().unwrap_or_default() {
            "bytes" => Body::Bytes(Bytes::from_static(b"0123456789")),
            "pieces" => Body::Pieces(vec![
                Bytes::from_static(b"01234"),
                Bytes::new(),
                Bytes::from_static(b"56789"),
            ]),
            "large" => Body::Pieces(vec![Bytes::from(vec![b'x'; 1000]); 300]),
            "stream" => Body::Stream(Box::pin(futures_util::stream::iter([
                Ok(Bytes::from_static(b"01234")),
                Ok(Bytes::from_static(b"56789")),
            ]))),
            "recorded" => Body::Bytes(Bytes::from_static(b"one\ntwo\n")),
            "endless" => {
                let counted = Counted(Arc::clone(&self.dropped));
                let first = futures_util::stream::iter([Ok(Bytes::from_static(b"first\n"))]);
                Body::Stream(Box::pin(first.chain(futures_util::stream::pending().map(
                    move |item| {
                        let _ = &counted;
                        item
                    },
                ))))
            }
            "echo" => Body::Bytes(request.body.read(1 << 20).await.unwrap_or_default()),
            "first-chunk" => match request.body.take() {
                RequestBody::Arriving(body) => {
                    Body::Bytes(body.into_stream().next().await.unwrap().unwrap())
                }
                _ => Body::Empty,
            },
            "huge" => Body::Pieces(vec![Bytes::from(vec![b'x'; 100_000]); 80]),
            "status" => {
                let status = parts.next().unwrap_or_default().parse().unwrap();
                return Plan::new(status, Origin::Server, Body::Empty);
            }
            "exact" => {
                let mut answer = plan(Body::Empty);
                (answer.exact, answer.chunked) = (true, true);
                match parts.next() {
                    Some("some") => answer.body = Body::Bytes(Bytes::from_static(b"0123456789")),
                    Some("stream") => {
                        let schedule = Some(std::iter::empty().collect());
                        answer.delivery =
                            Effects { unannounced: true, schedule, ..Effects::default() }.into();
                    }
                    _ => {}
                }
                return answer;
            }
            "panic" => panic!("on purpose"),
            _ => Body::Empty,
        };
        let mut answer = plan(body);
        let mut effects = Effects::default();
        if path.starts_with("/recorded") {
            effects.unannounced = true;
            let chunk = |ms| TimedChunk { after: Duration::from_millis(ms), bytes: 4 };
            effects.schedule = Some([chunk(0), chunk(1)].into());
        }
        if path.ends_with("/slowly") {
            effects.pace = Some(Pace::Chunks { size: 4, every: Duration::from_millis(2) });
        }
        let at = match parts.next() {
            Some("before") => FaultPoint::BeforeHeaders,
            Some("headers") => FaultPoint::AfterHeaders,
            Some(n) if n.parse::<u64>().is_ok() => FaultPoint::AfterBytes(n.parse().unwrap()),
            _ => {
                answer.delivery = effects.into();
                return answer;
            }
        };
        let action = match parts.next() {
            Some("reset") => FaultAction::Reset,
            Some("close") => FaultAction::Close,
            Some("chunk") => FaultAction::MalformedChunk,
            _ => FaultAction::Garbage(Bytes::from_static(b"\x00garbage")),
        };
        answer.delivery = Effects { fault: Some(Fault { at, action }), ..effects }.into();
        answer
    }
}

struct Running {
    address: std::net::SocketAddr,
    dropped: Arc<AtomicUsize>,
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<Served>,
}

fn start(limits: TransportLimits) -> Running {
    let mut listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    listener.listen().unwrap();
    let (address, dropped) = (listener.local_addr(), Arc::new(AtomicUsize::new(0)));
    let handler = Arc::new(Toy { dropped: Arc::clone(&dropped) });
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(serve(
        listener,
        handler,
        limits,
        Bodies::new(limits.body_bytes),
        PortOptions::default(),
        Arc::new(|_: &str| {}),
        async {
            let _ = stopped.await;
        },
    ));
    Running { address, dropped, stop, task }
}

/// Returns the received text without the date, and how it ended: `None` is a FIN.
async fn read_all(stream: &mut TcpStream) -> (String, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let mut buffer = vec![0_u8; 65536];
    let end = loop {
        match stream.read(&mut buffer).await {
            Ok(0) => break None,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error) => break Some(error.kind()),
        }
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let without_date: Vec<&str> =
        text.split("\r\n").filter(|line| !line.starts_with("date: ")).collect();
    (without_date.join("\r\n"), end)
}

async fn ask(address: std::net::SocketAddr, request: &str) -> (String, Option<ErrorKind>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    read_all(&mut stream).await
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const RST: Option<ErrorKind> = Some(ErrorKind::ConnectionReset);

/// Sends while it reads, so that a body larger than the socket buffers blocks neither side.
async fn converse(address: std::net::SocketAddr, bytes: Vec<u8>) -> String {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let sending = tokio::spawn(async move {
        // A server that closes the connection accepts no more.
        let _ = write.write_all(&bytes).await;
        write
    });
    let mut got = Vec::new();
    let mut buffer = vec![0; 65536];
    while let Ok(read) = read.read(&mut buffer).await {
        if read == 0 {
            break;
        }
        got.extend_from_slice(&buffer[..read]);
    }
    let _ = sending.await;
    String::from_utf8_lossy(&got).into_owned()
}
