//! Invalid input of clients: each gets a clear error, and the server keeps serving others.

use std::time::Duration;

use serde_json::json;
use standin::Server;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{End, TFJOBS, ask, bounds, post, raw, read_all, send, server};

#[tokio::test]
async fn bodies_over_three_mebibytes_are_refused() {
    let server = server().await;
    let body = format!("{{\"a\": \"{}\"}}", "x".repeat(3 << 20));
    let refused =
        send(&server, "POST", TFJOBS, &[("content-type", "application/json")], &body).await;
    assert_eq!(
        (refused.status.as_u16(), refused.at("/reason")),
        (413, json!("RequestEntityTooLarge"))
    );
    assert_eq!(ask(&server, "GET", TFJOBS).await.status, 200);
}

#[tokio::test]
async fn targets_that_cannot_be_decoded_are_refused() {
    let server = server().await;
    for target in [format!("{TFJOBS}/%ff"), format!("{TFJOBS}/%2")] {
        let refused = ask(&server, "GET", &target).await;
        assert_eq!(refused.status, 400, "{target}");
        assert_eq!(refused.text(), "400 Bad Request", "{target}");
    }
    // Go's server leaves out the parameters that it cannot read.
    let unread = ask(&server, "GET", &format!("{TFJOBS}?limit=%zz&labelSelector=a;b")).await;
    assert_eq!(unread.status, 200, "{}", unread.text());
    let plain = ask(&server, "GET", "/some/%ff?%zz").await;
    assert_eq!(plain.status, 400);
    assert!(
        plain.text().contains("cannot be decoded") && plain.text().contains("%25"),
        "{}",
        plain.text()
    );
    assert_eq!(ask(&server, "GET", TFJOBS).await.status, 200);
}

#[tokio::test]
async fn bodies_that_are_not_what_they_say_are_refused() {
    let server = server().await;
    for (media, body, code) in [
        ("application/json", "{\"a\":", 400),
        ("application/json", "\u{feff}", 400),
        ("application/json", "[1]", 400),
        ("application/yaml", "a: [", 400),
        ("application/json", "", 400),
    ] {
        let refused = send(&server, "POST", TFJOBS, &[("content-type", media)], body).await;
        assert_eq!(refused.status, code, "{media} {body:?}: {}", refused.text());
        assert!(
            refused.at("/message").as_str().is_some_and(|text| text.len() > 10),
            "{}",
            refused.text()
        );
    }
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(
        send(&server, "POST", TFJOBS, &[("content-type", "application/json")], &deep).await.status,
        400
    );
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
        + &(0..9)
            .map(|n| {
                format!(
                    "b{n}: &b{n} [*{p},*{p},*{p},*{p},*{p},*{p},*{p},*{p},*{p}]\n",
                    p = if n == 0 { "a".to_owned() } else { format!("b{}", n - 1) }
                )
            })
            .collect::<String>();
    assert_eq!(
        send(&server, "POST", TFJOBS, &[("content-type", "application/yaml")], &bomb).await.status,
        400
    );
    assert_eq!(ask(&server, "GET", TFJOBS).await.names(), ["tfjob-test"]);
}

#[tokio::test]
async fn absurd_parameters_are_refused_or_harmless() {
    let server = server().await;
    for query in [
        "limit=99999999999999999999",
        "limit=1e3",
        "continue=%00",
        "continue=AAAA",
        "resourceVersion=-1",
        "timeoutSeconds=x",
    ] {
        let refused = ask(&server, "GET", &format!("{TFJOBS}?{query}")).await;
        assert_eq!(refused.status, 400, "{query}: {}", refused.text());
    }
    for query in ["limit=9223372036854775807", "limit=-1", "unknown=1", "pretty=maybe"] {
        let taken = ask(&server, "GET", &format!("{TFJOBS}?{query}")).await;
        assert_eq!(taken.names(), ["tfjob-test"], "{query}");
    }
    let long = format!("{TFJOBS}?labelSelector={}", "a%3Db,".repeat(5_000));
    assert!(ask(&server, "GET", &long).await.status.is_client_error());
    let object = json!({"apiVersion": "kubeflow.org/v1", "kind": "TFJob", "metadata": {"name": "x".repeat(300)}, "spec": {}});
    assert_eq!(post(&server, "POST", TFJOBS, &object).await.status, 422);
}

