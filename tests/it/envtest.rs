//! The program under the names that controller-runtime's envtest starts.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_rustls::TlsConnector;

use crate::commands::run;
use crate::support::{PATIENCE, eventually, free_port};

/// A directory of assets, written by the command.
pub(crate) async fn assets(arguments: &[&str]) -> (TempDir, PathBuf) {
    let root = tempfile::tempdir().expect("a directory");
    let to = root.path().join("assets");
    let given = ["envtest", "--to", to.to_str().expect("text")];
    let (code, out, error) = run(&[&given[..], arguments].concat()).await;
    assert_eq!((code, error.as_str()), (0, ""));
    let printed = PathBuf::from(out.trim_end());
    assert_eq!(printed, std::fs::canonicalize(&to).expect("it is there"));
    (root, printed)
}

/// Runs a program that is expected to end by itself.
async fn ended(program: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(program).args(arguments).kill_on_drop(true).output();
    let Output { status, stdout, stderr } =
        tokio::time::timeout(PATIENCE, output).await.expect("it ends").expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code().expect("an exit code"), text(stdout), text(stderr))
}

/// Sends SIGTERM and waits for the end.
pub(crate) async fn terminated(mut child: Child) -> Option<i32> {
    let id = child.id().expect("it runs").to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.expect("kill").success());
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
    ended.expect("it ends").expect("a status").code()
}

/// An API server with the flags that envtest gives it.
pub(crate) struct ControlPlane {
    pub(crate) server: Child,
    port: u16,
    certificates: PathBuf,
}

pub(crate) fn start(assets: &Path, certificates: &Path, arguments: &[&str]) -> ControlPlane {
    let port = free_port();
    let key = certificates.join("sa.key");
    std::fs::create_dir_all(certificates).expect("a directory");
    std::fs::write(&key, KeyPair::generate().expect("a key").serialize_pem()).expect("a file");
    let key = key.to_str().expect("text");
    let server = Command::new(assets.join("kube-apiserver"))
        .args([
            "--allow-privileged=true",
            "--bind-address=127.0.0.1",
            "--disable-admission-plugins=ServiceAccount",
            "--etcd-servers=http://127.0.0.1:2379",
            "--service-account-issuer=https://127.0.0.1/",
            "--service-cluster-ip-range=10.0.0.0/24",
        ])
        .arg(format!("--cert-dir={}", certificates.display()))
        .arg(format!("--secure-port={port}"))
        .arg(format!("--service-account-key-file={key}"))
        .arg(format!("--service-account-signing-key-file={key}"))
        .args(arguments)
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    ControlPlane { server, port, certificates: certificates.to_owned() }
}

