//! The backend: sends requests to it and receives its answers, both streamed.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, future, stream};
use http::header::{self, HeaderMap, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Uri, Version};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::message::{BodyError, Informational, Request, RequestBody, RequestTrailers};
use crate::tls::client::{Offer, TlsClient, Trust};

use super::connect::BackendConnector;
use super::credentials::Credentials;
use super::headers::{self, set_upgrade};
use super::http2_code::http2_code;
use super::options::{PemSource, UpstreamOptions};
use super::route::{Place, advice};

/// How long an answer's head may take, where the options do not say.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// How much of one answer over HTTP/2 a backend may send before some of it is passed on, in bytes.
const WINDOW: u32 = 1 << 20;

/// The most bytes of an answer's head that hyper buffers.
const MAX_HEAD: usize = 256 << 10;

/// A body on its way to a server.
pub(super) type OutBody = UnsyncBoxBody<Bytes, BodyError>;

/// A backend.
#[derive(Debug)]
pub(crate) struct Upstream {
    scheme: Scheme,
    /// The host that requests name.
    authority: Authority,
    preserve_host: bool,
    /// The path of its URL without the last slash, which goes before the path of each request.
    base: String,
    /// The URL as messages show it, and the proxy on the way.
    shown: String,
    remedies: Remedies,
    timeout: Duration,
    proxy_credentials: Option<HeaderValue>,
    /// For requests that have none.
    credentials: Option<Credentials>,
    /// HTTP/1.1 or HTTP/2, as is negotiated.
    client: Client<BackendConnector, OutBody>,
    /// HTTP/1.1, for upgrades.
    http1: Client<BackendConnector, OutBody>,
    /// HTTP/2, for gRPC.
    http2: Client<BackendConnector, OutBody>,
}

/// A backend that cannot be used, or did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    /// The URL is not that of a backend.
    #[error("{url:?} is not a backend's URL: {why}")]
    Url {
        /// The URL as given.
        url: String,
        /// What is wrong, and what is right.
        why: String,
    },
    /// The certificates cannot be used.
    #[error("{0}")]
    Tls(String),
    /// There are no credentials for it.
    #[error("the request is not sent to the backend: {0}")]
    Credentials(String),
    /// It did not answer in time.
    #[error("the backend {url} did not begin to answer within {} s", timeout.as_secs_f32())]
    Timeout {
        /// Its URL.
        url: String,
        /// The limit.
        timeout: Duration,
    },
    /// It could not be reached, or the connection ended before its answer.
    #[error("the backend {url} does not answer: {why}; {remedy}")]
    Broken {
        /// Its URL.
        url: String,
        /// What happened.
        why: String,
        /// What to do.
        remedy: &'static str,
        /// The error code of HTTP/2, where it reset the stream or ended the connection with one.
        code: Option<u32>,
    },
}

/// What decides which advice helps.
#[derive(Debug, Clone, Copy)]
struct Remedies {
    has_ca: bool,
    has_identity: bool,
}

impl Remedies {
    /// What to do about a backend that does not answer.
    fn of(self, why: &str) -> &'static str {
        let lower = why.to_ascii_lowercase();
        if lower.contains("not valid for name") {
            return "set the name that its certificate has with --upstream-sni";
        }
        if lower.contains("certificaterequired") || lower.contains("certificate required") {
            return "show it a client certificate with --upstream-cert and --upstream-key";
        }
        if lower.contains("alert") && lower.contains("certificate") && self.has_identity {
            return "it does not accept the certificate of --upstream-cert";
        }
        if lower.contains("certificate") {
            return if self.has_ca {
                "the certificates of --upstream-ca do not prove its own; name its CA or its certificate, or trust any with --upstream-insecure"
            } else {
                "name its CA, or its certificate, with --upstream-ca, or trust any with --upstream-insecure"
            };
        }
        if lower.contains("corrupt message") || lower.contains("invalidcontenttype") {
            return "does it speak TLS? without it the URL begins with http://";
        }
        if lower.contains("proxy authorization required") {
            return "name user and password in the proxy's URL, such as HTTPS_PROXY=http://user:password@host:3128";
        }
        "is it running?"
    }
}

