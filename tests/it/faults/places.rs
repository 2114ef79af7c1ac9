//! Faults at places within a watch: events, bytes and times.

use std::time::{Duration, Instant};

use standin::{RunningServer, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{job, over_http2};
use crate::support::{End, PATIENCE, TFJOBS, files, send};

#[tokio::test]
async fn places_in_a_watch_over_http2() {
    for (at, code) in [
        ("{event: 2, then: {rst_stream: CANCEL}}", 8),
        ("{event: 2, then: {rst_stream: {code: 11}}}", 11),
        ("{event: 2, then: {reset: here}}", 2),
        ("{time: 50ms, then: {rst_stream: REFUSED_STREAM}}", 7),
        ("{event: 2, then: {goaway: {code: CANCEL}}}", 8),
    ] {
        let own = files(&[("s.yaml", &format!("rules: [{{match: {{verb: watch}}, at: [{at}]}}]"))]);
        let path = own.path().join("s.yaml");
        let server = Server::builder().scenario(path.to_str().unwrap()).start().await.unwrap();
        let target = format!("{TFJOBS}?watch=true");
        let watching = over_http2(&server, &target);
        let creating = async {
            let of = [("content-type", "application/yaml")];
            send(&server, "POST", TFJOBS, &of, &job("second")).await
        };
        let (watched, created) = tokio::join!(tokio::time::timeout(PATIENCE, watching), creating);
        assert_eq!(created.status, 201);
        let (bytes, ended) = watched.expect("it ends");
        assert_eq!(ended, Err(code), "{at}");
        assert!(bytes.is_some_and(|bytes| bytes > 1000), "{at}: the first event came: {bytes:?}");
    }
}

/// Opens a watch.
async fn watch(server: &RunningServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET {TFJOBS}?watch=true HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn places_in_a_watch_are_exact() {
    // The embedded job, then three that are created: four events.
    let table: [(&str, &str, Option<End>); 9] = [
        ("{event: 3, then: {reset: here}}", "tfjob-test,job-0", Some(End::Reset)),
        ("{event: 3, then: {close: here}}", "tfjob-test,job-0", Some(End::Closed)),
        ("{event: 3, then: {garbage: here}}", "tfjob-test,job-0", Some(End::Closed)),
        ("{event: 2, then: {cut: clean}}", "tfjob-test", None),
        ("{event: 2, then: {cut: mid_line}}", "tfjob-test,(half)", Some(End::Closed)),
        ("{event: 2, then: {event: expired}}", "tfjob-test,ERROR 410", None),
        ("{event: 2, then: {event: drop}}", "tfjob-test,job-1,job-2", None),
        ("{event: 2, then: {event: duplicate}}", "tfjob-test,job-0,job-0,job-1,job-2", None),
        ("{bytes: 10, then: {reset: here}}", "(half)", Some(End::Reset)),
    ];
    for (at, expected, end) in table {
        let scenario =
            files(&[("s.yaml", &format!("rules: [{{match: {{verb: watch}}, at: [{at}]}}]"))]);
        let path = scenario.path().join("s.yaml");
        let server = Server::builder().scenario(path.to_str().unwrap()).start().await.unwrap();
        let mut stream = watch(&server).await;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        for n in 0..3 {
            let text = job(&format!("job-{n}"));
            let answer =
                send(&server, "POST", TFJOBS, &[("content-type", "application/yaml")], &text).await;
            assert_eq!(answer.status, 201, "{}", answer.text());
        }
        let (got, ended) = received(&mut stream, expected).await;
        assert_eq!((got.as_str(), ended), (expected, end), "{at}");
    }
}

/// Returns the received events by name, once they are the expected ones or the stream has ended.
async fn received(stream: &mut TcpStream, expected: &str) -> (String, Option<End>) {
    let mut all = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    let deadline = Instant::now() + PATIENCE;
    loop {
        let read = tokio::time::timeout(Duration::from_millis(300), stream.read(&mut buffer)).await;
        let end = match read {
            Ok(Ok(0)) => Some(Some(End::Closed)),
            Ok(Ok(read)) => {
                all.extend_from_slice(&buffer[..read]);
                None
            }
            Ok(Err(_)) => Some(Some(End::Reset)),
            // Nothing more arrives after the last event.
            Err(_) => (names(&all) == expected).then_some(None),
        };
        if let Some(end) = end {
            return (names(&all), end);
        }
        assert!(Instant::now() < deadline, "{} in place of {expected}", names(&all));
    }
}

fn names(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let mut names = Vec::new();
    for line in body.split("\r\n") {
        if line.starts_with("{\"type\":\"ERROR\"") {
            let code = line.rsplit_once("\"code\":").unwrap().1;
            names.push(format!("ERROR {}", &code[..3]));
        } else if line.starts_with('{') {
            // A whole line ends the object.
            let name = line.split("\"name\":\"").nth(1).and_then(|rest| rest.split('"').next());
            let whole = line.ends_with("}}\n");
            names.push(if whole { name.unwrap_or("?").to_owned() } else { "(half)".to_owned() });
        }
    }
    names.join(",")
}

#[tokio::test]
async fn places_in_time_and_pauses_hold() {
    for (at, least) in [
        ("{time: 150ms, then: {reset: here}}", 150),
        ("{event: 1, then: {stall: 150ms}}", 150),
        ("{bytes: 5, then: {stall: 150ms}}", 150),
    ] {
        let scenario = files(&[(
            "s.yaml",
            &format!(
                "rules: [{{match: {{verb: watch}}, at: [{at}, {{event: 2, then: {{close: here}}}}]}}]"
            ),
        )]);
        let path = scenario.path().join("s.yaml");
        let server = Server::builder().scenario(path.to_str().unwrap()).start().await.unwrap();
        let began = Instant::now();
        let mut stream = watch(&server).await;
        let text = job("second");
        if !at.contains("reset") {
            let of = [("content-type", "application/yaml")];
            send(&server, "POST", TFJOBS, &of, &text).await;
        }
        let mut all = Vec::new();
        let _ =
            tokio::time::timeout(PATIENCE, stream.read_to_end(&mut all)).await.expect("it ends");
        assert!(began.elapsed() >= Duration::from_millis(least), "{at}: {:?}", began.elapsed());
    }
}
