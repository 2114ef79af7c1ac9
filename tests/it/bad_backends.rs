//! Backends that break the protocol: as much as possible is passed on, recordings are faithful, and
//! the recorder continues.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use standin::{RunningServer, Server, UpstreamOptions};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{PATIENCE, ask, bounds, raw};

/// What a backend does after its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Closes,
    Resets,
    Stalls,
}

/// A backend that answers each connection with these bytes.
async fn backend(bytes: Vec<u8>, then: Then) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let bytes = bytes.clone();
            tokio::spawn(async move {
                head(&mut stream).await;
                // A proxy may close the connection before it has read everything.
                let _ = stream.write_all(&bytes).await;
                match then {
                    Then::Closes => {}
                    Then::Resets => stream.set_zero_linger().unwrap(),
                    Then::Stalls => drop(stream.read(&mut [0; 1]).await),
                }
            });
        }
    });
    url
}

/// Reads the head of a request.
async fn head(stream: &mut TcpStream) {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => seen.push(byte),
            Err(_) => return,
        }
    }
}

async fn recorder(url: &str, to: &TempDir) -> RunningServer {
    let options = UpstreamOptions::default().timeout(Duration::from_millis(500));
    let small = bounds(|bounds| bounds.recorded_body_bytes = 1 << 20);
    let builder = Server::builder().nothing_loaded().upstream(url, options).bounds(small);
    builder.record(to.path()).start().await.unwrap()
}

const GET: &[u8] = b"GET /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// Stops a recorder, and returns how many stubs its folder has.
async fn stubs(recorder: RunningServer, to: &TempDir) -> usize {
    tokio::time::timeout(PATIENCE, recorder.shutdown()).await.expect("it ends");
    let replay = Server::builder().nothing_loaded().fixtures(to.path()).start().await.unwrap();
    let stubs = replay.stubs();
    replay.shutdown().await;
    stubs
}

/// A name, what the backend sends and then does, what the client receives, and the number of stubs.
type BrokenAnswer<'a> = (&'a str, Vec<u8>, Then, &'a [&'a str], usize);

#[tokio::test]
async fn broken_answers_are_passed_on_as_far_as_they_can_be() {
    let ok = "HTTP/1.1 200 OK\r\n";
    let chunked = format!("{ok}transfer-encoding: chunked\r\n\r\n");
    let endless_field = format!("{ok}x-a: {}", "a".repeat(600_000));
    let many_fields = format!("{ok}{}\r\n", "x-a: b\r\n".repeat(60_000));
    let table: [BrokenAnswer<'_>; 16] = [
        (
            "a body that ends early",
            format!("{ok}content-length: 100\r\n\r\nonly this").into(),
            Then::Closes,
            &["200", "only this"],
            0,
        ),
        (
            "a reset",
            format!("{ok}content-length: 100\r\n\r\nonly this").into(),
            Then::Resets,
            &[],
            0,
        ),
        (
            "a body that is longer than its length",
            format!("{ok}content-length: 4\r\n\r\nbodyEXTRA").into(),
            Then::Closes,
            &["200", "\r\n\r\nbody"],
            1,
        ),
        ("no chunk", format!("{chunked}ZZ\r\nabc\r\n").into(), Then::Closes, &["200"], 0),
        (
            "a chunk that ends early",
            format!("{chunked}a\r\nabc").into(),
            Then::Closes,
            &["200", "abc"],
            0,
        ),
        (
            "no last chunk",
            format!("{chunked}3\r\nabc\r\n").into(),
            Then::Closes,
            &["200", "abc"],
            0,
        ),
        (
            "a chunk of absurd length",
            format!("{chunked}fffffffffffffffff\r\nabc").into(),
            Then::Closes,
            &[],
            0,
        ),
        (
            "lengths that differ",
            format!("{ok}content-length: 4\r\ncontent-length: 5\r\n\r\nbody").into(),
            Then::Closes,
            &["502"],
            0,
        ),
        (
            "a length below zero",
            format!("{ok}content-length: -4\r\n\r\nbody").into(),
            Then::Closes,
            &["502"],
            0,
        ),
        ("an endless field", endless_field.into(), Then::Closes, &["502"], 0),
        ("too many fields", many_fields.into(), Then::Closes, &["502"], 0),
        ("no HTTP", b"hello\r\n\r\n".to_vec(), Then::Closes, &["502"], 0),
        ("nothing", Vec::new(), Then::Closes, &["502"], 0),
        ("silence", Vec::new(), Then::Stalls, &["504"], 0),
        ("a head that ends early", ok.into(), Then::Stalls, &["504"], 0),
        (
            "a body to the end of the connection",
            format!("{ok}\r\nall of it").into(),
            Then::Closes,
            &["200", "all of it"],
            1,
        ),
    ];
    for (what, bytes, then, parts, expected) in table {
        let to = TempDir::new().unwrap();
        let recorder = recorder(&backend(bytes, then).await, &to).await;
        let (answer, _) = raw(recorder.address(), GET).await;
        for part in parts {
            assert!(answer.contains(part), "{what}: {answer:?}");
        }
        // It still serves.
        assert_eq!(ask(&recorder, "GET", "/__admin/health").await.status, 200, "{what}");
        assert_eq!(stubs(recorder, &to).await, expected, "{what}");
    }
}

