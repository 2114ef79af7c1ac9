//! Damaged answers, byte by byte, over every protocol.

use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{End, PATIENCE, TFJOBS};
use crate::ways::{HTTP1, Served, WAYS, Way, body, read_to_end};

const GET: &[u8] = b"GET /x/a HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn bodies_are_damaged_on_every_way() {
    for way in WAYS {
        let rules = "
rules:
- {match: {path: /x/corrupt}, then: {corrupt: 1%}}
- {match: {path: /x/repeat}, then: {repeat: 10B}}
- {match: {path: /x/charset}, then: {charset: wrong}}
- {match: {path: /x/pad}, then: {pad_headers: 8KiB}}
- {match: {path: /x/gzip}, then: {gzip: checksum}}
- {match: {resource: tfjobs.kubeflow.org}, then: {charset: mixed}}
";
        let served = Served::new(way, rules).await;
        let get = async |path: &str| served.ask("GET", path, &[], "").await.unwrap();
        let corrupt = get("/x/corrupt").await.body;
        let wrong = corrupt.iter().zip(body().bytes()).filter(|(a, b)| **a != *b).count();
        assert!(corrupt.len() == 2000 && (1..100).contains(&wrong), "{way:?}: {wrong}");
        assert_eq!(get("/x/repeat").await.text(), format!("0123456789{}", body()));
        assert_eq!(get("/x/charset").await.headers["content-type"], "text/plain; charset=utf-16");
        let padded = get("/x/pad").await;
        assert_eq!((padded.headers["x-standin-padding-8"].len(), padded.body.len()), (1024, 2000));
        assert_eq!(get("/x/gzip").await.headers["content-encoding"], "gzip");
        let mixed = get(TFJOBS).await.body;
        assert!(std::str::from_utf8(&mixed).is_err(), "{way:?}");
    }
}

#[tokio::test]
async fn a_wrong_length_is_seen_by_the_client() {
    for (wrong, announced) in [("short", 1000), ("long", 2100)] {
        let rules = format!("rules: [{{then: {{content_length: {wrong}}}}}]");
        for way in HTTP1 {
            let served = Served::new(way, &rules).await;
            let mut stream = served.open().await.unwrap();
            stream.write_all(GET).await.unwrap();
            let (got, end) = read_to_end(&mut stream).await;
            let text = String::from_utf8(got).unwrap();
            assert!(text.contains(&format!("content-length: {announced}\r\n")), "{text}");
            assert!(text.ends_with(&body()) && end == End::Closed, "all of the body, then the end");
        }
        let served = Served::new(Way::Http2, &rules).await;
        let got = served.ask("GET", "/x/a", &[], "").await;
        assert!(got.is_err(), "a length that does not hold is an error of the stream: {got:?}");
    }
}

#[tokio::test]
async fn heads_come_after_informational_answers_and_slowly() {
    let rules = "rules: [{then: {informational: [103, 102], slow_head: {chunk: 10B, every: 1ms}}}]";
    for way in HTTP1 {
        let served = Served::new(way, rules).await;
        let mut stream = served.open().await.unwrap();
        let began = Instant::now();
        for _ in 0..2 {
            // The connection continues after such an answer.
            stream.write_all(GET).await.unwrap();
            let mut heads = Vec::new();
            for _ in 0..2 {
                heads.push(crate::ways::read_answer(&mut stream).await.0);
            }
            assert_eq!(heads[0], "HTTP/1.1 103 Early Hints\r\n\r\n");
            assert_eq!(heads[1], "HTTP/1.1 102 Processing\r\n\r\n");
            let (head, got) = crate::ways::read_answer(&mut stream).await;
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
            assert_eq!(got, body().as_bytes());
        }
        assert!(began.elapsed().as_millis() >= 10, "some thirty pieces, twice");
    }
}

/// A frame: kind, flags, stream, and its payload.
type Frame = (u8, u8, u32, Vec<u8>);

