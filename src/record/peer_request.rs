//! Requests to the servers that share a store with this one, by the clients of webhooks: certificates are checked, and
//! a redirect is not followed, so that a token goes to nobody else.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::{BodyExt as _, Full};

use super::api_webhook::{ApiWebhooks, reason};
use super::api_webhook_connect::WebhookTarget;

impl ApiWebhooks {
    /// Sends a request, once, and reads its answer to the end. `left` is how many bytes the answers of all servers may
    /// still have.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(crate) async fn ask_peer(
        &self,
        target: WebhookTarget,
        request: http::Request<Bytes>,
        left: &AtomicUsize,
    ) -> Result<(StatusCode, Bytes), String> {
        let client = self.client(&target)?;
        let answer = client.request(request.map(Full::new)).await;
        let (head, mut body) = answer.map_err(|error| reason(&error))?.into_parts();
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|error| error.to_string())?.into_data() else { continue };
            let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(data.len())
            });
            taken.map_err(|left| {
                format!("its answer has more than the {left} bytes that are left")
            })?;
            bytes.extend_from_slice(&data);
        }
        Ok((head.status, bytes.freeze()))
    }
}
