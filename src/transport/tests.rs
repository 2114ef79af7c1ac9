//! Byte-level tests: a toy handler behind a real socket, and a peer that reads every byte.

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
use super::{Limits, Listener, serve};
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
    fn handle(&self, request: Request) -> Handling<'_> {
        Handling::Waiting(Box::pin(self.answer(request)))
    }
}

impl Toy {
    async fn answer(&self, mut request: Request) -> Plan {
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
            "echo" => Body::Bytes(request.read_body(1 << 20).await.unwrap_or_default()),
            "first-chunk" => match &mut request.body {
                RequestBody::Stream(stream) => Body::Bytes(stream.next().await.unwrap().unwrap()),
                _ => Body::Empty,
            },
            "huge" => Body::Pieces(vec![Bytes::from(vec![b'x'; 100_000]); 80]),
            "status" => {
                let status = parts.next().unwrap_or_default().parse().unwrap();
                return Plan::new(status, Origin::Server, Body::Empty);
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

async fn start(limits: Limits) -> Running {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (address, dropped) = (listener.local_addr(), Arc::new(AtomicUsize::new(0)));
    let handler = Arc::new(Toy { dropped: Arc::clone(&dropped) });
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(serve(
        listener,
        handler,
        limits,
        Bodies::new(limits.body_bytes),
        None,
        Arc::new(|_: &str| {}),
        async {
            let _ = stopped.await;
        },
    ));
    Running { address, dropped, stop, task }
}

/// What came, without the date, and how it ended: `None` is a FIN.
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

#[tokio::test]
async fn faults_are_exact_to_the_byte() {
    let server = start(Limits::default()).await;
    let bad_chunk = "zz\r\nthis chunk has no size\r\n";
    let cases: [(&str, String, Option<ErrorKind>); 17] = [
        ("bytes/before/reset", String::new(), RST),
        ("bytes/before/close", String::new(), None),
        ("bytes/before/garbage", "\0garbage".into(), None),
        ("bytes/headers/reset", HEAD.into(), RST),
        ("bytes/headers/close", HEAD.into(), None),
        ("bytes/headers/garbage", format!("{HEAD}\0garbage"), None),
        ("bytes/4/reset", format!("{HEAD}0123"), RST),
        ("bytes/4/close", format!("{HEAD}0123"), None),
        ("pieces/7/close", format!("{HEAD}0123456"), None),
        ("bytes/99/close", format!("{HEAD}0123456789"), None),
        ("stream/headers/garbage", format!("{CHUNKED}\0garbage"), None),
        ("stream/7/close", format!("{CHUNKED}5\r\n01234\r\n2\r\n56\r\n"), None),
        ("stream/7/reset", format!("{CHUNKED}5\r\n01234\r\n2\r\n56\r\n"), RST),
        ("stream/99/close", format!("{CHUNKED}5\r\n01234\r\n5\r\n56789\r\n"), None),
        ("bytes/headers/chunk", format!("{CHUNKED}{bad_chunk}"), None),
        ("bytes/4/chunk", format!("{CHUNKED}4\r\n0123\r\n{bad_chunk}"), None),
        ("stream/7/chunk", format!("{CHUNKED}5\r\n01234\r\n2\r\n56\r\n{bad_chunk}"), None),
    ];
    for (path, bytes, end) in cases {
        // A pipelined request behind the fault must not be answered.
        let request = format!(
            "GET /{path} HTTP/1.1\r\nhost: x\r\n\r\nGET /bytes HTTP/1.1\r\nhost: x\r\n\r\n"
        );
        let answer =
            tokio::time::timeout(Duration::from_secs(5), ask(server.address, &request)).await;
        assert_eq!(answer.ok(), Some((bytes, end)), "{path}");
    }
}

#[tokio::test]
async fn bodies_go_out_as_planned() {
    let server = start(Limits::default()).await;
    let close = "host: x\r\nconnection: close\r\n\r\n";
    for (path, answer) in [
        ("bytes", "content-length: 10\r\nconnection: close\r\n\r\n0123456789"),
        ("pieces", "content-length: 10\r\nconnection: close\r\n\r\n0123456789"),
        (
            "recorded",
            "transfer-encoding: chunked\r\nconnection: close\r\n\r\n4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n",
        ),
        ("empty", "content-length: 0\r\nconnection: close\r\n\r\n"),
    ] {
        let (got, end) = ask(server.address, &format!("GET /{path} HTTP/1.1\r\n{close}")).await;
        let (mut got, mut expected): (Vec<_>, Vec<_>) = (
            got.split("\r\n").collect(),
            answer.split("\r\n").chain(["HTTP/1.1 200 OK"]).collect(),
        );
        // The order of header fields means nothing.
        got.sort_unstable();
        expected.sort_unstable();
        assert_eq!((got, end), (expected, None), "{path}");
    }
    let (large, _) = ask(server.address, &format!("GET /large HTTP/1.1\r\n{close}")).await;
    assert!(large.contains("content-length: 300000\r\n") && large.ends_with(&"x".repeat(300_000)));
    let (head, _) = ask(server.address, &format!("HEAD /bytes HTTP/1.1\r\n{close}")).await;
    assert!(head.contains("content-length: 10\r\n") && head.ends_with("\r\n\r\n"), "{head:?}");
}

#[tokio::test]
async fn connections_are_kept_and_pipelines_answered_in_order() {
    let server = start(Limits::default()).await;
    let request = "GET /bytes HTTP/1.1\r\nhost: x\r\n\r\nGET /pieces HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let (got, end) = ask(server.address, request).await;
    assert_eq!((got.matches("0123456789").count(), end), (2, None), "{got}");
}

#[tokio::test]
async fn a_stream_is_flushed_before_its_end_and_dropped_with_its_client() {
    let server = start(Limits::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut got = Vec::new();
    while !got.ends_with(b"6\r\nfirst\n\r\n") {
        stream.read_buf(&mut got).await.unwrap();
    }
    assert_eq!(server.dropped.load(Ordering::SeqCst), 0);
    drop(stream);
    while server.dropped.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn bodies_are_read_as_they_arrive() {
    let server = start(Limits::default()).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head =
        "POST /first-chunk HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    while !got.ends_with(b"abc") {
        assert_ne!(stream.read_buf(&mut got).await.unwrap(), 0);
    }
    let expecting =
        "POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n";
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(expecting.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    while !got.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut got).await.unwrap(), 0);
    }
    assert!(got.starts_with(b"HTTP/1.1 100 Continue"), "{}", String::from_utf8_lossy(&got));
    stream.write_all(b"hi").await.unwrap();
    let mut got = Vec::new();
    while !got.ends_with(b"hi") {
        assert_ne!(stream.read_buf(&mut got).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong_and_others_are_served() {
    let limits = Limits {
        header_bytes: 1024,
        header_count: 8,
        header_timeout: Duration::from_millis(30),
        ..Limits::default()
    };
    let server = start(limits).await;
    let many: String = (0..20).map(|n| format!("x-{n}: 1\r\n")).collect();
    for (request, status, words) in [
        ("NOT HTTP\r\n\r\n".to_owned(), "400", "this is not HTTP/1.1"),
        ("GET / HTTP/1.1\r\nbad header\r\n\r\n".to_owned(), "400", "header"),
        (format!("GET / HTTP/1.1\r\n{many}\r\n"), "431", "8 header fields"),
        (format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(5000)), "431", "1024 bytes"),
        ("GET / HTTP/1.1\r\nhost:".to_owned(), "408", "did not arrive"),
    ] {
        let (got, end) = ask(server.address, &request).await;
        assert!(got.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {got:?}");
        assert!(got.contains(words) && end.is_none(), "{request:?}: {got:?} {end:?}");
        assert_eq!(got.matches("HTTP/1.1 ").count(), 1, "{got:?}");
    }
    let (got, _) =
        ask(server.address, "GET /bytes HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(got.ends_with("0123456789"));
}

#[tokio::test]
async fn an_error_after_a_good_request_is_told_too() {
    let server = start(Limits::default()).await;
    let request = "GET /bytes HTTP/1.1\r\nhost: x\r\n\r\nNOT HTTP\r\n\r\n";
    let (got, _) = ask(server.address, request).await;
    assert!(
        got.contains("0123456789HTTP/1.1 400 Bad Request") && got.contains("this is not HTTP/1.1"),
        "{got}"
    );
}

#[tokio::test]
async fn one_connection_too_many_is_turned_away() {
    let server = start(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut buffer = [0; 16];
    first.read_exact(&mut buffer).await.unwrap();
    let (got, end) = ask(server.address, "").await;
    assert!(
        got.starts_with("HTTP/1.1 503 ") && got.contains("all the 1 connections") && end.is_none(),
        "{got}"
    );
}

#[tokio::test]
async fn a_panic_is_answered_and_kept_apart() {
    let server = start(Limits::default()).await;
    let request = "GET /panic HTTP/1.1\r\nhost: x\r\n\r\nGET /bytes HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let (got, _) = ask(server.address, request).await;
    assert!(got.starts_with("HTTP/1.1 500 ") && got.ends_with("0123456789"), "{got}");
}

#[tokio::test(start_paused = true)]
async fn stopping_closes_idle_connections_and_cuts_the_rest() {
    let server = start(Limits::default()).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    let mut open = TcpStream::connect(server.address).await.unwrap();
    open.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut buffer = [0; 16];
    open.read_exact(&mut buffer).await.unwrap();
    let began = tokio::time::Instant::now();
    server.stop.send(()).unwrap();
    let served = server.task.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!((served.accepted, served.cut), (2, 1));
    assert_eq!(read_all(&mut idle).await.1, None);
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_connection_goes_on_after_a_stream() {
    let server = start(Limits::default()).await;
    let keep = "HTTP/1.1\r\nhost: x\r\n\r\n";
    let close = "HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let stream = format!("{CHUNKED}5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n");
    // Asked for at once, behind the stream, and again a stream.
    let request =
        format!("GET /stream {keep}GET /bytes {keep}GET /stream {keep}GET /bytes {close}");
    let (got, end) = ask(server.address, &request).await;
    assert!(got.starts_with(&format!("{stream}{HEAD}0123456789{stream}")), "{got}");
    assert_eq!((got.matches("0123456789").count(), end), (2, None), "{got}");
    // HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
    let (got, end) = ask(server.address, "GET /stream HTTP/1.0\r\n\r\n").await;
    assert!(
        got.ends_with("\r\n\r\n0123456789") && !got.contains("chunked") && end.is_none(),
        "{got}"
    );
    // What comes in pieces while the stream goes on is read as one request.
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(format!("GET /recorded {keep}GET /by").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    slow.write_all(format!("tes {close}").as_bytes()).await.unwrap();
    let (got, _) = read_all(&mut slow).await;
    assert!(got.ends_with("0123456789"), "{got}");
}

#[tokio::test]
async fn a_slow_body_goes_out_in_its_pieces() {
    let server = start(Limits::default()).await;
    let close = "HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    // The coding shows the pieces: each of five bytes that come at once, four at a time.
    let (got, end) = ask(server.address, &format!("GET /stream/slowly {close}")).await;
    let chunks = "4\r\n0123\r\n1\r\n4\r\n4\r\n5678\r\n1\r\n9\r\n0\r\n\r\n";
    assert!(got.ends_with(&format!("\r\n\r\n{chunks}")) && end.is_none(), "{got}");
    let (got, end) = ask(server.address, &format!("GET /pieces/slowly {close}")).await;
    assert!(got.contains("content-length: 10\r\n") && got.ends_with("\r\n\r\n0123456789"), "{got}");
    assert_eq!(end, None);
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_keeps_its_pace() {
    let pace = Some(Pace::Chunks { size: 4, every: Duration::from_secs(1) });
    let body = Body::Bytes(Bytes::from_static(b"0123456789"));
    let mut steps = super::deliver::steps(body, Effects { pace, ..Effects::default() }.into());
    let began = tokio::time::Instant::now();
    for (second, expected) in [(0, "0123"), (1, "4567"), (2, "89")] {
        let Some(Step::Send(piece)) = steps.next().await else { panic!("{expected} is missing") };
        assert_eq!(piece, expected);
        // On tokio's clock, which moves when nothing else can happen.
        assert_eq!(began.elapsed(), Duration::from_secs(second), "{expected}");
    }
    assert!(steps.next().await.is_none());
}

/// A request that is answered with no look at its body, which is made of requests.
fn unread(path: &str, size: usize, chunked: bool) -> Vec<u8> {
    let line = b"GET /stream HTTP/1.1\r\nhost: smuggled\r\n\r\n";
    let mut body: Vec<u8> =
        line.iter().copied().cycle().take(size.saturating_sub(size % line.len())).collect();
    body.resize(size, b'\n');
    let mut request = format!("POST /{path} HTTP/1.1\r\nhost: x\r\n").into_bytes();
    if chunked {
        request.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
        for part in body.chunks(1000) {
            request.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
            request.extend_from_slice(part);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"0\r\n\r\n");
    } else {
        request.extend_from_slice(format!("content-length: {size}\r\n\r\n").as_bytes());
        request.extend_from_slice(&body);
    }
    request
}

/// Sends while it reads: a body larger than what the sockets hold does not block either side.
async fn converse(address: std::net::SocketAddr, bytes: Vec<u8>) -> String {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let sending = tokio::spawn(async move {
        // A server that closes the connection takes no more.
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

#[tokio::test]
async fn a_body_that_nobody_reads_is_never_a_request() {
    let server = start(Limits::default()).await;
    for path in ["bytes", "stream", "bytes/slowly", "stream/slowly", "stream/7/close", "recorded"] {
        for size in [1, 40, 1000, 20_000, 300_000, 5 << 20] {
            for chunked in [false, true] {
                let mut bytes = unread(path, size, chunked);
                bytes.extend_from_slice(
                    b"GET /empty HTTP/1.1\r\nhost: x\r\nx-next: 1\r\nconnection: close\r\n\r\n",
                );
                let talk = converse(server.address, bytes);
                let got = tokio::time::timeout(Duration::from_secs(30), talk).await.unwrap();
                let answers = got.matches("HTTP/1.1 ").count();
                let name = format!("{path} {size} {chunked}");
                // One answer and the end, or both answers: never one to what stands in the body.
                assert!((1..=2).contains(&answers), "{name}: {answers} answers");
                assert!(!got.contains("HTTP/1.1 400"), "{name}: {got}");
                if answers == 2 {
                    assert!(got.contains("content-length: 0\r\n"), "{name}: {got}");
                }
                // What is known to end within bounds leaves the connection to the next request.
                if size <= 20_000 && !chunked && !path.contains("close") {
                    assert_eq!(answers, 2, "{name}");
                }
            }
        }
    }
}

#[tokio::test]
async fn pipelines_are_answered_behind_everything_that_does_not_end_the_connection() {
    let server = start(Limits::default()).await;
    for path in ["bytes", "stream", "recorded", "bytes/slowly", "stream/slowly"] {
        let padding = "y".repeat(1500);
        let mut request =
            format!("GET /{path} HTTP/1.1\r\nhost: x\r\nx-pad: {padding}\r\n\r\n").repeat(40);
        request.push_str("GET /empty HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let got = converse(server.address, request.into_bytes()).await;
        assert_eq!(got.matches("HTTP/1.1 200 OK").count(), 41, "{path}");
        assert!(got.trim_end().contains("connection: close"), "{path}");
    }
}

#[tokio::test]
async fn an_answer_that_looks_like_an_error_of_the_protocol_arrives() {
    let server = start(Limits::default()).await;
    for status in ["400", "404", "417", "431"] {
        let close = "HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let (got, end) = ask(server.address, &format!("GET /status/{status} {close}")).await;
        assert!(
            got.starts_with(&format!("HTTP/1.1 {status} ")) && end.is_none(),
            "{got:?} {end:?}"
        );
        assert!(got.contains("content-length: 0\r\n"), "{got}");
        // And the second time on one connection.
        let keep = "HTTP/1.1\r\nhost: x\r\n\r\n";
        let (got, _) =
            ask(server.address, &format!("GET /bytes {keep}GET /status/{status} {close}")).await;
        assert!(got.contains(&format!("0123456789HTTP/1.1 {status} ")), "{got}");
    }
}

#[tokio::test]
async fn a_reset_discards_nothing_that_was_sent_before() {
    let server = start(Limits::default()).await;
    for bytes in [1_usize, 65_536, 299_999, 7_000_000] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET /huge/{bytes}/reset HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        // A client that is not ready to read yet.
        tokio::task::yield_now().await;
        let (got, end) = read_all(&mut stream).await;
        let body = got.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
        assert_eq!((body, end), (bytes, RST));
    }
}

#[tokio::test]
async fn an_http2_reset_comes_after_exactly_its_bytes() {
    let server = start(Limits::default()).await;
    for (bytes, window) in [(0, 65_535), (1, 1 << 20), (100_000, 65_535), (5_000_000, 1 << 30)] {
        let tcp = TcpStream::connect(server.address).await.unwrap();
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(window).initial_connection_window_size(window);
        let (client, connection) = builder.handshake::<_, Bytes>(tcp).await.unwrap();
        let connection = tokio::spawn(connection);
        let mut client = client.ready().await.unwrap();
        let request = http::Request::get(format!("http://x/huge/{bytes}/reset")).body(()).unwrap();
        let (response, _) = client.send_request(request, true).unwrap();
        let mut body = response.await.unwrap().into_body();
        let mut got = 0;
        let end = loop {
            match body.data().await {
                Some(Ok(data)) => {
                    got += data.len();
                    body.flow_control().release_capacity(data.len()).unwrap();
                }
                Some(Err(error)) => break error.reason(),
                None => break None,
            }
        };
        assert_eq!((got, end), (bytes, Some(h2::Reason::INTERNAL_ERROR)));
        connection.abort();
    }
}
