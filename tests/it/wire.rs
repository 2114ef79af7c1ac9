//! Faults on the wire, to the byte, and streams.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{End, PATIENCE, TFJOBS, bounds, files, raw, read_all, server, with_scenario};

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn connections_end_where_the_rule_says() {
    let table = [
        ("reset: before_headers", "", End::Reset),
        ("close: before_headers", "", End::Closed),
        ("reset: after_headers", "\r\n\r\n", End::Reset),
        ("close: after_headers", "\r\n\r\n", End::Closed),
        ("close: {bytes: 10}", "{\"apiVersi", End::Closed),
        ("reset: {bytes: 1KiB}", "", End::Reset),
        ("garbage: after_headers", "this is not HTTP \u{fffd}\u{fffd}\r\n", End::Closed),
    ];
    for (then, last, end) in table {
        let own = files(&[(
            "fault.yaml",
            &format!("rules:\n- id: f\n  match: {{path: /apis/**}}\n  then: {{{then}}}\n"),
        )]);
        let server = with_scenario(own.path().join("fault.yaml").to_str().unwrap()).await;
        let (got, ended) = raw(server.address(), get(TFJOBS).as_bytes()).await;
        assert_eq!(ended, end, "{then}: {got}");
        if last.is_empty() && then.contains("before") {
            assert_eq!(got, "", "{then}: not a byte");
        } else {
            assert!(got.starts_with("HTTP/1.1 200 OK\r\n"), "{then}: {got}");
            assert!(got.ends_with(last), "{then}: {got}");
        }
        if then.contains("1KiB") {
            let body = got.split_once("\r\n\r\n").unwrap().1;
            // A reset may overtake what is still on its way, never the other way round.
            assert!(body.len() <= 1024, "{} bytes", body.len());
        }
        // The next connection is served: only this one was struck.
        let (other, ended) = raw(server.address(), get("/version").as_bytes()).await;
        assert!(other.starts_with("HTTP/1.1 200 OK\r\n") && ended == End::Closed, "{other}");
    }
}

#[tokio::test]
async fn a_watch_sends_each_event_as_a_line_and_its_headers_at_once() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let watch = format!(
        "GET {TFJOBS}?watch=true&timeoutSeconds=1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(watch.as_bytes()).await.unwrap();
    let mut head = vec![0; 4096];
    let read =
        tokio::time::timeout(PATIENCE, stream.read(&mut head)).await.expect("headers").unwrap();
    let head = String::from_utf8_lossy(&head[..read]).to_lowercase();
    assert!(
        head.contains("transfer-encoding: chunked") && head.contains("application/json"),
        "{head}"
    );
    let (rest, end) = tokio::time::timeout(PATIENCE, read_all(&mut stream)).await.expect("an end");
    let all = format!("{head}{rest}");
    assert!(all.to_lowercase().contains("{\"type\":\"added\",\"object\":{"), "{all}");
    assert!(all.ends_with("0\r\n\r\n"), "ends as a stream should: {all}");
    assert_eq!(end, End::Closed);
}

#[tokio::test]
async fn keep_alive_and_pipelining_work() {
    let server = server().await;
    let two = format!("GET /version HTTP/1.1\r\nhost: x\r\n\r\n{}", get("/healthz"));
    let (got, _) = raw(server.address(), two.as_bytes()).await;
    assert_eq!(got.matches("HTTP/1.1 200 OK").count(), 2, "{got}");
    assert!(got.ends_with("ok"), "{got}");
}

#[tokio::test]
async fn a_watch_goes_over_a_websocket_for_those_who_ask() {
    use futures_util::StreamExt;
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;

    let server = server().await;
    let url = format!("ws://{}{TFJOBS}?watch=true&timeoutSeconds=2", server.address());
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("sec-websocket-protocol", "base64.binary.k8s.io".parse().unwrap());
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (mut client, answer) = tokio_tungstenite::client_async(request, stream).await.unwrap();
    assert_eq!(answer.status(), 101);
    assert_eq!(answer.headers()["sec-websocket-protocol"], "base64.binary.k8s.io");
    let first = tokio::time::timeout(PATIENCE, client.next()).await.unwrap().unwrap().unwrap();
    let event: serde_json::Value = serde_json::from_str(first.to_text().unwrap()).unwrap();
    assert_eq!(
        (&event["type"], &event["object"]["metadata"]["name"]),
        (&"ADDED".into(), &"tfjob-test".into())
    );
    let job = serde_json::json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "new"}, "spec": {}});
    assert_eq!(crate::support::post(&server, "POST", TFJOBS, &job).await.status, 201);
    let second = tokio::time::timeout(PATIENCE, client.next()).await.unwrap().unwrap().unwrap();
    assert!(second.to_text().unwrap().contains("\"name\":\"new\""), "{second}");
    // timeoutSeconds ends it, as it ends a stream.
    let end = tokio::time::timeout(PATIENCE, client.next()).await.unwrap();
    assert!(end.is_none_or(|message| message.is_ok_and(|message| message.is_close())));
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_informed_that_it_missed_events() {
    let server = standin::Server::builder()
        .bounds(bounds(|bounds| bounds.history.events = 50))
        .start()
        .await
        .unwrap();
    let path = "/api/v1/namespaces/default/configmaps";
    let list = crate::support::ask(&server, "GET", path).await;
    let revision = list.at("/metadata/resourceVersion").as_str().unwrap().to_owned();
    let mut slow = TcpStream::connect(server.address()).await.unwrap();
    let watch = format!(
        "GET {path}?watch=true&resourceVersion={revision} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    );
    slow.write_all(watch.as_bytes()).await.unwrap();
    let mut head = [0; 16];
    slow.read_exact(&mut head).await.unwrap();
    // More than fits into all the buffers on the way, and far more events than are kept.
    let big = "x".repeat(200_000);
    for n in 0..150 {
        let object = serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("m{n}")}, "data": {"x": big}});
        assert_eq!(crate::support::post(&server, "POST", path, &object).await.status, 201);
    }
    let (rest, end) =
        tokio::time::timeout(PATIENCE, read_all(&mut slow)).await.expect("it is cut off");
    assert_eq!(end, End::Closed);
    let added = rest.matches("{\"type\":\"ADDED\"").count();
    assert!(added < 150, "{added} events were kept for it");
    let error = &rest[rest.rfind("{\"type\":\"ERROR\"").expect("an ERROR event")..];
    assert!(
        error.contains("\"code\":410") && error.contains("too old resource version"),
        "{error}"
    );
}
