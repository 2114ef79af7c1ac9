//! Conversations of all kinds: recorded from a backend, and repeated identically without it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use standin::{RunningServer, Server, UpstreamOptions};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::support::{Answer, ask, raw, send};

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A backend over HTTP/1.1.
async fn backend<F>(answer: F) -> String
where
    F: Fn(&http::request::Parts, &Bytes) -> Response<Body> + Send + Sync + 'static,
{
    backend_over(false, answer).await
}

/// A backend that answers by a function of the request's head and body; it says its URL.
async fn backend_over<F>(http2: bool, answer: F) -> String
where
    F: Fn(&http::request::Parts, &Bytes) -> Response<Body> + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = Arc::clone(&answer);
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.unwrap().to_bytes();
                    Ok::<_, Infallible>(answer(&head, &body))
                }
            });
            tokio::spawn(async move {
                let socket = TokioIo::new(socket);
                // A client that disconnects is not a failure of the backend.
                let _ = if http2 {
                    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    builder.serve_connection(socket, service).await
                } else {
                    let builder = hyper::server::conn::http1::Builder::new();
                    builder.serve_connection(socket, service).await
                };
            });
        }
    });
    url
}

fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).boxed_unsync()
}

fn reply(status: u16, fields: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(full(body)).unwrap()
}

fn field<'h>(head: &'h http::request::Parts, name: &str) -> &'h str {
    head.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// Records a client's conversation with a backend, and repeats it with the recording.
async fn same_again<T: PartialEq + std::fmt::Debug>(
    backend: &str,
    talk: impl AsyncFn(&RunningServer) -> T,
) -> (T, TempDir) {
    let folder = TempDir::new().unwrap();
    let recorder = Server::builder().nothing_loaded().record(folder.path());
    let recorder = recorder.upstream(backend, UpstreamOptions::default()).start().await.unwrap();
    let live = talk(&recorder).await;
    recorder.shutdown().await;
    let server = Server::builder().nothing_loaded().fixtures(folder.path()).start().await.unwrap();
    assert_eq!(talk(&server).await, live);
    server.shutdown().await;
    (live, folder)
}

/// The part of an answer that a recording keeps.
fn seen(answer: &Answer) -> (u16, Vec<String>, Bytes) {
    let own = ["date", "matched-stub-id", "matched-stub-name", "connection"];
    let fields = answer.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let mut fields: Vec<String> = fields
        .map(|(name, value)| format!("{name}: {}", value.as_bytes().escape_ascii()))
        .collect();
    fields.sort();
    (answer.status.as_u16(), fields, answer.body.clone())
}

#[tokio::test]
async fn polls_and_changes_come_in_their_order() {
    let asked = AtomicUsize::new(0);
    let url = backend(move |head, _| {
        if head.method == Method::POST {
            asked.store(10, Ordering::SeqCst);
            return reply(202, &[("location", "/jobs/1")], "queued");
        }
        let n = asked.fetch_add(1, Ordering::SeqCst);
        reply(200, &[], if n % 10 < 2 { "running" } else { "done" })
    })
    .await;
    let (live, _) = same_again(&url, async |server| {
        let mut states = Vec::new();
        for _ in 0..2 {
            states.push(ask(server, "POST", "/jobs").await.text().to_owned());
            for _ in 0..4 {
                states.push(ask(server, "GET", "/jobs/1").await.text().to_owned());
            }
        }
        states
    })
    .await;
    let round = ["queued", "running", "running", "done", "done"];
    assert_eq!(live, [round, round].concat());
}

