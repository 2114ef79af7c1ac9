//! Tests of bodies and faults on the wire, byte by byte.

use super::*;

#[tokio::test]
async fn faults_are_exact_to_the_byte() {
    let server = start(TransportLimits::default());
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
        // A pipelined request after the fault must not be answered.
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
    let server = start(TransportLimits::default());
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
        // The order of header fields is irrelevant.
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
async fn a_stream_is_flushed_before_its_end_and_dropped_with_its_client() {
    let server = start(TransportLimits::default());
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
async fn a_slow_body_goes_out_in_its_pieces() {
    let server = start(TransportLimits::default());
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
    let mut steps =
        crate::transport::deliver::steps(body, Effects { pace, ..Effects::default() }.into());
    let began = tokio::time::Instant::now();
    for (second, expected) in [(0, "0123"), (1, "4567"), (2, "89")] {
        let Some(Step::Send(piece)) = steps.next().await else { panic!("{expected} is missing") };
        assert_eq!(piece, expected);
        // On tokio's clock, which moves when nothing else can happen.
        assert_eq!(began.elapsed(), Duration::from_secs(second), "{expected}");
    }
    assert!(steps.next().await.is_none());
}

#[tokio::test]
async fn a_reset_discards_nothing_that_was_sent_before() {
    let server = start(TransportLimits::default());
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
    let server = start(TransportLimits::default());
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

#[tokio::test]
async fn a_backends_answer_has_no_length_that_the_backend_did_not_name() {
    let server = start(TransportLimits::default());
    for (path, method, length) in [
        ("/exact/some", "GET", 10),
        ("/exact/none", "GET", 0),
        ("/exact/some", "HEAD", 0),
        ("/exact/stream", "GET", 0),
    ] {
        let socket = TcpStream::connect(server.address).await.unwrap();
        let (mut client, connection) = h2::client::handshake(socket).await.unwrap();
        let driving = tokio::spawn(connection);
        let request = http::Request::builder().method(method).uri(format!("http://x{path}"));
        let (answer, _) = client.send_request(request.body(()).unwrap(), true).unwrap();
        let (head, mut body) = answer.await.unwrap().into_parts();
        assert_eq!(head.headers.get("content-length"), None, "{method} {path}");
        assert_eq!(body.is_end_stream(), length == 0, "{method} {path}: the head ends it");
        let mut got = 0;
        while let Some(bytes) = body.data().await {
            got += bytes.unwrap().len();
        }
        assert_eq!(got, length, "{method} {path}");
        driving.abort();
    }
    let head = "HEAD /exact/some HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let (text, end) = ask(server.address, head).await;
    assert_eq!((text.as_str(), end), ("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", None));
}
