//! A toy backend on loopback, the proxy in front of it, and what is on disk afterwards.
mod anything;
mod bodies;
mod drawn;
mod exchanges;
mod failures;
mod identity;
mod mappings;
mod round_trip;
mod sequences;

use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt, stream};
use http::{Method, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::exchange::{Arrivals, ArrivedBody, BodyCopy, End, ReceivedAnswer, SentRequest};
use super::files::{FileChange, RecordingFiles};
use super::ledger::Ledger;
use super::*;
use crate::fixtures;
use crate::matching::StubSet;
use crate::message::{Asked, Bodies, Body, BodyStream, Plan, Request, RequestBody};

/// What the backend answers: status, headers, pieces of the body.
type Answer = (u16, Vec<(&'static str, &'static str)>, BodyStream);

/// A backend that answers every request the same way; says where it is.
async fn backend<F>(answer: F) -> SocketAddr
where
    F: Fn(http::Request<Incoming>) -> Answer + Clone + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let answer = answer.clone();
            let service = service_fn(move |request: http::Request<Incoming>| {
                let (status, headers, body) = answer(request);
                let body = StreamBody::new(body.map(|item| item.map(Frame::data)));
                let mut response = http::Response::new(body);
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                for (name, value) in headers {
                    response.headers_mut().append(name, value.parse().unwrap());
                }
                async move { Ok::<_, Infallible>(response) }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(socket), service),
            );
        }
    });
    address
}

