//! Conversations recorded from a real API server, compared with this one.
//!
//! The cases are data (`tests/conformance/{cases,second,found,rbac,plugins}`, described in its README). Each worker has a server of
//! its own, and each case a namespace, so that they run side by side without seeing each other. With
//! `CONFORMANCE_URL` the servers behind a URL are asked, by each worker for a world of its own.

mod normal;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use standin::Server;

use normal::renumbered;
use run::Run;

/// How many servers run at once.
const WORKERS: usize = 8;

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(path)
}

/// The cases of a directory, without those that `CONFORMANCE_ONLY` leaves out.
fn cases(directory: &str) -> Vec<Value> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(data(directory))
        .expect("the cases")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let parse = |path: &PathBuf| -> Vec<Value> {
        serde_json::from_str(&std::fs::read_to_string(path).expect("text")).expect("cases")
    };
    let only = std::env::var("CONFORMANCE_ONLY").unwrap_or_default();
    let mut cases: Vec<Value> = files.iter().flat_map(parse).collect();
    cases.retain(|case| text(&case["name"]).contains(&only));
    // A stream that is read as an answer has no end: its recording is the client's error.
    let ends = |case: &Value| {
        let steps = case["expect"].as_array().into_iter().flatten();
        steps.into_iter().all(|step| step.get("error").is_none())
    };
    cases.retain(ends);
    cases
}

/// The names of the cases that are known to differ: `name: reason`, one on a line.
fn open_cases() -> BTreeSet<String> {
    let text = std::fs::read_to_string(data("open.txt")).expect("the open cases");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_conversation_has_the_same_result() {
    let cases = cases("cases");
    let total = cases.len();
    let failed = play(cases, &[], &[]).await;
    report(&failed);
    let names: Vec<&String> = failed.keys().collect();
    assert!(failed.is_empty(), "{} of {total} differ: {names:?}", failed.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_corpus_has_the_same_results_except_for_the_open_cases() {
    let cases = cases("second");
    let known: BTreeSet<String> = cases.iter().map(|case| text(&case["name"]).to_owned()).collect();
    let open: BTreeSet<String> =
        open_cases().into_iter().filter(|name| known.contains(name)).collect();
    let total = cases.len();
    let mut failed = play(cases.clone(), &[], &[]).await;
    let differ: BTreeSet<String> = failed.keys().cloned().collect();
    failed.retain(|name, _| !open.contains(name));
    if !failed.is_empty() {
        // The recorded server had no garbage collector. Here one may act between two steps of a case.
        let again = |case: &Value| failed.contains_key(text(&case["name"]));
        let again = cases.into_iter().filter(again).collect();
        failed = play(again, &[], &[]).await;
    }
    report(&failed);
    let names: Vec<&String> = failed.keys().collect();
    assert!(failed.is_empty(), "{} of {total} differ: {names:?}", failed.len());
    let passes: Vec<&String> = open.difference(&differ).collect();
    assert!(passes.is_empty(), "take these off tests/conformance/open.txt: {passes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_generated_requests_found_goes_the_same_way() {
    let failed = play(cases("found"), &[], &[]).await;
    report(&failed);
    assert!(failed.is_empty(), "{:?} differ", failed.keys());
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_reviews_and_impersonation_go_the_same_way() {
    let failed = play(cases("rbac"), &["ABAC", "RBAC"], &[]).await;
    report(&failed);
    assert!(failed.is_empty(), "{:?} differ", failed.keys());
}

/// The admission plugins that the server of `plugins/` had on besides the default ones.
const PLUGINS: [&str; 5] = [
    "ServiceAccount",
    "AlwaysPullImages",
    "DenyServiceExternalIPs",
    "ExtendedResourceToleration",
    "LimitPodHardAntiAffinityTopology",
];

#[tokio::test(flavor = "multi_thread")]
async fn admission_plugins_that_are_turned_on_go_the_same_way() {
    let failed = play(cases("plugins"), &[], &PLUGINS).await;
    report(&failed);
    assert!(failed.is_empty(), "{:?} differ", failed.keys());
}

/// Plays cases against a server for each worker, with some modes of authorization and further admission plugins. Returns
/// the differences by name.
async fn play(
    mut cases: Vec<Value>,
    modes: &'static [&str],
    plugins: &'static [&str],
) -> BTreeMap<String, String> {
    // Those that wait for a stream to fall silent go first.
    cases.sort_by_key(|case| case["steps"].to_string().contains("\"watch\""));
    let queue = Arc::new(Mutex::new(cases));
    let failed = Arc::new(Mutex::new(BTreeMap::new()));
    let elsewhere = std::env::var("CONFORMANCE_URL").ok();
    let workers = (0..WORKERS).map(|worker| {
        let (queue, failed) = (Arc::clone(&queue), Arc::clone(&failed));
        let elsewhere = elsewhere.clone();
        tokio::spawn(async move {
            let mut builder = Server::builder()
                .token_auth_file(data("auth/tokens.csv"))
                .admission_plugins(plugins.iter().copied(), [""; 0])
                .authorization_policy_file(data("auth/policy.jsonl"));
            if !modes.is_empty() {
                builder = builder.authorization_mode(modes.iter().copied());
            }
            let server = builder.start().await.expect("it starts");
            let url = elsewhere.map_or(server.url(), |url| {
                format!("{url}/worlds/w{worker}-{}", uuid::Uuid::new_v4().simple())
            });
            let client = Client::builder(TokioExecutor::new()).build_http();
            loop {
                let Some(case) = queue.lock().expect("the queue").pop() else {
                    break;
                };
                let got = Run::new(&url, &client, &case).case().await;
                let (want, got) = (renumbered(&case["expect"]), renumbered(&got));
                if want != got {
                    let name = text(&case["name"]).to_owned();
                    failed.lock().expect("the failures").insert(name, difference(&want, &got));
                }
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.expect("a worker");
    }
    let failed = failed.lock().expect("the failures");
    failed.clone()
}

fn report(failed: &BTreeMap<String, String>) {
    for (name, difference) in failed {
        println!("{name}\n{difference}");
    }
}

fn difference(want: &Value, got: &Value) -> String {
    let (want, got) = (format!("{want:#}"), format!("{got:#}"));
    let diff = similar::TextDiff::from_lines(&want, &got);
    diff.unified_diff().context_radius(3).header("recorded", "got").to_string()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
