//! Faults on the wire, byte by byte: on stubs, objects, recordings and proxied answers, over HTTP/1.1
//! and HTTP/2, at places within streams.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use standin::UpstreamOptions;
use standin::{RunningServer, Server};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{End, PATIENCE, TFJOBS, ask, eventually, files, post, raw};

/// A body of 2,000 bytes.
fn body() -> String {
    "0123456789".repeat(200)
}

/// Four chunks of a stream, a millisecond apart.
fn recorded() -> String {
    let chunk = format!(r#"{{"after": "1ms", "body": "{}"}}"#, "0123456789".repeat(50));
    let chunks = [chunk.as_str(); 4].join(", ");
    format!(
        r#"{{"status": 200, "body": "{}", "transformers": ["standin-stream"], "transformerParameters": {{"chunks": [{chunks}]}}}}"#,
        body()
    )
}

fn stub(name: &str, response: &str) -> String {
    format!(r#"{{"request": {{"urlPath": "/{name}"}}, "response": {response}}}"#)
}

/// A server whose answers come from all there is: stubs, recordings, objects, a backend.
struct All {
    server: RunningServer,
    _backend: RunningServer,
    _files: [TempDir; 3],
}

/// One path for each kind of answer.
const KINDS: [&str; 4] = ["/stub", "/recorded", TFJOBS, "/proxied"];

/// A response that says how long its body is: stubs that do not are sent in chunks.
fn with_length() -> String {
    let (body, length) = (body(), body().len());
    format!(r#"{{"status": 200, "headers": {{"Content-Length": "{length}"}}, "body": "{body}"}}"#)
}

async fn all(rules: &str) -> All {
    let fixtures = files(&[
        ("stub.json", &stub("stub", &with_length())),
        (
            "recorded.json",
            // As the recorder writes a stream: with its pace.
            &stub("recorded", &recorded()),
        ),
        ("crds.json", include_str!("../../fixtures/crds/tfjobs.json")),
        ("job.yaml", &job("one")),
    ]);
    let behind = files(&[("proxied.json", &stub("proxied", &with_length()))]);
    let backend = Server::builder().fixtures(behind.path()).start().await.unwrap();
    let scenario = files(&[("s.yaml", rules)]);
    let server = Server::builder()
        .fixtures(fixtures.path())
        .scenario(scenario.path().join("s.yaml").to_str().unwrap())
        .upstream(backend.url(), UpstreamOptions::default())
        .start()
        .await
        .unwrap();
    All { server, _backend: backend, _files: [fixtures, behind, scenario] }
}

fn job(name: &str) -> String {
    let padding = "x".repeat(2000);
    format!(
        "apiVersion: kubeflow.org/v1\nkind: TFJob\nmetadata: {{name: {name}, namespace: kube-test, annotations: {{pad: {padding}}}}}\n\
         spec: {{tfReplicaSpecs: {{Worker: {{replicas: 1, template: {{spec: {{containers: [{{name: tensorflow, image: x}}]}}}}}}}}}}\n"
    )
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
}

/// The body without chunk sizes, and whether the answer had a length.
fn dechunked(answer: &str) -> (String, bool) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    if head.contains("content-length") {
        return (body.to_owned(), true);
    }
    let mut rest = body;
    let mut whole = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        let size = size.min(after.len());
        whole.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    (whole, false)
}

#[tokio::test]
async fn every_fault_strikes_every_kind_of_answer() {
    let table: [(&str, Option<usize>, End); 9] = [
        ("reset: before_headers", None, End::Reset),
        ("close: before_headers", None, End::Closed),
        ("garbage: before_headers", None, End::Closed),
        ("close: after_headers", Some(0), End::Closed),
        ("close: {bytes: 700}", Some(700), End::Closed),
        ("cut: {bytes: 1KiB}", Some(1024), End::Closed),
        ("malformed_chunk: {bytes: 700}", Some(700), End::Closed),
        ("stall: 30ms", None, End::Closed),
        ("slow: {chunk: 1000B, every: 5ms}", None, End::Closed),
    ];
    for (then, bytes, end) in table {
        let all = all(&format!("rules: [{{then: {{{then}}}}}]")).await;
        for path in KINDS {
            let (got, ended) = raw(all.server.address(), get(path).as_bytes()).await;
            assert_eq!(ended, end, "{path} {then}: {got}");
            if then.contains("before") {
                let expected = if then.contains("garbage") { "this is not HTTP" } else { "" };
                assert!(got.contains(expected) && got.len() < 60, "{path} {then}: {got}");
                continue;
            }
            assert!(got.starts_with("HTTP/1.1 200 OK\r\n"), "{path} {then}: {got}");
            let (body, has_length) = dechunked(&got);
            match bytes {
                // What was announced is the truth: it is what came that is short.
                Some(bytes) => assert_eq!(body.len(), bytes, "{path} {then}"),
                None => assert!(body.len() >= 2000, "{path} {then}: {} bytes", body.len()),
            }
            if then.contains("malformed") {
                assert!(!has_length && got.contains("\r\nzz\r\n"), "{path} {then}: {got}");
            }
        }
    }
}

#[tokio::test]
async fn a_truncated_body_has_a_true_length() {
    let all = all("rules: [{then: {cut: {bytes: 100}}}]").await;
    let (got, end) = raw(all.server.address(), get("/stub").as_bytes()).await;
    assert!(got.contains("content-length: 2000\r\n") && end == End::Closed, "{got}");
    assert!(got.ends_with(&body()[..100]), "{got}");
    let (got, end) = raw(all.server.address(), get("/recorded").as_bytes()).await;
    assert!(got.contains("transfer-encoding: chunked\r\n") && end == End::Closed, "{got}");
    assert!(!got.contains("\r\n0\r\n"), "no last chunk: {got}");
}

/// What came of a body, and how it ended: with the code of its `RST_STREAM`.
async fn over_http2(server: &RunningServer, path: &str) -> (Option<usize>, Result<(), u32>) {
    let tcp = TcpStream::connect(server.address()).await.unwrap();
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(tcp)).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get(format!("http://stand.in{path}"));
    let request = request.body(Empty::<Bytes>::new()).unwrap();
    let code = |error: hyper::Error| {
        let source = std::error::Error::source(&error);
        let reason = source.and_then(|source| source.downcast_ref::<h2::Error>()?.reason());
        u32::from(reason.unwrap_or_else(|| panic!("{error:?}")))
    };
    let answer = match sender.send_request(request).await {
        Ok(answer) => answer,
        Err(error) => return (None, Err(code(error))),
    };
    let mut body = answer.into_body();
    let mut got = 0;
    loop {
        match body.frame().await {
            Some(Ok(frame)) => got += frame.into_data().map_or(0, |data| data.len()),
            Some(Err(error)) => return (Some(got), Err(code(error))),
            None => return (Some(got), Ok(())),
        }
    }
}

#[tokio::test]
async fn streams_of_http2_end_with_the_code_that_was_asked_for() {
    for (then, bytes, ended) in [
        ("rst_stream: REFUSED_STREAM", None, Err(7)),
        ("rst_stream: {code: CANCEL, at: after_headers}", Some(0), Err(8)),
        ("rst_stream: {code: 11, at: {bytes: 1000}}", Some(1000), Err(11)),
        ("reset: before_headers", None, Err(2)),
        ("close: {bytes: 500}", Some(500), Err(2)),
        ("garbage: after_headers", Some(0), Err(1)),
        ("malformed_chunk: {bytes: 10}", Some(10), Err(1)),
        ("slow: {chunk: 1000B, every: 2ms}", Some(2000), Ok(())),
        ("stall: 10ms", Some(2000), Ok(())),
    ] {
        let all = all(&format!("rules: [{{then: {{{then}}}}}]")).await;
        for path in ["/stub", "/recorded", "/proxied"] {
            assert_eq!(over_http2(&all.server, path).await, (bytes, ended), "{path} {then}");
        }
    }
}

const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A connection whose frames are read one by one.
struct Frames(TcpStream);

impl Frames {
    async fn open(server: &RunningServer) -> Self {
        let mut tcp = TcpStream::connect(server.address()).await.unwrap();
        let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        hello.extend(frame(SETTINGS, 0, 0, b""));
        tcp.write_all(&hello).await.unwrap();
        Self(tcp)
    }

    /// Kind, stream, payload; nothing at the end.
    async fn next(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let read = async {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.ok()?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let mut payload = vec![0; length];
            self.0.read_exact(&mut payload).await.ok()?;
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            Some((head[3], stream, payload))
        };
        tokio::time::timeout(PATIENCE, read).await.expect("in time")
    }

    async fn next_of(&mut self, kind: u8) -> (u32, Vec<u8>) {
        loop {
            let (found, stream, payload) = self.next().await.expect("a frame");
            if found == kind {
                return (stream, payload);
            }
        }
    }
}

/// `GET /stub` and `POST /stub`, `:scheme http`, `:authority x`, in HPACK's literal forms.
fn headers(method: u8, path: &str) -> Vec<u8> {
    let mut block =
        vec![0x80 | method, 0x86, 0x41, 1, b'x', 0x44, u8::try_from(path.len()).unwrap()];
    block.extend(path.as_bytes());
    block
}

const GET: u8 = 2;
const POST: u8 = 3;

#[tokio::test]
async fn goaway_names_its_code_and_last_stream() {
    for (last, named, answered) in [("this", 3, true), ("none", 0, false)] {
        let rules = format!(
            "rules: [{{steps: [{{times: 1, then: pass}}, {{times: 1, then: {{goaway: {{code: ENHANCE_YOUR_CALM, last_stream: {last}}}}}}}]}}]"
        );
        let all = all(&rules).await;
        let mut connection = Frames::open(&all.server).await;
        connection.0.write_all(&frame(1, 5, 1, &headers(GET, "/stub"))).await.unwrap();
        let mut whole = 0;
        while whole < 2000 {
            let (stream, data) = connection.next_of(0).await;
            assert_eq!(stream, 1);
            whole += data.len();
        }
        connection.0.write_all(&frame(1, 5, 3, &headers(GET, "/stub"))).await.unwrap();
        let mut seen = Vec::new();
        let mut data = 0;
        while let Some((kind, stream, payload)) = connection.next().await {
            if kind == GOAWAY {
                seen.push(payload);
            } else if kind == 0 {
                assert_eq!(stream, 3);
                data += payload.len();
            }
        }
        let expected: Vec<u8> = [u32::to_be_bytes(named), u32::to_be_bytes(11)].concat();
        assert_eq!(seen, [expected], "{last}");
        assert_eq!(data, if answered { 2000 } else { 0 }, "{last}");
    }
}

#[tokio::test]
async fn a_connection_announces_what_the_scenario_allows() {
    let all = all(
        "http2: {max_concurrent_streams: 3, initial_window: 1KiB}\nrules: [{then: {withhold: 300ms}}]",
    )
    .await;
    let mut connection = Frames::open(&all.server).await;
    let (_, settings) = connection.next_of(SETTINGS).await;
    let setting = |id: u16| {
        let all = settings.chunks(6).find(|setting| setting[..2] == id.to_be_bytes());
        all.map(|setting| u32::from_be_bytes([setting[2], setting[3], setting[4], setting[5]]))
    };
    assert_eq!((setting(3), setting(4)), (Some(3), Some(1024)));
    connection.0.write_all(&frame(SETTINGS, 1, 0, b"")).await.unwrap();
    // A full window of body, and no more fits until some of it was read.
    let began = Instant::now();
    connection.0.write_all(&frame(1, 4, 1, &headers(POST, TFJOBS))).await.unwrap();
    connection.0.write_all(&frame(0, 0, 1, &[b' '; 1024])).await.unwrap();
    let (stream, _) = loop {
        let (stream, payload) = connection.next_of(WINDOW_UPDATE).await;
        if stream == 1 {
            break (stream, payload);
        }
    };
    assert_eq!(stream, 1);
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
}

#[tokio::test]
async fn places_in_a_watch_over_http2() {
    for (at, code) in [
        ("{event: 2, then: {rst_stream: CANCEL}}", 8),
        ("{event: 2, then: {rst_stream: {code: 11}}}", 11),
        ("{event: 2, then: {reset: here}}", 2),
        ("{time: 50ms, then: {rst_stream: REFUSED_STREAM}}", 7),
        ("{event: 2, then: {goaway: {code: CANCEL}}}", 8),
    ] {
        let own = files(&[("s.yaml", &format!("rules: [{{match: {{verb: watch}}, at: [{at}]}}]"))]);
        let path = own.path().join("s.yaml");
        let server = Server::builder().scenario(path.to_str().unwrap()).start().await.unwrap();
        let target = format!("{TFJOBS}?watch=true");
        let watching = over_http2(&server, &target);
        let creating = async {
            let of = [("content-type", "application/yaml")];
            crate::support::send(&server, "POST", TFJOBS, &of, &job("second")).await
        };
        let (watched, created) = tokio::join!(tokio::time::timeout(PATIENCE, watching), creating);
        assert_eq!(created.status, 201);
        let (bytes, ended) = watched.expect("it ends");
        assert_eq!(ended, Err(code), "{at}");
        assert!(bytes.is_some_and(|bytes| bytes > 1000), "{at}: the first event came: {bytes:?}");
    }
}

/// A watch of which the head has come.
async fn watch(server: &RunningServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET {TFJOBS}?watch=true HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn places_in_a_watch_are_exact() {
    // The embedded job, then three that are created: four events.
    let table: [(&str, &str, Option<End>); 9] = [
        ("{event: 3, then: {reset: here}}", "tfjob-test,job-0", Some(End::Reset)),
        ("{event: 3, then: {close: here}}", "tfjob-test,job-0", Some(End::Closed)),
        ("{event: 3, then: {garbage: here}}", "tfjob-test,job-0", Some(End::Closed)),
        ("{event: 2, then: {cut: clean}}", "tfjob-test", None),
        ("{event: 2, then: {cut: mid_line}}", "tfjob-test,(half)", Some(End::Closed)),
        ("{event: 2, then: {event: expired}}", "tfjob-test,ERROR 410", None),
        ("{event: 2, then: {event: drop}}", "tfjob-test,job-1,job-2", None),
        ("{event: 2, then: {event: duplicate}}", "tfjob-test,job-0,job-0,job-1,job-2", None),
        ("{bytes: 10, then: {reset: here}}", "(half)", Some(End::Reset)),
    ];
    for (at, expected, end) in table {
        let scenario =
            files(&[("s.yaml", &format!("rules: [{{match: {{verb: watch}}, at: [{at}]}}]"))]);
        let path = scenario.path().join("s.yaml");
        let server = Server::builder().scenario(path.to_str().unwrap()).start().await.unwrap();
        let mut stream = watch(&server).await;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        for n in 0..3 {
            let text = job(&format!("job-{n}"));
            let answer = crate::support::send(
                &server,
                "POST",
                TFJOBS,
                &[("content-type", "application/yaml")],
                &text,
            )
            .await;
            assert_eq!(answer.status, 201, "{}", answer.text());
        }
        let (told, ended) = told(&mut stream, expected).await;
        assert_eq!((told.as_str(), ended), (expected, end), "{at}");
    }
}

/// The events that came, by name, until they are those that were expected or the stream ended.
async fn told(stream: &mut TcpStream, expected: &str) -> (String, Option<End>) {
    let mut all = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    let deadline = Instant::now() + PATIENCE;
    loop {
        let read = tokio::time::timeout(Duration::from_millis(300), stream.read(&mut buffer)).await;
        let end = match read {
            Ok(Ok(0)) => Some(Some(End::Closed)),
            Ok(Ok(read)) => {
                all.extend_from_slice(&buffer[..read]);
                None
            }
            Ok(Err(_)) => Some(Some(End::Reset)),
            // Nothing more comes where all has come.
            Err(_) => (names(&all) == expected).then_some(None),
        };
        if let Some(end) = end {
            return (names(&all), end);
        }
        assert!(Instant::now() < deadline, "{} in place of {expected}", names(&all));
    }
}

fn names(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let mut names = Vec::new();
    for line in body.split("\r\n") {
        if line.starts_with("{\"type\":\"ERROR\"") {
            let code = line.rsplit_once("\"code\":").unwrap().1;
            names.push(format!("ERROR {}", &code[..3]));
        } else if line.starts_with('{') {
            // A whole line ends the object.
            let name = line.split("\"name\":\"").nth(1).and_then(|rest| rest.split('"').next());
            let whole = line.ends_with("}}\n");
            names.push(if whole { name.unwrap_or("?").to_owned() } else { "(half)".to_owned() });
        }
    }
    names.join(",")
}

#[tokio::test]
async fn places_in_time_and_pauses_hold() {
    for (at, least) in [
        ("{time: 150ms, then: {reset: here}}", 150),
        ("{event: 1, then: {stall: 150ms}}", 150),
        ("{bytes: 5, then: {stall: 150ms}}", 150),
    ] {
        let scenario = files(&[(
            "s.yaml",
            &format!(
                "rules: [{{match: {{verb: watch}}, at: [{at}, {{event: 2, then: {{close: here}}}}]}}]"
            ),
        )]);
        let path = scenario.path().join("s.yaml");
        let server = Server::builder().scenario(path.to_str().unwrap()).start().await.unwrap();
        let began = Instant::now();
        let mut stream = watch(&server).await;
        let text = job("second");
        if !at.contains("reset") {
            let of = [("content-type", "application/yaml")];
            crate::support::send(&server, "POST", TFJOBS, &of, &text).await;
        }
        let mut all = Vec::new();
        let _ =
            tokio::time::timeout(PATIENCE, stream.read_to_end(&mut all)).await.expect("it ends");
        assert!(began.elapsed() >= Duration::from_millis(least), "{at}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_request_that_stalls_for_ever_is_let_go_with_its_client_and_others_are_served() {
    let all = all("rules: [{match: {path: /stub}, then: {stall: forever}}]").await;
    let mut stalled = TcpStream::connect(all.server.address()).await.unwrap();
    stalled.write_all(get("/stub").as_bytes()).await.unwrap();
    assert_eq!(ask(&all.server, "GET", "/recorded").await.status, 200);
    let mut buffer = [0; 1];
    let silent = tokio::time::timeout(Duration::from_millis(100), stalled.read(&mut buffer)).await;
    assert!(silent.is_err(), "not a byte");
    drop(stalled);
    // A stalled request does not hold the server up when it stops.
    let mut other = TcpStream::connect(all.server.address()).await.unwrap();
    other.write_all(get("/stub").as_bytes()).await.unwrap();
    let journal = all.server.journal();
    eventually("it has come", async || journal.recorded() >= 3).await;
    let began = Instant::now();
    all.server.shutdown().await;
    assert!(began.elapsed() < PATIENCE);
    assert_eq!(
        tokio::time::timeout(PATIENCE, other.read(&mut buffer)).await.unwrap().unwrap_or(0),
        0
    );
}

#[tokio::test]
async fn an_answer_after_a_long_wait_is_the_whole_answer() {
    let all = all("rules: [{then: {delay: 600ms}}]").await;
    for path in KINDS {
        let keep = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\n\r\nHEAD {path} HTTP/1.1\r\nhost: x\r\n\r\n{}",
            get(path)
        );
        let (got, end) = raw(all.server.address(), keep.as_bytes()).await;
        assert_eq!(end, End::Closed);
        assert_eq!(got.matches("HTTP/1.1 200 OK\r\n").count(), 3, "{path}: {got}");
        assert_eq!(got.matches("x-standin-rule: s/rule-1\r\n").count(), 3, "{path}");
    }
    // One with a body, which is read first.
    let created = post(&all.server, "POST", TFJOBS, &serde_json::json!({
        "apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "late"},
        "spec": {"tfReplicaSpecs": {"Worker": {"replicas": 1, "template": {"spec": {"containers": [{"name": "tensorflow", "image": "x"}]}}}}},
    }))
    .await;
    assert_eq!(created.status, 201, "{}", created.text());
}

#[tokio::test]
async fn a_create_is_withheld_and_happens_once() {
    let scenario = files(&[("s.yaml", "rules: [{match: {verb: create}, then: {withhold: 50ms}}]")]);
    let path = scenario.path().join("s.yaml");
    let server = Server::builder().scenario(path.to_str().unwrap()).start().await.unwrap();
    let tcp = TcpStream::connect(server.address()).await.unwrap();
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(tcp)).await.unwrap();
    tokio::spawn(connection);
    let body = Full::new(Bytes::from(job("withheld")));
    let request = http::Request::post(format!("http://stand.in{TFJOBS}"))
        .header("content-type", "application/yaml")
        .body(body)
        .unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), 201);
    assert_eq!(ask(&server, "GET", TFJOBS).await.names(), ["tfjob-test", "withheld"]);
}