#[tokio::test]
async fn parts_conditions_and_representations_are_distinguished() {
    let url = backend(|head, _| {
        const WHOLE: &str = "0123456789";
        let etag = ("etag", "\"e\"");
        if let Some(range) = field(head, "range").strip_prefix("bytes=") {
            let (from, to) = range.split_once('-').unwrap();
            let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
            let part = format!("bytes {from}-{to}/10");
            return reply(206, &[etag, ("content-range", &part)], &WHOLE[from..=to]);
        }
        if field(head, "if-none-match") == etag.1 {
            return reply(304, &[etag], "");
        }
        match (field(head, "accept"), field(head, "accept-language")) {
            ("application/json", language) => reply(200, &[etag], format!("\"{language}\"")),
            ("", "") => reply(200, &[etag], WHOLE),
            other => reply(200, &[etag], format!("{other:?}")),
        }
    })
    .await;
    let json = ("accept", "application/json");
    let requests: [&[(&str, &str)]; 9] = [
        &[("range", "bytes=0-4")],
        &[("range", "bytes=5-9")],
        &[],
        &[("if-none-match", "\"e\"")],
        &[],
        &[json, ("accept-language", "de")],
        &[("accept", "text/html"), ("accept-language", "de")],
        &[json, ("accept-language", "en")],
        &[json],
    ];
    let (live, folder) = same_again(&url, async |server| {
        let mut answers = Vec::new();
        for fields in requests {
            answers.push(seen(&send(server, "GET", "/file", fields, "").await));
        }
        answers
    })
    .await;
    assert_eq!((live[0].0, &live[1].2[..], live[3].0), (206, &b"56789"[..], 304));
    // In another order, and for a client that asked for something else.
    let server = Server::builder().nothing_loaded().fixtures(folder.path()).start().await.unwrap();
    for (fields, expected) in requests.iter().zip(&live).rev() {
        assert_eq!(seen(&send(&server, "GET", "/file", fields, "").await), *expected);
    }
    let other = send(&server, "GET", "/file", &[("accept", "*/*")], "").await;
    assert_eq!(other.text(), "0123456789");
    assert_eq!(send(&server, "GET", "/file", &[("range", "bytes=1-2")], "").await.status, 404);
}

#[tokio::test]
async fn bodies_are_distinguished_by_their_content() {
    let url = backend(|head, body| {
        let length = body.len().to_string();
        // The boundary of a multipart body changes nothing.
        let kind = field(head, "content-type").split(';').next().unwrap();
        let text = String::from_utf8_lossy(body);
        let words: Vec<&str> =
            text.split_whitespace().filter(|word| !word.contains("--")).collect();
        reply(200, &[("x-length", &length)], format!("{kind} {}", words.join(" ")))
    })
    .await;
    let part = |boundary: &str, note: &str| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n{note}\r\n--{boundary}--\r\n"
        )
    };
    let random = std::process::id().to_string();
    let round = AtomicUsize::new(0);
    same_again(&url, async |server| {
        // Another boundary of the same length in each round.
        let boundary = format!("{random}{}", round.fetch_add(1, Ordering::SeqCst));
        let kind = format!("multipart/form-data; boundary={boundary}");
        let (one, two) = (part(&boundary, "one"), part(&boundary, "two"));
        let query =
            |name: &str| format!("{{\"query\": \"query {{ {name} }}\", \"variables\": {{}}}}");
        let (a, b) = (query("a"), query("b"));
        let json = "application/json";
        let mut answers = Vec::new();
        for (kind, body) in [
            (&*kind, &*one),
            (&*kind, &*two),
            (json, &*a),
            (json, &*b),
            (json, "{\"x\":1}"),
            ("application/x-www-form-urlencoded", "a=1&b=2"),
            ("application/x-www-form-urlencoded", "a=1&b=3"),
            ("application/x-protobuf", "\0\0\0\0\x01a"),
            ("application/x-protobuf", "\0\0\0\0\x01b"),
        ] {
            let answer = send(server, "POST", "/in", &[("content-type", kind)], body).await;
            answers.push((answer.status, answer.text().to_owned()));
        }
        answers
    })
    .await;
}

