//! When a backend is asked and when its recording answers; what a replay forwards and reports.

use std::path::Path;

use serde_json::json;
use standin::{Builder, Error, RecordMode, ReplaySpeed, RunningServer, Server, UpstreamOptions};
use tempfile::TempDir;

use crate::support::{TFJOBS, ask, eventually, files, post, send, server};

/// A backend that answers `/a`, `/b` and `/c`.
async fn backend() -> (RunningServer, TempDir) {
    let stub = |name: &str| {
        json!({"request": {"urlPath": format!("/{name}")}, "response": {"body": format!("live {name}")}})
            .to_string()
    };
    let directory =
        files(&[("a.json", &stub("a")), ("b.json", &stub("b")), ("c.json", &stub("c"))]);
    (Server::builder().fixtures(directory.path()).start().await.unwrap(), directory)
}

fn over(backend: &RunningServer, to: &Path, mode: RecordMode) -> Builder {
    let builder = Server::builder().upstream(backend.url(), UpstreamOptions::default());
    builder.record(to).record_mode(mode)
}

/// How often the backend was asked for each of `/a`, `/b`, `/c`.
fn asked(backend: &RunningServer) -> [usize; 3] {
    ["/a", "/b", "/c"].map(|path| backend.journal().count(|exchange| exchange.path() == path))
}

#[tokio::test]
async fn each_mode_asks_the_backend_when_it_should() {
    let (backend, _files) = backend().await;
    let recorded = TempDir::new().unwrap();
    let at = recorded.path();

    let first = over(&backend, at, RecordMode::Once).start().await.unwrap();
    assert_eq!(ask(&first, "GET", "/a").await.text(), "live a");
    assert_eq!(ask(&first, "GET", "/a").await.text(), "live a");
    assert_eq!(asked(&backend), [2, 0, 0], "what is recorded is replayed from the next start on");
    first.shutdown().await;

    for mode in [RecordMode::Once, RecordMode::None] {
        let replay = over(&backend, at, mode).start().await.unwrap();
        assert_eq!(ask(&replay, "GET", "/a").await.text(), "live a");
        let miss = ask(&replay, "GET", "/b").await;
        assert_eq!(miss.status, 404, "{mode:?}");
        assert!(miss.text().contains("GET /a") && miss.text().contains("/b"), "{}", miss.text());
        replay.shutdown().await;
    }
    assert_eq!(asked(&backend), [2, 0, 0]);

    let more = over(&backend, at, RecordMode::NewEpisodes).start().await.unwrap();
    assert_eq!(ask(&more, "GET", "/a").await.text(), "live a");
    assert_eq!(ask(&more, "GET", "/b").await.text(), "live b");
    assert_eq!(asked(&backend), [2, 1, 0]);
    more.shutdown().await;

    let replay = over(&backend, at, RecordMode::None).start().await.unwrap();
    assert_eq!(ask(&replay, "GET", "/b").await.text(), "live b");
    replay.shutdown().await;

    let again = over(&backend, at, RecordMode::All).start().await.unwrap();
    for path in ["/a", "/b", "/c"] {
        assert!(ask(&again, "GET", path).await.text().starts_with("live"), "{path}");
    }
    assert_eq!(asked(&backend), [3, 2, 1]);
    again.shutdown().await;
}

#[tokio::test]
async fn a_mode_that_cannot_do_its_work_says_why() {
    let empty = TempDir::new().unwrap();
    let none = Server::builder().record(empty.path()).record_mode(RecordMode::None);
    let without = Server::builder().record(empty.path()).record_mode(RecordMode::Once);
    let nowhere = Server::builder().record_mode(RecordMode::Once);
    for (builder, why) in
        [(none, "has no recording"), (without, "name its URL"), (nowhere, "needs the directory")]
    {
        let Err(Error::Setting(text)) = builder.start().await else { panic!("{why}") };
        assert!(text.starts_with("record mode") && text.contains(why), "{text}");
    }
}

