//! What passing requests on costs, and what recording them costs on top: `cargo bench --bench proxy`.
//!
//! A reverse proxy of bare hyper, Standin as a proxy, Standin that records, and nginx where it is installed stand
//! before the same backend, and are asked in turns by the same client: by their requests in a second, and by the
//! processor time of the proxy alone. All speak HTTP/1.1 over kept-alive connections on both sides.

#[allow(dead_code, reason = "each benchmark uses a part of it")]
#[path = "support/mod.rs"]
mod support;

use std::convert::Infallible;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use http::Uri;
use http::uri::{Authority, Scheme};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use support::{Process, Requests, Turn, is_bare, median, turn};

/// How many turns each proxy has.
const TURNS: usize = 9;

/// How many targets are asked for. Each is recorded once; after that, a recorder compares.
const TARGETS: usize = 2_000;

fn main() {
    if is_bare() || is_bare_proxy() {
        return;
    }
    let item = json!({"name": "item", "labels": {"app": "bench"}, "text": "x".repeat(960)});
    let backend = Process::bare(item.to_string().as_bytes(), "application/json");
    let url = format!("http://{}", backend.address());
    let recordings = TempDir::new().expect("a directory");
    let to = recordings.path().to_str().expect("a path");
    let bare = bare_proxy(&url);
    let passing = Process::standin(&["--upstream", &url]);
    let recording = Process::program("record", &["--upstream", &url, "--to", to]);
    let mut proxies = vec![("passing on", passing), ("recording", recording)];
    let directory = TempDir::new().expect("a directory");
    match nginx(&directory, &url) {
        Some(nginx) => proxies.push(("nginx", nginx)),
        None => println!("nginx: not installed"),
    }
    let write = |n: usize, to: &mut Vec<u8>| {
        let _ = write!(to, "GET /items/{n} HTTP/1.1\r\nhost: bench\r\naccept: */*\r\n\r\n");
    };
    let requests = Requests { count: TARGETS, write: &write };
    // The first turn opens connections, and records every target.
    for server in [&bare].into_iter().chain(proxies.iter().map(|(_, server)| server)) {
        turn(server, requests, 0);
    }
    let mut turns: Vec<Vec<(Turn, Turn)>> = proxies.iter().map(|_| Vec::new()).collect();
    for number in 1..=TURNS {
        for ((_, server), turns) in proxies.iter().zip(&mut turns) {
            turns.push((turn(&bare, requests, number), turn(server, requests, number)));
        }
    }
    for ((name, server), turns) in proxies.iter().zip(&turns) {
        let of = |figure: fn(&(Turn, Turn)) -> f64| median(turns.iter().map(figure).collect());
        println!(
            "{name}: {:.2} of bare hyper's rate ({:.0} of {:.0} requests/s), {:.2} of its processor time ({:.1} of {:.1} µs each); {:.1} MiB of memory at most",
            of(|(bare, own)| own.rate / bare.rate),
            of(|(_, own)| own.rate),
            of(|(bare, _)| bare.rate),
            of(|(bare, own)| own.micros / bare.micros),
            of(|(_, own)| own.micros),
            of(|(bare, _)| bare.micros),
            mib(server.most_resident())
        );
    }
    let (passing, recording) = (&turns[0], &turns[1]);
    let pairs = || passing.iter().zip(recording);
    println!(
        "recording beside passing on: {:.2} of the rate, target 0.80; {:.2} of the processor time",
        median(pairs().map(|((_, passing), (_, own))| own.rate / passing.rate).collect()),
        median(pairs().map(|((_, passing), (_, own))| own.micros / passing.micros).collect())
    );
}

#[expect(clippy::cast_precision_loss, reason = "a size for people")]
fn mib(kib: usize) -> f64 {
    kib as f64 / 1024.0
}

/// A reverse proxy of hyper alone: this program, started once more.
fn bare_proxy(backend: &str) -> Process {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["bare-proxy", backend]);
    Process::spawn(command, None)
}

/// Serves as that proxy, where this program was started for that.
fn is_bare_proxy() -> bool {
    let args: Vec<String> = std::env::args().collect();
    let [_, kind, backend] = args.as_slice() else { return false };
    if kind != "bare-proxy" {
        return false;
    }
    let authority: Authority = backend.trim_start_matches("http://").parse().expect("an address");
    Runtime::new().expect("a runtime").block_on(async move {
        let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build_http();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("listening on http://{} ", listener.local_addr().expect("an address"));
        loop {
            let (socket, _) = listener.accept().await.expect("a connection");
            socket.set_nodelay(true).expect("an option");
            let (client, authority) = (client.clone(), authority.clone());
            let service = service_fn(move |mut request: http::Request<Incoming>| {
                let mut parts = std::mem::take(request.uri_mut()).into_parts();
                parts.scheme = Some(Scheme::HTTP);
                parts.authority = Some(authority.clone());
                *request.uri_mut() = Uri::from_parts(parts).expect("a URI");
                let answer = client.request(request);
                async move { Ok::<_, Infallible>(answer.await.expect("an answer")) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(socket), service);
            tokio::spawn(connection);
        }
    })
}

/// nginx as a proxy, in one process, so that its processor time is that of the process.
fn nginx(directory: &TempDir, backend: &str) -> Option<Process> {
    Command::new("nginx").arg("-v").stderr(Stdio::null()).status().ok()?;
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        free.local_addr().expect("an address").port()
    };
    let address = backend.trim_start_matches("http://");
    let at = directory.path().to_str().expect("a path");
    let settings = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/errors;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {at}/body; proxy_temp_path {at}/proxy;
  fastcgi_temp_path {at}/fastcgi; uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;
  upstream backend {{ server {address}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection \"\"; }}
  }}
}}
"
    );
    let file = directory.path().join("nginx.conf");
    fs::write(&file, settings).expect("a file");
    // It prints no line: the shell does it in its place, and becomes nginx.
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!(
        "echo 'listening on http://127.0.0.1:{port} '; exec nginx -c {}",
        file.display()
    ));
    let nginx = Process::spawn(command, None);
    while std::net::TcpStream::connect(nginx.address()).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    Some(nginx)
}
