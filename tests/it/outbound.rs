//! Stubs that ask other servers: answers that are proxied, and webhooks. The other servers are real ones on loopback.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use standin::{RunningServer, Server};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{PATIENCE, ask, eventually, files, post, raw, send};

/// A server with these stubs, and an empty root directory for files.
async fn server(stubs: &Value) -> (RunningServer, TempDir) {
    let text = json!({"mappings": stubs}).to_string();
    let directory = files(&[
        ("mappings/stubs.json", &text),
        ("__files/note.txt", "of {{originalRequest.url}}"),
    ]);
    let server = Server::builder().fixtures(directory.path()).start().await.unwrap();
    (server, directory)
}

/// The requests that a server received, newest first.
async fn asked(server: &RunningServer) -> Vec<Value> {
    let events = ask(server, "GET", "/__admin/requests").await.json();
    events["requests"].as_array().unwrap().iter().map(|event| event["request"].clone()).collect()
}

/// The sub-events of the newest request.
async fn sub_events(server: &RunningServer) -> Vec<Value> {
    let events = ask(server, "GET", "/__admin/requests?limit=1").await.json();
    events["requests"][0]["subEvents"].as_array().cloned().unwrap_or_default()
}

fn proxy(to: &str, more: &Value) -> Value {
    let mut response = json!({"proxyBaseUrl": to});
    for (key, value) in more.as_object().unwrap() {
        response[key] = value.clone();
    }
    json!([{"request": {"urlPathPattern": "/.*"}, "response": response}])
}

/// A backend that sends these bytes to any client, in these pieces, and waits for a signal before
/// each except the first.
async fn backend(pieces: &'static [&'static [u8]]) -> (String, tokio::sync::mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (go, mut gone) = tokio::sync::mpsc::channel(8);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut scratch = [0; 4096];
        assert!(stream.read(&mut scratch).await.unwrap() > 0);
        for (at, piece) in pieces.iter().enumerate() {
            if at > 0 && gone.recv().await.is_none() {
                return;
            }
            stream.write_all(piece).await.unwrap();
        }
    });
    (url, go)
}

#[tokio::test]
async fn a_proxied_request_is_passed_on_and_its_answer_comes_back() {
    let of_backend = json!([{
        "request": {"urlPath": "/a/b", "bodyPatterns": [{"equalTo": "the body"}]},
        "response": {"status": 201, "statusMessage": "Well Made", "body": "made", "headers": {"X-Backend": "1"}},
    }]);
    let (backend, _backend_files) = server(&of_backend).await;
    let more = json!({
        "headers": {"X-Stub": "2"},
        "proxyUrlPrefixToRemove": "/v1",
        "additionalProxyRequestHeaders": {"X-Added": "3"},
        "removeProxyRequestHeaders": ["x-secret"],
    });
    let (server, _files) = server(&proxy(&backend.url(), &more)).await;
    let headers = [("x-secret", "s"), ("x-kept", "k"), ("user-agent", "me"), ("te", "trailers")];
    let answer = send(&server, "POST", "/v1/a/b?c=d%20e", &headers, "the body").await;
    assert_eq!((answer.status.as_u16(), answer.text()), (201, "made"));
    assert_eq!(
        (&answer.headers["x-backend"], &answer.headers["x-stub"]),
        (&"1".parse().unwrap(), &"2".parse().unwrap())
    );
    // The stub that answers is the backend's.
    let id = answer.headers["matched-stub-id"].to_str().unwrap();
    assert_eq!(ask(&backend, "GET", &format!("/__admin/mappings/{id}")).await.status, 200);
    let seen = &asked(&backend).await[0];
    assert_eq!((&seen["url"], &seen["method"]), (&json!("/a/b?c=d%20e"), &json!("POST")));
    let fields = seen["headers"].as_object().unwrap();
    assert_eq!(fields["Host"], backend.address().to_string());
    assert_eq!((&fields["X-Kept"], &fields["X-Added"]), (&json!("k"), &json!("3")));
    for gone in ["X-Secret", "User-Agent"] {
        assert!(!fields.contains_key(gone), "{gone}: {fields:?}");
    }
    let request = b"POST /v1/a/b HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 8\r\n\r\nthe body";
    let (text, _) = raw(server.address(), request).await;
    assert!(text.starts_with("HTTP/1.1 201 Well Made\r\n"), "{text}");
    assert_eq!(send(&server, "HEAD", "/v1/a/b", &[], "").await.body.len(), 0);
}