impl Upstream {
    /// A backend by its URL, without connecting to it.
    ///
    /// # Errors
    /// When the URL or the certificates cannot be used.
    pub(crate) fn new(url: &str, options: &UpstreamOptions) -> Result<Self, UpstreamError> {
        let wrong = |why: &str| UpstreamError::Url { url: url.to_owned(), why: why.to_owned() };
        let place = Place::of(url, options.proxies()).map_err(|why| wrong(&advice(&why)))?;
        let authority = match &options.host {
            Some(host) => host
                .parse()
                .map_err(|_| wrong(&format!("{host:?} is not a host to name in requests")))?,
            None => place.authority.clone(),
        };
        let [offering_both, offering_http1] = if place.scheme == Scheme::HTTPS {
            let name = options.server_name.as_deref().unwrap_or(place.authority.host());
            let both = tls(options, name, Offer::Both)?;
            [Some(both), Some(tls(options, name, Offer::Http1)?)]
        } else {
            [None, None]
        };
        let mut shown = url.trim_end_matches('/').to_owned();
        if let Some(proxy) = place.proxy() {
            shown.push_str(&format!(" (through the proxy {proxy})"));
        }
        let has_tls = offering_both.is_some();
        let connector = |tls, http2| BackendConnector::new(place.route.clone(), tls, http2);
        let both = connector(offering_both.clone(), place.http2_only);
        let http1 = connector(offering_http1, false);
        let http2 = connector(offering_both, !has_tls);
        Ok(Self {
            scheme: place.scheme,
            authority,
            preserve_host: options.preserve_host,
            base: place.base,
            shown,
            remedies: Remedies {
                has_ca: options.ca.is_some(),
                has_identity: options.identity.is_some(),
            },
            timeout: options.timeout.unwrap_or(ANSWER_TIMEOUT),
            proxy_credentials: place.proxy_credentials,
            credentials: options.credentials.clone(),
            client: client(both, place.http2_only),
            http1: client(http1, false),
            http2: client(http2, true),
        })
    }

    /// Sends a request. Its path and query are unchanged behind the path of the backend's URL.
    ///
    /// # Errors
    /// When there is no answer. A later failure is an error of its body.
    pub(crate) async fn forward(
        &self,
        request: Request,
    ) -> Result<http::Response<Incoming>, UpstreamError> {
        let Request { method, uri, mut headers, body, informational, trailers, .. } = request;
        let upgrade = headers::upgrade(&headers);
        let takes_trailers = headers::takes_trailers(&headers);
        headers::of_request(&mut headers, takes_trailers);
        let client = if let Some(protocol) = upgrade {
            set_upgrade(&mut headers, protocol);
            &self.http1
        } else if self.scheme == Scheme::HTTP && is_grpc(&headers) {
            &self.http2
        } else {
            &self.client
        };
        // It was answered here already, when the body was read.
        headers.remove(header::EXPECT);
        let authority = self.name_host(&mut headers);
        if let Some(credentials) = &self.proxy_credentials {
            headers.insert(header::PROXY_AUTHORIZATION, credentials.clone());
        }
        if let Some(credentials) = &self.credentials
            && !headers.contains_key(header::AUTHORIZATION)
        {
            let value = credentials.get().await.map_err(UpstreamError::Credentials)?;
            headers.insert(header::AUTHORIZATION, value);
        }
        let mut out = http::Request::new(outgoing(body, trailers));
        *out.method_mut() = method;
        *out.uri_mut() =
            self.uri(authority, &uri).map_err(|error| self.broken(error.to_string(), None))?;
        *out.version_mut() = Version::HTTP_11;
        *out.headers_mut() = headers;
        if let Some(informational) = informational {
            // Over HTTP/2 hyper has none (https://github.com/hyperium/hyper/pull/4114).
            hyper::ext::on_informational(&mut out, move |interim| {
                let interim = Informational::with(interim.status(), interim.headers().clone());
                if let Some(interim) = interim {
                    informational.send(interim);
                }
            });
        }
        match tokio::time::timeout(self.timeout, client.request(out)).await {
            Err(_) => {
                Err(UpstreamError::Timeout { url: self.shown.clone(), timeout: self.timeout })
            }
            Ok(Err(error)) => Err(self.broken(causes(&error), http2_code(&error))),
            Ok(Ok(mut response)) => {
                let upgraded = headers::upgrade(response.headers());
                headers::of_answer(response.headers_mut(), takes_trailers);
                if let Some(protocol) = upgraded.filter(|_| response.status() == 101) {
                    set_upgrade(response.headers_mut(), protocol);
                }
                Ok(response)
            }
        }
    }

