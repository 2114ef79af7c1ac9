//! Faults of an HTTP/2 connection, frame by frame: `GOAWAY`, settings and windows.

use std::time::{Duration, Instant};

use standin::RunningServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::all;
use crate::support::{PATIENCE, TFJOBS};

const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A connection whose frames are read individually.
struct Frames(TcpStream);

impl Frames {
    async fn open(server: &RunningServer) -> Self {
        let mut tcp = TcpStream::connect(server.address()).await.unwrap();
        let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        hello.extend(frame(SETTINGS, 0, 0, b""));
        tcp.write_all(&hello).await.unwrap();
        Self(tcp)
    }

    /// Returns kind, stream and payload; `None` at the end.
    async fn next(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let read = async {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.ok()?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let mut payload = vec![0; length];
            self.0.read_exact(&mut payload).await.ok()?;
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            Some((head[3], stream, payload))
        };
        tokio::time::timeout(PATIENCE, read).await.expect("in time")
    }

    async fn next_of(&mut self, kind: u8) -> (u32, Vec<u8>) {
        loop {
            let (found, stream, payload) = self.next().await.expect("a frame");
            if found == kind {
                return (stream, payload);
            }
        }
    }
}

/// `GET /stub` and `POST /stub`, `:scheme http`, `:authority x`, in HPACK's literal forms.
fn headers(method: u8, path: &str) -> Vec<u8> {
    let mut block =
        vec![0x80 | method, 0x86, 0x41, 1, b'x', 0x44, u8::try_from(path.len()).unwrap()];
    block.extend(path.as_bytes());
    block
}

const GET: u8 = 2;
const POST: u8 = 3;

#[tokio::test]
async fn goaway_names_its_code_and_last_stream() {
    for (last, named, answered) in [("this", 3, true), ("none", 0, false)] {
        let rules = format!(
            "rules: [{{steps: [{{times: 1, then: pass}}, {{times: 1, then: {{goaway: {{code: ENHANCE_YOUR_CALM, last_stream: {last}}}}}}}]}}]"
        );
        let all = all(&rules).await;
        let mut connection = Frames::open(&all.server).await;
        connection.0.write_all(&frame(1, 5, 1, &headers(GET, "/stub"))).await.unwrap();
        let mut whole = 0;
        while whole < 2000 {
            let (stream, data) = connection.next_of(0).await;
            assert_eq!(stream, 1);
            whole += data.len();
        }
        connection.0.write_all(&frame(1, 5, 3, &headers(GET, "/stub"))).await.unwrap();
        let mut seen = Vec::new();
        let mut data = 0;
        while let Some((kind, stream, payload)) = connection.next().await {
            if kind == GOAWAY {
                seen.push(payload);
            } else if kind == 0 {
                assert_eq!(stream, 3);
                data += payload.len();
            }
        }
        let expected: Vec<u8> = [u32::to_be_bytes(named), u32::to_be_bytes(11)].concat();
        assert_eq!(seen, [expected], "{last}");
        assert_eq!(data, if answered { 2000 } else { 0 }, "{last}");
    }
}

#[tokio::test]
async fn a_connection_announces_what_the_scenario_allows() {
    let all = all(
        "http2: {max_concurrent_streams: 3, initial_window: 1KiB}\nrules: [{then: {withhold: 300ms}}]",
    )
    .await;
    let mut connection = Frames::open(&all.server).await;
    let (_, settings) = connection.next_of(SETTINGS).await;
    let setting = |id: u16| {
        let all = settings.chunks(6).find(|setting| setting[..2] == id.to_be_bytes());
        all.map(|setting| u32::from_be_bytes([setting[2], setting[3], setting[4], setting[5]]))
    };
    assert_eq!((setting(3), setting(4)), (Some(3), Some(1024)));
    connection.0.write_all(&frame(SETTINGS, 1, 0, b"")).await.unwrap();
    // A full window of body: no more fits until some of it was read.
    let began = Instant::now();
    connection.0.write_all(&frame(1, 4, 1, &headers(POST, TFJOBS))).await.unwrap();
    connection.0.write_all(&frame(0, 0, 1, &[b' '; 1024])).await.unwrap();
    let (stream, _) = loop {
        let (stream, payload) = connection.next_of(WINDOW_UPDATE).await;
        if stream == 1 {
            break (stream, payload);
        }
    };
    assert_eq!(stream, 1);
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
}