#[tokio::test]
async fn what_is_not_http_is_answered_with_an_error_and_closed() {
    let server = server().await;
    let long_head = format!("GET / HTTP/1.1\r\nhost: x\r\nx-a: {}\r\n\r\n", "y".repeat(100 << 10));
    let many = (0..400)
        .fold(String::from("GET / HTTP/1.1\r\nhost: x\r\n"), |all, n| format!("{all}x-{n}: 1\r\n"))
        + "\r\n";
    for (bytes, status) in [
        ("nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"),
        ("GET / HTTP/9.9\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"),
        ("\x16\x03\x01\x02\x00\x01\x00\x01", "HTTP/1.1 400 Bad Request\r\n"),
        (&long_head, "HTTP/1.1 431 Request Header Fields Too Large\r\n"),
        (&many, "HTTP/1.1 431 Request Header Fields Too Large\r\n"),
    ] {
        let (got, end) = raw(server.address(), bytes.as_bytes()).await;
        assert!(got.starts_with(status), "{:?}: {got}", &bytes[..bytes.len().min(40)]);
        assert_eq!(end, End::Closed);
        assert!(got.ends_with('\n'), "says why: {got}");
    }
    assert_eq!(ask(&server, "GET", TFJOBS).await.status, 200);
}

#[tokio::test]
async fn a_client_that_sends_its_head_too_slowly_is_cut_off() {
    let bounds = bounds(|bounds| bounds.transport.header_timeout = Duration::from_millis(200));
    let server = Server::builder().bounds(bounds).start().await.unwrap();
    let mut slow = TcpStream::connect(server.address()).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    // Others are served meanwhile.
    assert_eq!(ask(&server, "GET", TFJOBS).await.status, 200);
    let (got, end) =
        tokio::time::timeout(crate::support::PATIENCE, read_all(&mut slow)).await.unwrap();
    assert!(got.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{got}");
    assert_eq!(end, End::Closed);
}

#[tokio::test]
async fn a_request_has_exactly_one_valid_host() {
    let server = Server::builder().start().await.unwrap();
    for (fields, why) in [
        ("", "missing required Host header"),
        ("host: x\r\nhost: x\r\n", "too many Host headers"),
        ("host: x y@z/\r\n", "malformed Host header"),
        ("host: a/b\r\n", "malformed Host header"),
    ] {
        let request = format!(
            "GET {TFJOBS} HTTP/1.1\r\n{fields}\r\nGET {TFJOBS} HTTP/1.1\r\nhost: x\r\n\r\n"
        );
        let (got, end) = raw(server.address(), request.as_bytes()).await;
        assert!(got.starts_with("HTTP/1.1 400 Bad Request\r\n") && got.contains(why), "{got}");
        assert_eq!(got.matches("HTTP/1.1").count(), 1, "{got}");
        assert_eq!(end, End::Closed);
    }
    for request in [
        format!("GET {TFJOBS} HTTP/1.0\r\n\r\n"),
        format!("GET {TFJOBS} HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n"),
        format!("GET {TFJOBS} HTTP/1.1\r\nhost: [::1]:80\r\nconnection: close\r\n\r\n"),
    ] {
        let (got, _) = raw(server.address(), request.as_bytes()).await;
        assert!(got.contains(" 200 OK\r\n"), "{got}");
    }
}

#[tokio::test]
async fn bodies_that_stop_or_are_too_many_end() {
    let mut bounds = standin::Bounds::default();
    bounds.set("body-bytes", "1MiB").unwrap();
    bounds.set("body-timeout", "500ms").unwrap();
    let server = Server::builder().bounds(bounds).start().await.unwrap();
    let path = "/api/v1/namespaces/default/configmaps";
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 900000\r\n\r\n"
    );
    let begin = async || {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; 700_000]).await.unwrap();
        stream
    };
    let mut first = begin().await;
    let is_read = async || {
        let bounds = crate::support::ask(&server, "GET", "/__admin/bounds").await;
        bounds.json()["held"]["body-bytes"].as_u64().is_some_and(|held| held >= 600_000)
    };
    crate::support::eventually("the first is read", is_read).await;
    let mut second = begin().await;
    let (got, _) =
        tokio::time::timeout(crate::support::PATIENCE, read_all(&mut second)).await.unwrap();
    assert!(got.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{got}");
    assert!(got.contains("retry-after: 1\r\n") && got.contains("1048576 bytes"), "{got}");
    let (got, _) =
        tokio::time::timeout(crate::support::PATIENCE, read_all(&mut first)).await.unwrap();
    assert!(got.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{got}");
    assert!(got.contains("nothing of the body arrived for 0.5 s"), "{got}");
    // Their memory is released.
    let text = format!(
        "{{\"metadata\": {{\"name\": \"a\"}}, \"data\": {{\"k\": \"{}\"}}}}",
        "x".repeat(800_000)
    );
    let json = [("content-type", "application/json")];
    for _ in 0..3 {
        let made = crate::support::send(&server, "POST", path, &json, &text).await;
        assert!(matches!(made.status.as_u16(), 201 | 409), "{}", made.text());
    }
}
