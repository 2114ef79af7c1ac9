//! Damaged answers, byte by byte, on every way to a server.

use std::time::Instant;

use tokio::io::AsyncWriteExt;

use crate::support::{End, TFJOBS};
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
async fn heads_come_behind_informational_answers_and_slowly() {
    let rules = "rules: [{then: {informational: [103, 102], slow_head: {chunk: 10B, every: 1ms}}}]";
    for way in HTTP1 {
        let served = Served::new(way, rules).await;
        let mut stream = served.open().await.unwrap();
        let began = Instant::now();
        for _ in 0..2 {
            // The connection goes on behind such an answer.
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
    let served = Served::new(Way::Http2, rules).await;
    assert_eq!(served.ask("GET", "/x/a", &[], "").await.unwrap().status, 200);
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
