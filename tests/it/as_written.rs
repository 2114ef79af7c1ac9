//! Answers as a backend writes them over HTTP/1.1, byte by byte: through the recorder, and replayed without it.

use std::net::SocketAddr;

use bytes::Bytes;
use http::Request;
use standin::{RunningServer, Server, UpstreamOptions};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::raw;

/// A backend that answers every request with the bytes of its path.
async fn backend(answers: &'static [(&'static str, &'static str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(talk(stream, answers));
        }
    });
    url
}

async fn talk(mut stream: TcpStream, answers: &[(&str, &str)]) {
    let mut read = String::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        read.push_str(&String::from_utf8_lossy(&buffer[..count]));
        while let Some((head, rest)) = read.split_once("\r\n\r\n") {
            let path = head.split(' ').nth(1).unwrap_or_default();
            let answer = answers.iter().find(|(other, _)| *other == path);
            let answer = answer.unwrap_or_else(|| panic!("nobody asks for {path}")).1;
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
            read = rest.to_owned();
        }
    }
}

/// What a recorder and its replay answer to an exchange.
async fn both(
    answers: &'static [(&'static str, &'static str)],
    talk: impl AsyncFn(&RunningServer) -> String,
) -> (String, String, TempDir) {
    let backend = backend(answers).await;
    let folder = TempDir::new().unwrap();
    let recorder = Server::builder().nothing_loaded().record(folder.path());
    let recorder = recorder.upstream(&backend, UpstreamOptions::default()).start().await.unwrap();
    let live = talk(&recorder).await;
    recorder.shutdown().await;
    let server = Server::builder().nothing_loaded().fixtures(folder.path()).start().await.unwrap();
    let replayed = talk(&server).await;
    server.shutdown().await;
    (live, replayed, folder)
}

/// Asks for a path on its own connection: all bytes of the answer, without those of the server itself.
async fn get(address: SocketAddr, path: &str, version: &str) -> String {
    let request = format!("GET {path} HTTP/{version}\r\nHost: a\r\nConnection: close\r\n\r\n");
    let (text, _) = raw(address, request.as_bytes()).await;
    let own = ["connection:", "matched-stub-id:", "matched-stub-name:"];
    let is_own = |line: &&str| !own.iter().any(|own| line.starts_with(own));
    let date = |line: &str| match line.split_once(": ") {
        Some((name, _)) if name.eq_ignore_ascii_case("date") => format!("{name}: now"),
        _ => line.to_owned(),
    };
    let lines: Vec<String> = text.split("\r\n").filter(is_own).map(date).collect();
    lines.join("\r\n")
}

const HEADS: &[(&str, &str)] = &[
    (
        "/case",
        "HTTP/1.1 200 OK\r\nServer: s\r\nX-CamelCase: a\r\nDATE: Mon, 01 Jan 2001 00:00:00 GMT\r\nX-Dup: 1\r\nETAG: \"q\"\r\nX-Dup: 2\r\nContent-Length: 4\r\n\r\nBODY",
    ),
    (
        "/chunks",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nB-First: 1\r\na-second: 2\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ),
    ("/none", "HTTP/1.1 204 No Content\r\nZ-Last: 1\r\nA-First: 2\r\n\r\n"),
];

#[tokio::test]
async fn names_keep_their_case_and_order() {
    for (path, sent) in HEADS {
        let (live, replayed, _folder) =
            both(HEADS, async |server| get(server.address(), path, "1.1").await).await;
        let sent = sent.replace("Mon, 01 Jan 2001 00:00:00 GMT", "now");
        // The recorder's own, where the backend has none.
        assert_eq!(live.replace("\r\ndate: now", ""), sent, "{path}");
        assert_eq!(replayed.split("\r\n").next(), sent.split("\r\n").next());
        let names = |text: &str| {
            let head = text.split("\r\n\r\n").next().unwrap_or_default().to_owned();
            let names = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
            names.map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
        };
        let replayed = names(&replayed);
        // A stub has no date.
        let sent: Vec<String> =
            names(&sent).into_iter().filter(|name| !name.eq_ignore_ascii_case("date")).collect();
        assert_eq!(replayed, sent, "{path}");
    }
}

#[tokio::test]
async fn pipelined_answers_have_their_own_heads() {
    let talk = async |server: &RunningServer| {
        let request =
            |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n{more}\r\n");
        let asked = request("/case", "")
            + &request("/none", "")
            + &request("/case", "Connection: close\r\n");
        raw(server.address(), asked.as_bytes()).await.0
    };
    let (live, replayed, _folder) = both(HEADS, talk).await;
    for text in [&live, &replayed] {
        assert_eq!(text.matches("HTTP/1.1 20").count(), 3, "{text}");
        assert_eq!(text.matches("BODY").count(), 2, "{text}");
        assert_eq!(text.matches("-length: 4").count() + text.matches("-Length: 4").count(), 2);
    }
}

const HINTS: &[(&str, &str)] = &[(
    "/page",
    "HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\nLink: </t.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nBODY",
)];

#[tokio::test]
async fn informational_answers_come_before_the_answer() {
    let talk = async |server: &RunningServer| get(server.address(), "/page", "1.1").await;
    let (live, replayed, _folder) = both(HINTS, talk).await;
    let hints = "HTTP/1.1 103 Early Hints\r\nlink: </s.css>; rel=preload\r\nlink: </t.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n";
    for text in [&live, &replayed] {
        assert!(text.starts_with(hints), "{text}");
        assert_eq!(text.matches("BODY").count(), 1, "{text}");
    }
}

