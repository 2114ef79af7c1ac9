//! Tests of connections: keep-alive, refused requests, and shutdown.

use super::*;

#[tokio::test]
async fn connections_are_kept_and_pipelines_answered_in_order() {
    let server = start(TransportLimits::default());
    let request = "GET /bytes HTTP/1.1\r\nhost: x\r\n\r\nGET /pieces HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let (got, end) = ask(server.address, request).await;
    assert_eq!((got.matches("0123456789").count(), end), (2, None), "{got}");
}

#[tokio::test]
async fn bad_requests_are_answered_with_the_reason_and_others_are_served() {
    let limits = TransportLimits {
        header_bytes: 1024,
        header_count: 8,
        header_timeout: Duration::from_millis(30),
        ..TransportLimits::default()
    };
    let server = start(limits);
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
async fn an_error_after_a_good_request_is_answered_too() {
    let server = start(TransportLimits::default());
    let request = "GET /bytes HTTP/1.1\r\nhost: x\r\n\r\nNOT HTTP\r\n\r\n";
    let (got, _) = ask(server.address, request).await;
    assert!(
        got.contains("0123456789HTTP/1.1 400 Bad Request") && got.contains("this is not HTTP/1.1"),
        "{got}"
    );
}

#[tokio::test]
async fn a_connection_beyond_the_limit_is_refused() {
    let server = start(TransportLimits { connections: 1, ..TransportLimits::default() });
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut buffer = [0; 16];
    first.read_exact(&mut buffer).await.unwrap();
    let (got, end) = ask(server.address, "").await;
    assert!(
        got.starts_with("HTTP/1.1 503 ") && got.contains("limit of 1 connections") && end.is_none(),
        "{got}"
    );
}

#[tokio::test]
async fn a_panic_is_answered_and_kept_apart() {
    let server = start(TransportLimits::default());
    let request = "GET /panic HTTP/1.1\r\nhost: x\r\n\r\nGET /bytes HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let (got, _) = ask(server.address, request).await;
    assert!(got.starts_with("HTTP/1.1 500 ") && got.ends_with("0123456789"), "{got}");
}

#[tokio::test(start_paused = true)]
async fn stopping_closes_idle_connections_and_cuts_the_rest() {
    let server = start(TransportLimits::default());
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

#[tokio::test(start_paused = true)]
async fn a_connection_that_lingers_answers_one_more_request() {
    let linger = Duration::from_secs(5);
    let server = start(TransportLimits { linger, ..TransportLimits::default() });
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = TcpStream::connect(server.address).await.unwrap();
        let mut first = [0; HEAD.len() + 10 + "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".len()];
        client.write_all(b"GET /bytes HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        client.read_exact(&mut first).await.unwrap();
        clients.push(client);
    }
    let mut silent = clients.pop().unwrap();
    let fresh = TcpStream::connect(server.address).await.unwrap();
    let began = tokio::time::Instant::now();
    server.stop.send(()).unwrap();
    // The server has stopped before the requests are sent: it accepts no more.
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    // Time passes once all tasks wait: the connections know it too.
    tokio::time::sleep(Duration::from_millis(1)).await;
    clients.push(fresh);
    for mut client in clients {
        client.write_all(b"GET /bytes HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let (got, end) = read_all(&mut client).await;
        assert!(got.contains("connection: close\r\n") && got.ends_with("0123456789"), "{got}");
        assert_eq!(end, None);
    }
    assert_eq!(read_all(&mut silent).await, (String::new(), None));
    assert!(began.elapsed() >= linger);
    assert_eq!(server.task.await.unwrap().cut, 0);
}

#[tokio::test]
async fn a_connection_goes_on_after_a_stream() {
    let server = start(TransportLimits::default());
    let keep = "HTTP/1.1\r\nhost: x\r\n\r\n";
    let close = "HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let stream = format!("{CHUNKED}5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n");
    // Pipelined: a stream, an answer, and another stream.
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
    // Pieces that arrive during the stream are read as one request.
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(format!("GET /recorded {keep}GET /by").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    slow.write_all(format!("tes {close}").as_bytes()).await.unwrap();
    let (got, _) = read_all(&mut slow).await;
    assert!(got.ends_with("0123456789"), "{got}");
}

#[tokio::test]
async fn pipelines_are_answered_behind_everything_that_does_not_end_the_connection() {
    let server = start(TransportLimits::default());
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
    let server = start(TransportLimits::default());
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
