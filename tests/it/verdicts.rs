//! The verdict of a running server: by the admin API, in the library, by `standin verdict`.

use std::process::Command;

use serde_json::{Value, json};
use standin::{RunningServer, Server, Verdict};

use crate::support::{TFJOBS, ask, files};

const BUSY: &str = "
rules: [{id: busy, match: {verb: list}, steps: [{times: 1, then: {status: 503}}], expect: {max_requests: 2}}]
timeline: {start: first_request, phases: [{name: first, for: 1h, rules: []}, {name: second, for: 1h, rules: []}]}
";

async fn server(graded: bool) -> RunningServer {
    let scenario = files(&[("busy.yaml", BUSY)]);
    let path = scenario.path().join("busy.yaml");
    let builder = Server::builder().scenario(path.to_str().unwrap()).graded(graded);
    builder.start().await.unwrap()
}

/// `standin verdict` with these arguments: its exit code and output.
async fn run(arguments: &[&str]) -> (i32, String, String) {
    let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let output = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
        command.arg("verdict").args(arguments).output().unwrap()
    });
    let output = output.await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn each_world_has_its_verdict() {
    let server = server(true).await;
    assert_eq!(server.verdict().verdict, Verdict::NotMet);
    for _ in 0..2 {
        let _ = ask(&server, "GET", TFJOBS).await;
    }
    for _ in 0..3 {
        let _ = ask(&server, "GET", &format!("/worlds/b{TFJOBS}")).await;
    }
    assert_eq!(server.verdict().verdict, Verdict::Passed, "{:?}", server.verdict());
    assert_eq!(server.world("b").unwrap().verdict().verdict, Verdict::Failed);
    assert_eq!(server.world("c").unwrap().verdict().verdict, Verdict::NotMet);
    let verdict = ask(&server, "GET", "/__admin/verdict").await.json();
    assert_eq!((&verdict["verdict"], &verdict["requests"]), (&json!("passed"), &json!(2)));
    assert_eq!(verdict["timeline"].as_array().map(Vec::len), Some(2));
    assert_eq!(verdict["timeline"][1]["attempt"], 2);
    assert_eq!((&verdict["world"], &verdict["scenario"]), (&json!("default"), &json!("busy")));
    let verdict = ask(&server, "GET", "/worlds/b/__admin/verdict").await.json();
    assert_eq!(verdict["verdict"], "failed");
    assert_eq!(verdict["findings"][0]["code"], "too-many-requests");
    assert_eq!(ask(&server, "POST", "/__admin/verdict").await.status, 405);
}

#[tokio::test]
async fn without_grading_there_is_no_verdict() {
    let server = server(false).await;
    assert_eq!(server.verdict().verdict, Verdict::Broken);
    assert_eq!(ask(&server, "GET", "/__admin/verdict").await.status, 409);
    let (code, _, errors) = run(&[&server.url()]).await;
    assert_eq!(code, 5, "{errors}");
    assert!(errors.contains("--graded"), "{errors}");
}

#[tokio::test]
async fn the_command_prints_the_verdict_and_ends_with_its_code() {
    let server = server(true).await;
    let url = server.url();
    let (code, table, _) = run(&[&url]).await;
    assert_eq!(code, 4, "{table}");
    assert!(table.contains("busy") && table.contains("NOT MET"), "{table}");
    assert_eq!(run(&[&url, "--allow-not-met"]).await.0, 0);
    let _ = ask(&server, "GET", TFJOBS).await;
    let _ = ask(&server, "GET", TFJOBS).await;
    let junit = files(&[]);
    let file = junit.path().join("junit.xml");
    let file = file.to_str().unwrap();
    let (code, json, _) = run(&[&url, "--json", "--junit", file]).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["drills"][0]["verdict"]), (0, &json!("passed")));
    assert!(std::fs::read_to_string(file).unwrap().contains("tests=\"1\""));
    let _ = ask(&server, "GET", TFJOBS).await;
    let (code, table, _) = run(&[&url, "--timeline"]).await;
    assert_eq!(code, 1);
    assert!(table.contains("made 3 requests") && table.contains('│'), "{table}");
    assert_eq!(run(&["127.0.0.1:1"]).await.0, 5);
    assert_eq!(run(&[]).await.0, 2);
}

#[tokio::test]
async fn the_command_waits_for_what_is_to_happen() {
    let server = server(true).await;
    let url = server.url();
    let met = async {
        let _ = ask(&server, "GET", TFJOBS).await;
        let _ = ask(&server, "GET", TFJOBS).await;
    };
    let waits = ["--wait-for", "requests 2", &url, "--timeout", "30s"];
    let ((code, table, _), ()) = tokio::join!(run(&waits), met);
    assert_eq!(code, 0, "{table}");
    assert_eq!(run(&[&url, "--wait-for", "idle", "1ms"]).await.0, 0);
    assert_eq!(run(&[&url, "--wait-for", "phase", "first"]).await.0, 0);
    let (code, _, errors) = run(&[&url, "--wait-for", "phase second", "--timeout", "1ms"]).await;
    assert_eq!(code, 1);
    assert!(errors.contains("phase second"), "{errors}");
    server.world("default").unwrap().advance(std::time::Duration::from_secs(3600));
    assert_eq!(run(&[&url, "--wait-for", "phase second"]).await.0, 0);
    let (code, _, errors) = run(&[&url, "--wait-for", "phase third"]).await;
    assert_eq!(code, 2);
    assert!(errors.contains("first, second"), "{errors}");
}
