//! TLS for the benchmarks: a client that trusts anyone, and bare hyper behind the server's own settings.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// What bare hyper speaks over TLS: the first argument of the program, see [`is_bare_tls`].
pub(crate) const BARE_HTTP1: &str = "bare-tls-http1";
pub(crate) const BARE_HTTP2: &str = "bare-tls";

/// Serves as bare hyper, where this program was started for that: over TLS with the server's certificate, key
/// exchange and cipher.
pub(crate) fn is_bare_tls() -> bool {
    let args: Vec<String> = std::env::args().collect();
    let [_, kind, _, file] = args.as_slice() else { return false };
    if ![BARE_HTTP1, BARE_HTTP2].contains(&&**kind) {
        return false;
    }
    let h2 = kind == BARE_HTTP2;
    let body = Bytes::from(std::fs::read(file).expect("its body"));
    let acceptor = acceptor(h2);
    Runtime::new().expect("a runtime").block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("listening on https://{} ", listener.local_addr().expect("an address"));
        loop {
            let (socket, _) = listener.accept().await.expect("a connection");
            socket.set_nodelay(true).expect("an option");
            let (acceptor, body) = (acceptor.clone(), body.clone());
            tokio::spawn(async move {
                let stream = TokioIo::new(acceptor.accept(socket).await.expect("a handshake"));
                let service = service_fn(move |_| {
                    let response = http::Response::builder()
                        .header("content-type", "application/json")
                        .body(Full::new(body.clone()))
                        .expect("a response");
                    async move { Ok::<_, Infallible>(response) }
                });
                if h2 {
                    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(stream, service).await;
                } else {
                    let builder = hyper::server::conn::http1::Builder::new();
                    let _ = builder.serve_connection(stream, service).await;
                }
            });
        }
    })
}

fn acceptor(h2: bool) -> TlsAcceptor {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("params");
    let certificate = params.self_signed(&key).expect("a certificate");
    let chain = vec![certificate.der().clone()];
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a pair");
    config.alpn_protocols = vec![if h2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    TlsAcceptor::from(Arc::new(config))
}

/// A client that trusts whoever answers: what is measured is on loopback.
pub(crate) fn anyone(h2: bool) -> Arc<ClientConfig> {
    #[derive(Debug)]
    struct Anyone(rustls::crypto::CryptoProvider);
    impl rustls::client::danger::ServerCertVerifier for Anyone {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: rustls::pki_types::UnixTime,
        ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
            Ok(rustls::client::danger::ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }
        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }
        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
    let provider = rustls::crypto::ring::default_provider();
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider.clone()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    config.dangerous().set_certificate_verifier(Arc::new(Anyone(provider)));
    config.alpn_protocols = vec![if h2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    Arc::new(config)
}
