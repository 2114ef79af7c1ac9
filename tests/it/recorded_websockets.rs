//! Conversations over a WebSocket, recorded and replayed frame by frame.

use standin::{RunningServer, Server, UpstreamOptions};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{PATIENCE, everything};

/// The head of an answer or a request.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// A backend that accepts an upgrade with these fields, waits for the client's message, and sends these bytes.
async fn backend(fields: &'static str, frames: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let asked = head(&mut stream).await.to_ascii_lowercase();
            assert!(!asked.contains("x-other"), "{asked}");
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{fields}\r\n"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            let mut said = [0; MESSAGE.len()];
            stream.read_exact(&mut said).await.unwrap();
            stream.write_all(frames).await.unwrap();
            // A close frame is answered before the connection ends.
            if frames.contains(&0x88) {
                let _ = stream.read(&mut [0; 64]).await;
            }
        }
    });
    url
}

/// A masked text, `Hello`, and a masked ping (RFC 6455, section 5.7).
const MESSAGE: &[u8] =
    b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";

/// What a client sees that asks for an upgrade and says its message: the head, and the frames behind it.
async fn talk(server: &RunningServer, offer: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!(
        "GET /ws HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: v5.channel.k8s.io, v4.channel.k8s.io\r\n{offer}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = head(&mut stream).await;
    stream.write_all(MESSAGE).await.unwrap();
    let mut frames = Vec::new();
    let all = async {
        while stream.read_buf(&mut frames).await.is_ok_and(|count| count > 0) {
            // The end is answered.
            if frames.ends_with(b"bye") || frames.ends_with(b"\x88\x00") {
                stream.write_all(b"\x88\x82\0\0\0\0\x0f\xa1").await.unwrap();
            }
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("it ends");
    (answer, frames)
}

/// Records a conversation and replays it: what the client sees both times, and the recording.
async fn both(fields: &'static str, frames: &'static [u8], offer: &str) -> [(String, Vec<u8>); 3] {
    let directory = TempDir::new().unwrap();
    let url = backend(fields, frames).await;
    let builder = Server::builder().nothing_loaded().record(directory.path());
    let live = builder.upstream(url, UpstreamOptions::default()).start().await.unwrap();
    let seen = talk(&live, offer).await;
    live.shutdown().await;
    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    let again = talk(&replay, offer).await;
    replay.shutdown().await;
    [seen, again, (everything(directory.path()), Vec::new())]
}

/// Frames without the pongs that answer the client's ping: they come when the server reads it.
fn without_pong(frames: &[u8]) -> Vec<u8> {
    let pong = b"\x8a\x05Hello";
    match frames.windows(pong.len()).position(|part| part == pong) {
        Some(at) => [&frames[..at], &frames[at + pong.len()..]].concat(),
        None => frames.to_vec(),
    }
}

#[tokio::test]
async fn frames_pings_and_the_end_come_back_as_they_were() {
    // A text in two frames around a ping, a pong that nobody asked for, an answer to the ping, bytes, the end.
    let frames =
        b"\x01\x03Hel\x89\x01p\x80\x02lo\x8a\x01u\x8a\x05Hello\x82\x02\xff\x00\x88\x05\x0f\xa1bye";
    let protocol = "sec-websocket-protocol: v5.channel.k8s.io\r\n";
    let [live, again, (recording, _)] = both(protocol, frames, "").await;
    assert_eq!(live.1, frames);
    // A ping between the frames of a message comes before it: the message is recorded when it is whole.
    let replayed = b"\x89\x01p\x01\x03Hel\x80\x02lo\x8a\x01u\x82\x02\xff\x00\x88\x05\x0f\xa1bye";
    assert_eq!(without_pong(&again.1), replayed, "{}", again.1.escape_ascii());
    for (head, _) in [&live, &again] {
        assert!(head.contains("sec-websocket-protocol: v5.channel.k8s.io\r\n"), "{head}");
    }
    for part in [r#""frames": ["#, r#""ping": "cA==""#, r#""pong": "dQ==""#, r#""close": 4001"#] {
        assert!(recording.contains(part), "{part}: {recording}");
    }
}

#[tokio::test]
async fn an_end_without_a_frame_or_a_code_comes_back_so() {
    for frames in [&b"\x81\x02hi"[..], b"\x81\x02hi\x88\x00"] {
        let [live, again, _] = both("", frames, "").await;
        assert_eq!(live.1, frames);
        assert_eq!(without_pong(&again.1), frames, "{}", again.1.escape_ascii());
    }
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn compressed_messages_are_readable_in_the_recording_and_at_replay() {
    // RFC 7692, sections 7.2.3.1 and 7.2.3.2: the second message refers to the first.
    let frames = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
    let agreed = "sec-websocket-extensions: permessage-deflate\r\n";
    let offer = "sec-websocket-extensions: x-other, permessage-deflate\r\n";
    let [live, again, (recording, _)] = both(agreed, frames, offer).await;
    assert!(live.0.contains("sec-websocket-extensions: permessage-deflate\r\n"), "{}", live.0);
    assert_eq!(live.1, frames);
    assert!(!again.0.contains("sec-websocket-extensions"), "{}", again.0);
    assert_eq!(without_pong(&again.1), b"\x81\x05Hello\x81\x05Hello");
    assert_eq!(recording.matches(r#""text": "Hello""#).count(), 3, "{recording}");
}
