//! A toy backend on loopback, the proxy in front of it, and what is on disk afterwards.

use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt, stream};
use http::{HeaderMap, Method, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::fixtures;
use crate::message::{Body, BodyStream, Plan, Request, RequestBody};

/// What the backend answers: status, headers, pieces of the body.
type Answer = (u16, Vec<(&'static str, &'static str)>, BodyStream);

/// A backend that answers every request the same way; says where it is.
async fn backend<F>(answer: F) -> SocketAddr
where
    F: Fn(http::Request<Incoming>) -> Answer + Clone + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let answer = answer.clone();
            let service = service_fn(move |request: http::Request<Incoming>| {
                let (status, headers, body) = answer(request);
                let body = StreamBody::new(body.map(|item| item.map(Frame::data)));
                let mut response = http::Response::new(body);
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                for (name, value) in headers {
                    response.headers_mut().append(name, value.parse().unwrap());
                }
                async move { Ok::<_, Infallible>(response) }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(socket), service),
            );
        }
    });
    address
}

fn pieces(pieces: &[&'static str]) -> BodyStream {
    let pieces: Vec<_> =
        pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
    Box::pin(stream::iter(pieces))
}

fn proxy_to(address: SocketAddr, directory: &TempDir) -> (Proxy, mpsc::UnboundedReceiver<String>) {
    let (sender, said) = mpsc::unbounded_channel();
    let log: crate::transport::Logger =
        Arc::new(move |line: &str| drop(sender.send(line.to_owned())));
    let upstream = Upstream::new(&format!("http://{address}/base/"), &UpstreamOptions::default());
    let to = directory.path().join("recorded");
    let recorder =
        Recorder::new(&to, 1 << 20, &Recorder::redactor(&to, None).unwrap(), &log).unwrap();
    (Proxy::new(upstream.unwrap(), Some(recorder)), said)
}

fn request(method: Method, target: &str, headers: &[(&'static str, &str)], body: &str) -> Request {
    let mut request = Request::new(method, target);
    for (name, value) in headers {
        request.headers.insert(*name, value.parse().unwrap());
    }
    if !body.is_empty() {
        let body = Bytes::copy_from_slice(body.as_bytes());
        request.body = RequestBody::Stream(Box::pin(stream::iter([Ok(body)])));
    }
    request
}

async fn body_of(plan: Plan) -> Result<Bytes, String> {
    let Body::Stream(mut stream) = plan.body else { panic!("a stream") };
    let mut whole = Vec::new();
    while let Some(item) = stream.next().await {
        whole.extend_from_slice(&item.map_err(|error| error.to_string())?);
    }
    Ok(whole.into())
}

/// Every file below a directory: name, content.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            let inner = files(&entry.path());
            all.extend(inner.into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            all.push((name, fs::read(entry.path()).unwrap()));
        }
    }
    all.sort();
    all
}

fn recorded(directory: &TempDir) -> Vec<(String, Vec<u8>)> {
    // Without the key and the list that keeps it out of version control.
    let all = files(&directory.path().join("recorded")).into_iter();
    all.filter(|(name, _)| !name.starts_with('.')).collect()
}

#[tokio::test]
async fn an_exchange_becomes_a_stub_without_its_secrets() {
    let address = backend(|request| {
        assert_eq!(request.uri(), "/base/v3/auth/tokens?nocatalog=&n=1&n=2");
        assert_eq!(request.headers()["x-auth-token"], "secret-1");
        assert!(!request.headers().contains_key("accept-encoding"));
        assert!(!request.headers().contains_key("x-hop"), "named by Connection");
        let headers = vec![
            ("content-type", "application/json"),
            ("x-subject-token", "secret-2"),
            ("set-cookie", "session=secret-3"),
            ("x-request-id", "r-1"),
            ("connection", "x-gone"),
            ("x-gone", "1"),
        ];
        (201, headers, pieces(&[r#"{"b": 1, "token": "secret-4", "#, r#""a": "ü"}"#]))
    })
    .await;
    let directory = TempDir::new().unwrap();
    let (proxy, _said) = proxy_to(address, &directory);
    let headers = [
        ("content-type", "application/json"),
        ("x-auth-token", "secret-1"),
        ("authorization", "Bearer secret-5"),
        ("cookie", "secret-6"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("accept-encoding", "gzip"),
    ];
    let body = r#"{"auth": {"user": "u", "password": "secret-7"}}"#;
    let target = "/v3/auth/tokens?nocatalog=&n=1&n=2";
    let plan = proxy.answer(request(Method::POST, target, &headers, body)).await;
    assert_eq!(plan.headers["x-subject-token"], "secret-2", "the client gets what was sent");
    assert!(!plan.headers.contains_key("x-gone") && !plan.headers.contains_key("connection"));
    assert_eq!(
        &body_of(plan).await.unwrap()[..],
        "{\"b\": 1, \"token\": \"secret-4\", \"a\": \"ü\"}".as_bytes()
    );
    proxy.flush().await;

    let found = recorded(&directory);
    assert_eq!(found.len(), 1, "{found:?}");
    let (name, bytes) = &found[0];
    assert!(name.starts_with("post-v3-auth-tokens-"), "{name}");
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(!text.contains("secret-"), "{text}");
    let mut mapping: Value = serde_json::from_str(text).unwrap();
    mapping.as_object_mut().unwrap().remove("id");
    // Pseudonyms have the shape of what they stand for.
    let mut pseudonym = |pointer: &str, before: &str, after: &str| {
        let text = mapping.pointer_mut(pointer).expect(pointer).take();
        let inner =
            text.as_str().unwrap().strip_prefix(before).and_then(|text| text.strip_suffix(after));
        let (letters, digit) = inner.unwrap().split_once('-').unwrap();
        assert_eq!((letters.len(), digit.len()), (6, 1), "{text}");
    };
    pseudonym("/response/headers/x-subject-token", "", "");
    pseudonym("/response/headers/set-cookie", "session=", "");
    pseudonym("/response/body", "{\"b\": 1, \"token\": \"", "\", \"a\": \"ü\"}");
    assert_eq!(
        mapping,
        json!({
            "name": "POST /v3/auth/tokens",
            "request": {
                "method": "POST",
                "urlPath": "/v3/auth/tokens",
                "queryParameters": {
                    "nocatalog": {"equalTo": ""},
                    "n": {"hasExactly": [{"equalTo": "1"}, {"equalTo": "2"}]},
                },
                "bodyPatterns": [{"equalToJson": {"auth": {"user": "u", "password": "${json-unit.any-string}"}}}],
            },
            "response": {
                "status": 201,
                "headers": {"content-type": "application/json", "x-request-id": "r-1", "set-cookie": null, "x-subject-token": null},
                "body": null,
            },
        })
    );
    let sorted = format!(
        "{}\n",
        serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap()
    );
    assert_eq!(text, sorted, "sorted keys, and a line end");

    // The same request with other secrets is the same exchange.
    let again = [("content-type", "application/json"), ("x-auth-token", "secret-1")];
    let other = r#"{"auth": {"password": "secret-8", "user": "u"}}"#;
    let _ = body_of(proxy.answer(request(Method::POST, target, &again, other)).await).await;
    proxy.flush().await;
    assert_eq!(recorded(&directory).len(), 1);

    // And it replays.
    let set = fixtures::load(&[directory.path().join("recorded")]).unwrap().set;
    let mut replayed = request(Method::POST, target, &again, "");
    replayed.body = RequestBody::Bytes(Bytes::copy_from_slice(other.as_bytes()));
    assert_eq!(set.stubs.find(&replayed).unwrap().plan().status, 201);
}

#[tokio::test]
async fn both_ways_are_streamed() {
    // The backend answers each piece of the request as it arrives.
    let address = backend(|request| {
        let body = request.into_body().into_data_stream();
        let echo = body
            .map(|item| item.map_err(|error| crate::message::BodyError::Broken(error.to_string())));
        (200, vec![("content-type", "text/plain")], Box::pin(echo) as BodyStream)
    })
    .await;
    let directory = TempDir::new().unwrap();
    let (proxy, _said) = proxy_to(address, &directory);
    let (sender, receiver) = mpsc::unbounded_channel::<&'static str>();
    let sent = stream::unfold(receiver, |mut receiver| async move {
        Some((Ok(Bytes::from_static(receiver.recv().await?.as_bytes())), receiver))
    });
    let mut request = Request::new(Method::POST, "/echo");
    request.body = RequestBody::Stream(Box::pin(sent));
    let plan = proxy.answer(request).await;
    let Body::Stream(mut answer) = plan.body else { panic!("a stream") };
    for piece in ["one ", "two ", "three"] {
        sender.send(piece).unwrap();
        assert_eq!(answer.next().await.unwrap().unwrap(), piece, "before the next one is sent");
    }
    drop(sender);
    assert!(answer.next().await.is_none());
    proxy.flush().await;
    let (_, bytes) = &recorded(&directory)[0];
    let mapping: Value = serde_json::from_slice(bytes).unwrap();
    assert_eq!(mapping["request"]["bodyPatterns"], json!([{"equalTo": "one two three"}]));
    assert_eq!(mapping["response"]["body"], "one two three");
}

#[tokio::test]
async fn a_watch_is_recorded_line_by_line_even_when_its_client_ends_it() {
    let event = |name: &str| {
        format!("{{\"type\":\"ADDED\",\"object\":{{\"metadata\":{{\"name\":\"{name}\"}}}}}}\n")
    };
    let (first, second) = (event("a"), event("b"));
    let (sent_first, sent_second) = (first.clone(), second.clone());
    let address = backend(move |_| {
        let (head, tail) = sent_second.split_at(20);
        let parts = [sent_first.clone(), head.to_owned(), tail.to_owned()];
        let parts = stream::iter(parts.map(|part| Ok(Bytes::from(part))));
        let endless = parts.chain(stream::pending());
        (200, vec![("content-type", "application/json")], Box::pin(endless) as BodyStream)
    })
    .await;
    let directory = TempDir::new().unwrap();
    let (proxy, mut said) = proxy_to(address, &directory);
    let target = "/apis/kubeflow.org/v1/tfjobs?timeoutSeconds=321&watch=true";
    let plan = proxy.answer(request(Method::GET, target, &[], "")).await;
    let Body::Stream(mut answer) = plan.body else { panic!("a stream") };
    let mut seen = Vec::new();
    while seen.len() < first.len() + second.len() {
        seen.extend_from_slice(&answer.next().await.unwrap().unwrap());
    }
    drop(answer);
    proxy.flush().await;
    let found = recorded(&directory);
    let mapping: Value = serde_json::from_slice(&found[0].1).unwrap();
    assert_eq!(mapping["request"]["queryParameters"], json!({"watch": {"equalTo": "true"}}));
    assert_eq!(mapping["response"]["body"], format!("{first}{second}"));
    let chunks = mapping["response"]["transformerParameters"]["chunks"].as_array().unwrap();
    let bodies: String = chunks.iter().map(|chunk| chunk["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, format!("{first}{second}"));
    for chunk in chunks {
        assert!(chunk["body"].as_str().unwrap().ends_with("}\n"), "whole lines: {chunks:?}");
        assert!(chunk["after"].as_str().unwrap().ends_with("ms"), "{chunks:?}");
    }
    assert_eq!(
        mapping["metadata"]["standin"]["notes"],
        json!(["any timeoutSeconds matches", "the client ended the stream"])
    );
    // A client that leaves an ordinary answer leaves no recording.
    drop(proxy.answer(request(Method::GET, "/apis/kubeflow.org/v1/tfjobs", &[], "")).await);
    let line = said.recv().await.unwrap();
    assert!(
        line.starts_with("not recorded: the client did not wait for the whole answer"),
        "{line}"
    );
    proxy.flush().await;
    assert_eq!(recorded(&directory).len(), 1);
}

#[tokio::test]
async fn a_backend_that_is_gone_or_breaks_off() {
    let directory = TempDir::new().unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (proxy, _said) = proxy_to(gone, &directory);
    let plan = proxy.answer(request(Method::GET, "/x", &[], "")).await;
    assert_eq!(plan.status, 502);
    let Body::Bytes(text) = plan.body else { panic!("a text") };
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(
        text.starts_with(&format!("the backend http://{gone}/base does not answer: ")),
        "{text}"
    );
    assert!(
        text.to_lowercase().contains("refused") && text.ends_with("is it running?\n"),
        "{text}"
    );

    // It breaks off once half of it was read.
    let read = Arc::new(tokio::sync::Notify::new());
    let was_read = Arc::clone(&read);
    let address = backend(move |_| {
        let was_read = Arc::clone(&was_read);
        let broken = stream::once(async move {
            was_read.notified().await;
            Err(crate::message::BodyError::Broken("on purpose".to_owned()))
        });
        let body = stream::iter([Ok(Bytes::from_static(b"half"))]).chain(broken);
        (200, vec![], Box::pin(body) as BodyStream)
    })
    .await;
    let (proxy, mut said) = proxy_to(address, &directory);
    let plan = proxy.answer(request(Method::GET, "/y", &[], "")).await;
    let Body::Stream(mut answer) = plan.body else { panic!("a stream") };
    assert_eq!(answer.next().await.unwrap().unwrap(), "half");
    read.notify_one();
    let error = answer.next().await.unwrap().unwrap_err().to_string();
    assert!(error.contains("ended early"), "{error}");
    assert!(
        said.recv()
            .await
            .unwrap()
            .starts_with("not recorded: the backend broke off its answer to GET /y")
    );
    proxy.flush().await;
    assert_eq!(recorded(&directory), [], "nothing, and nothing half");

    // A listener that never answers: its backlog takes the connection.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = UpstreamOptions::default().timeout(std::time::Duration::from_millis(20));
    let upstream = Upstream::new(&format!("http://{}", silent.local_addr().unwrap()), &options);
    let plan = Proxy::new(upstream.unwrap(), None).answer(request(Method::GET, "/", &[], "")).await;
    assert_eq!(plan.status, 504);
}

#[tokio::test]
async fn large_and_binary_bodies_are_kept_as_they_are() {
    let address = backend(|request| {
        let (headers, body): (_, Vec<u8>) = match request.uri().path() {
            "/base/large" => (vec![("content-type", "application/json")], {
                format!("{{\"x\": \"{}\"}}", "y".repeat(100_000)).into_bytes()
            }),
            "/base/gzip" => (
                vec![("content-type", "application/json"), ("content-encoding", "gzip")],
                vec![0x1f, 0x8b, 8, 0],
            ),
            "/base/exact" => (
                vec![("content-type", "application/json")],
                b"{\"n\": 123456789012345678901234567890}".to_vec(),
            ),
            _ => (vec![], Vec::new()),
        };
        (200, headers, Box::pin(stream::iter([Ok(Bytes::from(body))])) as BodyStream)
    })
    .await;
    let directory = TempDir::new().unwrap();
    let (proxy, _said) = proxy_to(address, &directory);
    let paths = ["/large", "/gzip", "/exact", "/empty", "/../%2e%2e/.."];
    let mut answers = Vec::new();
    for path in paths {
        let plan = proxy.answer(request(Method::GET, path, &[], "")).await;
        answers.push(body_of(plan).await.unwrap());
    }
    proxy.flush().await;
    let found = recorded(&directory);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    assert!(names[0].starts_with("__files/get-large-"), "{names:?}");
    assert!(
        names.iter().all(|name| !name.contains("..") && !name.contains("unfinished")),
        "{names:?}"
    );
    let set = fixtures::load(&[directory.path().join("recorded")]).unwrap().set;
    for (path, answer) in paths.iter().zip(answers) {
        let plan = set.stubs.find(&Request::new(Method::GET, path)).expect("it replays").plan();
        let bytes = match plan.body {
            Body::Bytes(bytes) => bytes,
            _ => Bytes::new(),
        };
        assert_eq!(bytes, answer, "{path}");
        assert_eq!(plan.headers.contains_key("content-encoding"), *path == "/gzip");
    }
}

#[tokio::test]
async fn a_representation_of_its_own_is_asked_for_again() {
    let address =
        backend(|_| (200, vec![("content-type", "application/json")], pieces(&["{}"]))).await;
    let directory = TempDir::new().unwrap();
    let (proxy, _said) = proxy_to(address, &directory);
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
    for accept in [table, "application/json"] {
        let plan =
            proxy.answer(request(Method::GET, "/api/v1/pods", &[("accept", accept)], "")).await;
        let _ = body_of(plan).await;
    }
    proxy.flush().await;
    let set = fixtures::load(&[directory.path().join("recorded")]).unwrap().set;
    let found = |accept| {
        let request = request(Method::GET, "/api/v1/pods", &[("accept", accept)], "");
        set.stubs.find(&request).unwrap().priority
    };
    assert_eq!((found(table), found("*/*")), (4, 5));
}

#[test]
fn urls_that_cannot_be_a_backend_are_told() {
    let table = [
        ("127.0.0.1:8001", "http:// or https:// is missing"),
        ("ftp://x", "only http and https are supported"),
        ("http://user:secret@x", "credentials do not belong there"),
        ("http://x/?a=b", "it has a query"),
        ("http://", ""),
    ];
    for (url, why) in table {
        let error = Upstream::new(url, &UpstreamOptions::default()).unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("write it like http://"), "{url}: {error}");
    }
    let missing = UpstreamOptions::default().ca_file("no/such.pem");
    let error = Upstream::new("https://x", &missing).unwrap_err().to_string();
    assert!(error.starts_with("the CA file no/such.pem: "), "{error}");
}

#[test]
fn what_an_answer_depends_on_is_matched() {
    let of = |fields: &[(&'static str, &str)], vary: &str| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(*name, value.parse().unwrap());
        }
        let asked = super::exchange::Asked {
            method: Method::GET,
            target: "/x".to_owned(),
            headers,
            body: super::exchange::BodyCopy::default(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(http::header::VARY, vary.parse().unwrap());
        let body = super::exchange::Arrivals::default();
        let end = super::exchange::End::Whole;
        let answered = super::exchange::Answered { status: StatusCode::OK, headers, body, end };
        let mapping = mapping::of(&asked, answered, &crate::redact::Redactor::default()).mapping;
        mapping["request"]["headers"].clone()
    };
    assert_eq!(of(&[("user-agent", "a")], "Accept-Encoding, Origin"), Value::Null);
    assert_eq!(
        of(&[("range", "bytes=0-9"), ("if-none-match", "\"e\"")], ""),
        json!({"Range": {"equalTo": "bytes=0-9"}, "If-None-Match": {"equalTo": "\"e\""}})
    );
    assert_eq!(
        of(&[("accept-language", "de")], "accept-language, Accept"),
        json!({"Accept-Language": {"equalTo": "de"}, "Accept": {"absent": true}})
    );
    assert_eq!(
        of(&[("authorization", "Bearer abc123xyz")], "Authorization"),
        json!({"Authorization": {"matches": "Bearer .+"}})
    );
}

#[test]
fn an_answer_that_came_with_pauses_comes_so_again() {
    let of = |pause: u64, length: bool| {
        let asked = super::exchange::Asked {
            method: Method::GET,
            target: "/rows".to_owned(),
            headers: HeaderMap::new(),
            body: super::exchange::BodyCopy::default(),
        };
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, "application/x-ndjson".parse().unwrap());
        if length {
            headers.insert(http::header::CONTENT_LENGTH, 12.into());
        }
        let mut body = super::exchange::Arrivals::default();
        for n in 0..3 {
            body.push(std::time::Duration::from_millis(n * pause), b"{}\n");
        }
        let end = super::exchange::End::Whole;
        let answered = super::exchange::Answered { status: StatusCode::OK, headers, body, end };
        let mapping = mapping::of(&asked, answered, &crate::redact::Redactor::default()).mapping;
        mapping["response"]["transformerParameters"]["chunks"].as_array().map(Vec::len)
    };
    assert_eq!(of(100, false), Some(3));
    assert_eq!(of(1, false), None);
    assert_eq!(of(100, true), None, "a slow network");
}

#[test]
fn parts_of_a_form_match_behind_any_boundary() {
    let asked = |boundary: &str, password: &str| {
        let media = format!("multipart/form-data; boundary={boundary}").parse().unwrap();
        let asked = super::exchange::Asked {
            method: Method::POST,
            target: "/upload".to_owned(),
            headers: HeaderMap::from_iter([(http::header::CONTENT_TYPE, media)]),
            body: super::exchange::BodyCopy::default(),
        };
        let part = |name: &str, value: &str| {
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
        };
        let body =
            format!("{}{}--{boundary}--\r\n", part("note", "hello"), part("password", password));
        asked.body.push(body.as_bytes());
        (asked, body)
    };
    let answered = super::exchange::Answered {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: super::exchange::Arrivals::default(),
        end: super::exchange::End::Whole,
    };
    let redactor = crate::redact::Redactor::default();
    let mapping = mapping::of(&asked("f7c07f43ee", "secret-1").0, answered, &redactor).mapping;
    let pattern = mapping["request"]["bodyPatterns"][0]["matches"].as_str().unwrap();
    let pattern = regex::Regex::new(&format!("^(?s:{pattern})$")).unwrap();
    assert!(pattern.is_match(&asked("537d19017f", "secret-2").1));
    assert!(!pattern.is_match(&asked("537d19017f", "secret-2").1.replace("hello", "bye")));
}

#[test]
fn forms_keep_all_but_their_secrets() {
    let asked = super::exchange::Asked {
        method: Method::POST,
        target: "/oauth/token?access_token=secret-1".to_owned(),
        headers: HeaderMap::from_iter([(
            http::header::CONTENT_TYPE,
            "application/x-www-form-urlencoded".parse().unwrap(),
        )]),
        body: super::exchange::BodyCopy::default(),
    };
    asked.body.push(b"grant_type=password&client_secret=secret-2&scope=a.b");
    let answered = super::exchange::Answered {
        status: StatusCode::NO_CONTENT,
        headers: HeaderMap::new(),
        body: super::exchange::Arrivals::default(),
        end: super::exchange::End::Whole,
    };
    let mapping = mapping::of(&asked, answered, &crate::redact::Redactor::default()).mapping;
    assert_eq!(
        mapping["request"]["bodyPatterns"],
        json!([{"matches": r"grant_type=password&client_secret=[^&]*&scope=a\.b"}])
    );
    assert_eq!(mapping["request"]["queryParameters"], json!({"access_token": {"matches": ".*"}}));
    assert!(!mapping.to_string().contains("secret-"), "{mapping}");
}

fn silent() -> crate::transport::Logger {
    Arc::new(|_: &str| {})
}

#[tokio::test]
async fn what_a_killed_recorder_left_is_removed_and_what_another_writes_stays() {
    let directory = tempfile::tempdir().unwrap();
    let bodies = directory.path().join("__files");
    fs::create_dir(&bodies).unwrap();
    // A process that has ended, one that runs, this one before it was restarted, and an older version's.
    let mut ended = std::process::Command::new("true").spawn().unwrap();
    ended.wait().unwrap();
    let running = std::os::unix::process::parent_id();
    let at =
        |directory: &Path, writer: &str| directory.join(format!(".get-a.json{writer}.unfinished"));
    let own = std::process::id();
    for directory in [directory.path(), &*bodies] {
        for writer in
            [format!(".{}", ended.id()), format!(".{running}"), format!(".{own}"), String::new()]
        {
            fs::write(at(directory, &writer), "{").unwrap();
        }
    }
    fs::write(directory.path().join("get-b.json"), "{}").unwrap();
    let recorder = Recorder::new(directory.path(), 1 << 20, &Arc::default(), &silent()).unwrap();
    let names: Vec<String> = files(directory.path()).into_iter().map(|(name, _)| name).collect();
    let left = format!(".get-a.json.{running}.unfinished");
    assert_eq!(names, [left.clone(), format!("__files/{left}"), "get-b.json".to_owned()]);
    drop(recorder);
}

#[tokio::test]
async fn new_requests_wait_while_the_recorder_is_full() {
    let directory = tempfile::tempdir().unwrap();
    let recorder = Recorder::new(directory.path(), 1_000, &Arc::default(), &silent()).unwrap();
    recorder.room().await;
    let mut first = recorder.reserve();
    first.grow(999);
    recorder.room().await;
    let mut second = recorder.reserve();
    second.grow(5_000);
    assert_eq!(recorder.held(), (5_999, 1_000));
    let mut waiting = std::pin::pin!(recorder.room());
    assert!((&mut waiting).now_or_never().is_none());
    drop(first);
    assert!((&mut waiting).now_or_never().is_none());
    drop(second);
    waiting.await;
}