/// The frames of an HTTP/2 server, until one ends a stream.
async fn frames_until_the_end(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Vec<Frame> {
    let mut frames = Vec::new();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let [a, b, c, kind, flags, s @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload).await.unwrap();
        frames.push((kind, flags, u32::from_be_bytes(s), payload));
        // DATA or HEADERS with END_STREAM.
        if kind <= 1 && flags & 1 == 1 {
            return frames;
        }
    }
}

#[tokio::test]
async fn heads_of_http2_come_after_informational_answers_and_slowly_too() {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    // `GET /x/a`, `:scheme http`, `:authority x`, in HPACK's literal forms.
    const BLOCK: &[u8] = b"\x82\x86\x41\x01x\x44\x04/x/a";
    let rules = "rules: [{then: {informational: [103, 102], slow_head: {chunk: 10B, every: 1ms}}}]";
    for way in [Way::Http2, Way::Http2Tls] {
        let served = Served::new(way, rules).await;
        let mut stream = served.open().await.unwrap();
        stream.write_all(PREFACE).await.unwrap();
        // The connection continues after such an answer.
        for id in [1_u8, 3] {
            let began = Instant::now();
            let mut request = vec![0, 0, u8::try_from(BLOCK.len()).unwrap(), 1, 5, 0, 0, 0, id];
            request.extend_from_slice(BLOCK);
            stream.write_all(&request).await.unwrap();
            let reading = frames_until_the_end(&mut stream);
            let frames = tokio::time::timeout(PATIENCE, reading).await.unwrap();
            let of_stream: Vec<&Frame> =
                frames.iter().filter(|frame| frame.2 == u32::from(id)).collect();
            // `:status` as a literal, END_HEADERS and no END_STREAM.
            for (frame, status) in of_stream.iter().zip([b"\x08\x03103", b"\x08\x03102"]) {
                assert_eq!((frame.0, frame.1, &*frame.3), (1, 4, &status[..]), "{way:?}");
            }
            let (kind, _, _, block) = of_stream[2];
            assert_eq!((*kind, block[0]), (1, 0x88), "the answer itself, with status 200");
            assert!(!block.windows(2).any(|part| part == [0x10, 0x85]), "no mark is left");
            let body: Vec<u8> = of_stream[3..]
                .iter()
                .filter(|frame| frame.0 == 0)
                .flat_map(|frame| frame.3.clone())
                .collect();
            assert_eq!(body, crate::ways::body().as_bytes());
            assert!(began.elapsed().as_millis() >= 3, "some pieces");
        }
        let got = served.ask("GET", "/x/a", &[], "").await.unwrap();
        assert_eq!((got.status.as_u16(), got.text()), (200, &*body()));
        assert!(!got.headers.contains_key("static0e"), "{:?}", got.headers);
    }
    // A head of several frames.
    let large = "rules: [{then: {informational: 103, pad_headers: 40KiB}}]";
    let served = Served::new(Way::Http2, large).await;
    let mut stream = served.open().await.unwrap();
    stream.write_all(PREFACE).await.unwrap();
    let mut request = vec![0, 0, u8::try_from(BLOCK.len()).unwrap(), 1, 5, 0, 0, 0, 1];
    request.extend_from_slice(BLOCK);
    stream.write_all(&request).await.unwrap();
    let frames = tokio::time::timeout(PATIENCE, frames_until_the_end(&mut stream)).await.unwrap();
    let kinds: Vec<u8> = frames.iter().filter(|frame| frame.2 == 1).map(|frame| frame.0).collect();
    assert!(kinds.starts_with(&[1, 1, 9]), "103, then HEADERS and CONTINUATION: {kinds:?}");
}

#[tokio::test]
async fn request_bodies_are_read_at_a_rate() {
    for way in WAYS {
        let served = Served::new(way, "rules: [{then: {read: {chunk: 100B, every: 5ms}}}]").await;
        let began = Instant::now();
        let got = served.ask("POST", "/x/a", &[], &"x".repeat(2000)).await.unwrap();
        assert_eq!(got.status, 200);
        assert!(began.elapsed().as_millis() >= 100, "{way:?}: twenty chunks");
    }
}
