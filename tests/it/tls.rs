//! TLS: negotiation, trust, and handling of invalid clients.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use serde_json::{Value, json};
use standin::{RunningServer, Server, TlsOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{End, PATIENCE, TFJOBS, bounds, eventually, files, raw};

/// A CA of a test's own.
struct Ca(Issuer<'static, KeyPair>, String);

impl Ca {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self(Issuer::new(params, key), pem)
    }

    /// A certificate and its key, in PEM.
    fn issue(&self, common_name: &str, groups: &[&str], until: i32) -> (String, String) {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, common_name);
        for group in groups {
            params.distinguished_name.push(DnType::OrganizationName, *group);
        }
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

struct Options<'a> {
    versions: &'a [&'static SupportedProtocolVersion],
    protocols: &'a [&'a str],
    /// Certificate and key, in PEM.
    identity: Option<&'a (String, String)>,
}

const PLAIN: Options<'static> =
    Options { versions: rustls::ALL_VERSIONS, protocols: &["http/1.1"], identity: None };

/// Does a handshake with a server, trusting a CA.
async fn connect(
    server: &RunningServer,
    ca: &str,
    options: Options<'_>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(options.versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match options.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        }
    };
    config.alpn_protocols = options.protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let tcp = TcpStream::connect(server.address()).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

/// One request over a connection, by what was negotiated.
async fn ask(
    stream: TlsStream<TcpStream>,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &'static str,
) -> (u16, Value) {
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let mut request = http::Request::builder()
        .method(method)
        .uri(format!("https://localhost{path}"))
        .header("content-type", "application/json");
    if !is_http2 {
        request = request.header("host", "localhost");
    }
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Full::new(Bytes::from_static(body.as_bytes()))).unwrap();
    let io = TokioIo::new(stream);
    let response = if is_http2 {
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    } else {
        let (mut sender, connection) = http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    };
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

async fn tls_server(options: TlsOptions) -> RunningServer {
    Server::builder().tls(options).start().await.expect("it starts")
}

#[tokio::test]
async fn both_versions_and_both_protocols_are_spoken() {
    let server = tls_server(TlsOptions::default()).await;
    let ca = server.ca_pem().unwrap();
    for (versions, negotiated) in [
        (&[&version::TLS12][..], ProtocolVersion::TLSv1_2),
        (&[&version::TLS13][..], ProtocolVersion::TLSv1_3),
    ] {
        for (protocols, chosen) in [
            (&["h2", "http/1.1"][..], Some("h2")),
            (&["http/1.1"][..], Some("http/1.1")),
            (&[][..], None),
        ] {
            let options = Options { versions, protocols, identity: None };
            let stream = connect(&server, &ca, options).await.unwrap();
            let session = stream.get_ref().1;
            assert_eq!(session.protocol_version(), Some(negotiated));
            assert_eq!(session.alpn_protocol(), chosen.map(str::as_bytes));
            let (status, body) = ask(stream, "GET", TFJOBS, None, "").await;
            assert_eq!(
                (status, &body["items"][0]["metadata"]["name"]),
                (200, &json!("tfjob-test"))
            );
        }
    }
    // Another CA is not trusted.
    let Ca(_, other) = Ca::new();
    assert!(connect(&server, &other, PLAIN).await.is_err());
}