fn pieces(pieces: &[&'static str]) -> BodyStream {
    let pieces: Vec<_> =
        pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
    Box::pin(stream::iter(pieces))
}

fn limits(memory: usize) -> QueueLimits {
    QueueLimits { memory, backlog: 1 << 20, gives_way: true }
}

fn proxy_to(address: SocketAddr, directory: &TempDir) -> (Proxy, mpsc::UnboundedReceiver<String>) {
    let (sender, said) = mpsc::unbounded_channel();
    let log: crate::transport::Logger =
        Arc::new(move |line: &str| drop(sender.send(line.to_owned())));
    let upstream = Upstream::new(&format!("http://{address}/base/"), &UpstreamOptions::default());
    let to = directory.path().join("recorded");
    let recorder = Recorder::new(
        &to,
        RecordingOf::default(),
        limits(1 << 20),
        &Recorder::redactor(&to, None).unwrap(),
        &log,
    )
    .unwrap();
    (Proxy::new(upstream.unwrap(), Some(recorder)), said)
}

fn request(method: Method, target: &str, headers: &[(&'static str, &str)], body: &str) -> Request {
    let mut request = Request::new(method, target);
    for (name, value) in headers {
        request.headers.insert(*name, value.parse().unwrap());
    }
    if !body.is_empty() {
        let body = Bytes::copy_from_slice(body.as_bytes());
        request.body = RequestBody::arriving(Box::pin(stream::iter([Ok(body)])), Bodies::default());
    }
    request
}

async fn body_of(plan: Plan) -> Result<Bytes, String> {
    let Body::Passed(stream) = plan.body else { panic!("a stream") };
    let mut stream = stream.into_stream();
    let mut whole = Vec::new();
    while let Some(item) = stream.next().await {
        whole.extend_from_slice(&item.map_err(|error| error.to_string())?);
    }
    Ok(whole.into())
}

/// Every file below a directory: name, content.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            let inner = files(&entry.path());
            all.extend(inner.into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            // The recorder may remove what it has no more use for while this reads.
            match fs::read(entry.path()) {
                Ok(content) => all.push((name, content)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => panic!("{}: {error}", entry.path().display()),
            }
        }
    }
    all.sort();
    all
}

fn recorded(directory: &TempDir) -> Vec<(String, Vec<u8>)> {
    // Without the key and the list that keeps it out of version control.
    let all = files(&directory.path().join("recorded")).into_iter();
    all.filter(|(name, _)| !name.starts_with('.')).collect()
}

/// The stubs that were recorded below a directory.
fn replayed_stubs(directory: &TempDir) -> StubSet {
    StubSet::of_files(fixtures::load(&[directory.path().join("recorded")]).unwrap().set.stubs)
}

/// The files of a recording, in memory.
#[derive(Default)]
struct InMemory(std::sync::Mutex<std::collections::BTreeMap<String, Bytes>>);

impl RecordingFiles for InMemory {
    fn read(&self, name: &str) -> std::io::Result<Vec<u8>> {
        let files = self.0.lock().unwrap();
        let content = files.get(name).ok_or(std::io::ErrorKind::NotFound)?;
        Ok(content.to_vec())
    }

    fn folder(&self) -> &Path {
        Path::new("no/folder")
    }

    fn apply(&self, changes: Vec<FileChange>) -> std::io::Result<()> {
        let mut files = self.0.lock().unwrap();
        for change in changes {
            match change {
                FileChange::Move { body, name } => {
                    let mut content = Vec::new();
                    std::io::Read::read_to_end(&mut body.open()?, &mut content)?;
                    files.insert(name, content.into());
                }
                FileChange::Write { name, content } => drop(files.insert(name, content)),
                FileChange::Remove { name } => drop(files.remove(&name)),
            }
        }
        Ok(())
    }
}

/// A recording in memory.
struct Book {
    ledger: Ledger,
    files: InMemory,
    redactor: crate::redact::Redactor,
    key: crate::redact::Key,
}

impl Book {
    fn new() -> Self {
        Self::with_key(crate::redact::Key::of(b"k"))
    }

    fn with_key(key: crate::redact::Key) -> Self {
        let ledger = Ledger::open(TempDir::new().unwrap().path(), Earlier::Replace).unwrap();
        let redactor = crate::redact::Redactor::new(key.clone());
        Self { ledger, files: InMemory::default(), redactor, key }
    }

    fn record(&self, sent: &SentRequest, answer: ReceivedAnswer) {
        self.ledger.record(sent, answer, (&self.redactor, &|| true), &self.files).unwrap();
    }

    /// The mappings, by the names of their files.
    fn mappings(&self) -> Vec<(String, Value)> {
        let files = self.files.0.lock().unwrap();
        let mappings = files.iter().filter(|(name, _)| !name.contains('/'));
        mappings
            .map(|(name, content)| (name.clone(), serde_json::from_slice(content).unwrap()))
            .collect()
    }

    /// The stubs of the recording, which know its key.
    fn stubs(&self) -> StubSet {
        let mut set = StubSet::default();
        for (_, mapping) in self.mappings() {
            let stub = crate::matching::testing::stub(&mapping);
            set.add(Arc::new(stub.with_recording_key(self.key.clone())));
        }
        set
    }

    /// What each of these requests is answered, in this order.
    fn replay(&self, requests: &[Request]) -> Vec<String> {
        let set = self.stubs();
        let states = crate::matching::ScenarioStates::default();
        let answer = |request: &Request| {
            let Some(stub) = set.select(&Asked::new(request), &states) else {
                return "none".to_owned();
            };
            let plan = crate::matching::testing::answer(stub, request);
            let body = plan.body.into_bytes().unwrap_or_default();
            String::from_utf8_lossy(&body).into_owned()
        };
        requests.iter().map(answer).collect()
    }
}

/// A request as it was sent to a backend.
fn sent(
    method: Method,
    target: &str,
    headers: &[(&'static str, &str)],
    body: &[u8],
) -> SentRequest {
    let copy = BodyCopy::default();
    copy.push(body);
    let headers = request(method.clone(), "/", headers, "").headers;
    SentRequest {
        method,
        origin: None,
        target: target.to_owned(),
        headers,
        body: copy,
        links: None,
    }
}

/// An answer as a backend sent it.
fn received(status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> ReceivedAnswer {
    let headers = request(Method::GET, "/", headers, "").headers;
    let parts: &[(u64, &[u8])] = if body.is_empty() { &[] } else { &[(0, body)] };
    ReceivedAnswer {
        status: StatusCode::from_u16(status).unwrap(),
        headers,
        reason: None,
        informational: Vec::new(),
        layout: None,
        waited: std::time::Duration::ZERO,
        body: arrived(parts),
        trailers: None,
        end: End::Whole,
    }
}

/// A body whose parts arrived at these times, in milliseconds.
fn arrived(parts: &[(u64, &[u8])]) -> ArrivedBody {
    let mut arrivals = Arrivals::default();
    for (at, bytes) in parts {
        arrivals.push(std::time::Duration::from_millis(*at), bytes, usize::MAX).unwrap();
    }
    arrivals.finish(None)
}

/// The mapping of one exchange.
fn mapping_of(sent: &SentRequest, answer: ReceivedAnswer) -> Value {
    let book = Book::new();
    book.record(sent, answer);
    book.mappings().remove(0).1
}
