//! What the verbs and their admission say of a request for its audit: the object that was sent, and annotations.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::levels::Level;

/// Notes of one request. The engine may run several times for it: what was noted first counts.
#[derive(Debug)]
pub(crate) struct AuditNotes {
    level: Level,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    annotations: BTreeMap<String, String>,
    object: Option<Value>,
}

impl AuditNotes {
    /// Notes for a level.
    pub(crate) fn new(level: Level) -> Self {
        Self { level, inner: Mutex::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an annotation (`addAuditAnnotationLocked`).
    pub(crate) fn annotate(&self, key: impl Into<String>, value: impl Into<String>) {
        self.inner().annotations.entry(key.into()).or_insert_with(|| value.into());
    }

    /// Adds an annotation for a level and those above it.
    pub(in super::super) fn annotate_from(&self, level: Level, key: String, value: String) {
        if self.level >= level {
            self.annotate(key, value);
        }
    }

    /// Notes the object of a request, once it is decoded (`LogRequestObject`).
    pub(in super::super) fn object(&self, value: &Value) {
        self.inner().object.get_or_insert_with(|| value.clone());
    }

    /// Notes the options of a deletion, where the body has them.
    pub(in super::super) fn delete_options(&self, sent: &Value) {
        let mut options = sent.clone();
        // Upstream writes the internal form of them.
        options["kind"] = json!("DeleteOptions");
        options["apiVersion"] = json!("meta.k8s.io/__internal");
        self.object(&options);
    }

    /// The annotations and the object.
    pub(super) fn read(&self) -> (BTreeMap<String, String>, Option<Value>) {
        let inner = self.inner();
        (inner.annotations.clone(), inner.object.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_first_counts_and_patches_need_their_level() {
        let notes = AuditNotes::new(Level::Metadata);
        notes.annotate("a", "1");
        notes.annotate("a", "2");
        notes.annotate_from(Level::Request, "b".to_owned(), "1".to_owned());
        notes.delete_options(&json!({"kind": "x", "gracePeriodSeconds": 0}));
        notes.object(&json!({}));
        let (annotations, object) = notes.read();
        assert_eq!(annotations, BTreeMap::from([("a".to_owned(), "1".to_owned())]));
        let options = json!({
            "kind": "DeleteOptions", "apiVersion": "meta.k8s.io/__internal", "gracePeriodSeconds": 0,
        });
        assert_eq!(object, Some(options));
    }
}