#[tokio::test]
async fn invalid_clients_are_reported_once_and_others_are_served() {
    let lines = Arc::new(Mutex::new(Vec::<String>::new()));
    let told = Arc::clone(&lines);
    let bounds = bounds(|bounds| bounds.transport.handshake_timeout = Duration::from_millis(100));
    let server = Server::builder()
        .tls(TlsOptions::default())
        .bounds(bounds)
        .log(move |line| told.lock().unwrap().push(line.to_owned()))
        .start()
        .await
        .unwrap();
    let ca = server.ca_pem().unwrap();
    for _ in 0..20 {
        let (answer, end) = raw(server.address(), b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"));
        assert_eq!(end, End::Closed);
        let wrong = Options { protocols: &["spdy/3"], ..PLAIN };
        assert!(connect(&server, &ca, wrong).await.is_err());
    }
    // Half a handshake, and an invalid record.
    let mut half = TcpStream::connect(server.address()).await.unwrap();
    half.write_all(&[22, 3, 1, 1, 0, 1]).await.unwrap();
    let mut broken = TcpStream::connect(server.address()).await.unwrap();
    broken.write_all(&[22, 3, 1, 0, 4, 9, 9, 9, 9]).await.unwrap();
    let stream = connect(&server, &ca, PLAIN).await.unwrap();
    assert_eq!(ask(stream, "GET", "/version", None, "").await.0, 200);
    for socket in [&mut half, &mut broken] {
        let mut rest = Vec::new();
        // A FIN or an RST: the server closes it.
        let ended = tokio::time::timeout(PATIENCE, socket.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "a handshake that does not go on is ended");
    }
    let lines = lines.lock().unwrap().clone();
    let of = |words: &str| lines.iter().filter(|line| line.contains(words)).count();
    assert_eq!((of("plain HTTP on a TLS port"), of("TLS handshake")), (1, 1), "{lines:?}");
}

#[tokio::test]
async fn tls_on_a_plain_port_is_ended() {
    let server = Server::builder().start().await.unwrap();
    let Ca(_, ca) = Ca::new();
    let refused = tokio::time::timeout(PATIENCE, connect(&server, &ca, PLAIN)).await;
    assert!(refused.expect("it does not hang").is_err());
}

const WHOAMI: &str = r#"{"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}"#;

#[tokio::test]
async fn client_certificates_are_identities() {
    let (ca, stranger) = (Ca::new(), Ca::new());
    let policy = r#"{"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy", "spec": {"group": "devs", "namespace": "kube-test", "resource": "tfjobs", "apiGroup": "kubeflow.org", "readonly": true}}
{"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy", "spec": {"user": "*", "resource": "*", "apiGroup": "authentication.k8s.io"}}"#;
    let own = files(&[
        ("ca.pem", &ca.1),
        ("policy.jsonl", policy),
        ("tokens.csv", "the-token,carol,u1,\"devs\"\n"),
    ]);
    let server = Server::builder()
        .tls(TlsOptions::default().client_ca(own.path().join("ca.pem")))
        .authorization_policy_file(own.path().join("policy.jsonl"))
        .token_auth_file(own.path().join("tokens.csv"))
        .start()
        .await
        .unwrap();
    let trusted = server.ca_pem().unwrap();
    let ask = async |identity: Option<&(String, String)>, method, path, token, body| {
        let options = Options { identity, protocols: &["h2"], ..PLAIN };
        ask(connect(&server, &trusted, options).await.unwrap(), method, path, token, body).await
    };
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let alice = ca.issue("alice", &["devs"], 2090);
    let (status, who) = ask(Some(&alice), "POST", path, None, WHOAMI).await;
    assert_eq!(status, 201, "{who}");
    assert_eq!(
        who["status"]["userInfo"],
        json!({"username": "alice", "groups": ["devs", "system:authenticated"]})
    );
    assert_eq!(ask(Some(&alice), "GET", TFJOBS, None, "").await.0, 200);
    let (status, refused) = ask(Some(&alice), "DELETE", TFJOBS, None, "").await;
    assert_eq!(status, 403);
    assert!(
        refused["message"].as_str().unwrap().contains("User \"alice\" cannot deletecollection")
    );
    // An invalid certificate is a 401, unless there is a valid token.
    for bad in [ca.issue("alice", &["devs"], 2001), stranger.issue("alice", &["devs"], 2090)] {
        let (status, refused) = ask(Some(&bad), "GET", TFJOBS, None, "").await;
        assert_eq!((status, &refused["reason"]), (401, &json!("Unauthorized")));
        assert_eq!(ask(Some(&bad), "GET", TFJOBS, Some("the-token"), "").await.0, 200);
    }
    assert_eq!(ask(None, "GET", TFJOBS, Some("the-token"), "").await.0, 200);
    let (status, refused) = ask(None, "GET", TFJOBS, None, "").await;
    assert_eq!(status, 403);
    assert!(refused["message"].as_str().unwrap().contains("system:anonymous"), "{refused}");
}

#[tokio::test]
async fn without_a_policy_clients_without_a_certificate_see_the_health_alone() {
    let ca = Ca::new();
    let own = files(&[("ca.pem", &ca.1)]);
    let server = tls_server(TlsOptions::default().client_ca(own.path().join("ca.pem"))).await;
    let trusted = server.ca_pem().unwrap();
    let stream = connect(&server, &trusted, PLAIN).await.unwrap();
    let (status, refused) = ask(stream, "GET", TFJOBS, None, "").await;
    assert_eq!(status, 403);
    assert!(refused["message"].as_str().unwrap().contains("system:anonymous"), "{refused}");
    for path in ["/healthz", "/livez", "/readyz", "/version"] {
        let stream = connect(&server, &trusted, PLAIN).await.unwrap();
        assert_eq!(ask(stream, "GET", path, None, "").await.0, 200, "{path}");
    }
    let alice = ca.issue("alice", &[], 2090);
    let options = Options { identity: Some(&alice), ..PLAIN };
    let stream = connect(&server, &trusted, options).await.unwrap();
    assert_eq!(ask(stream, "GET", TFJOBS, None, "").await.0, 200);
}

/// Moves a file into place, as certificate rotation does.
fn replace(path: &Path, content: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, content).unwrap();
    std::fs::rename(new, path).unwrap();
}

