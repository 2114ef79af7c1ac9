//! Large answers, plain and over TLS, beside bare hyper: `cargo bench --bench lists`.
//!
//! What is compared is the processor time of each server, as in `ratios`. Bare hyper sends one body again and again,
//! which stays in the processor's cache; the pages of a large collection are sent one after the other, as a client
//! reads them, so that each comes from memory.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
#[path = "support/mod.rs"]
mod support;

#[allow(dead_code, reason = "each benchmark uses a part of it")]
#[path = "support/tls.rs"]
mod tls_support;

use std::net::{SocketAddr, TcpStream};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use serde_json::{Value, json};
use tempfile::TempDir;

use support::{Asker, Compared, Process, Requests, compare_all, is_bare, request};
use tls_support::{BARE_HTTP1, anyone, is_bare_tls};

const JOBS: &str = "/apis/example.com/v1/namespaces/load/jobs";

/// How many objects a list, or a page, has.
const LISTED: usize = 500;

/// How many objects the collection has that is read in pages.
const MANY: usize = 20_000;

fn main() {
    if is_bare() || is_bare_tls() {
        return;
    }
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let parts: [(&str, fn()); 2] = [("list", list), ("pages", pages)];
    for (name, run) in parts {
        if args.is_empty() || args.iter().any(|arg| arg == name) {
            run();
        }
    }
}

/// All of a small collection.
fn list() {
    let files = objects(LISTED);
    beside_bare("list of 500 objects", &files, |_| vec![JOBS.to_owned()], [0.97, 0.5]);
}

/// A large collection, page by page.
fn pages() {
    let files = objects(MANY);
    let name = format!("pages of {LISTED} of {MANY} objects");
    beside_bare(&name, &files, targets_of_pages, [0.7, 0.3]);
}

/// A definition, and so many objects of about 2 KB.
fn objects(count: usize) -> TempDir {
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "jobs.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced",
            "names": {"plural": "jobs", "singular": "job", "kind": "Job", "listKind": "JobList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
                {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}
    });
    let object = |n: usize| {
        json!({"apiVersion": "example.com/v1", "kind": "Job",
            "metadata": {"name": format!("job-{n:06}"), "namespace": "load", "labels": {"shard": (n % 10).to_string()}},
            "spec": {"command": "x".repeat(1_600)}})
    };
    let list = |items: Vec<Value>| json!({"apiVersion": "v1", "kind": "List", "items": items});
    let files = TempDir::new().expect("a directory");
    let write = |name: &str, value: &Value| {
        std::fs::write(files.path().join(name), value.to_string()).expect("a file");
    };
    write("definitions.json", &list(vec![definition]));
    write("objects.json", &list((0..count).map(object).collect()));
    files
}

/// Compares the server, plain and over TLS, with bare hyper that sends the first answer: over both too.
fn beside_bare(
    name: &str,
    files: &TempDir,
    targets: impl Fn(&Process) -> Vec<String>,
    goals: [f64; 2],
) {
    let path = files.path().to_str().expect("a path");
    let plain = Process::standin(&["--fixtures", path]);
    let tls = Process::standin(&["--fixtures", path, "--tls"]).reached_by(over_tls);
    let first = targets(&plain).swap_remove(0);
    let body = plain.asker().ask(&request(&first)).to_vec();
    let bare = Process::bare(&body, "application/json");
    let bare_tls = Process::bare_with(BARE_HTTP1, &body, "application/json").reached_by(over_tls);
    let cost = |server: &Process, targets: &[String]| {
        let one = request("/");
        let fixed = Requests { count: 1, write: &|_, to| to.extend_from_slice(&one) };
        let write = |n: usize, to: &mut Vec<u8>| to.extend_from_slice(&request(&targets[n]));
        let asked = Requests { count: targets.len(), write: &write };
        compare_all(&bare, server, fixed, if targets.is_empty() { fixed } else { asked })
    };
    for (how, server, goal) in [("plain", &plain, goals[0]), ("over TLS", &tls, goals[1])] {
        let Compared { ratio, micros } = cost(server, &targets(server));
        println!(
            "{name} ({} bytes) {how}: {ratio:.2} of bare hyper sending one of them plainly ({:.0} µs of processor time each, bare hyper {:.0}), target {goal}",
            body.len(),
            micros.1,
            micros.0
        );
    }
    let Compared { ratio, micros } = cost(&bare_tls, &[]);
    println!(
        "the same bytes from bare hyper over TLS: {ratio:.2} of bare hyper sending them plainly ({:.0} µs each)",
        micros.1
    );
}

/// The targets of all pages of a collection, each read twice before, so that the server has it joined.
fn targets_of_pages(server: &Process) -> Vec<String> {
    let first = format!("{JOBS}?limit={LISTED}");
    let mut targets = Vec::new();
    for _ in 0..3 {
        targets = vec![first.clone()];
        let mut asker = server.asker();
        loop {
            let target = targets.last().expect("the first");
            let page: Value = serde_json::from_slice(asker.ask(&request(target))).expect("JSON");
            match page["metadata"]["continue"].as_str() {
                Some(token) if !token.is_empty() => {
                    targets.push(format!("{first}&continue={token}"));
                }
                _ => break,
            }
        }
    }
    assert_eq!(targets.len(), MANY / LISTED);
    targets
}

fn over_tls(address: SocketAddr) -> Asker {
    let tcp = TcpStream::connect(address).expect("a connection");
    tcp.set_nodelay(true).expect("an option");
    let name = ServerName::try_from("localhost").expect("a name");
    let session = ClientConnection::new(anyone(false), name).expect("a session");
    Asker::over(StreamOwned::new(session, tcp))
}
