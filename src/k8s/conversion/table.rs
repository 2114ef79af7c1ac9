//! The conversions of one request: those that a webhook has done, and those that the engine still needs.
//!
//! The engine runs to its end with what is there. Where something is missing, its result is thrown away, the server
//! calls the webhook, and the engine runs again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::super::webhook::{ConversionWebhook, WebhookReply};
use super::review::{self, ReviewError};

/// A conversion that the engine needs.
#[derive(Debug)]
pub(crate) struct ConversionRequest {
    key: String,
    /// The webhook to call.
    pub webhook: Arc<ConversionWebhook>,
    object: Value,
    /// The `apiVersion` to convert to.
    desired: String,
}

impl ConversionRequest {
    /// The review to send (`createConversionReviewObjects`).
    ///
    /// # Errors
    /// The webhook knows no version of reviews that the server knows.
    pub(crate) fn review(&self, uid: &str) -> Result<Vec<u8>, ReviewError> {
        review::request(&self.webhook, &self.object, &self.desired, uid)
    }

    /// The converted object of an answer.
    ///
    /// # Errors
    /// What is wrong with the answer, in upstream's words.
    pub(crate) fn read(&self, uid: &str, answer: &WebhookReply) -> Result<Value, ReviewError> {
        review::read(&self.webhook, &self.object, &self.desired, uid, answer)
    }

    /// The error of a call that had no answer.
    pub(crate) fn failed(&self, why: &str) -> ReviewError {
        review::failed(&self.object, why)
    }
}

/// What is left to do when the engine has run.
#[derive(Debug)]
pub(crate) enum Pending {
    /// A conversion failed, and the request with it.
    Failed(String),
    /// The webhook has to be called.
    Missing(Vec<ConversionRequest>),
}

/// The conversions of one request.
#[derive(Debug, Default)]
pub(crate) struct Conversions {
    /// Objects stay in the version in which they are written, and no webhook is needed.
    keep_versions: bool,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// By the version to convert to and the object. One without a result is missing.
    results: HashMap<String, Option<Result<Value, String>>>,
    missing: Vec<ConversionRequest>,
    /// Whether an object that is to be stored is among the missing ones.
    stops: bool,
    /// The first failure that the engine came upon.
    failure: Option<String>,
}

impl Conversions {
    /// For changes that the server makes itself, in metadata alone.
    pub(crate) fn keeping_versions() -> Self {
        Self { keep_versions: true, ..Self::default() }
    }

    pub(super) fn keep_versions(&self) -> bool {
        self.keep_versions
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stored object, converted.
    ///
    /// # Errors
    /// The object itself, where it is not converted yet or cannot be: see [`Self::pending`].
    pub(super) fn read(
        &self,
        webhook: &Arc<ConversionWebhook>,
        object: Value,
        desired: &str,
    ) -> Result<Value, Value> {
        self.convert(webhook, object, desired, |inner| inner.stops)
    }

    /// An object that is to be stored, converted.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn write(
        &self,
        webhook: &Arc<ConversionWebhook>,
        object: Value,
        desired: &str,
    ) -> Result<Value, Value> {
        let of_others = |inner: &Inner| !inner.missing.is_empty() || inner.failure.is_some();
        let converted = self.convert(webhook, object, desired, of_others);
        if converted.is_err() {
            self.inner().stops = true;
        }
        converted
    }

    /// `is_made_up` says whether the object comes from another one that is not converted yet: nobody converts it.
    fn convert(
        &self,
        webhook: &Arc<ConversionWebhook>,
        object: Value,
        desired: &str,
        is_made_up: impl Fn(&Inner) -> bool,
    ) -> Result<Value, Value> {
        let key = format!("{desired} {object}");
        let mut inner = self.inner();
        if is_made_up(&inner) {
            return Err(object);
        }
        match inner.results.get(&key) {
            Some(Some(Ok(value))) => return Ok(value.clone()),
            Some(Some(Err(why))) => {
                let why = why.clone();
                inner.failure.get_or_insert(why);
            }
            Some(None) => {}
            None => {
                inner.results.insert(key.clone(), None);
                let (webhook, desired) = (Arc::clone(webhook), desired.to_owned());
                let request = ConversionRequest { key, webhook, object: object.clone(), desired };
                inner.missing.push(request);
            }
        }
        Err(object)
    }

    /// Lets the request fail.
    pub(crate) fn fail(&self, why: &impl ToString) {
        self.inner().failure.get_or_insert_with(|| why.to_string());
    }

    /// What is left to do after a run of the engine; nothing where its result is right.
    pub(crate) fn pending(&self) -> Option<Pending> {
        let mut inner = self.inner();
        let missing = std::mem::take(&mut inner.missing);
        inner.stops = false;
        for request in &missing {
            inner.results.remove(&request.key);
        }
        if let Some(why) = inner.failure.take() {
            return Some(Pending::Failed(why));
        }
        (!missing.is_empty()).then_some(Pending::Missing(missing))
    }

    /// Adds the result of a call.
    pub(crate) fn add(&self, request: ConversionRequest, result: Result<Value, ReviewError>) {
        let result = result.map_err(|error| error.to_string());
        self.inner().results.insert(request.key, Some(result));
    }
}
