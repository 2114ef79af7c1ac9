//! The protocols of a request: HTTP/1.1 and HTTP/2, each plain and over TLS.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use standin::{Builder, RunningServer, Server, TlsOptions};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::{Answer, End, PATIENCE, files};

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Http1,
    Http1Tls,
    Http2,
    Http2Tls,
}

pub(crate) const WAYS: [Way; 4] = [Way::Http1, Way::Http1Tls, Way::Http2, Way::Http2Tls];

/// The protocols whose bytes are HTTP/1.1.
pub(crate) const HTTP1: [Way; 2] = [Way::Http1, Way::Http1Tls];

impl Way {
    pub(crate) fn is_tls(self) -> bool {
        matches!(self, Self::Http1Tls | Self::Http2Tls)
    }

    pub(crate) fn is_http2(self) -> bool {
        matches!(self, Self::Http2 | Self::Http2Tls)
    }
}

/// A byte stream.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A server with rules that is reached over a protocol.
pub(crate) struct Served {
    pub(crate) server: RunningServer,
    pub(crate) way: Way,
    _files: TempDir,
}

/// The stub that answers below `/x`: 2,000 bytes with their length.
const STUB: &str = r#"{"request": {"method": "ANY", "urlPathPattern": "/x/.*"}, "response": {"status": 200, "headers": {"Content-Length": "2000", "Content-Type": "text/plain; charset=utf-8", "ETag": "\"1\""}, "body": "BODY"}}"#;

/// An object, whose namespace exists with it.
const JOB: &str = "apiVersion: kubeflow.org/v1\nkind: TFJob\nmetadata: {name: one, namespace: kube-test}\n\
    spec: {tfReplicaSpecs: {Worker: {replicas: 1, template: {spec: {containers: [{name: tensorflow, image: x}]}}}}}\n";

/// The body of the stub.
pub(crate) fn body() -> String {
    "0123456789".repeat(200)
}

impl Served {
    /// A server under these rules, with a stub below `/x`, and the embedded objects.
    pub(crate) async fn new(way: Way, rules: &str) -> Self {
        Self::with(way, rules, |builder| builder).await
    }

    /// As [`Self::new`], with further settings.
    pub(crate) async fn with(way: Way, rules: &str, set: impl FnOnce(Builder) -> Builder) -> Self {
        let own = files(&[
            ("f/stub.json", &STUB.replace("BODY", &body())),
            ("f/crds.json", include_str!("../../fixtures/crds/tfjobs.json")),
            ("f/job.yaml", JOB),
            ("s.yaml", rules),
        ]);
        let path = own.path();
        let mut builder = Server::builder()
            .fixtures(path.join("f"))
            .scenario(path.join("s.yaml").to_str().unwrap());
        if way.is_tls() {
            builder = builder.tls(TlsOptions::default());
        }
        let server = set(builder).start().await.unwrap_or_else(|why| panic!("{why}"));
        Self { server, way, _files: own }
    }

    /// A connection.
    pub(crate) async fn open(&self) -> std::io::Result<Box<dyn Stream>> {
        let tcp = TcpStream::connect(self.server.address()).await?;
        if !self.way.is_tls() {
            return Ok(Box::new(tcp));
        }
        let mut roots = RootCertStore::empty();
        let ca = self.server.ca_pem().expect("a CA of its own");
        roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let protocol: &[u8] = if self.way.is_http2() { b"h2" } else { b"http/1.1" };
        config.alpn_protocols = vec![protocol.to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        Ok(Box::new(TlsConnector::from(Arc::new(config)).connect(name, tcp).await?))
    }

    /// A request on its own connection, and its answer.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, String> {
        let shown = |error: hyper::Error| format!("{error:?}");
        let body = Full::new(Bytes::copy_from_slice(body.as_bytes()));
        let mut request = http::Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let asking = async {
            let stream = TokioIo::new(self.open().await.map_err(|error| error.to_string())?);
            let response = if self.way.is_http2() {
                let uri = format!("http://localhost{path}");
                let (mut sender, connection) =
                    http2::handshake(TokioExecutor::new(), stream).await.map_err(shown)?;
                tokio::spawn(connection);
                sender.send_request(request.uri(uri).body(body).unwrap()).await
            } else {
                let (mut sender, connection) = http1::handshake(stream).await.map_err(shown)?;
                tokio::spawn(connection);
                let request = request.uri(path).header("host", "localhost");
                sender.send_request(request.body(body).unwrap()).await
            };
            let (head, body) = response.map_err(shown)?.into_parts();
            let body = body.collect().await.map_err(shown)?.to_bytes();
            Ok(Answer { status: head.status, headers: head.headers, body })
        };
        tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| Err("no answer".into()))
    }
}

/// Reads until a connection ends.
pub(crate) async fn read_to_end(stream: &mut (impl AsyncRead + Unpin)) -> (Vec<u8>, End) {
    let mut all = Vec::new();
    let mut buffer = vec![0_u8; 64 << 10];
    let reading = async {
        loop {
            match stream.read(&mut buffer).await {
                Ok(0) => return End::Closed,
                Ok(read) => all.extend_from_slice(&buffer[..read]),
                // TLS calls an end without close_notify an error.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return End::Closed;
                }
                Err(_) => return End::Reset,
            }
        }
    };
    let end = tokio::time::timeout(PATIENCE, reading).await.expect("the connection ends");
    (all, end)
}

/// Reads one answer with a Content-Length of HTTP/1.1; its head and body.
pub(crate) async fn read_answer(stream: &mut (impl AsyncRead + Unpin)) -> (String, Vec<u8>) {
    let mut all = Vec::new();
    let mut byte = [0];
    let reading = async {
        while !all.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).await.expect("a head");
            all.push(byte[0]);
        }
        let head = String::from_utf8(all).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        stream.read_exact(&mut body).await.expect("a body");
        (head, body)
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("an answer")
}
