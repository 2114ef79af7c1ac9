//! What the server answers with a stub, whatever the stub's response is made from.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::header::{HOST, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Uri};

use crate::document::Diagnostics;
use crate::message::{Body, Plan, Request, RequestBody};
use crate::serve::{Assembly, RequestContext, Settings, Sources, stub_answer};

use super::{LiteralRequest, RecordedStub};

/// The header fields by which the server names the stub.
const MARKS: [&str; 2] = ["matched-stub-id", "matched-stub-name"];

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordedAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnswerError {
    /// A body of the stub cannot be read.
    #[error("{0}")]
    Body(String),
    /// Another server answers.
    #[error("it proxies to another server")]
    Proxied,
    /// The connection breaks.
    #[error("it is a fault")]
    Fault,
}

/// Answers with stubs, without a server that listens.
#[derive(Debug)]
pub(crate) struct Answers {
    context: RequestContext,
    /// The URL that clients would use; links in answers begin with it.
    base: Option<Uri>,
}

impl Answers {
    /// Of the stubs of a recording.
    ///
    /// # Errors
    /// Every problem of every file.
    pub(crate) fn new(paths: &[PathBuf], base: Option<Uri>) -> Result<Self, Diagnostics> {
        let sources = Sources { fixtures: paths.to_vec(), ..Sources::default() };
        let loaded = sources.load()?;
        let (_stop, stopping) = tokio::sync::watch::channel(false);
        let settings = Settings { strict: true, loopback: true, ..Settings::default() };
        let assembly = Assembly {
            settings,
            sources,
            loaded,
            observer: None,
            tls: None,
            stopping,
            store: None,
        };
        let shared = assembly.shared()?;
        let world = Arc::clone(shared.worlds.default());
        Ok(Self { context: RequestContext::new(shared, world), base })
    }

    /// The answer of a stub to a request; to a GET of `/` where none is known.
    ///
    /// # Errors
    /// Its body cannot be read.
    pub(crate) async fn of(
        &self,
        stub: &RecordedStub,
        request: Option<&LiteralRequest>,
    ) -> Result<RecordedAnswer, AnswerError> {
        let response = &stub.mapping["response"];
        if response["proxyBaseUrl"].is_string() {
            return Err(AnswerError::Proxied);
        }
        if response["fault"].is_string() {
            return Err(AnswerError::Fault);
        }
        let target = request.map_or("/", |request| &request.target);
        let mut asked = Request::new(Method::GET, target);
        if let Some(request) = request {
            asked.method = request.method.clone();
            asked.headers = request.headers.clone();
            if !request.body.is_empty() {
                asked.body = RequestBody::Bytes(request.body.clone());
            }
        }
        if let Some(base) = &self.base {
            asked.tls = base.scheme_str() == Some("https");
            let host = base.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
            if let Some(host) = host {
                asked.headers.insert(HOST, host);
            }
        }
        let Plan { status, mut headers, body, .. } =
            stub_answer(&self.context, &asked, &stub.stub).await;
        for name in MARKS {
            headers.remove(name);
        }
        let body = match body {
            // What is passed on comes from another server: there is none here.
            Body::Empty | Body::Passed(_) | Body::Tunnel(_) => Bytes::new(),
            Body::Bytes(bytes) => bytes,
            Body::Pieces(pieces) => pieces.concat().into(),
            Body::Stream(stream) | Body::WebSocket(stream) => {
                let parts: Vec<Bytes> = stream
                    .try_collect()
                    .await
                    .map_err(|error| AnswerError::Body(error.to_string()))?;
                parts.concat().into()
            }
        };
        Ok(RecordedAnswer { status, headers, body })
    }
}
