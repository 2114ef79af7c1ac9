//! Shared helpers: a server, a plain HTTP client, a raw socket.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use standin::{Bounds, RunningServer, Server};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Long enough for a busy machine; successful tests never take this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const TFJOBS: &str = "/apis/kubeflow.org/v1/namespaces/kube-test/tfjobs";
pub(crate) const MPIJOBS: &str = "/apis/kubeflow.org/v1alpha2/namespaces/kube-test/mpijobs";
pub(crate) const VCJOBS: &str =
    "/apis/batch.volcano.sh/v1alpha1/namespaces/cci-namespace-42263891/jobs";

/// The three collections with the documented examples.
pub(crate) const COLLECTIONS: [&str; 3] = [TFJOBS, MPIJOBS, VCJOBS];

/// The four documented endpoints: page, method, path.
pub(crate) const ENDPOINTS: [(&str, &str, &str); 4] = [
    ("000", "DELETE", MPIJOBS),
    ("003", "GET", MPIJOBS),
    ("002", "DELETE", TFJOBS),
    ("001", "DELETE", VCJOBS),
];

/// The default bounds, with a change.
pub(crate) fn bounds(change: impl FnOnce(&mut Bounds)) -> Bounds {
    let mut bounds = Bounds::default();
    change(&mut bounds);
    bounds
}

/// A server with the embedded fixtures.
pub(crate) async fn server() -> RunningServer {
    Server::builder().start().await.expect("it starts")
}

/// A server with a scenario over the embedded fixtures.
pub(crate) async fn with_scenario(name_or_file: &str) -> RunningServer {
    Server::builder().scenario(name_or_file).start().await.expect("it starts")
}

/// A directory with files: name, content.
pub(crate) fn files(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().expect("a directory");
    for (name, content) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, content).expect("a file");
    }
    directory
}

/// A kubeconfig that names a server, and how its user authenticates.
pub(crate) fn kubeconfig(server: &str, user: &str) -> String {
    format!(
        "current-context: a\ncontexts: [{{name: a, context: {{cluster: c, user: u}}}}]\nclusters: [{{name: c, cluster: {{server: '{server}'}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
    )
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The value at a JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    /// The names of a list's items, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let json = self.json();
        let items = json["items"].as_array().unwrap_or_else(|| panic!("a list: {json}"));
        items
            .iter()
            .map(|item| item["metadata"]["name"].as_str().unwrap_or("").to_owned())
            .collect()
    }
}

/// Sends a GET without extra headers.
pub(crate) async fn ask(server: &RunningServer, method: &str, target: &str) -> Answer {
    send(server, method, target, &[], "").await
}

/// Sends a JSON body.
pub(crate) async fn post(
    server: &RunningServer,
    method: &str,
    target: &str,
    body: &Value,
) -> Answer {
    send(server, method, target, &[("content-type", "application/json")], &body.to_string()).await
}

/// Sends anything.
pub(crate) async fn send(
    server: &RunningServer,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    try_send(server, method, target, headers, body).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Sends like [`send`], if the connection may break.
pub(crate) async fn try_send(
    server: &RunningServer,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Answer, String> {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = Request::builder().method(method).uri(format!("{}{target}", server.url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request =
        request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).expect("a request");
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = async {
        let response = client.request(request).await.map_err(|error| format!("{error:?}"))?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| format!("{error:?}"))?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, body })
    };
    tokio::time::timeout(PATIENCE, answer)
        .await
        .unwrap_or_else(|_| Err("no answer in time".to_owned()))
}

/// How a raw connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// FIN.
    Closed,
    /// RST.
    Reset,
}

/// Sends raw bytes, and reads until the connection ends.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> (String, End) {
    let talk = async {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        // A server that refuses early may not read all of it.
        let _ = stream.write_all(bytes).await;
        read_all(&mut stream).await
    };
    tokio::time::timeout(PATIENCE, talk).await.expect("the connection ends")
}

/// Reads until the connection ends.
pub(crate) async fn read_all(stream: &mut TcpStream) -> (String, End) {
    let mut all = Vec::new();
    let mut buffer = vec![0_u8; 64 << 10];
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) => return (String::from_utf8_lossy(&all).into_owned(), End::Closed),
            Ok(read) => all.extend_from_slice(&buffer[..read]),
            Err(_) => return (String::from_utf8_lossy(&all).into_owned(), End::Reset),
        }
    }
}

/// Polls until a condition holds, for effects of other threads such as a reload.
pub(crate) async fn eventually(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let all = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// The content of every file below a folder, one after the other; without those that a recorder renames meanwhile.
pub(crate) fn everything(directory: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(directory).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.push_str(&everything(&path));
        } else {
            match std::fs::read(path) {
                Ok(bytes) => all.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}"),
            }
        }
    }
    all
}

/// A port for a program that cannot be given one of the system's choice. It is below the ports that the system chooses,
/// so that nobody has it before the program begins.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = 12_000 + u16::try_from(std::process::id() % 1_000).expect("below 1,000") * 16;
    let ports = std::iter::repeat_with(|| begin + NEXT.fetch_add(1, Ordering::Relaxed) % 4_000);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.take(4_000).find(is_free).expect("a free port")
}