#[tokio::test]
async fn changed_certificates_are_used_and_broken_ones_are_not() {
    let (first, second) = (Ca::new(), Ca::new());
    let own = files(&[]);
    let (chain, key) = (own.path().join("chain.pem"), own.path().join("key.pem"));
    let show = |ca: &Ca| {
        let (certificate, own_key) = ca.issue("server", &[], 2090);
        replace(&key, &own_key);
        replace(&chain, &format!("{certificate}{}", ca.1));
    };
    show(&first);
    let lines = Arc::new(Mutex::new(Vec::<String>::new()));
    let told = Arc::clone(&lines);
    let server = Server::builder()
        .tls(TlsOptions::default().certificate(&chain, &key))
        .log(move |line| told.lock().unwrap().push(line.to_owned()))
        .start()
        .await
        .unwrap();
    assert_eq!(
        server.ca_pem().unwrap().replace(['\r', '\n'], ""),
        first.1.replace(['\r', '\n'], "")
    );
    connect(&server, &first.1, PLAIN).await.unwrap();
    show(&second);
    let said = |words: &str| lines.lock().unwrap().iter().any(|line| line.contains(words));
    eventually("the change is seen", async || said("use the changed certificates")).await;
    connect(&server, &second.1, PLAIN).await.unwrap();
    assert!(connect(&server, &first.1, PLAIN).await.is_err());
    replace(&chain, "-----BEGIN CERTIFICATE-----\nbroken\n");
    eventually("the break is reported", async || said("the previous certificates stay in effect"))
        .await;
    connect(&server, &second.1, PLAIN).await.unwrap();
}

#[tokio::test]
async fn files_that_cannot_be_used_are_reported_before_anything_is_bound() {
    let ca = Ca::new();
    let (certificate, _) = ca.issue("server", &[], 2090);
    let (_, other_key) = ca.issue("other", &[], 2090);
    let own = files(&[("chain.pem", &certificate), ("key.pem", &other_key), ("empty.pem", "")]);
    let path = |name: &str| own.path().join(name);
    for (options, words) in [
        (TlsOptions::default().certificate(path("absent.pem"), path("key.pem")), "absent.pem"),
        (
            TlsOptions::default().certificate(path("chain.pem"), path("key.pem")),
            "is the key this certificate's?",
        ),
        (
            TlsOptions::default().certificate(path("empty.pem"), path("key.pem")),
            "no certificate in it",
        ),
        (TlsOptions::default().client_ca(path("empty.pem")), "no certificate in it"),
        (TlsOptions::default().name("not a name"), "neither a host name nor an address"),
    ] {
        let error = Server::builder().tls(options.clone()).start().await.err();
        let error = error.unwrap_or_else(|| panic!("{options:?} starts")).to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn faults_strike_under_tls() {
    for (then, expected, reset) in [
        ("{reset: before_headers}", "", true),
        ("{close: before_headers}", "", false),
        ("{close: {bytes: 10}}", "{\"apiVersi", false),
        ("{cut: {bytes: 10}}", "{\"apiVersi", false),
        ("{garbage: after_headers}", "this is not HTTP", false),
        ("{malformed_chunk: {bytes: 10}}", "\r\nzz\r\n", false),
        ("{stall: 20ms}", "\"kind\":\"TFJobList\"", false),
    ] {
        let own =
            files(&[("s.yaml", &format!("rules: [{{match: {{verb: list}}, then: {then}}}]"))]);
        let path = own.path().join("s.yaml");
        let server = Server::builder()
            .scenario(path.to_str().unwrap())
            .tls(TlsOptions::default())
            .start()
            .await
            .unwrap();
        let ca = server.ca_pem().unwrap();
        let mut stream = connect(&server, &ca, PLAIN).await.unwrap();
        let request = format!("GET {TFJOBS} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        let read = stream.read_to_end(&mut all);
        let ended = tokio::time::timeout(PATIENCE, read).await.expect("it ends");
        let got = String::from_utf8_lossy(&all);
        assert!(got.contains(expected), "{then}: {got}");
        assert_eq!(got.is_empty(), expected.is_empty(), "{then}: {got}");
        let kind = ended.err().map(|error| error.kind());
        assert_eq!(kind == Some(std::io::ErrorKind::ConnectionReset), reset, "{then}: {kind:?}");
        // The server keeps running.
        let other = connect(&server, &ca, PLAIN).await.unwrap();
        assert_eq!(ask(other, "GET", "/version", None, "").await.0, 200);
    }
}
