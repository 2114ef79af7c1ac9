//! The HTTP client: one for both servers. The certificate of the real one is not verified: it signs its own.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, Request};
use http_body_util::{BodyDataStream, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};

use crate::step::Step;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// The most bytes of an answer.
const MOST_BYTES: usize = 16 << 20;

/// How long a stream may be silent before its first event, and after one.
const SILENCE: (Duration, Duration) = (Duration::from_millis(1500), Duration::from_millis(400));

/// How long another answer may be silent: it may be a stream as well.
const LONG_SILENCE: Duration = Duration::from_secs(4);

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body, or of a stream the lines that came.
    pub(crate) body: Vec<u8>,
}

/// Sends requests.
pub(crate) struct Client {
    inner: hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Client {
    pub(crate) fn new() -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .build();
        let inner =
            hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { inner })
    }

    /// Sends a request whose places are filled in.
    pub(crate) async fn send(&self, base: &str, token: &str, step: &Step) -> Result<Reply, String> {
        let mut request = Request::builder()
            .method(step.method.as_str())
            .uri(format!("{base}{}", step.target()))
            .header("authorization", format!("Bearer {token}"))
            .header("user-agent", "differential/1");
        let has = |name: &str| step.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        if !has("accept") {
            request = request.header("accept", "application/json");
        }
        if step.body.is_some() && !has("content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &step.headers {
            request = request.header(name, value);
        }
        let body = Full::new(Bytes::from(step.body.clone().unwrap_or_default()));
        let request = request.body(body).map_err(|error| format!("{error}: {step:?}"))?;
        let answer = async {
            let response =
                self.inner.request(request).await.map_err(|error| format!("{error:?}"))?;
            let (head, body) = response.into_parts();
            let stream = head.status == 200 && (step.watch || step.path.contains("/watch/"));
            let silence = if stream { SILENCE } else { (LONG_SILENCE, LONG_SILENCE) };
            let body = read(body, silence).await;
            Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
        };
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        answer
            .unwrap_or_else(|_| Err(format!("no answer within {} s: {step:?}", PATIENCE.as_secs())))
    }
}

/// What comes before the answer ends or falls silent.
async fn read(body: Incoming, silence: (Duration, Duration)) -> Vec<u8> {
    let mut stream = BodyDataStream::new(body);
    let mut read = Vec::new();
    let (mut patience, later) = silence;
    while let Ok(Some(Ok(piece))) = tokio::time::timeout(patience, stream.next()).await {
        read.extend_from_slice(&piece);
        patience = later;
        if read.len() > MOST_BYTES {
            break;
        }
    }
    read
}

/// Accepts every certificate.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
