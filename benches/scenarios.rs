//! What scenarios cost, and how exact they are: `cargo bench --bench scenarios`.
//!
//! Processor time beside the same server without a scenario, in turns, so that a busy machine is busy for both;
//! stalled connections by their memory and by what others notice; delays by how late they are.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
#[path = "support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use support::{Asker, Compared, Process, compare, is_bare, open_files, request};

const TFJOBS: &str = "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs";

fn main() {
    if is_bare() {
        return;
    }
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let parts: [(&str, fn()); 6] = [
        ("rules", rules),
        ("loading", loading),
        ("graded", graded),
        ("stalled", stalled),
        ("exact", exact),
        ("drills", drills),
    ];
    for (name, run) in parts {
        if args.is_empty() || args.iter().any(|arg| arg == name) {
            run();
        }
    }
}

/// A directory with a stub of 1 KiB, and a scenario.
fn with(rules: &str) -> TempDir {
    let files = TempDir::new().expect("a directory");
    let stub = json!({"request": {"method": "GET", "urlPath": "/static"},
        "response": {"headers": {"Content-Type": "text/plain"}, "body": "x".repeat(1024)}});
    std::fs::create_dir(files.path().join("fixtures")).expect("a directory");
    std::fs::write(files.path().join("fixtures/stub.json"), stub.to_string()).expect("a file");
    std::fs::write(files.path().join("s.yaml"), rules).expect("a file");
    files
}

fn serve(files: &TempDir, scenario: bool) -> Process {
    let path = |name: &str| files.path().join(name).to_str().expect("a path").to_owned();
    let (fixtures, rules) = (path("fixtures"), path("s.yaml"));
    let args = ["--fixtures", &fixtures, "--scenario", &rules];
    Process::standin(if scenario { &args } else { &args[..2] })
}

/// A hundred rules of which none is about the request.
fn rules() {
    let path = |n: usize| {
        format!(
            "- {{match: {{path: /apis/group-{n}/*/namespaces/*/jobs/**}}, then: {{status: 500}}}}\n"
        )
    };
    let resource = |n: usize| {
        format!("- {{match: {{verb: list, resource: jobs.group-{n}.io}}, then: {{status: 500}}}}\n")
    };
    for (what, one) in
        [("by path", &path as &dyn Fn(usize) -> String), ("by resource and verb", &resource)]
    {
        let all: String = (0..100).map(one).collect();
        let files = with(&format!("rules:\n{all}"));
        let (without, with) = (serve(&files, false), serve(&files, true));
        for (target, name) in [("/static", "a static stub of 1 KiB"), (TFJOBS, "a miss")] {
            let Compared { ratio, micros } = compare(&without, &with, target, target);
            println!(
                "{name} under 100 rules {what}, none of which is about it: {ratio:.2} of the rate without ({:.1} µs of processor time each, {:.1} without), target 0.90",
                micros.1, micros.0
            );
        }
    }
    let files = with("rules: [{match: {path: /other}, then: {status: 500}}]");
    let (without, with) = (serve(&files, false), serve(&files, true));
    let Compared { ratio, .. } = compare(&without, &with, "/static", "/static");
    println!("the same under one rule about another path: {ratio:.2}");
}

/// From exec to the line that says it serves, with rules that each have a path of their own.
fn loading() {
    for count in [1, 500, 1_000, 2_000] {
        let rule = |n: usize| format!("- {{match: {{path: /x/{n}}}, then: {{status: 500}}}}\n");
        let files = with(&format!("rules:\n{}", (0..count).map(rule).collect::<String>()));
        // A stub for all the paths: rules about what nothing serves are warned of.
        let stub = json!({"request": {"urlPathPattern": "/x/[0-9]+"}, "response": {}});
        std::fs::write(files.path().join("fixtures/all.json"), stub.to_string()).expect("a file");
        let mut times: Vec<(Duration, Duration)> = (0..5)
            .map(|_| {
                let began = Instant::now();
                let server = serve(&files, true);
                (began.elapsed(), server.processor_time())
            })
            .collect();
        times.sort_unstable();
        let [took, processor] = [times[2].0, times[2].1].map(|time| time.as_secs_f64() * 1e3);
        println!(
            "{count} rules load in {took:.1} ms (median of 5), {processor:.1} ms of processor time"
        );
    }
}

/// A rule that matches every request and changes none, and `--graded`, which keeps every request: what is left is the
/// cost of matching and of grading.
fn graded() {
    const REQUESTS: u32 = 40_000;
    let files = with("rules: [{match: {path: /static}, expect: {max_requests: 100}}]");
    let bare = Process::bare("x".repeat(1024).as_bytes(), "text/plain");
    let (without, by_rule) = (serve(&files, false), serve(&files, true));
    let fixtures = files.path().join("fixtures");
    let all = Process::standin(&["--fixtures", fixtures.to_str().expect("a path"), "--graded"]);
    let cost = |server: &Process| {
        let mut asker = server.asker();
        let before = server.processor_time();
        for _ in 0..REQUESTS {
            asker.ask(&request("/static"));
        }
        (server.processor_time().saturating_sub(before) / REQUESTS).as_secs_f64() * 1e6
    };
    // The first 100,000 requests are written down, further ones are counted: the third round has some of both.
    for what in ["written down", "written down", "written down and counted", "counted"] {
        let (floor, plain) = (cost(&bare), cost(&without));
        for (why, server) in [("for a rule", &by_rule), ("by --graded", &all)] {
            let graded = cost(server);
            println!(
                "a static stub of 1 KiB, each request graded {why} and {what}: {graded:.1} µs of processor time each, {plain:.1} µs without, bare hyper {floor:.1} µs; {} MiB in use",
                server.resident() / 1024
            );
        }
    }
}

