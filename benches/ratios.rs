//! Standin next to bare hyper, in one run: `cargo bench --bench ratios`.
//!
//! Both run in processes of their own, and are asked by the same client over loopback, in turns; what is compared is
//! the processor time that each takes for a request, so that the client is not part of it. What is printed is the
//! median of the turns' ratios. Absolute numbers belong to one machine at one moment; the ratio says what Standin
//! adds to the HTTP library below it.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
#[path = "support/mod.rs"]
mod support;

#[path = "support/large.rs"]
mod large;

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use support::{
    Asker, Compared, Process, Requests, ask_once, compare, compare_all, is_bare, request,
};

/// How many stubs a small set has.
const FEW: usize = 10;

/// How many times a process is started.
const STARTS: usize = 21;

fn main() {
    if is_bare() {
        return;
    }
    // `cargo bench -- a c` runs only those.
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let parts: [(&str, fn()); 9] = [
        ("a", static_stub),
        ("b", many_stubs),
        ("c", list_page),
        ("d", start),
        ("e", templated_stub),
        ("f", large::loaded),
        ("g", large::imported),
        ("h", large::added),
        ("i", large::missed),
    ];
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

/// (e) An answer made from a template, next to a fixed one of the same text.
fn templated_stub() {
    let stub = |body: &str| {
        json!({"request": {"method": "GET", "urlPath": "/hello"},
            "response": {"headers": {"Content-Type": "text/plain"}, "body": body,
                "transformers": ["response-template"]}})
    };
    let fixed = with_stubs(&[stub("Hello Ann, this is GET of /hello?name=Ann")]);
    let templated = with_stubs(&[stub(
        "Hello {{request.query.name}}, this is {{request.method}} of {{request.url}}",
    )]);
    let target = "/hello?name=Ann";
    assert_eq!(
        ask_once(fixed.process.address(), target),
        ask_once(templated.process.address(), target)
    );
    let Compared { micros, .. } = compare(&fixed.process, &templated.process, target, target);
    println!(
        "(e) templated stub: {:.2} times the processor time of a fixed one ({:.1} µs of processor time each, fixed {:.1}), target 3",
        micros.1 / micros.0,
        micros.1,
        micros.0
    );
}

/// A server with files of its own.
struct Served {
    process: Process,
    _files: TempDir,
}

/// A server with these stubs.
fn with_stubs(stubs: &[Value]) -> Served {
    let (files, path) = files_with(stubs);
    let process = Process::standin(&["--fixtures", &path]);
    Served { process, _files: files }
}

/// A directory with these stubs in one file, and its path. It lies in one of its own: the server watches what is
/// around its fixtures too, and other programs change the directory of temporary files all the time.
fn files_with(stubs: &[Value]) -> (TempDir, String) {
    let files = TempDir::new().expect("a directory");
    let fixtures = files.path().join("fixtures");
    fs::create_dir(&fixtures).expect("a directory");
    fs::write(fixtures.join("stubs.json"), json!({"mappings": stubs}).to_string()).expect("a file");
    let path = fixtures.to_str().expect("a path").to_owned();
    (files, path)
}

/// A kind of stubs: the n-th one's request pattern, and the target and headers of a request for it.
type Stubs<'a> =
    (&'a str, &'a dyn Fn(usize) -> Value, &'a (dyn Fn(usize) -> (String, String) + Sync));

/// (b) One of ten stubs, and one of many, all asked for in turn.
fn many_stubs() {
    let plain = |target: String| (target, String::new());
    let kinds: [Stubs<'_>; 5] = [
        ("urlPath", &|n| json!({"urlPath": format!("/things/{n}/parts")}), &|n| {
            plain(format!("/things/{n}/parts"))
        }),
        (
            "header",
            &|n| json!({"urlPath": "/parts", "headers": {"X-Tenant": {"equalTo": format!("t{n}")}}}),
            &|n| ("/parts".to_owned(), format!("x-tenant: t{n}\r\n")),
        ),
        (
            "query",
            &|n| json!({"urlPath": "/parts", "queryParameters": {"tenant": {"equalTo": format!("t{n}")}}}),
            &|n| plain(format!("/parts?tenant=t{n}")),
        ),
        (
            "urlPathTemplate",
            &|n| json!({"urlPathTemplate": format!("/things{n}/{{id}}/parts")}),
            &|n| plain(format!("/things{n}/a/parts")),
        ),
        (
            "urlPathPattern",
            &|n| json!({"urlPathPattern": format!("/things{n}/[a-z0-9]+/parts")}),
            &|n| plain(format!("/things{n}/a/parts")),
        ),
    ];
    for (name, pattern, target) in kinds {
        let server = |count: usize| {
            let stubs: Vec<Value> = (0..count)
                .map(
                    |n| json!({"request": pattern(n), "response": {"body": format!("answer {n}")}}),
                )
                .collect();
            let (files, path) = files_with(&stubs);
            let process = Process::standin(&["--fixtures", &path]);
            // The files stay: a server whose files are gone tries to load them again.
            (process, files)
        };
        // In no order that the stubs are in: what lies together in memory is not asked for together.
        let request = |count: usize| {
            move |n: usize, to: &mut Vec<u8>| {
                let (target, headers) = target(n * 7919 % count);
                let _ = write!(to, "GET {target} HTTP/1.1\r\nhost: bench\r\n{headers}\r\n");
            }
        };
        let (few, _files) = server(FEW);
        let few_requests = Requests { count: FEW, write: &request(FEW) };
        for count in [10_000, 100_000] {
            let (many, _files) = server(count);
            let many_requests = Requests { count, write: &request(count) };
            let Compared { ratio, micros } = compare_all(&few, &many, few_requests, many_requests);
            println!(
                "(b) one of {count} {name} stubs: {ratio:.2} of one of {FEW} ({:.1} µs of processor time each, one of {FEW} {:.1}), target 0.95; {} MiB",
                micros.1,
                micros.0,
                many.resident() / 1024
            );
        }
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
        for (name, kind) in [("table", "Table"), ("metadata", "PartialObjectMetadataList")] {
            let form = format!(
                "GET {page} HTTP/1.1\r\nhost: bench\r\naccept: application/json;as={kind};v=v1;g=meta.k8s.io\r\n\r\n"
            );
            let plain =
                Requests { count: 1, write: &|_, to| to.extend_from_slice(&request(&page)) };
            let other =
                Requests { count: 1, write: &|_, to| to.extend_from_slice(form.as_bytes()) };
            let Compared { micros, .. } = compare_all(&standin, &standin, plain, other);
            println!(
                "(c) the same page as {name}: {:.2} times the processor time of a whole one ({:.0} µs each), target 1.5",
                micros.1 / micros.0,
                micros.1
            );
        }
    }
}

/// (d) From exec to the first correct answer.
fn start() {
    for (files, target) in [(1, 3), (1_000, 8), (10_000, 50)] {
        start_with(files, target);
    }
}

fn start_with(files: usize, target: u32) {
    let directory = TempDir::new().expect("a directory");
    for n in 0..files {
        let stub = json!({"request": {"method": "GET", "urlPath": format!("/stub/{n}")},
            "response": {"status": 200, "headers": {"Content-Type": "text/plain"}, "body": format!("answer {n}")}});
        fs::write(directory.path().join(format!("stub-{n}.json")), stub.to_string())
            .expect("a file");
    }
    let last = files - 1;
    let mut times: Vec<Duration> =
        (0..STARTS).map(|_| started_in(directory.path(), last)).collect();
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "(d) exec to first answer with {files} stub files: {:.1} ms (median of {STARTS}; fastest {:.1}, slowest {:.1}), target {target} ms",
        ms(times[STARTS / 2]),
        ms(times[0]),
        ms(times[STARTS - 1])
    );
}

fn started_in(fixtures: &std::path::Path, last: usize) -> Duration {
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
    let mut client = Asker::new(stream);
    let answer = format!("answer {last}");
    assert!(client.ask(&request(&format!("/stub/{last}"))).ends_with(answer.as_bytes()));
    let took = began.elapsed();
    child.kill().expect("it ends");
    child.wait().expect("it ends");
    took
}