#[tokio::test]
async fn clients_of_http_1_0_get_no_informational_answers() {
    let talk = async |server: &RunningServer| get(server.address(), "/page", "1.0").await;
    let (live, replayed, _folder) = both(HINTS, talk).await;
    for text in [&live, &replayed] {
        assert!(text.starts_with("HTTP/1.0 200") || text.starts_with("HTTP/1.1 200"), "{text}");
        assert!(text.ends_with("BODY"), "{text}");
    }
}

/// Asks over HTTP/2 for `count` pages at once; returns the status and body of each.
async fn over_http2(server: &RunningServer, count: usize) -> Vec<String> {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let mut answers = Vec::new();
    for _ in 0..count {
        let url = format!("http://{}/page", server.address());
        let request = Request::get(url).body(()).unwrap();
        client = client.ready().await.unwrap();
        answers.push(client.send_request(request, true).unwrap().0);
    }
    let mut seen = Vec::new();
    for mut answer in answers {
        let (mut text, mut count) = (String::new(), 0);
        while let Some(one) =
            std::future::poll_fn(|cx| answer.poll_informational(cx)).await.transpose().unwrap()
        {
            text.push_str(one.status().as_str());
            for link in one.headers().get_all("link") {
                text.push_str(link.to_str().unwrap());
            }
            text.push(' ');
            count += 1;
            if count == 2 {
                break;
            }
        }
        let answer = answer.await.unwrap();
        text.push_str(answer.status().as_str());
        let mut body = answer.into_body();
        let mut all = Vec::new();
        while let Some(Ok(bytes)) = body.data().await {
            let bytes: Bytes = bytes;
            all.extend_from_slice(&bytes);
        }
        seen.push(format!("{text} {}", String::from_utf8_lossy(&all)));
    }
    seen
}

#[tokio::test]
async fn informational_answers_go_over_http2_as_well() {
    let talk = async |server: &RunningServer| over_http2(server, 20).await.join("\n");
    let (live, replayed, _folder) = both(HINTS, talk).await;
    let one = "103</s.css>; rel=preload</t.css> 102 200 BODY";
    for text in [&live, &replayed] {
        assert_eq!(*text, vec![one; 20].join("\n"));
    }
}

/// A text in a chunk that the network splits, followed by a small one; the same with binary bytes.
const CHUNKS: &[(&str, &str)] = &[
    ("/text", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"),
    (
        "/trailers",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n",
    ),
];

/// The answers of [`CHUNKS`] with their bodies.
fn chunked() -> &'static [(&'static str, &'static str)] {
    let long = "x".repeat(10_000);
    let text = format!(
        "{}2710\r\n{long}\r\n3\r\nend\r\n1388\r\n{}\r\n0\r\n\r\n",
        CHUNKS[0].1,
        "y".repeat(5_000)
    );
    let line = "a line of a long text\n".repeat(10_000);
    let trailers = format!("{}{:x}\r\n{line}\r\n0\r\nX-Sum: 12\r\n\r\n", CHUNKS[1].1, line.len());
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    Box::leak(Box::new([(CHUNKS[0].0, leak(text)), (CHUNKS[1].0, leak(trailers))]))
}

#[tokio::test]
async fn chunks_of_a_text_end_where_the_backend_ends_them() {
    let ask = async |server: &RunningServer| {
        let request = "GET /text HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        raw(server.address(), request.as_bytes()).await.0
    };
    let (_, replayed, _folder) = both(chunked(), ask).await;
    let (_, body) = replayed.split_once("\r\n\r\n").unwrap();
    let (_, sent) = chunked()[0].1.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, sent);
}

#[tokio::test]
async fn trailers_follow_a_body_that_is_a_file() {
    let ask = async |server: &RunningServer| {
        let request =
            "GET /trailers HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close, TE\r\n\r\n";
        raw(server.address(), request.as_bytes()).await.0
    };
    let (live, replayed, folder) = both(chunked(), ask).await;
    for text in [&live, &replayed] {
        assert!(text.len() > 10_000 * "a line of a long text\n".len());
        assert!(
            text.to_ascii_lowercase().ends_with("0\r\nx-sum: 12\r\n\r\n"),
            "{}",
            &text[text.len() - 80..]
        );
    }
    assert_eq!(std::fs::read_dir(folder.path().join("__files")).unwrap().count(), 1);
}

#[tokio::test]
async fn trailers_of_a_request_reach_the_backend() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let backend = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = String::new();
        while !read.contains("\r\n0\r\n") || !read.ends_with("\r\n\r\n") {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).await.unwrap();
            assert!(count > 0, "{read}");
            read.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        read.to_ascii_lowercase()
    });
    let recorder = Server::builder().nothing_loaded();
    let recorder = recorder.upstream(&url, UpstreamOptions::default()).start().await.unwrap();
    let request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nConnection: close\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 7\r\n\r\n";
    let (text, _) = raw(recorder.address(), request.as_bytes()).await;
    assert!(text.starts_with("HTTP/1.1 204"), "{text}");
    let read = backend.await.unwrap();
    assert!(read.ends_with("4\r\nbody\r\n0\r\nx-sum: 7\r\n\r\n"), "{read}");
    recorder.shutdown().await;
}
