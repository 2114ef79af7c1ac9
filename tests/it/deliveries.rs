//! Every fault at every position, for bodies from one byte to a few MiB, from every origin: a stub,
//! a recording, a reply of a scenario, a backend. Over HTTP/1.1 and HTTP/2 exactly the bytes before
//! the fault arrive.

use bytes::Bytes;
use standin::UpstreamOptions;
use standin::{RunningServer, Server};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{End, PATIENCE, files};

/// Sizes of bodies: around what a frame, a window and the sockets hold.
const SIZES: [usize; 6] = [1, 1000, 16_384, 65_536, 300_001, 3 << 20];

/// The origin of the answer; the first segment of the path.
const KINDS: [&str; 4] = ["stub", "recorded", "reply", "proxied"];

const GARBAGE: &[u8] = b"\x00\xff\xfe standin: this is not HTTP \x80\x81\r\n";
const MALFORMED: &[u8] = b"zz\r\nthis chunk has no size\r\n";

/// A delivery: the words of a scenario, and what a client receives.
struct Case {
    /// Names the rule and its path.
    name: &'static str,
    rule: &'static str,
    /// How many bytes of the body arrive, at most; `None` if not even the head does. One for each
    /// protocol.
    bytes: [Option<usize>; 2],
    /// What follows these bytes over HTTP/1.1.
    behind: &'static [u8],
    end: End,
    /// The code with which the stream ends over HTTP/2; `None` if it is complete.
    code: Option<u32>,
}

const ALL: Option<usize> = Some(usize::MAX);

/// A case that is the same over both protocols.
const fn case(
    name: &'static str,
    rule: &'static str,
    bytes: Option<usize>,
    behind: &'static [u8],
    end: End,
    code: Option<u32>,
) -> Case {
    Case { name, rule, bytes: [bytes, bytes], behind, end, code }
}

const CASES: [Case; 28] = {
    use End::{Closed, Reset};
    [
        case("reset", "then: {reset: before_headers}", None, b"", Reset, Some(2)),
        case("close", "then: {close: before_headers}", None, b"", Closed, Some(2)),
        case("garbage", "then: {garbage: before_headers}", None, GARBAGE, Closed, Some(1)),
        case("rst-stream", "then: {rst_stream: REFUSED_STREAM}", None, b"", Reset, Some(7)),
        case("reset-0", "then: {reset: after_headers}", Some(0), b"", Reset, Some(2)),
        case("close-0", "then: {close: after_headers}", Some(0), b"", Closed, Some(2)),
        case("garbage-0", "then: {garbage: after_headers}", Some(0), GARBAGE, Closed, Some(1)),
        case(
            "chunk-0",
            "then: {malformed_chunk: after_headers}",
            Some(0),
            MALFORMED,
            Closed,
            Some(1),
        ),
        case("reset-1", "then: {reset: {bytes: 1}}", Some(1), b"", Reset, Some(2)),
        case("reset-n", "then: {reset: {bytes: 65537}}", Some(65_537), b"", Reset, Some(2)),
        case("reset-end", "then: {reset: {bytes: 100MB}}", ALL, b"", Reset, Some(2)),
        case("close-1", "then: {close: {bytes: 1}}", Some(1), b"", Closed, Some(2)),
        case("close-n", "then: {close: {bytes: 65537}}", Some(65_537), b"", Closed, Some(2)),
        case("close-end", "then: {close: {bytes: 100MB}}", ALL, b"", Closed, Some(2)),
        case("cut-n", "then: {cut: {bytes: 999}}", Some(999), b"", Closed, Some(2)),
        case("garbage-n", "then: {garbage: {bytes: 999}}", Some(999), GARBAGE, Closed, Some(1)),
        case(
            "chunk-n",
            "then: {malformed_chunk: {bytes: 999}}",
            Some(999),
            MALFORMED,
            Closed,
            Some(1),
        ),
        case(
            "rst-n",
            "then: {rst_stream: {code: 11, at: {bytes: 2000000}}}",
            Some(2_000_000),
            b"",
            Reset,
            Some(11),
        ),
        case(
            "goaway-n",
            "then: {goaway: {code: CANCEL, at: {bytes: 999}}}",
            Some(999),
            b"",
            Closed,
            Some(8),
        ),
        // Over HTTP/2 the answer is whole, then the connection ends.
        Case {
            bytes: [None, ALL],
            ..case("goaway", "then: {goaway: {code: CANCEL}}", None, b"", Closed, None)
        },
        case(
            "goaway-none",
            "then: {goaway: {code: 11, last_stream: none}}",
            None,
            b"",
            Closed,
            Some(11),
        ),
        case("at-reset", "at: [{bytes: 999, then: {reset: here}}]", Some(999), b"", Reset, Some(2)),
        case("at-clean", "at: [{bytes: 999, then: {cut: clean}}]", Some(999), b"", Closed, None),
        case("stall-n", "then: {stall: {bytes: 999, for: 3ms}}", ALL, b"", Closed, None),
        case("at-stall", "at: [{bytes: 999, then: {stall: 3ms}}]", ALL, b"", Closed, None),
        case(
            "at-slow",
            "at: [{bytes: 999, then: {slow: {chunk: 64KiB, every: 1ms}}}]",
            ALL,
            b"",
            Closed,
            None,
        ),
        case("slow", "then: {slow: {chunk: 64KiB, every: 1ms}}", ALL, b"", Closed, None),
        case("delay", "then: {delay: 3ms}", ALL, b"", Closed, None),
    ]
};