/// Who asks: nobody, the owner of a token, or the subject of a client certificate and its key.
#[derive(Clone, Copy)]
pub(crate) enum Sender<'a> {
    Nobody,
    Token(&'a str),
    Certificate(&'a (String, String)),
    /// The holder of a certificate, with headers.
    Proxy(&'a (String, String), &'a [(&'static str, &'static str)]),
}

impl ControlPlane {
    /// The status and the body of an answer.
    async fn try_get(&self, path: &str, sender: Sender<'_>) -> std::io::Result<(u16, String)> {
        let chain = std::fs::read(self.certificates.join("apiserver.crt"))?;
        let mut roots = RootCertStore::empty();
        for one in CertificateDer::pem_slice_iter(&chain).filter_map(Result::ok) {
            // The CA is in the chain; a server's certificate is none, and verifies nothing.
            let _ = roots.add(one);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots);
        let config = match sender {
            Sender::Certificate((certificate, key)) | Sender::Proxy((certificate, key), _) => {
                let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                builder.with_client_auth_cert(vec![certificate], key).unwrap()
            }
            _ => builder.with_no_client_auth(),
        };
        let tcp = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
        get(stream, path, sender).await
    }

    pub(crate) async fn get(&self, path: &str, sender: Sender<'_>) -> (u16, String) {
        self.try_get(path, sender).await.expect("an answer")
    }

    pub(crate) async fn ready(&self, path: &str) {
        eventually("it is healthy", async || {
            self.try_get(path, Sender::Nobody).await.is_ok_and(|(_, body)| body == "ok")
        })
        .await;
    }
}

async fn get<S>(stream: S, path: &str, sender: Sender<'_>) -> std::io::Result<(u16, String)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut request = http::Request::get(path).header("host", "localhost");
    if let Sender::Token(token) = sender {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if let Sender::Proxy(_, headers) = sender {
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
    }
    let request = request.body(Empty::<Bytes>::new()).expect("a request");
    let (mut requests, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
    tokio::spawn(connection);
    let answer = requests.send_request(request).await.map_err(std::io::Error::other)?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.map_err(std::io::Error::other)?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// A CA as a file, and certificates of it.
struct Ca(Issuer<'static, KeyPair>);

impl Ca {
    fn new(file: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        std::fs::write(file, params.self_signed(&key).unwrap().pem()).unwrap();
        Self(Issuer::new(params, key))
    }

    fn issue(&self, user: &str, group: &str) -> (String, String) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, user);
        params.distinguished_name.push(DnType::OrganizationName, group);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

#[tokio::test]
async fn a_control_plane_of_envtest_starts_serves_its_users_and_ends() {
    let (root, assets) = assets(&[]).await;
    let ca = Ca::new(&root.path().join("clients.crt"));
    let tokens = root.path().join("tokens.csv");
    std::fs::write(&tokens, "a-token,jane,1,system:masters\n").unwrap();
    let clients = format!("--client-ca-file={}", root.path().join("clients.crt").display());
    let tokens = format!("--token-auth-file={}", tokens.display());
    let flags = ["--authorization-mode=RBAC", &*clients, &*tokens];
    let plane = start(&assets, &root.path().join("certs"), &flags);
    // As envtest asks, and as people do, without a certificate.
    plane.ready("/healthz").await;
    plane.ready("/readyz").await;
    let admin = ca.issue("admin", "system:masters");
    let other = ca.issue("jill", "devs");
    let secrets = "/api/v1/namespaces/default/secrets";
    assert_eq!(plane.get(secrets, Sender::Certificate(&admin)).await.0, 200);
    assert_eq!(plane.get(secrets, Sender::Token("a-token")).await.0, 200);
    assert_eq!(plane.get(secrets, Sender::Token("of-nobody")).await.0, 401);
    let (status, why) = plane.get(secrets, Sender::Certificate(&other)).await;
    assert!(status == 403 && why.contains(r#"User \"jill\" cannot list"#), "{status} {why}");
    let (status, why) = plane.get(secrets, Sender::Nobody).await;
    assert!(status == 403 && why.contains("system:anonymous"), "{status} {why}");
    // A new cluster, without the types and objects of the embedded fixtures.
    let (_, groups) = plane.get("/apis", Sender::Certificate(&admin)).await;
    assert!(groups.contains("apps/v1") && !groups.contains("kubeflow"), "{groups}");
    assert_eq!(terminated(plane.server).await, Some(0));
}

#[tokio::test]
async fn a_front_proxy_says_who_sends_a_request() {
    let (root, assets) = assets(&[]).await;
    let (front, clients) = (root.path().join("front.crt"), root.path().join("clients.crt"));
    let (proxies, people) = (Ca::new(&front), Ca::new(&clients));
    let flags = [
        "--authorization-mode=RBAC",
        &*format!("--client-ca-file={}", clients.display()),
        &*format!("--requestheader-client-ca-file={}", front.display()),
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    ];
    let plane = start(&assets, &root.path().join("certs"), &flags);
    plane.ready("/readyz").await;
    let (front, odd) = (proxies.issue("front-proxy-client", "g"), proxies.issue("odd", "g"));
    let admin = people.issue("admin", "system:masters");
    let secrets = "/api/v1/namespaces/default/secrets";
    let master = [("x-remote-user", "jane"), ("x-remote-group", "system:masters")];
    let plain = [("x-remote-user", "jill"), ("x-remote-group", "devs")];
    assert_eq!(plane.get(secrets, Sender::Proxy(&front, &master)).await.0, 200);
    let (status, why) = plane.get(secrets, Sender::Proxy(&front, &plain)).await;
    assert!(status == 403 && why.contains(r#"User \"jill\" cannot list"#), "{status} {why}");
    // Neither another proxy nor a client may say so, and a proxy that says nothing is no client.
    assert_eq!(plane.get(secrets, Sender::Proxy(&odd, &master)).await.0, 401);
    assert_eq!(plane.get(secrets, Sender::Proxy(&front, &[])).await.0, 401);
    assert_eq!(plane.get(secrets, Sender::Proxy(&admin, &plain)).await.0, 200);
}

#[tokio::test]
async fn anonymous_requests_are_refused_where_everything_is_allowed() {
    let (root, assets) = assets(&["--kubernetes-version", "1.32"]).await;
    let tokens = root.path().join("tokens.csv");
    std::fs::write(&tokens, "a-token,jane,1\n").unwrap();
    let tokens = format!("--token-auth-file={}", tokens.display());
    let plane = start(&assets, &root.path().join("certs"), &[&tokens]);
    let sender = Sender::Token("a-token");
    eventually("it serves", async || plane.try_get("/version", sender).await.is_ok()).await;
    assert_eq!(plane.get("/api/v1/pods", Sender::Nobody).await.0, 401);
    assert_eq!(plane.get("/api/v1/pods", sender).await.0, 200);
    // The version is that of the directory.
    let (_, version) = plane.get("/version", sender).await;
    assert!(version.contains("v1.32.0"), "{version}");
    let (_, groups) = plane.get("/apis", sender).await;
    assert!(!groups.contains("resource.k8s.io") && groups.contains("networking.k8s.io"));
    let (_, services) = plane.get("/apis/networking.k8s.io/v1", sender).await;
    assert!(!services.contains("ServiceCIDR") && services.contains("Ingress"), "{services}");
}

#[tokio::test]
async fn flags_turn_apis_and_features_off() {
    let (root, assets) = assets(&[]).await;
    let tokens = root.path().join("tokens.csv");
    std::fs::write(&tokens, "a-token,jane,1,system:masters\n").unwrap();
    let tokens = format!("--token-auth-file={}", tokens.display());
    let flags = [
        "--authorization-mode=RBAC",
        "--runtime-config=apps/v1=false,batch/v1/cronjobs=false,autoscaling/v2=false",
        "--feature-gates=WatchList=false",
        &*tokens,
    ];
    let plane = start(&assets, &root.path().join("certs"), &flags);
    plane.ready("/readyz").await;
    let jane = Sender::Token("a-token");
    for (path, status, text) in [
        ("/apis/apps/v1", 404, "404 page not found"),
        ("/apis/apps/v1/deployments", 404, "404 page not found"),
        ("/openapi/v3/apis/apps/v1", 404, ""),
        ("/apis/batch/v1/cronjobs", 404, "the server could not find the requested resource"),
        ("/apis/autoscaling/v2", 404, "the server could not find the requested resource"),
        ("/apis/autoscaling/v1/horizontalpodautoscalers", 200, "HorizontalPodAutoscalerList"),
        ("/apis/apiregistration.k8s.io/v1/apiservices/v1.apps", 404, "not found"),
        ("/apis/apiregistration.k8s.io/v1/apiservices/v1.batch", 200, "v1.batch"),
        (
            "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
            422,
            "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
        ),
    ] {
        let (found, body) = plane.get(path, jane).await;
        assert!(found == status && body.contains(text), "{path}: {found} {body}");
    }
    let (_, groups) = plane.get("/apis", jane).await;
    assert!(!groups.contains("\"apps\"") && groups.contains("\"batch\""), "{groups}");
    let (_, document) = plane.get("/openapi/v2", jane).await;
    assert!(!document.contains("\"/apis/apps/v1/") && document.contains("\"/apis/batch/v1/"));
}

#[tokio::test]
async fn tokens_of_service_accounts_are_checked_with_published_keys() {
    let (root, assets) = assets(&[]).await;
    let tokens = root.path().join("tokens.csv");
    std::fs::write(&tokens, "a-token,jane,1,system:masters\n").unwrap();
    let tokens = format!("--token-auth-file={}", tokens.display());
    let flags = ["--authorization-mode=RBAC", &*tokens];
    let plane = start(&assets, &root.path().join("certs"), &flags);
    plane.ready("/readyz").await;
    let jane = Sender::Token("a-token");
    let (status, keys) = plane.get("/openid/v1/jwks", jane).await;
    assert_eq!(status, 200, "{keys}");
    let keys: serde_json::Value = serde_json::from_str(&keys).unwrap();
    assert_eq!((&keys["keys"][0]["alg"], &keys["keys"][0]["kty"]), (&"ES256".into(), &"EC".into()));
    let (_, issuer) = plane.get("/.well-known/openid-configuration", jane).await;
    assert!(issuer.contains("\"issuer\":\"https://127.0.0.1/\""), "{issuer}");
    assert!(issuer.contains("\"jwks_uri\":\"https://localhost/openid/v1/jwks\""), "{issuer}");
    // Not for everybody.
    assert_eq!(plane.get("/openid/v1/jwks", Sender::Nobody).await.0, 403);
}

#[tokio::test]
async fn wrong_flags_are_refused_as_upstream_refuses_them() {
    let (root, assets) = assets(&[]).await;
    let program = assets.join("kube-apiserver");
    let (code, out, error) = ended(&program, &["--nonsense"]).await;
    assert_eq!((code, out.as_str(), error.as_str()), (1, "", "Error: unknown flag: --nonsense\n"));
    let (code, _, error) = ended(&program, &["--secure-port=0"]).await;
    assert_eq!(code, 1);
    assert!(error.starts_with('E') && error.contains(" run.go:72] \"command failed\" err=\"["));
    assert!(error.contains("--etcd-servers must be specified, --secure-port 0 must be"), "{error}");
    let needed = [
        "--etcd-servers=http://127.0.0.1:1",
        "--service-account-issuer=https://a",
        "--service-account-key-file=k",
        "--service-account-signing-key-file=k",
        "--bind-address=127.0.0.1",
    ];
    let certificates = format!("--cert-dir={}", root.path().display());
    for (flag, text) in [
        ("--client-ca-file=/no/such", "open /no/such: no such file or directory"),
        ("--token-auth-file=/no/such", "open /no/such: no such file or directory"),
        ("--tls-cert-file=/no/such", "missing filename for serving cert"),
    ] {
        let (code, _, error) =
            ended(&program, &[&needed[..], &[&certificates, flag]].concat()).await;
        assert_eq!(code, 1, "{error}");
        assert!(error.contains(&format!("err=\"{text}\"")), "{error}");
    }
    let (code, help, _) = ended(&program, &["--help"]).await;
    assert!(code == 0 && help.contains("\n      --secure-port int\n"), "{help}");
    let (code, version, _) = ended(&program, &["--version"]).await;
    assert_eq!((code, version.as_str()), (0, "Kubernetes v1.36.3\n"));
    let (code, _, error) = ended(&assets.join("etcd"), &["--nonsense"]).await;
    assert_eq!(code, 2);
    assert!(error.starts_with("flag provided but not defined: -nonsense\n"), "{error}");
}

fn etcd(assets: &Path, port: u16) -> Command {
    let url = format!("http://127.0.0.1:{port}");
    let mut command = Command::new(assets.join("etcd"));
    command
        .arg(format!("--advertise-client-urls={url}"))
        .arg(format!("--listen-client-urls={url}"))
        .args(["--listen-peer-urls=http://127.0.0.1:0", "--data-dir=unused"])
        .arg("--unsafe-no-fsync=true")
        .kill_on_drop(true)
        .stdin(Stdio::null());
    command
}

async fn health(port: u16) -> Option<(u16, String)> {
    let tcp = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    get(tcp, "/health", Sender::Nobody).await.ok()
}

#[tokio::test]
async fn etcd_answers_its_health_and_ends() {
    let (_root, assets) = assets(&[]).await;
    let port = free_port();
    let child = etcd(&assets, port).spawn().expect("it runs");
    eventually("it is healthy", async || {
        health(port).await.is_some_and(|(status, body)| status == 200 && body.contains("\"true\""))
    })
    .await;
    assert_eq!(terminated(child).await, Some(0));
}

/// A shell starts it, and is killed: what it has started has no parent then.
#[tokio::test]
async fn programs_end_when_their_parent_is_killed() {
    let (_root, assets) = assets(&[]).await;
    let port = free_port();
    let script = format!(
        "'{}' --listen-client-urls=http://127.0.0.1:{port} & echo started; read never",
        assets.join("etcd").display()
    );
    let mut shell = Command::new("sh")
        .args(["-c", &script])
        .kill_on_drop(true)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    eventually("it is healthy", async || health(port).await.is_some()).await;
    shell.kill().await.expect("it is killed");
    eventually("it has ended", async || health(port).await.is_none()).await;
}

#[tokio::test]
async fn directories_are_those_of_setup_envtest_and_keep_other_programs() {
    let root = tempfile::tempdir().expect("a directory");
    let store = root.path().to_str().expect("text");
    let arguments = ["envtest", "--bin-dir", store, "--kubernetes-version", "1.33.x"];
    let (code, out, _) = run(&[&arguments[..], &["-p", "env"]].concat()).await;
    assert_eq!(code, 0);
    let line = out.strip_prefix("export KUBEBUILDER_ASSETS='").expect(&out);
    let directory = PathBuf::from(line.trim_end().trim_end_matches('\''));
    let folder = directory.file_name().and_then(|name| name.to_str()).expect("a name");
    assert!(folder.starts_with("1.33.0-") && directory.parent().unwrap().ends_with("k8s"));
    // Again, over what is there.
    assert_eq!(run(&arguments).await.0, 0);
    std::fs::remove_file(directory.join("etcd")).unwrap();
    std::fs::write(directory.join("etcd"), "another program").unwrap();
    let (code, _, error) = run(&arguments).await;
    assert_eq!(code, 1);
    assert!(error.contains("another program already") && error.contains("--force"), "{error}");
    assert_eq!(run(&[&arguments[..], &["--force"]].concat()).await.0, 0);
    let (code, _, error) = run(&["envtest"]).await;
    assert!(code == 2 && error.contains("--to"), "{error}");
}

#[tokio::test]
async fn a_client_that_sends_half_a_request_does_not_stop_etcd() {
    let (_root, assets) = assets(&[]).await;
    let port = free_port();
    let _child = etcd(&assets, port).spawn().expect("it runs");
    eventually("it is healthy", async || health(port).await.is_some()).await;
    let mut slow = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    slow.write_all(b"GET /hea").await.expect("it is sent");
    assert!(health(port).await.is_some());
    let mut garbage = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    garbage.write_all(b"\0\0\0\r\n\r\n").await.expect("it is sent");
    let mut rest = Vec::new();
    let _ = garbage.read_to_end(&mut rest).await;
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 400"), "{rest:?}");
    assert!(health(port).await.is_some());
}
