//! Calls admission webhooks for the Kubernetes stage. No lock is held meanwhile: the engine has run, and runs again
//! when the answers are there.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use crate::k8s::{self, AdmissionReview, Reviews, WebhookReply};
use crate::record::{Patience, WebhookTarget};

use super::context::RequestContext;

/// How many webhooks are asked at the same time.
const AT_ONCE: usize = 32;

/// How long all webhooks of a request may take (`requestTimeoutUpperBound` in
/// `k8s.io/apiserver/pkg/endpoints/handlers/rest.go`).
const MOST_TIME: Duration = Duration::from_secs(34);

/// When the webhooks of a request that begins now have to have answered.
pub(super) fn deadline() -> Instant {
    Instant::now() + MOST_TIME
}

/// Asks the webhooks that the engine has missed.
pub(super) async fn carry_out(
    context: &RequestContext,
    reviews: &Reviews,
    missing: Vec<AdmissionReview>,
    until: Instant,
) {
    let calls = missing.into_iter().map(|review| async move {
        let uid = uuid::Uuid::new_v4().to_string();
        let reply = call(context, &review, &uid, until).await;
        reviews.add(review, uid, reply);
    });
    stream::iter(calls).buffer_unordered(AT_ONCE).collect::<()>().await;
}

/// Sends a review to its webhook.
async fn call(
    context: &RequestContext,
    review: &AdmissionReview,
    uid: &str,
    until: Instant,
) -> Result<WebhookReply, String> {
    let failed = |why: &str| format!("failed to call webhook: {why}");
    let client = review.client();
    if !client.ca_bundle.is_empty() && !is_pem(&client.ca_bundle) {
        return Err("could not get REST client: unable to load root certificates: unable to parse bytes as PEM block"
            .to_owned());
    }
    let left = until.saturating_duration_since(Instant::now());
    let time = left.min(Duration::from_secs(review.seconds()));
    // The query names whole seconds.
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let url = client.url(seconds);
    let address = k8s::webhook_address(&context.world.store.state(), client)
        .map_err(|why| failed(&format!("Post \"{url}\": {why}")))?;
    let target = WebhookTarget { url, address, ca_bundle: client.ca_bundle.clone() };
    let body = Bytes::from(review.body(uid));
    let answer = context.shared.api_webhooks.post(target, body, Patience::Call(time)).await;
    let answer = answer.map_err(|why| failed(&why))?;
    Ok(WebhookReply { status: answer.status, content_type: answer.content_type, body: answer.body })
}

/// Whether a bundle has a certificate.
fn is_pem(bundle: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    bundle.windows(BEGIN.len()).any(|window| window == BEGIN)
}