/// Sixty drills, eight at a time, with a client that takes 50 ms.
fn drills() {
    let files = TempDir::new().expect("a directory");
    for n in 0..60 {
        let rules =
            format!("rules: [{{match: {{verb: list}}, then: {{status: {}}}}}]", 500 + n % 5);
        std::fs::write(files.path().join(format!("{n:02}.yaml")), rules).expect("a file");
    }
    let began = Instant::now();
    let drills = std::process::Command::new(env!("CARGO_BIN_EXE_standin"))
        .arg("drill")
        .arg(files.path())
        .args(["--jobs", "8", "--", "sleep", "0.05"])
        .stderr(std::process::Stdio::null())
        .output()
        .expect("it runs");
    assert!(String::from_utf8_lossy(&drills.stdout).contains("0 of 60 passed, 60 NOT MET"));
    println!(
        "60 drills, 8 at a time, with a client of 50 ms: {:.2} s, target 4 s; {:.2} s for the clients alone",
        began.elapsed().as_secs_f64(),
        60.0 / 8.0 * 0.05
    );
}

/// Ten thousand requests that are never answered.
fn stalled() {
    let count = (open_files().saturating_sub(200) / 2).min(10_000);
    let files = with("rules: [{match: {path: /stalled}, then: {stall: forever}}]");
    let path = |name: &str| files.path().join(name).to_str().expect("a path").to_owned();
    let (fixtures, rules) = (path("fixtures"), path("s.yaml"));
    let server = Process::standin(&["--fixtures", &fixtures, "--scenario", &rules]);
    let address = server.address();
    let quiet = latency(address);
    let before = server.resident();
    let mut held = Vec::with_capacity(count);
    for _ in 0..count {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(&request("/stalled")).expect("sent");
        held.push(stream);
    }
    // The last of them has been decided when a later request is answered.
    let _ = latency(address);
    let each = server.resident().saturating_sub(before) * 1024 / count;
    let busy = latency(address);
    println!(
        "{count} stalled connections: {each} bytes of memory each, target 10,240; another request takes {:.0} µs in place of {:.0} µs (median of 2,000)",
        busy.as_secs_f64() * 1e6,
        quiet.as_secs_f64() * 1e6,
    );
    drop(held);
}

/// How long a request takes, on a connection that is there.
fn latency(address: SocketAddr) -> Duration {
    let mut asker = Asker::connect(address);
    let mut times: Vec<Duration> = (0..2_000)
        .map(|_| {
            let began = Instant::now();
            asker.ask(&request("/static"));
            began.elapsed()
        })
        .collect();
    times.sort();
    times[1_000]
}

/// How much later than asked things happen, of three hundred each.
fn exact() {
    let asked = Duration::from_millis(20);
    for (what, rule) in [
        ("a delay before headers", "{match: {path: /static}, delay: 20ms}"),
        ("a stall before headers", "{match: {path: /static}, then: {stall: 20ms}}"),
        (
            "a stall at byte 512",
            "{match: {path: /static}, at: [{bytes: 512, then: {stall: 20ms}}]}",
        ),
        (
            "a reset 20 ms into a stream",
            "{match: {verb: watch}, at: [{time: 20ms, then: {reset: here}}]}",
        ),
        (
            "a body of 5 pieces, 5 ms apart",
            "{match: {path: /static}, then: {slow: {chunk: 205B, every: 5ms}}}",
        ),
    ] {
        let files = with(&format!("rules: [{rule}]"));
        // The embedded objects have the watch.
        let server = if what.contains("stream") {
            let rules = files.path().join("s.yaml");
            Process::standin(&["--scenario", rules.to_str().expect("a path")])
        } else {
            serve(&files, true)
        };
        let target = if what.contains("stream") {
            format!("{TFJOBS}?watch=true")
        } else {
            "/static".to_owned()
        };
        let mut late: Vec<f64> = (0..300)
            .map(|_| {
                let mut stream = TcpStream::connect(server.address()).expect("a connection");
                stream.set_nodelay(true).expect("set");
                let asking =
                    format!("GET {target} HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n");
                let began = Instant::now();
                stream.write_all(asking.as_bytes()).expect("sent");
                let mut all = Vec::new();
                let _ = stream.read_to_end(&mut all);
                (began.elapsed().as_secs_f64() - asked.as_secs_f64()) * 1e3
            })
            .collect();
        late.sort_by(f64::total_cmp);
        println!(
            "{what}: {:.2} ms late (median), {:.2} ms (99th of 100), target 2 ms",
            late[150], late[297]
        );
    }
}
