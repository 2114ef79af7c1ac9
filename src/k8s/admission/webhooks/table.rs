//! The reviews of one request: those that webhooks have answered, and those that the engine still needs.
//!
//! Where an answer is missing, the engine stops; the server calls the webhook without locks, and the engine runs again.
//! An answer belongs to a webhook and to what it was asked, so that a run after a conflict of writers finds the answers
//! that are still right, and no webhook is asked twice for the same thing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::super::super::audit::AuditNotes;
use super::super::super::status::ApiError;
use super::super::super::webhook::{WebhookClient, WebhookReply};
use super::answer::{self, Answer};
use super::configuration::{ReviewVersion, Webhook};
use super::review;

/// A review that a webhook has to be sent.
#[derive(Debug)]
pub(crate) struct AdmissionReview {
    key: String,
    webhook: Arc<Webhook>,
    version: ReviewVersion,
    /// `request`, without its uid.
    request: Value,
}

impl AdmissionReview {
    /// Where the webhook is.
    pub(crate) fn client(&self) -> &WebhookClient {
        &self.webhook.client
    }

    /// How long it has, in seconds.
    pub(crate) fn seconds(&self) -> u64 {
        self.webhook.seconds
    }

    /// The body to send.
    pub(crate) fn body(&self, uid: &str) -> Vec<u8> {
        review::body(self.version, &self.request, uid)
    }
}

/// What came of a call.
#[derive(Debug, Clone)]
pub(super) struct Called {
    uid: String,
    reply: Result<Arc<WebhookReply>, String>,
}

impl Called {
    /// What the webhook has answered.
    ///
    /// # Errors
    /// Why that is no answer, in upstream's words.
    pub(super) fn answer(&self, version: ReviewVersion, mutating: bool) -> Result<Answer, String> {
        let failed = |why: &str| format!("failed to call webhook: {why}");
        let reply = self.reply.as_ref().map_err(Clone::clone)?;
        let review = answer::decode_review(version, reply).map_err(|why| failed(&why))?;
        answer::verify(version, &self.uid, mutating, &review)
            .map_err(|why| format!("received invalid webhook response: {why}"))
    }
}

/// The reviews of one request.
#[derive(Debug, Default)]
pub(crate) struct Reviews {
    inner: Mutex<Inner>,
    /// What is noted for the audit of the request, where it is audited.
    notes: Option<Arc<AuditNotes>>,
}

#[derive(Debug, Default)]
struct Inner {
    calls: HashMap<String, Called>,
    missing: Vec<AdmissionReview>,
    warnings: Vec<String>,
    has_warned: bool,
}

impl Reviews {
    /// The reviews of a request that may be audited.
    pub(crate) fn noted(notes: Option<Arc<AuditNotes>>) -> Self {
        Self { inner: Mutex::default(), notes }
    }

    /// What is noted for the audit; nothing where the request is not audited.
    pub(in super::super::super) fn notes(&self) -> Option<&AuditNotes> {
        self.notes.as_deref()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came of a review; nothing where the webhook has to be called first. `turn` tells apart what is asked again
    /// on purpose.
    pub(super) fn ask(
        &self,
        webhook: &Arc<Webhook>,
        version: ReviewVersion,
        turn: &str,
        request: Value,
    ) -> Option<Called> {
        let key = format!("{} {turn} {request}", webhook.id);
        let mut inner = self.inner();
        if let Some(called) = inner.calls.get(&key) {
            return Some(called.clone());
        }
        let webhook = Arc::clone(webhook);
        inner.missing.push(AdmissionReview { key, webhook, version, request });
        None
    }

    /// The reviews that the last run of the engine has missed.
    pub(crate) fn take_missing(&self) -> Vec<AdmissionReview> {
        std::mem::take(&mut self.inner().missing)
    }

    /// Adds what came of a call; the error says why nothing did.
    pub(crate) fn add(
        &self,
        review: AdmissionReview,
        uid: String,
        reply: Result<WebhookReply, String>,
    ) {
        let called = Called { uid, reply: reply.map(Arc::new) };
        self.inner().calls.insert(review.key, called);
    }

    /// Adds a warning for the answer.
    pub(crate) fn warn(&self, text: &str) {
        let mut inner = self.inner();
        inner.has_warned = true;
        inner.warnings.push(text.to_owned());
    }

    /// Whether there ever were warnings.
    pub(crate) fn has_warned(&self) -> bool {
        self.inner().has_warned
    }

    /// The warnings since they were last taken.
    pub(crate) fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().warnings)
    }
}

/// The error that ends a run of the engine whose request needs an answer first. The server never sends it.
pub(super) fn not_asked() -> ApiError {
    ApiError::internal("a webhook has to be asked first")
}