#[tokio::test]
async fn a_recording_alone_invents_no_answers() {
    let backend = server().await;
    let recorded = TempDir::new().unwrap();
    let recorder = over(&backend, recorded.path(), RecordMode::All).start().await.unwrap();
    let list = ask(&recorder, "GET", TFJOBS).await;
    recorder.shutdown().await;

    let replay = Server::builder().fixtures(recorded.path()).start().await.unwrap();
    assert_eq!(ask(&replay, "GET", TFJOBS).await.body, list.body);
    let miss = ask(&replay, "GET", &format!("{TFJOBS}?limit=1")).await;
    assert_eq!((miss.status.as_u16(), miss.at("/reason")), (404, json!("NotFound")));
    let message = miss.at("/message").as_str().unwrap().to_owned();
    assert!(
        message.starts_with(&format!("no recording answers GET {TFJOBS}?limit=1")),
        "{message}"
    );
    assert!(message.contains("the nearest is GET /apis/kubeflow.org"), "{message}");
    for path in ["/api/v1/pods", "/apis", "/version", "/openapi/v2"] {
        assert_eq!(ask(&replay, "GET", path).await.status, 404, "{path}");
    }
    let report = replay.replay_report();
    assert_eq!(report.unmatched.len(), 5, "{report:?}");
    assert!(report.unused.is_empty(), "{report:?}");
    replay.shutdown().await;

    let loose = Server::builder().fixtures(recorded.path()).strict(false).start().await.unwrap();
    assert_eq!(ask(&loose, "GET", "/api/v1/pods").await.status, 200);
    loose.shutdown().await;

    // Objects beside the recording are there to be served.
    let pod = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "default"}}"#;
    std::fs::write(recorded.path().join("object.json"), pod).unwrap();
    let both = Server::builder().fixtures(recorded.path()).start().await.unwrap();
    let path = "/api/v1/namespaces/default/configmaps/c";
    assert_eq!(ask(&both, "GET", path).await.status, 200);
    both.shutdown().await;
}

