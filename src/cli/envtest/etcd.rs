//! `etcd`: answers its health until it is ended. The objects are kept by the API server.
//!
//! envtest starts it with the addresses for clients and peers, asks `/health`, and passes the address on to the API
//! server (`sigs.k8s.io/controller-runtime/pkg/internal/testing/controlplane/etcd.go`).

use std::convert::Infallible;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;

use crate::error::{EXIT_FAILURE, EXIT_USAGE};

use super::super::error::CommandError;
use super::parent;

/// The flags of etcd 3.4 to 3.6, as their `--help` lists them.
const FLAGS: &str = include_str!("data/etcd-flags.txt");

/// The version that it says it has.
const VERSION: &str = "3.6.8";

/// The address for clients where the command line names none.
const DEFAULT: &str = "http://localhost:2379";

/// How many connections are open at once.
const MOST_CONNECTIONS: usize = 64;

/// How long a client may take for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs the program.
pub(super) fn run(arguments: &[OsString]) -> ExitCode {
    let arguments: Vec<String> =
        arguments.iter().map(|one| one.to_string_lossy().into_owned()).collect();
    let urls = match parse(&arguments) {
        Ok(Asked::Help) => {
            print!("{}", help());
            return ExitCode::SUCCESS;
        }
        Ok(Asked::Version) => {
            println!("etcd Version: {VERSION}");
            return ExitCode::SUCCESS;
        }
        Ok(Asked::Run(urls)) => urls,
        Err(why) => {
            eprintln!("{why}\n{}", help());
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match parent::end_with_it().and_then(|()| serve(&urls)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("etcd: {error}");
            ExitCode::from(EXIT_FAILURE)
        }
    }
}

/// What a command line asks for.
#[derive(Debug)]
enum Asked {
    /// To serve clients at these URLs.
    Run(Vec<String>),
    /// To print the flags.
    Help,
    /// To print the version.
    Version,
}

/// Parses the arguments in the syntax of Go's package `flag`.
fn parse(arguments: &[String]) -> Result<Asked, String> {
    let mut urls = Vec::new();
    let mut rest = arguments.iter().peekable();
    while let Some(argument) = rest.next() {
        let text = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-'));
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Err(format!("'{argument}' is not a valid flag"));
        };
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        match name {
            "help" | "h" => return Ok(Asked::Help),
            "version" => return Ok(Asked::Version),
            name if !FLAGS.lines().any(|known| known == name) => {
                return Err(format!("flag provided but not defined: -{name}"));
            }
            _ => {}
        }
        // A flag without a value in front of another one is a boolean.
        let value = value.or_else(|| rest.next_if(|next| !next.starts_with('-')).cloned());
        if name == "listen-client-urls" {
            let list = value.unwrap_or_default();
            let is_url = |url: &str| url.starts_with("http://") || url.starts_with("https://");
            if let Some(url) = list.split(',').find(|url| !is_url(url)) {
                return Err(format!(
                    "invalid value \"{list}\" for flag -{name}: URL scheme must be http, https, unix, or unixs: {url}"
                ));
            }
            urls = list.split(',').map(str::to_owned).collect();
        }
    }
    if urls.is_empty() {
        urls.push(DEFAULT.to_owned());
    }
    Ok(Asked::Run(urls))
}

/// What `--help` prints. envtest looks for the names of flags in it.
fn help() -> String {
    let mut text = "Usage:\n\n  etcd [flags]\n    Standin under the name etcd: it answers its health and keeps \
                    nothing.\n\nFlags:\n\n"
        .to_owned();
    for name in FLAGS.lines() {
        text.push_str(&format!("  --{name}\n"));
    }
    text
}

/// Serves the health until a signal.
fn serve(urls: &[String]) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(CommandError::Start)?.block_on(async {
        let mut ends = signal(SignalKind::terminate()).map_err(CommandError::Start)?;
        let mut interrupts = signal(SignalKind::interrupt()).map_err(CommandError::Start)?;
        for url in urls {
            let address = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            let address = address.split('/').next().unwrap_or_default();
            let listener = TcpListener::bind(address).await.map_err(|error| {
                CommandError::Failed(format!("listening on {url} failed: {error}"))
            })?;
            tokio::spawn(accept(listener));
        }
        tokio::select! {
            _ = ends.recv() => {}
            _ = interrupts.recv() => {}
        }
        Ok(())
    })
}

/// Answers the connections of an address.
async fn accept(listener: TcpListener) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, for example.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(async move {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
            let answered = http.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
            // The client of a broken connection asks again.
            drop((answered, place));
        });
    }
}

/// Answers a request as etcd's HTTP handlers do.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match request.uri().path() {
        "/health" => (StatusCode::OK, r#"{"health":"true","reason":""}"#.to_owned()),
        "/livez" | "/readyz" => (StatusCode::OK, "ok\n".to_owned()),
        "/version" => {
            let body = format!(r#"{{"etcdserver":"{VERSION}","etcdcluster":"3.6.0"}}"#);
            (StatusCode::OK, body)
        }
        _ => (StatusCode::NOT_FOUND, "404 page not found\n".to_owned()),
    };
    let is_json = body.starts_with('{');
    let media = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(media));
    // A service answers with a future; this one is done.
    std::future::ready(Ok(response)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Asked, String> {
        parse(&arguments.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_addresses_for_clients_are_found_among_the_flags() {
        let asked = parsed(&[
            "--data-dir=/d",
            "--unsafe-no-fsync=true",
            "--listen-client-urls",
            "http://127.0.0.1:1,http://127.0.0.1:2",
            "--listen-peer-urls=http://127.0.0.1:3",
        ]);
        let Ok(Asked::Run(urls)) = asked else { panic!("{asked:?}") };
        assert_eq!(urls, ["http://127.0.0.1:1", "http://127.0.0.1:2"]);
        let Ok(Asked::Run(urls)) = parsed(&["--debug", "--force-new-cluster"]) else { panic!() };
        assert_eq!(urls, [DEFAULT]);
        assert!(matches!(parsed(&["-h"]), Ok(Asked::Help)));
        assert!(matches!(parsed(&["--version"]), Ok(Asked::Version)));
    }

    #[test]
    fn wrong_flags_have_etcds_texts() {
        assert_eq!(
            parsed(&["--nonsense"]).unwrap_err(),
            "flag provided but not defined: -nonsense"
        );
        assert_eq!(parsed(&["foo"]).unwrap_err(), "'foo' is not a valid flag");
        assert!(
            parsed(&["--listen-client-urls=foo"])
                .unwrap_err()
                .ends_with("URL scheme must be http, https, unix, or unixs: foo")
        );
    }

    #[test]
    fn envtest_finds_the_flag_that_it_looks_for() {
        assert!(help().contains("\n  --unsafe-no-fsync\n"));
    }
}
