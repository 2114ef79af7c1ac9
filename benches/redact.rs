//! What searching a body for secrets costs: `cargo bench --bench redact`.
//!
//! Each body is redacted as that of a recorded answer is, and copied, in turns. Figures are medians, on one core: bytes
//! per second, and how many copies one search is worth.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use standin::internals::redact::BodyRedactor;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How large the bodies are, in bytes.
const SIZE: usize = 64 << 10;

/// How many turns each body has.
const TURNS: usize = 15;

/// How long a turn takes at least.
const TURN: Duration = Duration::from_millis(20);

fn main() {
    let redactor = BodyRedactor::new();
    println!("{:<34} {:>10} {:>10} {:>8}", "64 KiB of", "searched", "copied", "copies");
    for (name, body) in bodies() {
        let changed = redactor.redacted(&body).is_some();
        assert_eq!(changed, name.contains("with secrets"), "{name}");
        let mut turns = Vec::new();
        for _ in 0..TURNS {
            let searched =
                rate(body.len(), || drop(black_box(redactor.redacted(black_box(&body)))));
            let copied = rate(body.len(), || drop(black_box(black_box(&body).clone())));
            turns.push((searched, copied));
        }
        let searched = median(turns.iter().map(|(searched, _)| *searched).collect());
        let copied = median(turns.iter().map(|(_, copied)| *copied).collect());
        let copies = median(turns.iter().map(|(searched, copied)| copied / searched).collect());
        println!(
            "{name:<34} {:>5.0} MB/s {:>5.1} GB/s {copies:>8.0}",
            searched / 1e6,
            copied / 1e9
        );
    }
}

/// How many bytes a second a function works through.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn rate(bytes: usize, mut work: impl FnMut()) -> f64 {
    let began = Instant::now();
    let mut rounds = 0_usize;
    while began.elapsed() < TURN {
        for _ in 0..4 {
            work();
        }
        rounds += 4;
    }
    (rounds * bytes) as f64 / began.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let pods = |extra: fn(usize) -> Value| {
        let pod = |n: usize| {
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("worker-{n}"), "labels": {"app": "bench"},
                "creationTimestamp": "2026-01-02T03:04:05Z"}, "spec": {"containers": [{"name": "main", "image": "registry/app:1",
                "env": [extra(n)], "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}}}]}, "status": {"phase": "Running"}})
        };
        let items: Vec<Value> = (0..SIZE / 330).map(pod).collect();
        json!({"kind": "PodList", "items": items}).to_string().into_bytes()
    };
    let lines = |line: fn(usize) -> String| {
        let mut text = String::new();
        for n in 0.. {
            if text.len() >= SIZE {
                break;
            }
            text.push_str(&line(n));
        }
        text.into_bytes()
    };
    // A generator of Lehmer's: bytes without any order, the same each time.
    let mut state = 1_u64;
    let mut byte = || {
        state = state * 48_271 % 0x7fff_ffff;
        state.to_be_bytes()[6]
    };
    vec![
        ("JSON", pods(|n| json!({"name": "LEVEL", "value": n}))),
        (
            "JSON with secrets",
            pods(|n| json!({"name": "DB_PASSWORD", "value": format!("hunter2-{}", n % 7)})),
        ),
        (
            "log lines",
            lines(|n| {
                format!("2026-01-02T03:04:05Z INFO request {n} to /v1/items/{n} took {n} ms\n")
            }),
        ),
        (
            "log lines with secrets",
            lines(|n| {
                format!("2026-01-02T03:04:05Z INFO password=hunter2-{} of user {n}\n", n % 7)
            }),
        ),
        (
            "HTML",
            lines(|n| {
                format!(
                    "<tr class=\"row\"><td>{n}</td><td><a href=\"/items/{n}\">item {n}</a></td></tr>\n"
                )
            }),
        ),
        ("binary", (0..SIZE).map(|_| byte()).collect()),
    ]
}
