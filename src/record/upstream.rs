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
use crate::tls::client::{Connector, Trust, connector};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What a build without TLS says of `https://`.
const NO_TLS: &str = "this build has no TLS; build it with the feature tls";

/// How long an answer's head may take, where the options do not say.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// A body on its way to a server.
pub(super) type OutBody = UnsyncBoxBody<Bytes, BodyError>;

/// How a backend is reached, for [`Builder::upstream`](crate::Builder::upstream).
///
/// ```
/// let options = standin::UpstreamOptions::default().timeout(std::time::Duration::from_secs(5));
/// let builder = standin::Server::builder().upstream("http://127.0.0.1:8001", options);
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "options do nothing until they are given to a builder"]
pub struct UpstreamOptions {
    ca_file: Option<PathBuf>,
    insecure: bool,
    timeout: Option<Duration>,
}

impl UpstreamOptions {
    /// Trusts the certificates of a PEM file instead of the system's, for an `https://` backend.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Whether any certificate of the backend is trusted; off by default.
    pub fn insecure(mut self, on: bool) -> Self {
        self.insecure = on;
        self
    }

    /// Sets how long the head of a response may take; the default is a minute. A body may take any time, as a
    /// watch does.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// A backend.
#[derive(Debug)]
pub(crate) struct Upstream {
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
pub(crate) enum UpstreamError {
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
    pub(crate) fn new(url: &str, options: &UpstreamOptions) -> Result<Self, UpstreamError> {
        let wrong = |why: &str| UpstreamError::Url { url: url.to_owned(), why: why.to_owned() };
        let uri: Uri =
            url.parse().map_err(|error: http::uri::InvalidUri| wrong(&error.to_string()))?;
        let parts = uri.into_parts();
        let scheme = parts.scheme.ok_or_else(|| wrong("http:// or https:// is missing"))?;
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(wrong("only http and https are supported"));
        }
        if scheme == Scheme::HTTPS && cfg!(not(feature = "tls")) {
            return Err(wrong(NO_TLS));
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
        let client = Client::builder(TokioExecutor::new()).build(connect(options)?);
        Ok(Self { scheme, authority, host, base, timeout, client })
    }

    /// Sends a request. Its path and query are unchanged behind the path of the backend's URL.
    ///
    /// # Errors
    /// When there is no answer. A later failure is an error of its body.
    pub(crate) async fn forward(
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

        let mut out = http::Request::new(outgoing(request.body));
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

fn connect(options: &UpstreamOptions) -> Result<Connector, UpstreamError> {
    if cfg!(not(feature = "tls")) && (options.insecure || options.ca_file.is_some()) {
        return Err(UpstreamError::Tls(NO_TLS.to_owned()));
    }
    let trust = match &options.ca_file {
        _ if options.insecure => Trust::Anyone,
        Some(path) => Trust::File(path),
        None => Trust::System,
    };
    connect_trusting(trust)
}

/// What connects to servers.
///
/// # Errors
/// [`UpstreamError::Tls`] where a file of certificates cannot be used.
pub(super) fn connect_trusting(trust: Trust<'_>) -> Result<Connector, UpstreamError> {
    let mut http = HttpConnector::new();
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    http.set_nodelay(true);
    connector(trust, http).map_err(|error| UpstreamError::Tls(format!("the CA file {error}")))
}

/// A request's body as it is sent.
pub(super) fn outgoing(body: RequestBody) -> OutBody {
    match body {
        RequestBody::Empty => Empty::new().map_err(|never| match never {}).boxed_unsync(),
        RequestBody::Bytes(bytes) => {
            Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
        }
        RequestBody::Arriving(body) => {
            StreamBody::new(body.into_stream().map(|item| item.map(Frame::data))).boxed_unsync()
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

/// An error with what caused it: "connection refused" stands at the end of a chain.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
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
