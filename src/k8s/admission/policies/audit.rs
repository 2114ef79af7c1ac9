//! What the audit of a request says about validating policies (`publishValidationFailureAnnotation` and
//! `auditAnnotationCollector` in `validating/dispatcher.go`).

use serde_json::{Value, json};

use super::super::super::audit::AuditNotes;
use super::super::super::golang::json_text;
use super::compiled::{Binding, Policy};
use super::evaluate::Objection;
use super::rules::Validations;

const FAILURE: &str = "validation.policy.admission.k8s.io/validation_failure";

/// The longest value, in bytes (`maxAuditAnnotationValueLength`).
const LONGEST: usize = 10 << 10;

/// Notes what a policy has against a request, for a binding that audits.
pub(super) fn validation_failure(
    notes: &AuditNotes,
    policy: &Policy<Validations>,
    binding: &Binding,
    objection: &Objection,
) {
    let text = |text: &str| json_text(&Value::from(text));
    // In the order of upstream's struct.
    let value = format!(
        "[{{\"message\":{},\"policy\":{},\"binding\":{},\"expressionIndex\":{},\"validationActions\":{}}}]",
        text(&objection.message),
        text(&policy.name),
        text(&binding.name),
        objection.index,
        json_text(&json!(binding.actions)),
    );
    notes.annotate(FAILURE, value);
}

/// The audit annotations of a policy: the values of a key, each once.
#[derive(Debug, Default)]
pub(super) struct Annotations(Vec<(String, Vec<String>)>);

impl Annotations {
    /// Adds the value of a key.
    pub(super) fn add(&mut self, key: String, mut value: String) {
        if value.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|end| value.is_char_boundary(*end));
            value.truncate(end.unwrap_or(0));
        }
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) if values.contains(&value) => {}
            Some((_, values)) => values.push(value),
            None => self.0.push((key, vec![value])),
        }
    }

    /// Notes them, below the name of the policy.
    pub(super) fn publish(self, notes: &AuditNotes, policy: &str) {
        for (key, values) in self.0 {
            notes.annotate(format!("{policy}/{key}"), values.join(", "));
        }
    }
}
