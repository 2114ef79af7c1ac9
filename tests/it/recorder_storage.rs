//! A recorder whose disk is full, and one that ends before its large bodies are searched.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use standin::{Server, UpstreamOptions};
use tempfile::TempDir;

use crate::plain_backend::{self, Reply};
use crate::support::{ask, bounds, eventually, raw};

/// The files of a folder that are no mappings, by the beginnings of their names.
fn unfinished(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_left = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        [".body-", ".new-", ".standin-backlog"].iter().any(|begin| name.starts_with(begin))
    };
    entries.filter(is_left).collect()
}

#[tokio::test]
async fn a_large_body_that_was_not_searched_when_the_recorder_ended_is_replayed() {
    const SECRET: &str = "hunter2-Swordfish-99";
    let line = "a line of a large body\n";
    let body = format!("password: {SECRET}\n{}", line.repeat((400 << 10) / line.len()));
    let sent = body.clone();
    let backend = plain_backend::start(move |_| Reply::ok("text/plain", sent.clone())).await;
    let directory = TempDir::new().unwrap();
    let bounds = bounds(|bounds| {
        // Without room, a body is held up to 256 KiB; a larger one goes to a file.
        bounds.recorder_bytes = 1;
        bounds.recorder_end = Duration::ZERO;
    });
    let recorder = Server::builder()
        .nothing_loaded()
        .bounds(bounds)
        .upstream(format!("http://{backend}"), UpstreamOptions::default())
        .record(directory.path());
    let recorder = recorder.start().await.unwrap();
    assert_eq!(ask(&recorder, "GET", "/large").await.text(), body);
    recorder.shutdown().await;
    for file in unfinished(directory.path()) {
        let bytes = std::fs::read(file).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()));
    }
    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    let answer = ask(&replay, "GET", "/large").await;
    let (first, rest) = answer.text().split_once('\n').unwrap();
    assert!(first.starts_with("password: ") && !first.contains(SECRET), "{first}");
    assert_eq!(rest, body.split_once('\n').unwrap().1);
    assert_eq!(unfinished(directory.path()), Vec::<PathBuf>::new());
    replay.shutdown().await;
}

/// A limit on the size of files stands for a full disk: writes fail in the same way.
#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_loses_what_it_cannot_take_and_nothing_else() {
    let backend = plain_backend::start(|asked| {
        let length = if asked.target.starts_with("/large") { 400_000 } else { 100 };
        let text = asked.target.repeat(length / asked.target.len() + 1);
        Reply::ok("text/plain", &text[..length])
    })
    .await;
    let directory = TempDir::new().unwrap();
    let (to, log) = (directory.path().join("recorded"), directory.path().join("log"));
    // 32 KiB, in blocks of 512 bytes. Without the signal, a write fails with an error.
    let script = "ulimit -f 64; trap '' XFSZ; exec \"$0\" record --to \"$1\" --upstream \"$2\" \
                  --listen 127.0.0.1:0";
    let mut child = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_standin")])
        .arg(&to)
        .arg(format!("http://{backend}"))
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split(" on http://").nth(1).and_then(|rest| rest.split(' ').next());
    let address = address.expect("it listens").parse().unwrap();
    let get = async |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let (answer, _) = raw(address, request.as_bytes()).await;
        assert!(answer.contains(&format!("{path}{path}")), "{path}: {answer:.300}");
    };
    let mappings = || {
        let entries = std::fs::read_dir(&to).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| {
                !name.starts_with('.')
                    && name.rsplit_once('.').is_some_and(|(_, suffix)| suffix == "json")
            })
            .count()
    };
    for path in ["/a", "/b", "/c"] {
        get(path).await;
    }
    eventually("the small ones are written", async || mappings() == 3).await;
    get("/large/d").await;
    let text = || std::fs::read_to_string(&log).unwrap();
    eventually("the loss is reported", async || text().contains("not recorded: ")).await;
    assert!(text().contains("is the disk full, may the directory be written?"), "{}", text());
    // It goes on.
    get("/e").await;
    eventually("what still fits is written", async || mappings() == 4).await;
    let ended = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(ended.success());
    let status = tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(1), "{}", text());
    assert!(text().contains("the recording has gaps"), "{}", text());

    let replay = Server::builder().fixtures(&to).start().await.unwrap();
    for (path, status) in [("/a", 200), ("/b", 200), ("/c", 200), ("/large/d", 404), ("/e", 200)] {
        assert_eq!(ask(&replay, "GET", path).await.status, status, "{path}");
    }
    replay.shutdown().await;
}
