//! The backend: sends requests to it and receives its answers, both streamed.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Uri, Version};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::message::{BodyError, Request, RequestBody};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer's head may take by default.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "tls"))]
type Connector = HttpConnector;

type OutBody = UnsyncBoxBody<Bytes, BodyError>;

/// How to reach a backend.
#[derive(Debug, Clone, Default)]
pub struct UpstreamOptions {
    /// A PEM file with the certificates to trust in place of the system's, for an https backend.
    pub ca_file: Option<PathBuf>,
    /// Trusts any certificate of the backend.
    pub insecure: bool,
    /// How long the head of an answer may take; a minute by default. Bodies may take any time, as watches do.
    pub timeout: Option<Duration>,
}

/// A backend.
#[derive(Debug)]
pub struct Upstream {
    scheme: Scheme,
    authority: Authority,
    host: HeaderValue,
    /// The path of its URL without the last slash, which goes before the path of each request.
    base: String,
    timeout: Duration,
    client: Client<Connector, OutBody>,
}

/// A backend that cannot be used, or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The URL is not that of a backend.
    #[error("{url:?} is not a backend's URL: {why}; write it like http://127.0.0.1:8001")]
    Url {
        /// The URL as given.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// The certificates cannot be used.
    #[error("{0}")]
    Tls(String),
    /// It did not answer in time.
    #[error("the backend {url} did not begin to answer within {} s", timeout.as_secs_f32())]
    Timeout {
        /// Its URL.
        url: String,
        /// The limit.
        timeout: Duration,
    },
    /// It could not be reached, or the connection ended before its answer.
    #[error("the backend {url} does not answer: {why}; {}", remedy(why))]
    Broken {
        /// Its URL.
        url: String,
        /// What happened.
        why: String,
    },
}

/// What to do about a backend that does not answer.
fn remedy(why: &str) -> &'static str {
    if why.contains("certificate") {
        return "name its CA with --upstream-ca, or trust any certificate with --upstream-insecure";
    }
    "is it running?"
}

impl Upstream {
    /// A backend by its URL, without connecting to it.
    ///
    /// # Errors
    /// When the URL or the certificates cannot be used.
    pub fn new(url: &str, options: &UpstreamOptions) -> Result<Self, UpstreamError> {
        let wrong = |why: &str| UpstreamError::Url { url: url.to_owned(), why: why.to_owned() };
        let uri: Uri =
            url.parse().map_err(|error: http::uri::InvalidUri| wrong(&error.to_string()))?;
        let parts = uri.into_parts();
        let scheme = parts.scheme.ok_or_else(|| wrong("http:// or https:// is missing"))?;
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(wrong("only http and https are supported"));
        }
        if scheme == Scheme::HTTPS && cfg!(not(feature = "tls")) {
            return Err(wrong("this build has no TLS; build it with the feature tls"));
        }
        let authority = parts.authority.ok_or_else(|| wrong("the host is missing"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("credentials do not belong there; clients send their own"));
        }
        let path = parts.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
        if path.query().is_some() {
            return Err(wrong("it has a query"));
        }
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| wrong("the host"))?;
        let base = path.path().trim_end_matches('/').to_owned();
        let timeout = options.timeout.unwrap_or(ANSWER_TIMEOUT);
        let client = Client::builder(TokioExecutor::new()).build(connector(options)?);
        Ok(Self { scheme, authority, host, base, timeout, client })
    }

    /// Sends a request. Its path and query are unchanged behind the path of the backend's URL.
    ///
    /// # Errors
    /// When there is no answer. A later failure is an error of its body.
    pub async fn forward(
        &self,
        request: Request,
    ) -> Result<http::Response<Incoming>, UpstreamError> {
        let target = format!("{}{}", self.base, request.target());
        let path = target.parse::<PathAndQuery>();
        let url = || format!("{}://{}{}", self.scheme, self.authority, self.base);
        let broken = |why: String| UpstreamError::Broken { url: url(), why };
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(self.scheme.clone());
        uri.authority = Some(self.authority.clone());
        uri.path_and_query = Some(path.map_err(|error| broken(error.to_string()))?);
        let uri = Uri::from_parts(uri).map_err(|error| broken(error.to_string()))?;

        let mut out = http::Request::new(body(request.body));
        *out.method_mut() = request.method;
        *out.uri_mut() = uri;
        *out.version_mut() = Version::HTTP_11;
        *out.headers_mut() = request.headers;
        end_to_end(out.headers_mut());
        // It was answered here already, when the body was read.
        out.headers_mut().remove(header::EXPECT);
        out.headers_mut().insert(header::HOST, self.host.clone());
        match tokio::time::timeout(self.timeout, self.client.request(out)).await {
            Err(_) => Err(UpstreamError::Timeout { url: url(), timeout: self.timeout }),
            Ok(Err(error)) => Err(broken(causes(&error))),
            Ok(Ok(mut response)) => {
                end_to_end(response.headers_mut());
                Ok(response)
            }
        }
    }
}

fn connector(options: &UpstreamOptions) -> Result<Connector, UpstreamError> {
    let mut http = HttpConnector::new();
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    http.set_nodelay(true);
    http.enforce_http(false);
    #[cfg(feature = "tls")]
    {
        use crate::tls::client::{Trust, config};
        let trust = match &options.ca_file {
            _ if options.insecure => Trust::Anyone,
            Some(path) => Trust::File(path),
            None => Trust::System,
        };
        let failed = |error| UpstreamError::Tls(format!("the CA file {error}"));
        let config = config(trust).map_err(failed)?;
        let builder = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config);
        Ok(builder.https_or_http().enable_http1().wrap_connector(http))
    }
    #[cfg(not(feature = "tls"))]
    if options.insecure || options.ca_file.is_some() {
        let why = "this build has no TLS; build it with the feature tls";
        return Err(UpstreamError::Tls(why.to_owned()));
    }
    #[cfg(not(feature = "tls"))]
    Ok(http)
}

fn body(body: RequestBody) -> OutBody {
    match body {
        RequestBody::Empty => Empty::new().map_err(|never| match never {}).boxed_unsync(),
        RequestBody::Bytes(bytes) => {
            Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
        }
        RequestBody::Stream(stream) => {
            StreamBody::new(stream.map(|item| item.map(Frame::data))).boxed_unsync()
        }
    }
}

/// Header fields of one connection (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Removes the header fields of the connection.
fn end_to_end(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// An error with its causes: "connection refused" is at the end of the chain.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
