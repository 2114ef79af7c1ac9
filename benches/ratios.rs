//! Standin next to bare hyper, in one run: `cargo bench --bench ratios`.
//!
//! Both run in processes of their own, and are asked by the same client over loopback, in turns; what is compared is
//! the processor time that each takes for a request, so that the client is not part of it. What is printed is the
//! median of the turns' ratios. Absolute numbers belong to one machine at one moment; the ratio says what Standin
//! adds to the HTTP library below it.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use support::{Asker, Compared, Process, ask_once, compare, is_bare, request};

/// How many times a process is started.
const STARTS: usize = 21;

fn main() {
    if is_bare() {
        return;
    }
    // `cargo bench -- a c` runs only those.
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let parts: [(&str, fn()); 4] =
        [("a", static_stub), ("b", many_stubs), ("c", list_page), ("d", start)];
    for (name, run) in parts {
        if wanted.is_empty() || wanted.iter().any(|want| want == name) {
            run();
        }
    }
}

/// (a) A static stub of 1 KiB.
fn static_stub() {
    let body = "x".repeat(1024);
    let stub = json!({"request": {"method": "GET", "urlPath": "/static"},
        "response": {"headers": {"Content-Type": "text/plain"}, "body": body}});
    let standin = with_stubs(&[stub]);
    let bare = Process::bare(body.as_bytes(), "text/plain");
    let idle = standin.process.resident();
    let Compared { ratio, micros } = compare(&bare, &standin.process, "/static", "/static");
    println!(
        "(a) static stub of 1 KiB: {ratio:.2} of bare hyper ({:.1} µs of processor time each, bare hyper {:.1}), target 0.92; {} KiB of memory idle, {} under load",
        micros.1,
        micros.0,
        idle,
        standin.process.resident()
    );
}

/// A server with files of its own.
struct Served {
    process: Process,
    _files: TempDir,
}

/// A server with these stubs.
fn with_stubs(stubs: &[Value]) -> Served {
    let files = TempDir::new().expect("a directory");
    let text = json!({"mappings": stubs}).to_string();
    fs::write(files.path().join("stubs.json"), text).expect("a file");
    let process = Process::standin(&["--fixtures", files.path().to_str().expect("a path")]);
    Served { process, _files: files }
}

/// The URL part of the n-th stub.
type Url<'a> = &'a dyn Fn(usize) -> Value;

/// (b) One stub of ten, and one of ten thousand.
fn many_stubs() {
    let exact = |n: usize| json!({"urlPath": format!("/things/{n}/parts")});
    let template = |n: usize| json!({"urlPathTemplate": format!("/things{n}/{{id}}/parts")});
    let pattern = |n: usize| json!({"urlPathPattern": format!("/things{n}/[a-z0-9]+/parts")});
    let kinds: [(&str, Url<'_>, &str, &str); 3] = [
        ("urlPath", &exact, "/things/7/parts", "/things/7777/parts"),
        ("urlPathTemplate", &template, "/things7/a/parts", "/things7777/a/parts"),
        ("urlPathPattern", &pattern, "/things7/a/parts", "/things7777/a/parts"),
    ];
    for (name, url, few_target, many_target) in kinds {
        let stubs = |count: usize| -> Vec<Value> {
            (0..count)
                .map(|n| json!({"request": url(n), "response": {"body": format!("answer {n}")}}))
                .collect()
        };
        let few = with_stubs(&stubs(10));
        let many = with_stubs(&stubs(10_000));
        let Compared { ratio, .. } = compare(&few.process, &many.process, few_target, many_target);
        println!("(b) one of 10,000 {name} stubs: {ratio:.2} of one of 10, target 0.90");
    }
}

/// (c) A page of 500 items.
fn list_page() {
    let path = "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs";
    let page = format!("{path}?limit=500");
    for count in [1_000, 20_000] {
        let scenario = format!(
            "generate:\n- {{resource: tfjobs.kubeflow.org, namespace: kube-test, count: {count}, name: \"job-{{n:06}}\", like: tfjob-test}}\nrules: []\n"
        );
        let directory = TempDir::new().expect("a directory");
        let file = directory.path().join("jobs.yaml");
        fs::write(&file, scenario).expect("a file");
        let standin = Process::standin(&["--scenario", file.to_str().expect("a path")]);
        let body = ask_once(standin.address(), &page);
        let size = body.len();
        let bare = Process::bare(&body, "application/json");
        let Compared { ratio, micros } = compare(&bare, &standin, &page, &page);
        println!(
            "(c) page of 500 of {count} objects ({size} bytes): {ratio:.2} of bare hyper sending the same bytes ({:.0} µs of processor time each, bare hyper {:.0})",
            micros.1, micros.0
        );
    }
}

/// From exec to the first correct answer, with a thousand stub files.
fn start() {
    let directory = TempDir::new().expect("a directory");
    for n in 0..1_000 {
        let stub = json!({"request": {"method": "GET", "urlPath": format!("/stub/{n}")},
            "response": {"status": 200, "headers": {"Content-Type": "text/plain"}, "body": format!("answer {n}")}});
        fs::write(directory.path().join(format!("stub-{n}.json")), stub.to_string())
            .expect("a file");
    }
    let mut times: Vec<Duration> = (0..STARTS).map(|_| started_in(directory.path())).collect();
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "(d) exec to first answer with 1,000 stub files: {:.1} ms (median of {STARTS}; fastest {:.1}, slowest {:.1}), target 20 ms",
        ms(times[STARTS / 2]),
        ms(times[0]),
        ms(times[STARTS - 1])
    );
}

fn started_in(fixtures: &std::path::Path) -> Duration {
    let address = {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        free.local_addr().expect("an address")
    };
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_standin"))
        .args(["serve", "--listen", &address.to_string(), "--fixtures"])
        .arg(fixtures)
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let stream = loop {
        match TcpStream::connect(address) {
            Ok(stream) => break stream,
            Err(_) => std::thread::sleep(Duration::from_micros(200)),
        }
    };
    let mut client = Asker { stream, buffer: Vec::new() };
    assert!(client.ask(&request("/stub/777")).ends_with(b"answer 777"));
    let took = began.elapsed();
    child.kill().expect("it ends");
    child.wait().expect("it ends");
    took
}