/// Reads this many bytes of an answer, and disconnects.
async fn some_of(address: SocketAddr, count: usize) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(GET).await.unwrap();
    let mut seen = vec![0; count];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut seen)).await.expect("it comes").unwrap();
}

#[tokio::test]
async fn clients_leave_answers_that_do_not_end() {
    // One that stalls, and one that continues.
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n";
    for body in [1_000, 3 << 20] {
        let to = TempDir::new().unwrap();
        let bytes = [head.as_bytes(), &vec![b'a'; body]].concat();
        let recorder = recorder(&backend(bytes, Then::Stalls).await, &to).await;
        some_of(recorder.address(), 1_000).await;
        assert_eq!(ask(&recorder, "GET", "/__admin/health").await.status, 200);
        assert_eq!(stubs(recorder, &to).await, 0);
    }
}

#[cfg(feature = "gzip")]
#[tokio::test]
async fn a_body_that_holds_much_is_passed_on_and_searched_in_pieces() {
    // 65 MiB of zeros, as 65 members of gzip.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&vec![0; 1 << 20]).unwrap();
    let bomb = encoder.finish().unwrap().repeat(65);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    );
    let to = TempDir::new().unwrap();
    let bytes = [head.as_bytes(), &bomb].concat();
    let recorder = recorder(&backend(bytes, Then::Closes).await, &to).await;
    let answer = ask(&recorder, "GET", "/bomb").await;
    assert_eq!(answer.body, bomb);
    recorder.shutdown().await;
    let mut bodies = std::fs::read_dir(to.path().join("__files")).unwrap();
    let body = bodies.next().unwrap().unwrap().path();
    assert!(std::fs::read(body).unwrap() == bomb, "it has no secrets");
}

#[tokio::test]
async fn odd_answers_come_back_as_they_were() {
    let heads: [&[u8]; 5] = [
        b"HTTP/1.1 299 Very Odd\r\nx-a: caf\xe9\r\n",
        b"HTTP/1.1 200 \xe9t\xe9\r\nx-a: \"quoted, list\", b\r\n",
        b"HTTP/1.1 200 \r\nx-a:\r\nx-a: 2\r\n",
        b"HTTP/1.0 799 Odd\r\ncontent-type: no/type; ; =\r\n",
        b"HTTP/1.1 404 OK\r\nvia: 1.1 a\r\nvia: 1.1 a\r\n",
    ];
    for head in heads {
        let to = TempDir::new().unwrap();
        let bytes = [head, b"content-length: 5\r\n\r\n\0\xffbo\n"].concat();
        let recorder = recorder(&backend(bytes, Then::Closes).await, &to).await;
        let (live, _) = raw(recorder.address(), GET).await;
        assert_eq!(stubs(recorder, &to).await, 1);
        let replay = Server::builder().nothing_loaded().fixtures(to.path()).start().await.unwrap();
        let (again, _) = raw(replay.address(), GET).await;
        let seen = |answer: &str| {
            let own = |line: &&str| {
                let line = line.to_ascii_lowercase();
                !line.starts_with("date:")
                    && !line.starts_with("matched-stub")
                    && !line.starts_with("connection:")
            };
            let mut lines: Vec<String> =
                answer.split("\r\n").filter(own).map(str::to_ascii_lowercase).collect();
            lines[1..].sort();
            lines
        };
        assert_eq!(seen(&again), seen(&live), "{}", head.escape_ascii());
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_does_not_stop_the_proxy() {
    let to = TempDir::new().unwrap();
    let url =
        backend(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody".to_vec(), Then::Closes).await;
    let builder = Server::builder().nothing_loaded().upstream(url, UpstreamOptions::default());
    let (sender, lines) = std::sync::mpsc::channel();
    let builder = builder.log(move |line| drop(sender.send(line.to_owned())));
    let recorder = builder.record(to.path().join("rec")).start().await.unwrap();
    std::fs::remove_dir_all(to.path().join("rec")).unwrap();
    for n in 0..3 {
        assert_eq!(ask(&recorder, "GET", &format!("/{n}")).await.text(), "body");
    }
    tokio::time::timeout(PATIENCE, recorder.shutdown()).await.expect("it ends");
    let said: Vec<String> = lines.try_iter().collect();
    let first = said.iter().find(|line| line.starts_with("not recorded: "));
    assert!(first.is_some_and(|line| line.contains("is the disk full")), "{said:?}");
    assert!(said.iter().any(|line| line.contains("3 exchanges could not be written")), "{said:?}");
}