/// A body in which each byte shows where it belongs.
fn body(size: usize) -> String {
    (0..)
        .map(|n: usize| format!("{n:07}\n"))
        .flat_map(String::into_bytes)
        .take(size)
        .map(char::from)
        .collect()
}

/// A server with all cases for all kinds of answers.
async fn server() -> (RunningServer, RunningServer, [TempDir; 3]) {
    let bodies: Vec<(String, String)> =
        SIZES.iter().map(|size| (format!("__files/{size}.txt"), body(*size))).collect();
    let mut stubs = bodies.clone();
    let mut backend = bodies.clone();
    let mut rules = String::from("rules:\n");
    for size in SIZES {
        let stub = |kind: &str, response: &serde_json::Value| {
            let pattern = format!("/{kind}/{size}/.*");
            let mapping =
                serde_json::json!({"request": {"urlPathPattern": pattern}, "response": response});
            (format!("{kind}-{size}.json"), mapping.to_string())
        };
        // The length is announced: a stub that does not say it is sent in chunks.
        let headers = serde_json::json!({"Content-Length": size.to_string()});
        let file = serde_json::json!({"bodyFileName": format!("{size}.txt"), "headers": headers});
        stubs.push(stub("stub", &file));
        backend.push(stub("proxied", &file));
        // As the recorder writes a stream, in chunks with a pause between them.
        let whole = body(size);
        let (one, other) = whole.split_at(size / 3);
        let chunks = [("0ms", one), ("2ms", other)];
        let chunks = chunks.map(|(after, body)| serde_json::json!({"after": after, "body": body}));
        stubs.push(stub(
            "recorded",
            &serde_json::json!({
                "transformers": ["standin-stream"],
                "transformerParameters": {"chunks": chunks},
            }),
        ));
        rules.push_str(&format!(
            "- {{match: {{path: /reply/{size}/*}}, then: {{reply: {{file: __files/{size}.txt}}}}}}\n"
        ));
    }
    for Case { name, rule, .. } in &CASES {
        rules.push_str(&format!("- {{id: {name}, match: {{path: '/*/*/{name}'}}, {rule}}}\n"));
    }
    let mut scenario = bodies;
    scenario.push(("s.yaml".to_owned(), rules));
    let [stubs, backend, scenario] = [stubs, backend, scenario].map(|all| {
        files(&all.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>())
    });
    let behind = Server::builder().fixtures(backend.path()).start().await.unwrap();
    let server = Server::builder()
        .fixtures(stubs.path())
        .scenario(scenario.path().join("s.yaml").to_str().unwrap())
        .upstream(behind.url(), UpstreamOptions::default())
        .start()
        .await
        .unwrap();
    (server, behind, [stubs, backend, scenario])
}