#[tokio::test]
async fn answers_come_back_byte_by_byte() {
    let gzip = Bytes::from_static(
        b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xabV\xcaH\xcd\xc9\xc9W\xb2R*\xcf/\xcaIQ\xaa\x05\0\xd1A\t\xd8\x11\0\0\0",
    );
    let packed = gzip.clone();
    let url = backend(move |head, _| {
        let json = ("content-type", "application/json");
        match head.uri.path() {
            "/head" => {
                let mut response = reply(200, &[("etag", "\"h\"")], "");
                response.headers_mut().insert("content-length", 1500.into());
                response
            }
            "/none" => reply(204, &[("x-twice", "one"), ("x-twice", "two")], ""),
            "/gzip" => reply(200, &[json, ("content-encoding", "gzip")], packed.clone()),
            "/json" => reply(200, &[json], "{\"z\": 1.0, \"a\": 1e2, \"dup\": 1, \"dup\": 2}\n"),
            "/null" => reply(200, &[json], "null"),
            "/big" => reply(200, &[], vec![0xa5; 3 << 20]),
            _ => {
                let mut response = reply(418, &[], &b"caf\xe9"[..]);
                let value = http::HeaderValue::from_bytes(b"caf\xe9").unwrap();
                response.headers_mut().insert("x-name", value);
                response
            }
        }
    })
    .await;
    let targets = [
        ("HEAD", "/head"),
        ("GET", "/none"),
        ("GET", "/gzip"),
        ("GET", "/json"),
        ("GET", "/null"),
        ("GET", "/big"),
        ("GET", "/latin"),
    ];
    let (live, _) = same_again(&url, async |server| {
        let mut answers = Vec::new();
        for (method, target) in targets {
            let fields = [("accept-encoding", "gzip")];
            answers.push(seen(&send(server, method, target, &fields, "").await));
        }
        answers
    })
    .await;
    assert!(live[0].1.contains(&"content-length: 1500".to_owned()), "{:?}", live[0]);
    assert_eq!(live[2].2, gzip);
    assert_eq!(live[5].2.len(), 3 << 20);
}

#[tokio::test]
async fn trailers_follow_their_body() {
    let url = backend_over(true, |_, _| {
        let trailers =
            HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
        let frames = [Frame::data(Bytes::from_static(b"abc")), Frame::trailers(trailers)];
        let body = StreamBody::new(futures_util::stream::iter(frames.map(Ok::<_, Infallible>)));
        let mut response = Response::new(BodyExt::boxed_unsync(body));
        response.headers_mut().insert("trailer", "grpc-status".parse().unwrap());
        response
    })
    .await;
    let folder = TempDir::new().unwrap();
    let recorder = Server::builder().nothing_loaded().record(folder.path());
    let url = url.replace("http://", "h2c://");
    let recorder = recorder.upstream(url, UpstreamOptions::default()).start().await.unwrap();
    assert_eq!(ask(&recorder, "POST", "/s.S/M").await.text(), "abc");
    recorder.shutdown().await;
    let server = Server::builder().nothing_loaded().fixtures(folder.path()).start().await.unwrap();
    let request =
        b"POST /s.S/M HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (answer, _) = raw(server.address(), request).await;
    assert!(answer.ends_with("3\r\nabc\r\n0\r\ngrpc-status: 0\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn an_unchanged_backend_gives_the_same_files() {
    let url = backend(|head, _| match head.uri.path() {
        "/a" => reply(200, &[("content-type", "application/json")], "{\"b\":1,\"a\":2}"),
        path => reply(200, &[], path.to_owned()),
    })
    .await;
    let talk = async |server: &RunningServer| {
        for target in ["/a", "/b?y=1&x=2", "/a", "/c/d"] {
            ask(server, "GET", target).await;
        }
    };
    let ((), one) = same_again(&url, talk).await;
    let ((), two) = same_again(&url, talk).await;
    let content = |folder: &TempDir| {
        let mut files: Vec<(String, String)> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, std::fs::read_to_string(entry.path()).unwrap())
            })
            .filter(|(name, _)| name != ".standin-redact-key")
            .collect();
        files.sort();
        files
    };
    assert_eq!(content(&one), content(&two));
    let names: Vec<String> = content(&one).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&".standin-recording".to_owned()), "{names:?}");
    // A folder has one recorder.
    let recorder = || {
        Server::builder()
            .nothing_loaded()
            .upstream(&url, UpstreamOptions::default())
            .record(one.path())
    };
    let first = recorder().start().await.unwrap();
    let error = recorder().start().await.unwrap_err().to_string();
    assert!(error.contains("another recorder writes to this folder"), "{error}");
    first.shutdown().await;
}
