//! Secrets planted in every place and of every shape: none is on disk, in the log, in the journal
//! or in a report of near misses, neither plain nor encoded.
//!
//! `secrets/kinds.json` lists them: the kind, where it is planted, and a text in which `{s}` and the like stand for
//! values that are made for the test.

mod plant;
mod unnamed;

use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use standin::{Server, UpstreamOptions};
use tempfile::TempDir;

use crate::plain_backend::{self, Reply};
use crate::support::{ask, eventually, try_send};
use plant::Case;

/// Every text of a folder: names and contents, and their words decoded from base64 and
/// decompressed.
fn texts(folder: &Path) -> (String, String) {
    let mut plain = String::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            plain.push_str(&path.file_name().unwrap().to_string_lossy());
            if path.is_dir() {
                folders.push(path);
            } else {
                plain.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
            }
        }
    }
    let mut meant = String::new();
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    for word in plain.split(|c| !is_word(c)).filter(|word| word.len() >= 16) {
        let Ok(bytes) = base64::engine::general_purpose::STANDARD_NO_PAD.decode(word) else {
            continue;
        };
        let mut unpacked = Vec::new();
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let _ = flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut unpacked);
        } else if bytes.first() == Some(&0x78) {
            let _ = flate2::read::ZlibDecoder::new(&*bytes).read_to_end(&mut unpacked);
        }
        let bytes = if unpacked.is_empty() { bytes } else { unpacked };
        meant.push_str(&String::from_utf8_lossy(&bytes));
        meant.push('\n');
    }
    (plain, meant)
}

/// The kinds of which a secret is in one of the texts.
fn leaks(cases: &[Case], texts: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    for case in cases {
        for secret in &case.secrets {
            let quoted = serde_json::Value::from(secret.as_str()).to_string();
            let quoted = quoted.trim_matches('"');
            for (place, text) in texts {
                if text.contains(secret.as_str()) || text.contains(quoted) {
                    found.push(format!("{place}: {} in {}: {}", case.kind, case.place, case.text));
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn no_planted_secret_is_left_anywhere() {
    let cases = plant::cases();
    let replies: HashMap<String, plant::Answer> =
        cases.iter().enumerate().map(|(at, case)| (format!("/k{at}"), case.answer())).collect();
    let address = plain_backend::start(move |asked| {
        let path = asked.target.split(['?', '/']).nth(1).unwrap_or_default();
        let path = path.split(';').next().unwrap_or_default();
        match replies.get(&format!("/{path}")) {
            Some((fields, body)) => {
                Reply { status: "200 OK", fields: fields.clone(), body: body.clone() }
            }
            None => Reply::ok("text/plain", "?"),
        }
    })
    .await;
    let directory = TempDir::new().unwrap();
    let lines = Arc::new(Mutex::new(String::new()));
    let (log, console) = (Arc::clone(&lines), Arc::clone(&lines));
    let server = Server::builder()
        .nothing_loaded()
        .upstream(format!("http://{address}"), UpstreamOptions::default())
        .record(directory.path())
        .log(move |line| log.lock().unwrap().push_str(line))
        .observe(move |exchange| console.lock().unwrap().push_str(&exchange.to_line()))
        .start()
        .await
        .unwrap();
    let mut journal = String::new();
    for (at, case) in cases.iter().enumerate() {
        let (method, target, fields, body) = case.request(at);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        let answer = try_send(&server, method, &target, &fields, &body).await;
        assert!(answer.is_ok(), "{} in {}: {answer:?}", case.kind, case.place);
        if at % 90 == 89 || at + 1 == cases.len() {
            // What the recorder finds in request bodies, the journal hides in their answers.
            let is_mapping = |name: &std::ffi::OsStr| name.to_string_lossy().ends_with(".json");
            let recorded = async || {
                let entries = std::fs::read_dir(directory.path()).unwrap().flatten();
                entries.filter(|entry| is_mapping(&entry.file_name())).count() > at
            };
            eventually("all is recorded", recorded).await;
            journal.push_str(ask(&server, "GET", "/__admin/requests").await.text());
        }
    }
    server.shutdown().await;
    let (disk, meant) = texts(directory.path());
    let log = lines.lock().unwrap().clone();
    let found = leaks(
        &cases,
        &[("disk", &disk), ("disk, encoded", &meant), ("log", &log), ("journal", &journal)],
    );
    assert!(found.is_empty(), "{} leaks:\n{}", found.len(), found.join("\n"));

    // Requests that nearly match what was recorded.
    let replay = Server::builder().fixtures(directory.path()).start().await.unwrap();
    let mut reports = String::new();
    for (at, case) in cases.iter().enumerate().step_by(27) {
        let (_, target, mut fields, body) = case.request(at);
        fields.push(("x-other".into(), "1".into()));
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        if let Ok(answer) = try_send(&replay, "DELETE", &target, &fields, &body).await {
            reports.push_str(answer.text());
        }
    }
    assert!(reports.contains("Closest stub"), "there are reports");
    reports.push_str(ask(&replay, "GET", "/__admin/requests?limit=50").await.text());
    replay.shutdown().await;
    let found = leaks(&cases, &[("near miss", &reports)]);
    assert!(found.is_empty(), "{} leaks:\n{}", found.len(), found.join("\n"));
}