/// The answer over HTTP/1.1: the head, and the body without its framing, followed by any extra
/// bytes.
struct Raw {
    head: String,
    body: Vec<u8>,
    behind: Vec<u8>,
    end: End,
}

async fn over_http1(server: &RunningServer, path: &str) -> Raw {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    let reading = stream.read_to_end(&mut all);
    let end = match tokio::time::timeout(PATIENCE, reading).await.expect("it ends") {
        Ok(_) => End::Closed,
        Err(_) => End::Reset,
    };
    let Some(at) = all.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Raw { head: String::new(), body: Vec::new(), behind: all, end };
    };
    let rest = all.split_off(at + 4);
    let head = String::from_utf8(all).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let (body, behind) = match length {
        Some(length) => {
            // The garbage follows a short body.
            let garbage = rest.windows(GARBAGE.len()).position(|part| part == GARBAGE);
            let at = garbage.unwrap_or(rest.len()).min(length);
            (rest[..at].to_vec(), rest[at..].to_vec())
        }
        None => dechunked(&rest),
    };
    Raw { head, body, behind, end }
}

/// The chunks of a body, followed by any bytes that are not a chunk.
fn dechunked(mut rest: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut whole = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n");
        let size = line.and_then(|at| {
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..at]).ok()?, 16).ok()?;
            Some((at + 2, size))
        });
        let Some((start, size)) = size else { return (whole, rest.to_vec()) };
        if size == 0 {
            return (whole, rest[start + 2..].to_vec());
        }
        whole.extend_from_slice(&rest[start..start + size]);
        rest = &rest[start + size + 2..];
    }
}

/// What came over HTTP/2 with a window of this size: the body, if there was a head, and the code of its end.
pub(crate) async fn over_http2(
    server: &RunningServer,
    path: &str,
    window: u32,
) -> (Option<Vec<u8>>, Option<u32>) {
    let tcp = TcpStream::connect(server.address()).await.unwrap();
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window).initial_connection_window_size(window);
    let (client, connection) = builder.handshake::<_, Bytes>(tcp).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let request = http::Request::get(format!("http://x{path}")).body(()).unwrap();
    let (response, _) = client.send_request(request, true).unwrap();
    let code = |error: h2::Error| error.reason().map(u32::from);
    let talk = async {
        let mut body = match response.await {
            Ok(response) => response.into_body(),
            Err(error) => return (None, code(error)),
        };
        let mut got = Vec::new();
        loop {
            match body.data().await {
                Some(Ok(data)) => {
                    got.extend_from_slice(&data);
                    body.flow_control().release_capacity(data.len()).unwrap();
                }
                Some(Err(error)) => return (Some(got), code(error)),
                None => return (Some(got), None),
            }
        }
    };
    let seen = tokio::time::timeout(PATIENCE, talk).await.expect("it ends");
    connection.abort();
    seen
}

#[tokio::test]
async fn exactly_the_bytes_before_a_fault_arrive_over_http1() {
    let (server, _backend, _files) = server().await;
    for size in SIZES {
        let whole = body(size).into_bytes();
        for case in &CASES {
            for kind in KINDS {
                let path = format!("/{kind}/{size}/{}", case.name);
                let got = over_http1(&server, &path).await;
                let bytes = case.bytes[0].map(|bytes| bytes.min(size));
                assert_eq!(!got.head.is_empty(), bytes.is_some(), "{path}: {}", got.head);
                let expected = &whole[..bytes.unwrap_or(0)];
                assert!(got.body == expected, "{path}: {} bytes", got.body.len());
                // A body that reached the position has ended before; a point beyond it has no effect.
                let struck = !case.name.starts_with("at-") || size >= 999;
                let (behind, end) =
                    if struck { (case.behind, &case.end) } else { (&b""[..], &End::Closed) };
                assert_eq!((got.behind.as_slice(), &got.end), (behind, end), "{path}");
                let length = got.head.contains(&format!("content-length: {size}\r\n"));
                let announced = kind != "recorded" && !case.name.starts_with("chunk");
                assert_eq!(length, announced && bytes.is_some(), "{path}: {}", got.head);
            }
        }
    }
}