    /// The host that a request names. The client makes `Host` or `:authority` of it; servers refuse a request over
    /// HTTP/2 that has both.
    fn name_host(&self, headers: &mut HeaderMap) -> Authority {
        let host = headers.remove(header::HOST).filter(|_| self.preserve_host);
        let kept = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
        kept.unwrap_or_else(|| self.authority.clone())
    }

    fn uri(&self, authority: Authority, of: &Uri) -> Result<Uri, http::Error> {
        let path = match of.path_and_query() {
            Some(path) if self.base.is_empty() => path.clone(),
            path => {
                let target = path.map_or("/", PathAndQuery::as_str);
                PathAndQuery::try_from(format!("{}{target}", self.base))?
            }
        };
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(authority);
        parts.path_and_query = Some(path);
        Ok(Uri::from_parts(parts)?)
    }

    fn broken(&self, why: String, code: Option<u32>) -> UpstreamError {
        let remedy = self.remedies.of(&why);
        UpstreamError::Broken { url: self.shown.clone(), why, remedy, code }
    }
}

/// A client that keeps connections for further requests.
fn client(connector: BackendConnector, http2_only: bool) -> Client<BackendConnector, OutBody> {
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .http1_max_buf_size(MAX_HEAD)
        .http2_only(http2_only)
        .http2_initial_stream_window_size(WINDOW)
        .http2_initial_connection_window_size(WINDOW * 4)
        .build(connector)
}

/// gRPC needs HTTP/2, which is not negotiated without TLS.
fn is_grpc(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    media.is_some_and(|media| media.starts_with(b"application/grpc"))
}

fn tls(options: &UpstreamOptions, name: &str, offer: Offer) -> Result<TlsClient, UpstreamError> {
    let unusable = |why: String| UpstreamError::Tls(why);
    let in_file = |why: String| unusable(format!("the CA file {why}"));
    let ca = options.ca.as_ref().map(PemSource::read).transpose().map_err(in_file)?;
    let trust = match &ca {
        _ if options.insecure => Trust::Anyone,
        Some(pem) => Trust::Pem(pem),
        None => Trust::System,
    };
    let identity = options.read_identity().map_err(unusable)?;
    TlsClient::new(trust, identity.as_ref(), name, offer)
        .map_err(|error| unusable(error.to_string()))
}

/// A request's body as it is sent.
pub(super) fn outgoing(body: RequestBody, trailers: Option<RequestTrailers>) -> OutBody {
    match body {
        RequestBody::Empty => Empty::new().map_err(|never| match never {}).boxed_unsync(),
        RequestBody::Bytes(bytes) => {
            Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
        }
        RequestBody::Arriving(body) => {
            let data = body.into_stream().map(|item| item.map(Frame::data));
            // They are known behind the data.
            let last = stream::once(async move {
                let trailers = trailers?.get()?.clone();
                Some(Ok(Frame::trailers(trailers)))
            });
            StreamBody::new(data.chain(last.filter_map(future::ready))).boxed_unsync()
        }
    }
}

/// An error with what caused it: "connection refused" is at the end of a chain.
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
