//! A hundred thousand stubs: what it takes to load them, to add one, and to tell that none of them answers.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{Asker, Process, request};

/// How many stubs there are, and how many there are in the server that is compared.
const MANY: usize = 100_000;
const FEW: usize = 10;

/// How many stubs are added, and how many requests are missed.
const TIMES: usize = 200;

fn mapping(n: usize) -> Value {
    json!({"request": {"method": "GET", "urlPath": format!("/things/{n}/parts")},
        "response": {"headers": {"Content-Type": "text/plain"}, "body": format!("answer {n}")}})
}

fn mappings(count: usize) -> String {
    json!({"mappings": (0..count).map(mapping).collect::<Vec<_>>()}).to_string()
}

/// A server with so many stubs from one file, and how long it took until the last one answered.
fn server(count: usize) -> (Process, TempDir, Duration) {
    let files = TempDir::new().expect("a directory");
    fs::write(files.path().join("stubs.json"), mappings(count)).expect("a file");
    let began = Instant::now();
    let process = Process::standin(&["--fixtures", files.path().to_str().expect("a path")]);
    answers(&mut Asker::connect(process.address()), count - 1);
    (process, files, began.elapsed())
}

fn answers(asker: &mut Asker, n: usize) {
    let body = asker.ask(&request(&format!("/things/{n}/parts")));
    assert_eq!(body, format!("answer {n}").as_bytes());
}

fn post(path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n");
    format!("{head}content-length: {length}\r\n\r\n{body}").into_bytes()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// How long a JSON library takes to read the text of all mappings.
fn parsed() -> Duration {
    let text = mappings(MANY);
    let began = Instant::now();
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let took = began.elapsed();
    drop(value);
    took
}

/// (f) From exec to the answer of the last stub, with all in one file.
pub(crate) fn loaded() {
    let (_process, _files, took) = server(MANY);
    let parsed = parsed();
    println!(
        "(f) {MANY} stubs in one file: exec to the answer of the last in {:.2} s, {:.1} times what serde_json takes to parse the file; target 2 s",
        took.as_secs_f64(),
        took.as_secs_f64() / parsed.as_secs_f64()
    );
}

/// (g) An import of all through the admin API.
pub(crate) fn imported() {
    let (process, _files, _) = server(1);
    let import = post("/__admin/mappings/import", &mappings(MANY));
    let mut asker = Asker::connect(process.address());
    let began = Instant::now();
    asker.ask(&import);
    answers(&mut asker, MANY - 1);
    let took = began.elapsed();
    println!(
        "(g) {MANY} stubs imported in {:.2} s, {:.1} times what serde_json takes to parse them; target 2 s",
        took.as_secs_f64(),
        took.as_secs_f64() / parsed().as_secs_f64()
    );
}

/// (h) One stub added through the admin API, with the first request for it.
pub(crate) fn added() {
    let cost = |count: usize| {
        let (process, _files, _) = server(count);
        let mut asker = Asker::connect(process.address());
        let add = |n| {
            let add = post("/__admin/mappings", &mapping(count + n).to_string());
            let began = Instant::now();
            let (status, _) = asker.exchange(&add);
            assert_eq!(status, 201);
            answers(&mut asker, count + n);
            began.elapsed()
        };
        median((0..TIMES).map(add).collect())
    };
    let (few, many) = (cost(FEW), cost(MANY));
    println!(
        "(h) one stub added, and asked for, among {MANY} in {:.2} ms (median of {TIMES}), {:.1} times as long as among {FEW}; target 1 ms",
        ms(many),
        ms(many) / ms(few)
    );
}

/// (i) A request that no stub answers, and what another client's requests take meanwhile.
pub(crate) fn missed() {
    let cost = |count: usize| {
        let (process, _files, _) = server(count);
        let address = process.address();
        let hits = |most: usize| {
            let mut asker = Asker::connect(address);
            let hit = |n| {
                let began = Instant::now();
                answers(&mut asker, n % count);
                began.elapsed()
            };
            median((0..most).map(hit).collect())
        };
        let alone = hits(2_000);
        std::thread::scope(|scope| {
            let missing = scope.spawn(|| {
                let mut asker = Asker::connect(address);
                let miss = |n| {
                    let began = Instant::now();
                    let (status, _) = asker.exchange(&request(&format!("/nothing/{n}/here")));
                    assert_eq!(status, 404);
                    began.elapsed()
                };
                median((0..TIMES).map(miss).collect())
            });
            let beside = hits(2_000);
            (missing.join().expect("it asks"), alone, beside)
        })
    };
    let (few, ..) = cost(FEW);
    let (many, alone, beside) = cost(MANY);
    println!(
        "(i) a miss among {MANY} stubs in {:.1} ms (median of {TIMES}), among {FEW} in {:.2} ms; a hit beside it in {:.2} ms, alone in {:.2} ms",
        ms(many),
        ms(few),
        ms(beside),
        ms(alone)
    );
}
