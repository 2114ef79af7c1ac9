//! Sets of stubs without a server around them: `cargo bench --bench stubs`.
//!
//! What finding a stub costs among few and among many, asked for uniformly; what adding, replacing and removing
//! one costs, with the next request; and how long a miss takes. Times are medians, on one core.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use standin::ResponseTemplating;
use standin::internals::stubs::{
    Asked, BodyFiles, Decoder, HeaderPool, Request, Stub, StubCompiler, StubFile, StubSet,
};
use standin::internals::{Format, Source};

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many requests one turn asks.
const REQUESTS: usize = 20_000;

/// How many turns.
const TURNS: usize = 9;

/// How many stubs are added, replaced and removed one by one.
const CHANGES: usize = 500;

/// A kind of stubs: the n-th one's request pattern, and a request for it.
struct Kind {
    name: &'static str,
    pattern: fn(usize) -> Value,
    request: fn(usize) -> Request,
}

const KINDS: [Kind; 6] = [
    Kind {
        name: "exact",
        pattern: |n| json!({"urlPath": format!("/api/v1/ns/{n:06}/item")}),
        request: |n| get(&format!("/api/v1/ns/{n:06}/item")),
    },
    Kind {
        name: "header",
        pattern: |n| json!({"urlPath": "/item", "headers": {"X-Tenant": {"equalTo": format!("t{n:06}")}}}),
        request: |n| {
            let mut request = get("/item");
            let value = HeaderValue::from_str(&format!("t{n:06}")).expect("a value");
            request.headers.insert(HeaderName::from_static("x-tenant"), value);
            request
        },
    },
    Kind {
        name: "query",
        pattern: |n| json!({"urlPath": "/item", "queryParameters": {"tenant": {"equalTo": format!("t{n:06}")}}}),
        request: |n| get(&format!("/item?tenant=t{n:06}")),
    },
    Kind {
        name: "template",
        pattern: |n| json!({"urlPathTemplate": format!("/r/{n:06}/{{x}}/end")}),
        request: |n| get(&format!("/r/{n:06}/abc123/end")),
    },
    Kind {
        name: "regex",
        pattern: |n| json!({"urlPathPattern": format!("/r/{n:06}/[a-z0-9]+/end")}),
        request: |n| get(&format!("/r/{n:06}/abc123/end")),
    },
    Kind {
        name: "engine",
        pattern: |n| json!({"urlPathPattern": format!("/(?:r|other)/item-{n:06}(?:-[a-z]+)*")}),
        request: |n| get(&format!("/r/item-{n:06}-a-b")),
    },
];

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for kind in &KINDS {
        if wanted.is_empty() || wanted.iter().any(|want| want == kind.name) {
            measure(kind);
        }
    }
}

fn measure(kind: &Kind) {
    let name = kind.name;
    let few = found(kind, &set(kind, 10), 10);
    for many in [10_000, 100_000] {
        let began = Instant::now();
        let set = set(kind, many);
        let took = began.elapsed();
        let time = found(kind, &set, many);
        println!(
            "{name}: one of {many} in {time:.0} ns, one of 10 in {few:.0} ns; made and indexed in {} ms",
            took.as_millis()
        );
        if many == 100_000 {
            changed(kind, set, many);
        }
    }
}

/// What one of many takes, in nanoseconds: finding it and making its answer.
fn found(kind: &Kind, set: &StubSet, many: usize) -> f64 {
    let mut number = 0_usize;
    let mut turn = || {
        let requests: Vec<Request> = (0..REQUESTS)
            .map(|_| {
                number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (kind.request)((number >> 33) % many)
            })
            .collect();
        let began = Instant::now();
        for request in &requests {
            let stub = set.find(&Asked::new(request)).expect("a stub");
            black_box(stub.plan());
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let each = began.elapsed().as_secs_f64() * 1e9 / REQUESTS as f64;
        each
    };
    turn();
    let mut turns: Vec<f64> = (0..TURNS).map(|_| turn()).collect();
    turns.sort_by(f64::total_cmp);
    turns[TURNS / 2]
}

/// What a change of a set takes, while the set as it was is still in use.
fn changed(kind: &Kind, mut set: StubSet, many: usize) {
    let mut times: [Vec<Duration>; 4] = Default::default();
    for at in 0..CHANGES {
        let new = Arc::new(stub(&(kind.pattern)(many + at)));
        let id = new.id;
        let request = (kind.request)(many + at);
        let mut timed = |what: usize, set: &mut StubSet, change: &dyn Fn(&mut StubSet)| {
            let began = Instant::now();
            let mut next = set.clone();
            change(&mut next);
            times[what].push(began.elapsed());
            *set = next;
        };
        timed(0, &mut set, &|set| set.add(Arc::clone(&new)));
        timed(1, &mut set, &|set| {
            assert_eq!(set.find(&Asked::new(&request)).expect("a stub").id, id);
        });
        timed(2, &mut set, &|set| assert!(set.replace(Arc::clone(&new))));
        timed(3, &mut set, &|set| assert!(set.remove(id).is_some()));
    }
    let [added, next, replaced, removed] = times.map(|mut times| {
        times.sort();
        format!("{:.1} µs (at most {:.0})", micros(times[CHANGES / 2]), micros(times[CHANGES - 1]))
    });
    println!(
        "{}: among {many}, one is added in {added}, the next request takes {next}, replaced {replaced}, removed {removed}",
        kind.name
    );
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn get(target: &str) -> Request {
    Request::new(Method::GET, target)
}

#[derive(Debug)]
struct NoFiles;

impl BodyFiles for NoFiles {
    fn directory(&self) -> Option<Arc<Path>> {
        None
    }

    fn check(&self, name: &str) -> Result<(), String> {
        Err(format!("there is no {name:?}"))
    }
}

fn set(kind: &Kind, many: usize) -> StubSet {
    let headers = HeaderPool::default();
    let stubs = (0..many).map(|n| numbered(&(kind.pattern)(n), n, &headers));
    let file = StubFile::new(Path::new("stubs.json").into(), stubs.collect()).expect("a file");
    StubSet::of_files(vec![Arc::new(file)])
}

fn stub(pattern: &Value) -> Stub {
    numbered(pattern, usize::MAX, &HeaderPool::default())
}

fn numbered(pattern: &Value, n: usize, headers: &HeaderPool) -> Stub {
    let mut request = pattern.clone();
    request["method"] = "GET".into();
    let mapping = json!({
        "id": uuid::Uuid::from_u128(n as u128 + 1).to_string(),
        "request": request,
        "response": {"headers": {"Content-Type": "application/json"}, "body": "x".repeat(200)},
    });
    let source =
        Source { path: "stubs.json".into(), format: Format::Json, text: mapping.to_string() };
    let decoder = Decoder::new(&source, 0);
    let compiler = StubCompiler {
        source: Path::new("stubs.json").into(),
        files: &NoFiles,
        headers,
        templating: ResponseTemplating::default(),
    };
    let stub = compiler.compile(&decoder.root(&mapping)).expect("a stub");
    assert!(decoder.finish().is_empty());
    stub.with_mapping(source.text.into())
}
