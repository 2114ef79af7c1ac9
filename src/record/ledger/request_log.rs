//! The answers to one request so far, variant by variant.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::files::EarlierAnswer;
use super::super::identity::{Field, RequestFields};
use super::of::Earlier;

/// What is known of one request.
#[derive(Debug, Default)]
pub(super) struct RequestLog {
    pub(super) variants: Vec<Variant>,
    /// The header fields that a variant must not have if it does not ask for them.
    pub(super) guards: BTreeSet<String>,
    /// Files of an earlier recording that go once the request is recorded again.
    pub(super) replaced: Vec<String>,
}

/// Requests that are the same in all header fields that may count.
#[derive(Debug)]
pub(super) struct Variant {
    pub(super) fields: RequestFields,
    /// The name of its files.
    pub(super) stem: Box<str>,
    pub(super) answers: Answers,
    /// The hash of the last answer as it was on the wire; 0 where it is not known.
    last: u64,
}

/// The answers of a variant so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answers {
    /// How many are in files.
    pub(super) written: u32,
    /// The digest of the last one.
    pub(super) digest: Box<str>,
    /// How often the last one came again.
    pub(super) again: u32,
}

impl RequestLog {
    /// Adds an answer of an earlier recording.
    pub(super) fn add_earlier(&mut self, answer: &EarlierAnswer, policy: Earlier) {
        if policy == Earlier::Replace {
            let body =
                answer.body.as_ref().map(|name| format!("{}/{name}", super::super::files::BODIES));
            self.replaced.push(answer.name.clone());
            self.replaced.extend(body);
            return;
        }
        let fields = fields_of(answer);
        self.guards.extend(fields.guards.iter().cloned());
        let at = self.find(&fields).unwrap_or_else(|| {
            self.variants.push(Variant {
                fields,
                stem: answer.stem().into(),
                answers: Answers::default(),
                last: 0,
            });
            self.variants.len() - 1
        });
        let known = &mut self.variants[at].answers;
        if answer.position >= known.written {
            known.written = answer.position;
            known.digest = answer.note("answer").as_str().unwrap_or_default().into();
        }
    }

    /// How many mappings of an earlier recording are still to go.
    pub(super) fn replaced_mappings(&self) -> u64 {
        self.replaced.iter().filter(|name| !name.contains('/')).count() as u64
    }

    /// The variant with these fields.
    pub(super) fn find(&self, fields: &RequestFields) -> Option<usize> {
        self.variants.iter().position(|variant| {
            variant.fields.conditions == fields.conditions
                && variant.fields.choices == fields.choices
        })
    }

    /// The first variant that asks for the same part under the same conditions: it is recorded without its choices,
    /// and answers whoever chooses otherwise.
    pub(super) fn first(&self, fields: &RequestFields) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.fields.conditions == fields.conditions)
    }

    /// Counts an answer that is the last one again; returns whether it is.
    pub(super) fn repeat(&mut self, variant: usize, answer: u64) -> bool {
        let Some(variant) = self.variants.get_mut(variant) else { return false };
        let is_same = variant.last == answer && answer != 0;
        variant.answers.again += u32::from(is_same);
        is_same
    }

    /// Notes what was written.
    pub(super) fn commit(&mut self, variant: usize, update: Update, last: u64) {
        let Update { fields, stem, answers } = update;
        self.replaced.clear();
        self.guards.extend(fields.guards.iter().cloned());
        if let Some(known) = self.variants.get_mut(variant) {
            (known.answers, known.last) = (answers, last);
        } else {
            self.variants.push(Variant { fields, stem, answers, last });
        }
    }
}

/// A variant as it is once files are written.
#[derive(Debug)]
pub(super) struct Update {
    pub(super) fields: RequestFields,
    pub(super) stem: Box<str>,
    pub(super) answers: Answers,
}

/// The fields of the request that an earlier answer is for.
fn fields_of(answer: &EarlierAnswer) -> RequestFields {
    let entries = |value: &Value| {
        let entries = value.as_object().into_iter().flatten();
        let lower = entries.map(|(name, value)| (name.to_ascii_lowercase(), Field(value.clone())));
        lower.collect::<Vec<_>>()
    };
    let choices = entries(answer.note("sent")).into_iter().collect();
    let matched = entries(&answer.mapping["request"]["headers"]);
    let method = answer.mapping["request"]["method"].as_str().unwrap_or_default();
    RequestFields::restored(choices, matched, method)
}