#[tokio::test]
async fn the_backend_may_be_named_by_a_template() {
    let (backend, _backend_files) =
        server(&json!([{"request": {"urlPath": "/x"}, "response": {"body": "{{request.id}}"}}]))
            .await;
    let more = json!({"transformers": ["response-template"]});
    let (server, _files) = server(&proxy("http://{{request.headers.X-To}}", &more)).await;
    let to = backend.address().to_string();
    let answer = send(&server, "GET", "/x", &[("x-to", &to)], "").await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "{{request.id}}"));
    let answer = send(&server, "GET", "/x", &[("x-to", "")], "").await;
    assert_eq!(answer.status, 500);
}

#[tokio::test]
async fn large_bodies_pass_in_both_directions() {
    let body = "0123456789abcdef".repeat(150_000);
    let echo = json!([{"request": {"urlPath": "/big"}, "response": {"body": "{{{request.body}}}", "transformers": ["response-template"]}}]);
    let (backend, _backend_files) = server(&echo).await;
    let (server, _files) = server(&proxy(&backend.url(), &json!({}))).await;
    let answer = send(&server, "POST", "/big", &[], &body).await;
    assert_eq!((answer.status.as_u16(), answer.text() == body), (200, true));
}

#[tokio::test]
async fn events_of_a_backend_come_as_they_are_sent() {
    const PIECES: &[&[u8]] = &[
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: 1\n\n",
        b"data: 2\n\n",
    ];
    let (url, go) = backend(PIECES).await;
    let (server, _files) = server(&proxy(&url, &json!({}))).await;
    let mut client = TcpStream::connect(server.address()).await.unwrap();
    client.write_all(b"GET /e HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut seen = String::new();
    for (wanted, next) in [("data: 1", true), ("data: 2", false)] {
        while !seen.contains(wanted) {
            let mut buffer = [0; 1024];
            let read = tokio::time::timeout(PATIENCE, client.read(&mut buffer)).await;
            let read = read.expect("an event").unwrap();
            assert!(read > 0, "{seen}");
            seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        if next {
            assert!(!seen.contains("data: 2"));
            go.send(()).await.unwrap();
        }
    }
}

/// An answer that ends before its length.
const BROKEN: &[&[u8]] = &[b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfour"];

#[tokio::test]
async fn a_backend_that_fails_is_a_500_that_names_it() {
    // Nobody listens here any longer.
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (broken, _go) = backend(BROKEN).await;
    for (url, asked) in [(format!("http://{dead}"), "/x?y=1"), (broken, "/x")] {
        let (server, _files) = server(&proxy(&url, &json!({}))).await;
        let answer = ask(&server, "GET", asked).await;
        assert_eq!(answer.status, 500, "{url}");
        let text = format!(
            "Network failure trying to make a proxied request from WireMock to {url}{asked}"
        );
        assert!(answer.text().starts_with(&text), "{}", answer.text());
    }
}

/// A stub that answers `/go`, with one webhook.
fn with_webhook(parameters: &Value) -> Value {
    json!([{
        "request": {"urlPath": "/go"},
        "response": {"body": "gone"},
        "serveEventListeners": [{"name": "webhook", "parameters": parameters}],
    }])
}

#[tokio::test]
async fn a_webhook_is_sent_after_the_answer() {
    let (backend, _backend_files) = server(
        &json!([{"request": {"urlPath": "/hook"}, "response": {"status": 202, "body": "thanks"}}]),
    )
    .await;
    let hook = json!({
        "method": "{{parameters.verb}}",
        "url": format!("{}/hook?from={{{{originalRequest.query.q}}}}", backend.url()),
        "headers": {"X-Id": "{{originalRequest.id}}", "Content-Type": "application/json"},
        "body": "{\"path\": \"{{originalRequest.path}}\", \"sent\": {{{originalRequest.body}}} }",
        "verb": "PUT",
        "delay": {"type": "fixed", "milliseconds": 20},
    });
    let (server, _files) = server(&with_webhook(&hook)).await;
    assert_eq!(post(&server, "POST", "/go?q=1", &json!({"a": 1})).await.text(), "gone");
    eventually("the webhook", async || !asked(&backend).await.is_empty()).await;
    let seen = &asked(&backend).await[0];
    assert_eq!((&seen["method"], &seen["url"]), (&json!("PUT"), &json!("/hook?from=1")));
    let body: Value = serde_json::from_str(seen["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({"path": "/go", "sent": {"a": 1}}));
    eventually("its answer", async || sub_events(&server).await.len() == 2).await;
    let events = sub_events(&server).await;
    assert_eq!(
        (&events[0]["type"], &events[1]["type"]),
        (&json!("WEBHOOK_REQUEST"), &json!("WEBHOOK_RESPONSE"))
    );
    assert_eq!(
        (&events[0]["data"]["method"], &events[1]["data"]["status"]),
        (&json!("PUT"), &json!(202))
    );
    assert_eq!(
        (&events[1]["data"]["body"], &events[1]["data"]["bodyAsBase64"]),
        (&json!("thanks"), &json!("dGhhbmtz"))
    );
    let id = ask(&server, "GET", "/__admin/requests?limit=1").await.at("/requests/0/id");
    assert_eq!(seen["headers"]["X-Id"], id);
}

#[tokio::test]
async fn the_body_of_a_webhook_has_the_forms_of_a_response() {
    let (backend, _backend_files) = server(&json!([])).await;
    let url = format!("{}/hook", backend.url());
    for (parameters, wanted) in [
        (json!({"method": "POST", "bodyFileName": "note.txt"}), "of /go"),
        (
            json!({"method": "POST", "jsonBody": {"b": "{{originalRequest.method}}", "a": 1}}),
            r#"{"a":1,"b":"GET"}"#,
        ),
        (json!({"method": "POST", "base64Body": "AAEC"}), "\u{0}\u{1}\u{2}"),
        (json!({"method": "POST", "body": {"filePath": "note.txt"}}), "of /go"),
        (json!({"method": "POST", "body": {"data": {"x": [1]}}}), r#"{"x":[1]}"#),
        (json!({"method": "POST", "body": {"base64Data": "aGk="}}), "hi"),
        (json!({"method": "POST"}), ""),
        (json!({"method": "GET", "body": "dropped"}), ""),
    ] {
        let mut hook = parameters.clone();
        hook["url"] = url.clone().into();
        let (server, _files) = server(&with_webhook(&hook)).await;
        ask(&backend, "DELETE", "/__admin/requests").await;
        assert_eq!(ask(&server, "GET", "/go").await.text(), "gone");
        eventually("the webhook", async || !asked(&backend).await.is_empty()).await;
        assert_eq!(asked(&backend).await[0]["body"], wanted, "{parameters}");
    }
    // JSON keeps its order.
    let text = format!(
        r#"{{"request": {{"urlPath": "/go"}}, "serveEventListeners": [{{"name": "webhook", "parameters":
            {{"method": "POST", "url": "{url}", "jsonBody": {{"b": 1, "a": [1.0, {{"d": 2, "c": 3}}]}}}}}}]}}"#
    );
    ask(&backend, "DELETE", "/__admin/requests").await;
    let answer = send(&backend, "POST", "/__admin/mappings", &[], &text).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    ask(&backend, "GET", "/go").await;
    let of_hook = json!({"urlPath": "/hook"});
    let find = async || post(&backend, "POST", "/__admin/requests/find", &of_hook).await;
    eventually("the webhook", async || find().await.at("/requests/0").is_object()).await;
    assert_eq!(find().await.at("/requests/0/body"), r#"{"b":1,"a":[1.0,{"d":2,"c":3}]}"#);
}

#[tokio::test]
async fn a_webhook_that_fails_changes_no_answer_and_is_reported() {
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (parameters, wanted) in [
        (
            json!({"url": format!("http://{dead}/hook?token=s3cret-4711-abcdef")}),
            "Failed to fire webhook GET",
        ),
        (json!({"method": "POST"}), "Exception thrown while configuring webhook"),
        (
            json!({"method": "POST", "url": "http://127.0.0.1:1/", "bodyFileName": "gone.txt"}),
            "Exception thrown",
        ),
    ] {
        let stubs = json!({"mappings": with_webhook(&parameters)}).to_string();
        let directory = files(&[("mappings/stubs.json", stubs.as_str()), ("__files/a", "")]);
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let written = Arc::clone(&lines);
        let server = Server::builder()
            .fixtures(directory.path())
            .log(move |line| written.lock().unwrap().push(line.to_owned()))
            .start()
            .await
            .unwrap();
        assert_eq!(ask(&server, "GET", "/go").await.text(), "gone");
        let is_error = |event: &Value| event["type"] == "ERROR";
        eventually("the error", async || sub_events(&server).await.iter().any(is_error)).await;
        let events = sub_events(&server).await;
        let message = &events.iter().find(|event| is_error(event)).unwrap()["data"]["message"];
        assert!(message.as_str().unwrap().starts_with(wanted), "{message}");
        let lines = lines.lock().unwrap().join("\n");
        assert!(lines.contains(wanted), "{lines}");
        assert!(!lines.contains("s3cret") && !message.to_string().contains("s3cret"), "{lines}");
    }
}
