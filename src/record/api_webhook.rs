//! The client of an API server's webhooks: a body is posted, and the answer read whole. What goes wrong is said in
//! the words of Go's clients, which an API server passes on.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Error;
use tokio::time::{Instant, timeout_at};

use super::api_clients::{ApiClient, ApiClients};
use super::api_webhook_connect::{WebhookConnector, WebhookTarget};
use super::api_webhook_redirect::{MOST_REQUESTS, Redirect, redirect};

/// How long a client waits (`setGlobalDefaults` in `k8s.io/apiserver/pkg/util/webhook/authentication.go`).
const TIMEOUT: Duration = Duration::from_secs(30);

/// The largest answer that is read, in bytes: far above an object that can be stored.
const MOST: usize = 16 << 20;

/// How often a call is made again that asks for it (`Request.maxRetries`).
const MOST_RETRIES: usize = 10;

/// How long a webhook may take, and how it is said that it took longer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience {
    /// As long as a client waits: for each head, and for the body.
    Client,
    /// This time for the whole call.
    Call(Duration),
}

impl Patience {
    /// When the next step of a call has to be done, which began at `start`.
    fn until(self, start: Instant) -> Instant {
        match self {
            Self::Client => Instant::now() + TIMEOUT,
            Self::Call(time) => start + time,
        }
    }

    /// Waits as a webhook asks for, and no longer than its call may take.
    ///
    /// # Errors
    /// The time of the call ends first.
    async fn wait(self, time: Duration, start: Instant) -> Result<(), String> {
        match self {
            Self::Call(most) if start.elapsed().saturating_add(time) >= most => {
                tokio::time::sleep_until(start + most).await;
                Err("context deadline exceeded".to_owned())
            }
            _ => {
                tokio::time::sleep(time).await;
                Ok(())
            }
        }
    }

    /// The words about a step that was not done.
    fn late(self, of_client: &str) -> String {
        match self {
            Self::Client => format!("context deadline exceeded ({of_client})"),
            Self::Call(_) => "context deadline exceeded".to_owned(),
        }
    }
}

/// The answer of a webhook.
#[derive(Debug)]
pub(crate) struct WebhookAnswer {
    pub(crate) status: StatusCode,
    /// `Content-Type`; empty where it has none.
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

/// The client of one webhook.
type WebhookClient = ApiClient<Full<Bytes>>;

/// The clients of all webhooks.
#[derive(Debug, Default)]
pub(crate) struct ApiWebhooks(ApiClients<WebhookTarget, Full<Bytes>>);

impl ApiWebhooks {
    /// Posts JSON to a webhook.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(crate) async fn post(
        &self,
        target: WebhookTarget,
        body: Bytes,
        patience: Patience,
    ) -> Result<WebhookAnswer, String> {
        let start = Instant::now();
        for _ in 0..MOST_RETRIES {
            let answer = self.follow(&target, &body, patience, start).await?;
            match asked_to_wait(&answer) {
                Some(time) => patience
                    .wait(time, start)
                    .await
                    .map_err(|why| format!("Post \"{}\": {why}", target.url))?,
                None => return read(answer, patience, start).await,
            }
        }
        read(self.follow(&target, &body, patience, start).await?, patience, start).await
    }

    /// Sends a call, also to where it is redirected.
    async fn follow(
        &self,
        target: &WebhookTarget,
        body: &Bytes,
        patience: Patience,
        start: Instant,
    ) -> Result<Response<Incoming>, String> {
        let mut to = Redirect::first(target);
        for _ in 0..MOST_REQUESTS {
            // Errors name the method of the first request, and the last URL.
            let url = to.target.url.clone();
            let failed = |why: String| format!("Post \"{url}\": {why}");
            to.check_scheme().map_err(failed)?;
            let client = self.client(&to.target).map_err(failed)?;
            let body = if to.method == Method::POST { body.clone() } else { Bytes::new() };
            let answer = send(&client, (&to.method, &url), body, patience, start).await?;
            match redirect(&answer, &to.method, &to.target).map_err(failed)? {
                Some(next) => to = next,
                None => return Ok(answer),
            }
        }
        Err(format!("Post \"{}\": stopped after {MOST_REQUESTS} redirects", to.location))
    }

    pub(super) fn client(&self, target: &WebhookTarget) -> Result<Arc<WebhookClient>, String> {
        self.0.get(target, WebhookConnector::new)
    }
}

async fn send(
    client: &WebhookClient,
    (method, url): (&Method, &str),
    body: Bytes,
    patience: Patience,
    start: Instant,
) -> Result<Response<Incoming>, String> {
    let failed = |why: &str| format!("Post \"{url}\": {why}");
    let request = http::Request::builder()
        .method(method)
        .uri(url)
        .header(ACCEPT, "application/json, */*")
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, "kube-apiserver-admission")
        .body(Full::new(body))
        .map_err(|error| failed(&error.to_string()))?;
    match timeout_at(patience.until(start), client.request(request)).await {
        Ok(answer) => answer.map_err(|error| failed(&reason(&error))),
        Err(_) => Err(failed(&patience.late("Client.Timeout exceeded while awaiting headers"))),
    }
}

/// Why there was no answer.
pub(super) fn reason(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        if let Some(error) = next.downcast_ref::<hyper::Error>() {
            if error.is_incomplete_message() {
                return "EOF".to_owned();
            }
            if error.is_parse() {
                return format!("net/http: HTTP/1.x transport connection broken: {error}");
            }
        }
        if let Some(error) = next.downcast_ref::<std::io::Error>() {
            match error.kind() {
                std::io::ErrorKind::ConnectionReset => {
                    return "read: connection reset by peer".to_owned();
                }
                // The connection ends in the middle.
                std::io::ErrorKind::UnexpectedEof => return "EOF".to_owned(),
                _ => {}
            }
        }
        cause = next;
    }
    cause.to_string()
}

/// How long a webhook that is busy asks to wait (`IsNextRetry`).
fn asked_to_wait(answer: &Response<Incoming>) -> Option<Duration> {
    let status = answer.status();
    if status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
        return None;
    }
    let seconds: u64 = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Reads an answer to its end.
async fn read(
    answer: Response<Incoming>,
    patience: Patience,
    start: Instant,
) -> Result<WebhookAnswer, String> {
    let until = patience.until(start);
    let failed = |why: &str| {
        format!("unexpected error when reading response body. Please retry. Original error: {why}")
    };
    let (head, mut body) = answer.into_parts();
    let mut bytes = BytesMut::new();
    loop {
        let frame = timeout_at(until, body.frame()).await;
        let late = || patience.late("Client.Timeout or context cancellation while reading body");
        let Some(frame) = frame.map_err(|_| failed(&late()))? else { break };
        let frame = frame.map_err(|_| failed("unexpected EOF"))?;
        if let Ok(data) = frame.into_data() {
            bytes.extend_from_slice(&data);
        }
        if bytes.len() > MOST {
            return Err(failed(&format!("the body has more than {MOST} bytes")));
        }
    }
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Ok(WebhookAnswer {
        status: head.status,
        content_type: content_type.unwrap_or_default().to_owned(),
        body: bytes.freeze(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_webhook_that_asks_to_wait_has_its_time_and_no_more() {
        let (start, call) = (Instant::now(), Patience::Call(Duration::from_secs(2)));
        assert_eq!(call.wait(Duration::from_secs(1), start).await, Ok(()));
        let late = call.wait(Duration::from_secs(u64::MAX), start).await;
        assert_eq!(late, Err("context deadline exceeded".to_owned()));
        assert_eq!(start.elapsed(), Duration::from_secs(2));
    }
}