#[tokio::test]
async fn exactly_the_bytes_before_a_fault_arrive_over_http2() {
    let (server, _backend, _files) = server().await;
    for size in SIZES {
        let whole = body(size).into_bytes();
        for case in &CASES {
            // Clients with little room, and with room for all.
            for (kind, window) in
                KINDS.into_iter().flat_map(|kind| [(kind, 65_535), (kind, 16 << 20)])
            {
                let path = format!("/{kind}/{size}/{}", case.name);
                let (got, code) = over_http2(&server, &path, window).await;
                let bytes = case.bytes[1].map(|bytes| bytes.min(size));
                assert_eq!(got.is_some(), bytes.is_some(), "{path}");
                let got = got.unwrap_or_default();
                assert!(got == whole[..bytes.unwrap_or(0)], "{path}: {} bytes", got.len());
                let struck = !case.name.starts_with("at-") || size >= 999;
                // An early end is clean only if no length was announced.
                let short = case.name == "at-clean" && kind != "recorded" && size > 999;
                let expected = if short { Some(1) } else { case.code.filter(|_| struck) };
                assert_eq!(code, expected, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn a_fault_of_a_stub_hides_its_answer_whatever_its_size() {
    let garbage = b"lskdu018973t09sylgasjkfg1][]'./.sdlv";
    let table: [(&str, bool, &[u8], End, u32); 4] = [
        ("CONNECTION_RESET_BY_PEER", false, b"", End::Reset, 2),
        ("EMPTY_RESPONSE", false, b"", End::Closed, 2),
        ("RANDOM_DATA_THEN_CLOSE", false, garbage, End::Closed, 1),
        ("MALFORMED_RESPONSE_CHUNK", true, garbage, End::Closed, 1),
    ];
    let mut stubs = Vec::new();
    for (fault, ..) in &table {
        for size in SIZES {
            let mapping = serde_json::json!({
                "request": {"urlPath": format!("/{fault}/{size}")},
                "response": {"status": 503, "body": body(size), "fault": fault, "fixedDelayMilliseconds": 1},
            });
            stubs.push((format!("{fault}-{size}.json"), mapping.to_string()));
        }
    }
    let stubs: Vec<(&str, &str)> =
        stubs.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let stubs = files(&stubs);
    // A fault of a scenario that is laid on it takes its place.
    let scenario = files(&[(
        "s.yaml",
        "rules: [{match: {header: {x-close: '1'}}, then: {close: before_headers}}]",
    )]);
    let server = Server::builder()
        .fixtures(stubs.path())
        .scenario(scenario.path().join("s.yaml").to_str().unwrap())
        .start()
        .await
        .unwrap();
    for (fault, head, behind, end, code) in &table {
        for size in SIZES {
            let path = format!("/{fault}/{size}");
            let got = over_http1(&server, &path).await;
            assert_eq!(got.head.starts_with("HTTP/1.1 200 OK\r\n"), *head, "{path}: {}", got.head);
            assert_eq!(got.head.contains("transfer-encoding: chunked"), *head, "{path}");
            assert_eq!((got.body.len(), got.behind.as_slice()), (0, *behind), "{path}");
            assert_eq!(&got.end, end, "{path}");
            let (got, ended) = over_http2(&server, &path, 65_535).await;
            assert_eq!(
                (got.map(|body| body.len()), ended),
                (head.then_some(0), Some(*code)),
                "{path}"
            );
        }
    }
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = "GET /CONNECTION_RESET_BY_PEER/1 HTTP/1.1\r\nhost: x\r\nx-close: 1\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut all)).await.unwrap();
    assert!(matches!(read, Ok(0)), "{read:?}");
}
