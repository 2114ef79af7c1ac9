//! The client of the token webhook: a review is posted, and the answer read.

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

/// The webhook of `--authentication-token-webhook-config-file`.
#[derive(Debug)]
pub(crate) struct TokenWebhookClient {
    upstream: Upstream,
    /// The path of its URL, with what Go's client adds.
    target: String,
}

impl TokenWebhookClient {
    /// A webhook at a path of a server.
    pub(crate) fn new(upstream: Upstream, path: &str) -> Self {
        let path = if path.is_empty() { "/" } else { path };
        Self { upstream, target: format!("{path}?timeout=30s") }
    }

    /// What it answers to a review.
    ///
    /// # Errors
    /// Why it does not, after all tries.
    pub(super) async fn ask(&self, review: &str) -> Result<Value, String> {
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
            request.body = RequestBody::Bytes(Bytes::from(review.to_owned()));
            match self.upstream.fetch(request).await {
                Ok(answer) if answer.status.is_success() => {
                    return serde_json::from_slice(&answer.body)
                        .map_err(|error| format!("its answer is no JSON: {error}"));
                }
                Ok(answer) => {
                    failure = format!("it answers {}", answer.status);
                    if !answer.status.is_server_error() && answer.status.as_u16() != 429 {
                        break;
                    }
                }
                Err(why) => failure = why,
            }
        }
        Err(failure)
    }
}
