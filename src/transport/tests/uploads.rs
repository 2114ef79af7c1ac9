//! Tests of request bodies that are read as they arrive or not at all.

use super::*;

#[tokio::test]
async fn bodies_are_read_as_they_arrive() {
    let server = start(TransportLimits::default());
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

/// Returns a request that is answered without reading its body, which consists of requests.
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

#[tokio::test]
async fn a_body_that_nobody_reads_is_never_a_request() {
    let server = start(TransportLimits::default());
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
                // One answer and the end, or both answers: never one to what is in the body.
                assert!((1..=2).contains(&answers), "{name}: {answers} answers");
                assert!(!got.contains("HTTP/1.1 400"), "{name}: {got}");
                if answers == 2 {
                    assert!(got.contains("content-length: 0\r\n"), "{name}: {got}");
                }
                // A body that is known to end within bounds leaves the connection to the next request.
                if size <= 20_000 && !chunked && !path.contains("close") {
                    assert_eq!(answers, 2, "{name}");
                }
            }
        }
    }
}
