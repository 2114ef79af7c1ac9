//! A recorder in front of backends of all kinds, and the recording of a killed one.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use standin::{RunningServer, Server, UpstreamOptions};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::support::{PATIENCE, TFJOBS, ask, eventually, files, kubeconfig, raw, server};

/// A backend with an answer for any path.
async fn echo() -> (RunningServer, TempDir) {
    let stub = r#"{"request": {"urlPathPattern": "/n/.*"}, "response": {
        "body": "{{request.path}}", "transformers": ["response-template"]}}"#;
    let directory = files(&[("echo.json", stub)]);
    let server = Server::builder().fixtures(directory.path()).start().await.unwrap();
    (server, directory)
}

/// The program as a recorder, which is killed when this is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program; returns its address too.
async fn recorder(args: &[&str], to: &Path) -> (Process, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    command.arg("record").args(args).arg("--to").arg(to).args(["--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let out = tokio::process::ChildStdout::from_std(child.stdout.take().unwrap()).unwrap();
    let process = Process(child);
    let mut line = String::new();
    let read = BufReader::new(out).read_line(&mut line).await;
    assert!(read.is_ok() && line.contains(" on http://"), "{line}");
    let address = line.split(" on http://").nth(1).unwrap().split(' ').next().unwrap();
    (process, address.parse().unwrap())
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").into_bytes()
}

/// Three rounds with all other tests, with a second that may be lost, since they share the machine;
/// `STANDIN_KILLS=50 cargo test --release --test it killed` for fifty, with 50 ms.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_recorder_loses_only_the_last_second() {
    let long = std::env::var("STANDIN_KILLS").ok().and_then(|rounds| rounds.parse().ok());
    let moment = Duration::from_millis(if long.is_some() { 50 } else { 1_000 });
    let (backend, _stubs) = echo().await;
    let directory = TempDir::new().unwrap();
    for round in 0..long.unwrap_or(3) {
        let to = directory.path().join(format!("{round}"));
        let (process, address) = recorder(&["--upstream", &backend.url()], &to).await;
        let began = Instant::now();
        let clients = (0..8).map(|client| async move {
            let mut answered = Vec::new();
            while began.elapsed() < Duration::from_millis(1_500) {
                let path = format!("/n/{round}-{client}-{}", answered.len());
                let (answer, _) = raw(address, &get(&path)).await;
                assert!(answer.contains(&path), "{answer}");
                answered.push((path, Instant::now()));
            }
            answered
        });
        let answered = futures_util::future::join_all(clients).await.concat();
        let killed = Instant::now();
        drop(process);
        // The folder loads wherever the recorder was killed.
        let replay = Server::builder().fixtures(&to).start().await.unwrap();
        for (path, at) in &answered {
            let answer = ask(&replay, "GET", path).await;
            let is_late = killed.duration_since(*at) < moment;
            assert!(answer.status == 200 || is_late, "{path} is lost");
            assert!(answer.status != 200 || answer.text() == path, "{}", answer.text());
        }
        assert!(!to.join(".standin-backlog").exists(), "all of it is made into mappings");
        replay.shutdown().await;
    }
}

#[tokio::test]
async fn a_killed_recorder_leaves_no_secret_of_a_large_body() {
    const SECRET: &str = "hunter2-Swordfish-99";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let line = format!("password: {SECRET}\n");
    let body = line.repeat((9 << 20) / line.len());
    let length = body.len();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(stream.read_u8().await.unwrap());
        }
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", length + 1);
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        // The last byte never comes.
        std::future::pending::<()>().await;
    });
    let directory = TempDir::new().unwrap();
    let (process, address) = recorder(&["--upstream", &url], directory.path()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&get("/large")).await.unwrap();
    let mut seen = vec![0; length];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut seen)).await.expect("it comes").unwrap();
    let arriving = || {
        let files = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.to_string_lossy().contains(".body-")).collect::<Vec<_>>()
    };
    eventually("the body is on disk", async || {
        let files = arriving();
        files.iter().any(|path| path.metadata().is_ok_and(|data| data.len() > 8 << 20))
    })
    .await;
    drop(process);
    for file in arriving() {
        let bytes = std::fs::read(file).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()));
    }
    // The next recorder removes incomplete files.
    drop(recorder(&["--upstream", &url], directory.path()).await);
    assert_eq!(arriving(), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn the_length_of_what_has_not_changed_passes_and_is_recorded() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            asked.push(stream.read_u8().await.unwrap());
        }
        let head = b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 123\r\n\r\n";
        stream.write_all(head).await.unwrap();
    });
    let directory = TempDir::new().unwrap();
    let builder = Server::builder().nothing_loaded().upstream(url, UpstreamOptions::default());
    let recorder = builder.record(directory.path()).start().await.unwrap();
    let (live, _) = raw(recorder.address(), &get("/a")).await;
    recorder.shutdown().await;
    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    let (later, _) = raw(replay.address(), &get("/a")).await;
    for answer in [live, later] {
        assert!(answer.starts_with("HTTP/1.1 304 "), "{answer}");
        assert!(answer.to_lowercase().contains("\r\ncontent-length: 123\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_backend_with_http2_alone_is_recorded_and_replayed() {
    let (backend, _stubs) = echo().await;
    let directory = TempDir::new().unwrap();
    let url = backend.url().replace("http://", "h2c://");
    let builder = Server::builder().nothing_loaded().upstream(url, UpstreamOptions::default());
    let recorder = builder.record(directory.path()).start().await.unwrap();
    assert_eq!(ask(&recorder, "GET", "/n/a").await.text(), "/n/a");
    // A body behind the head would break the stream.
    assert_eq!(ask(&recorder, "HEAD", "/n/head").await.status, 200);
    recorder.shutdown().await;
    let versions = backend.journal().count(|exchange| exchange.path() == "/n/a");
    assert_eq!(versions, 1);
    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    assert_eq!(ask(&replay, "GET", "/n/a").await.text(), "/n/a");
    assert_eq!(ask(&replay, "HEAD", "/n/head").await.status, 200);
}

/// Asks for a watch over a `WebSocket`; returns what came until an event is there.
async fn watch(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {TFJOBS}?watch=true HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = String::new();
    let mut buffer = vec![0; 65_536];
    while !seen.contains("\"type\":\"ADDED\"") {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await;
        let read = read.expect("more comes").unwrap();
        assert!(read > 0, "{seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    seen
}

#[cfg(feature = "websocket")]
#[tokio::test]
async fn a_watch_over_websocket_is_recorded_and_replayed() {
    let backend = server().await;
    let directory = TempDir::new().unwrap();
    let builder =
        Server::builder().nothing_loaded().upstream(backend.url(), UpstreamOptions::default());
    let recorder = builder.record(directory.path()).start().await.unwrap();
    for server in [&backend, &recorder] {
        let seen = watch(server.address()).await;
        // The key of RFC 6455, section 1.3.
        assert!(seen.starts_with("HTTP/1.1 101 ") && seen.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }
    recorder.shutdown().await;
    drop(backend);
    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    let seen = watch(replay.address()).await;
    assert!(seen.starts_with("HTTP/1.1 101 ") && seen.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
}

#[tokio::test]
async fn another_protocol_passes_through_and_what_is_recorded_loads() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let backend = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            seen.push(stream.read_u8().await.unwrap());
        }
        let head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\nhello ";
        stream.write_all(head).await.unwrap();
        let mut word = [0; 5];
        stream.read_exact(&mut word).await.unwrap();
        stream.write_all(&word).await.unwrap();
        String::from_utf8(seen).unwrap()
    });
    let directory = TempDir::new().unwrap();
    let builder = Server::builder().nothing_loaded().upstream(url, UpstreamOptions::default());
    let recorder = builder.record(directory.path()).start().await.unwrap();
    let request = b"POST /exec HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\nworld";
    let (answer, _) = raw(recorder.address(), request).await;
    assert!(answer.to_lowercase().contains("upgrade: spdy/3.1"), "{answer}");
    assert!(answer.ends_with("hello world"), "{answer}");
    assert!(backend.await.unwrap().to_lowercase().contains("upgrade: spdy/3.1"));
    recorder.shutdown().await;
    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    assert_eq!(replay.stubs(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kubeconfig_names_the_backend_and_its_credentials() {
    let backend = r#"{"mappings": [{"request": {"urlPath": "/api", "headers": {
        "Authorization": {"equalTo": "Bearer secret-token-1"}}}, "response": {"body": "yes"}}]}"#;
    let stubs = files(&[("backend.json", backend)]);
    let backend = Server::builder().fixtures(stubs.path()).start().await.unwrap();
    for user in [
        "token: secret-token-1",
        "auth-provider: {name: oidc, config: {id-token: secret-token-1}}",
        "auth-provider: {name: gcp, config: {access-token: secret-token-1}}",
    ] {
        let config = files(&[("config", &kubeconfig(&backend.url(), user))]);
        let directory = TempDir::new().unwrap();
        let file = config.path().join("config");
        let (url, options) = UpstreamOptions::from_kubeconfig(&file, None).unwrap();
        let builder = Server::builder().nothing_loaded().upstream(url, options);
        let recorder = builder.record(directory.path()).start().await.unwrap();
        assert_eq!(ask(&recorder, "GET", "/api").await.text(), "yes", "{user}");
        recorder.shutdown().await;
        let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
        assert_eq!(ask(&replay, "GET", "/api").await.text(), "yes");
        // The backend is asked again with the same credentials.
        let mut diff = Command::new(env!("CARGO_BIN_EXE_standin"));
        diff.arg("diff").arg(directory.path()).arg("--kubeconfig").arg(&file);
        let output = tokio::task::spawn_blocking(move || diff.output().unwrap()).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_sequence_that_lacks_an_answer_is_reported() {
    let answer = |position: u32, of: &str, next: &str| {
        format!(
            r#"{{"name": "{position}", "request": {{"urlPath": "/a"}}, "response": {{"body": "{position}"}},
            "scenarioName": "a", "requiredScenarioState": "{of}", "newScenarioState": "{next}"}}"#
        )
    };
    let (first, third) = (answer(1, "Started", "answer-2"), answer(3, "answer-3", "answer-3"));
    let second = answer(2, "answer-2", "answer-3");
    let check = |texts: &[&str]| {
        let names = ["a.json", "b.json", "c.json"];
        let files = files(&names.into_iter().zip(texts.iter().copied()).collect::<Vec<_>>());
        let mut check = Command::new(env!("CARGO_BIN_EXE_standin"));
        let output = check.arg("check").arg(files.path()).output().unwrap();
        assert!(output.status.success());
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat()
    };
    let whole = check(&[&first, &second, &third]);
    assert!(!whole.contains("warning"), "{whole}");
    let broken = check(&[&first, &third]);
    assert!(broken.contains("nothing answers: no stub is for the state \"answer-2\""), "{broken}");
    let broken = check(&[&second]);
    assert!(broken.contains("never answers: no stub leads to the state \"answer-2\""), "{broken}");
}
