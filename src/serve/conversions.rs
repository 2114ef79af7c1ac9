//! Calls conversion webhooks for the Kubernetes stage. No lock is held meanwhile: the engine has run, and runs again
//! when the answers are there.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::k8s::{self, ConversionRequest, Conversions, ReviewError, WebhookReply};
use crate::record::{Patience, WebhookTarget};

use super::context::RequestContext;

/// How many objects are converted at the same time. Upstream sends one object in each review, and one after another.
const AT_ONCE: usize = 16;

/// How long all conversions of a step may take: a request has as long upstream (`--request-timeout`).
const MOST_TIME: Duration = Duration::from_secs(60);

/// Carries out what is missing in the table of a request, up to the first failure.
pub(super) async fn carry_out(
    context: &RequestContext,
    conversions: &Conversions,
    requests: Vec<ConversionRequest>,
) {
    let late = requests.first().map(|first| first.failed("context deadline exceeded"));
    let calls = requests.into_iter().map(|request| async move {
        let result = call(context, &request).await;
        (request, result)
    });
    let mut calls = Box::pin(stream::iter(calls).buffered(AT_ONCE));
    let until = Instant::now() + MOST_TIME;
    loop {
        match timeout_at(until, calls.next()).await {
            Ok(Some((request, result))) => {
                let is_failed = result.is_err();
                conversions.add(request, result);
                if is_failed {
                    // The request fails with it, and runs no more.
                    return;
                }
            }
            Ok(None) => return,
            Err(_) => {
                if let Some(late) = &late {
                    conversions.fail(late);
                }
                return;
            }
        }
    }
}

/// Sends one object to its webhook, and reads the answer.
async fn call(context: &RequestContext, request: &ConversionRequest) -> Result<Value, ReviewError> {
    let uid = uuid::Uuid::new_v4().to_string();
    let review = Bytes::from(request.review(&uid)?);
    let (webhook, url) = (&request.webhook, request.webhook.url());
    let address = k8s::webhook_address(&context.world.store.state(), &webhook.client)
        .map_err(|why| request.failed(&format!("Post \"{url}\": {why}")))?;
    let target = WebhookTarget { url, address, ca_bundle: webhook.client.ca_bundle.clone() };
    let answer = context.shared.api_webhooks.post(target, review, Patience::Client).await;
    let answer = answer.map_err(|why| request.failed(&why))?;
    let (status, content_type, body) = (answer.status, answer.content_type, answer.body);
    request.read(&uid, &WebhookReply { status, content_type, body })
}
