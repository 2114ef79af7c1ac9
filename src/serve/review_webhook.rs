//! The client of a webhook of a kubeconfig, which answers reviews of tokens or of access, or takes audit events: a body
//! is posted, and the answer read.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use crate::message::{Request, RequestBody};
use crate::record::Upstream;

/// How often it is asked, and how long the first pause is (`DefaultAuthWebhookRetryBackoff` in
/// `k8s.io/apiserver/pkg/server/options/authentication.go`); each pause is half as long again.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

/// How long all tries of one review may take: as long as a request.
const MOST_TIME: Duration = Duration::from_secs(60);

/// A webhook of a kubeconfig.
#[derive(Debug)]
pub(crate) struct ReviewWebhook {
    upstream: Upstream,
    /// The path of its URL, with what Go's client adds.
    target: String,
    /// How long a try may take.
    timeout: Duration,
}

impl ReviewWebhook {
    /// A webhook at a path of a server.
    pub(crate) fn new(upstream: Upstream, path: &str, timeout: Duration) -> Self {
        let path = if path.is_empty() { "/" } else { path };
        let seconds = timeout.as_secs_f64();
        Self { upstream, target: format!("{path}?timeout={seconds}s"), timeout }
    }

    /// What it answers to a review.
    ///
    /// # Errors
    /// Why it does not, after all tries.
    pub(super) async fn ask(&self, review: &str) -> Result<Value, String> {
        let answer = self.post(review.to_owned()).await?;
        serde_json::from_slice(&answer).map_err(|error| format!("its answer is no JSON: {error}"))
    }

    /// What it answers to a body.
    ///
    /// # Errors
    /// Why it does not, after all tries.
    pub(super) async fn post(&self, body: impl Into<Bytes>) -> Result<Bytes, String> {
        let tries = tokio::time::timeout(MOST_TIME, self.try_all(body.into()));
        tries.await.unwrap_or_else(|_| Err("context deadline exceeded".to_owned()))
    }

    async fn try_all(&self, body: Bytes) -> Result<Bytes, String> {
        let mut pause = PAUSE;
        let mut failure = String::new();
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(pause).await;
                pause = pause * 3 / 2;
            }
            let mut request = Request::new(Method::POST, &self.target);
            request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            request.headers.insert(ACCEPT, HeaderValue::from_static("application/json, */*"));
            request.body = RequestBody::Bytes(body.clone());
            let answer = tokio::time::timeout(self.timeout, self.upstream.fetch(request)).await;
            match answer {
                Ok(Ok(answer)) if answer.status.is_success() => return Ok(answer.body),
                Ok(Ok(answer)) => {
                    failure = format!("it answers {}", answer.status);
                    if !answer.status.is_server_error() && answer.status.as_u16() != 429 {
                        break;
                    }
                }
                Ok(Err(why)) => failure = why,
                Err(_) => "context deadline exceeded".clone_into(&mut failure),
            }
        }
        Err(failure)
    }
}