#[tokio::test]
async fn hand_written_stubs_are_strict_on_request() {
    let stubs = files(&[
        ("a.json", r#"{"request": {"url": "/a"}, "response": {"body": "a"}}"#),
        ("__files/x.txt", "x"),
    ]);
    let loose = Server::builder().fixtures(stubs.path()).start().await.unwrap();
    // There are no objects: the paths of a Kubernetes API are paths like others.
    let miss = ask(&loose, "GET", "/api/v1/pods").await;
    assert!(miss.status == 404 && miss.text().contains("Request was not matched"));
    assert_eq!(ask(&loose, "GET", "/x.txt").await.status, 200);
    loose.shutdown().await;
    let strict = Server::builder().fixtures(stubs.path()).strict(true).start().await.unwrap();
    assert_eq!(ask(&strict, "GET", "/a").await.status, 200);
    assert_eq!(ask(&strict, "GET", "/api/v1/pods").await.status, 404);
    assert_eq!(ask(&strict, "GET", "/x.txt").await.status, 404);
    strict.shutdown().await;
}

#[tokio::test]
async fn a_replay_reports_unused_stubs_and_forwarded_requests() {
    let step = |name: &str, at: &str, to: Option<&str>| {
        let mut stub = json!({
            "name": name, "scenarioName": "poll", "requiredScenarioState": at,
            "request": {"url": "/poll"}, "response": {"body": name}
        });
        if let Some(to) = to {
            stub["newScenarioState"] = to.into();
        }
        stub.to_string()
    };
    let stubs = files(&[
        ("1.json", &step("first", "Started", Some("two"))),
        ("2.json", &step("last", "two", None)),
        ("never.json", r#"{"name": "never", "request": {"url": "/n"}, "response": {}}"#),
    ]);
    let server = Server::builder().fixtures(stubs.path()).strict(true).start().await.unwrap();
    for body in ["first", "last"] {
        assert_eq!(ask(&server, "GET", "/poll").await.text(), body);
    }
    assert!(server.replay_report().exhausted.is_empty());
    assert_eq!(ask(&server, "GET", "/poll").await.text(), "last");
    ask(&server, "GET", "/x?token=abcdefgh12345678").await;
    let report = server.replay_report();
    let is = |lines: &[String], start: &str| lines.len() == 1 && lines[0].starts_with(start);
    assert!(is(&report.unused, "never ("), "{report:?}");
    assert!(is(&report.exhausted, "last ("), "{report:?}");
    assert!(is(&report.unmatched, "GET /x?token="), "{report:?}");
    assert!(!report.unmatched[0].contains("abcdefgh12345678"), "{report:?}");
    let shown = ask(&server, "GET", "/__admin/standin/replay").await.json();
    assert_eq!(shown["unused"], json!(report.unused));
    assert_eq!(shown["exhausted"], json!(report.exhausted));
    server.shutdown().await;
}

#[tokio::test]
async fn a_replay_at_once_waits_for_nothing() {
    // Each of these would take an hour.
    let hour = 3_600_000;
    let stream = json!({"chunks": [{"after": "1h", "body": "a"}, {"after": "1h", "body": "b"}]});
    let stubs = files(&[
        ("1.json", &json!({"request": {"url": "/fixed"}, "response": {"body": "x", "fixedDelayMilliseconds": hour}}).to_string()),
        ("2.json", &json!({"request": {"url": "/drawn"}, "response": {"body": "x",
            "delayDistribution": {"type": "uniform", "lower": hour, "upper": hour}}}).to_string()),
        ("3.json", &json!({"request": {"url": "/dribble"}, "response": {"body": "xy",
            "chunkedDribbleDelay": {"numberOfChunks": 2, "totalDuration": hour}}}).to_string()),
        ("4.json", &json!({"request": {"url": "/stream"}, "response": {"body": "ab",
            "transformers": ["standin-stream"], "transformerParameters": stream}}).to_string()),
    ]);
    let server = Server::builder().fixtures(stubs.path()).replay_speed(ReplaySpeed::AT_ONCE);
    let server = server.start().await.unwrap();
    for (path, body) in [("/fixed", "x"), ("/drawn", "x"), ("/dribble", "xy"), ("/stream", "ab")] {
        assert_eq!(ask(&server, "GET", path).await.text(), body, "{path}");
    }
    // Settings of the admin API keep the speed.
    post(&server, "POST", "/__admin/settings", &json!({"fixedDelay": hour})).await;
    assert_eq!(ask(&server, "GET", "/stream").await.text(), "ab");
    server.shutdown().await;
}

#[tokio::test]
async fn a_recorder_reports_its_progress_and_result() {
    let (backend, _files) = backend().await;
    let recorded = TempDir::new().unwrap();
    let lines = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = std::sync::Arc::clone(&lines);
    let recorder = over(&backend, recorded.path(), RecordMode::All)
        .log(move |line| log.lock().unwrap().push(line.to_owned()))
        .start()
        .await
        .unwrap();
    let none = ask(&backend, "GET", "/__admin/standin/recording").await.json();
    assert_eq!(none, json!({"recording": false}));
    for path in ["/a", "/a", "/b"] {
        send(&recorder, "GET", path, &[("x-api-key", "hunter2-hunter2-hunter2")], "").await;
    }
    eventually("three exchanges are recorded", async || {
        let shown = ask(&recorder, "GET", "/__admin/standin/recording").await.json();
        shown["exchanges"] == json!(3)
    })
    .await;
    let shown = ask(&recorder, "GET", "/__admin/standin/recording").await.json();
    assert_eq!((&shown["recording"], &shown["bytes"]), (&json!(true), &json!(18)), "{shown}");
    assert_eq!(shown["secrets"], json!({"by name or place": 1}), "{shown}");
    recorder.shutdown().await;
    let has = |part: &str| lines.lock().unwrap().iter().any(|line| line.contains(part));
    for part in ["recorded 3 exchanges of 18 bytes", "secrets replaced: 1 by name or place"] {
        eventually(part, async || has(part)).await;
    }
}

#[test]
fn the_program_has_the_modes_and_says_where_they_do_not_fit() {
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_standin"));
        let output = command.args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let empty = TempDir::new().unwrap();
    let folder = empty.path().to_str().unwrap();
    for (arguments, why) in [
        (&["serve", "--record", folder][..], "--upstream"),
        (&["serve", "--record", folder, "--record-mode", "none"], "has no recording"),
        (&["serve", "--record", "new_episodes"], "--fixtures"),
        (&["serve", "--record-mode", "once"], "--record"),
        (&["serve", "--replay-speed=-1"], "ten times as fast"),
    ] {
        let (code, text) = run(arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(text.contains(why), "{arguments:?}: {text}");
    }
}
