//! Sends audit events to a webhook, many at once (`plugin/pkg/audit/{webhook,buffered}`).

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use crate::transport::Logger;

use super::super::review_webhook::ReviewWebhook;

/// How events are put together for a webhook: `--audit-webhook-batch-*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AuditBatches {
    /// How many events may wait; those that come then are lost.
    pub(crate) waiting: usize,
    /// How many are sent at once.
    pub(crate) most: usize,
    /// How long the first of them waits for others.
    pub(crate) time: Duration,
}

/// How long the events of a server that stops wait for those of its last requests.
const LAST: Duration = Duration::from_millis(200);

impl Default for AuditBatches {
    /// `defaultWebhookBatchConfig`.
    fn default() -> Self {
        Self { waiting: 10_000, most: 400, time: Duration::from_secs(30) }
    }
}

/// Sends the events that arrive until there are no more. When the server stops, those that wait are sent soon.
pub(crate) async fn send(
    webhook: ReviewWebhook,
    batches: AuditBatches,
    mut events: mpsc::Receiver<Vec<u8>>,
    mut stopping: watch::Receiver<bool>,
    lines: Logger,
) {
    while let Some(first) = events.recv().await {
        let mut batch = vec![first];
        let mut until = Instant::now() + batches.time;
        let mut is_stopping = false;
        while batch.len() < batches.most.max(1) {
            tokio::select! {
                next = timeout_at(until, events.recv()) => match next {
                    Ok(Some(event)) => batch.push(event),
                    Ok(None) | Err(_) => break,
                },
                _ = stopping.wait_for(|stopping| *stopping), if !is_stopping => {
                    is_stopping = true;
                    until = until.min(Instant::now() + LAST);
                }
            }
        }
        if let Err(why) = webhook.post(list(&batch)).await {
            lines(&format!("{} audit events are lost: the webhook: {why}", batch.len()));
        }
    }
}

/// An `EventList` of events, each the text of one.
fn list(events: &[Vec<u8>]) -> Vec<u8> {
    let begin = br#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":["#;
    let mut list = begin.to_vec();
    for (index, event) in events.iter().enumerate() {
        if index > 0 {
            list.push(b',');
        }
        list.extend_from_slice(event.trim_ascii());
    }
    list.extend_from_slice(b"]}\n");
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_all_events() {
        let text = list(&[b"{\"a\":1}\n".to_vec(), b"{}\n".to_vec()]);
        let found: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(found["items"], serde_json::json!([{"a": 1}, {}]));
        assert_eq!(
            (&found["kind"], &found["apiVersion"]),
            (&"EventList".into(), &"audit.k8s.io/v1".into())
        );
    }
}
