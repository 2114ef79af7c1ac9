//! What the audit of a request says about its webhooks (`webhookAnnotator` in
//! `pkg/admission/plugin/webhook/mutating/dispatcher.go`, and `validating/dispatcher.go`).

use serde_json::Value;

use super::super::super::audit::{AuditNotes, Level};
use super::super::super::golang::json_text;
use super::answer::Answer;
use super::configuration::Webhook;
use super::table::Reviews;

const MUTATION: &str = "mutation.webhook.admission.k8s.io/";
const PATCH: &str = "patch.webhook.admission.k8s.io/";
const FAILED_OPEN: &str = "failed-open.mutating.webhook.admission.k8s.io/";
const FAILED_OPEN_VALIDATING: &str = "failed-open.validating.webhook.admission.k8s.io/";

/// Annotates the call of a mutating webhook, which is known by the round and its place among the webhooks.
#[derive(Clone, Copy)]
pub(super) struct Annotator<'a> {
    pub(super) notes: Option<&'a AuditNotes>,
    pub(super) webhook: &'a Webhook,
    pub(super) round: usize,
    pub(super) index: usize,
}

impl Annotator<'_> {
    fn key(&self, prefix: &str) -> String {
        format!("{prefix}round_{}_index_{}", self.round, self.index)
    }

    /// `configuration` and `webhook` of a value, in their order.
    fn value(&self, rest: &str) -> String {
        let text = |text: &str| json_text(&Value::from(text));
        let (configuration, webhook) =
            (text(&self.webhook.configuration), text(&self.webhook.name));
        format!("{{\"configuration\":{configuration},\"webhook\":{webhook},{rest}}}")
    }

    /// Whether the webhook has changed the object.
    pub(super) fn mutation(&self, mutated: bool) {
        if let Some(notes) = self.notes {
            notes.annotate(self.key(MUTATION), self.value(&format!("\"mutated\":{mutated}")));
        }
    }

    /// The operations of its patch, which is applied.
    pub(super) fn patch(&self, patch: &[u8]) {
        let Some(notes) = self.notes else { return };
        let Ok(patch) = serde_json::from_slice::<Value>(patch) else { return };
        let rest = format!("\"patch\":{},\"patchType\":\"JSONPatch\"", json_text(&patch));
        notes.annotate_from(Level::Request, self.key(PATCH), self.value(&rest));
    }

    /// That it could not be asked, and the request goes on.
    pub(super) fn failed_open(&self) {
        if let Some(notes) = self.notes {
            notes.annotate(self.key(FAILED_OPEN), &*self.webhook.name);
        }
    }
}

/// That a validating webhook could not be asked, and the request goes on.
pub(super) fn failed_open(reviews: &Reviews, webhook: &Webhook, index: usize) {
    if let Some(notes) = reviews.notes() {
        notes.annotate(format!("{FAILED_OPEN_VALIDATING}round_0_index_{index}"), &*webhook.name);
    }
}

/// The annotations and the warnings of an answer.
pub(super) fn take(reviews: &Reviews, webhook: &Webhook, answer: &Answer) {
    answer.warnings.iter().for_each(|warning| reviews.warn(warning));
    if let Some(notes) = reviews.notes() {
        for (key, value) in &answer.annotations {
            notes.annotate(format!("{}/{key}", webhook.name), &**value);
        }
    }
}
