//! Header fields that a rule changes on an otherwise unchanged answer.

use http::header::{CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName};

use crate::document::Node;
use crate::message::{Delivery, Effects, Plan};
use crate::scenario::words::Entry;

use super::status::headers;

/// Header fields to set on an answer and to remove from it.
#[derive(Debug, Clone, Default)]
pub(crate) struct FieldChanges {
    set: HeaderMap,
    remove: Vec<HeaderName>,
}

/// A header field of a scenario's text: its name, and its values with their places.
type FieldEntry<'a> = Entry<'a, Vec<(String, Node<'a>)>>;

impl FieldChanges {
    /// Checks and compiles `headers` and `remove_headers`, or `None` if there is neither.
    pub(in crate::scenario) fn compile(
        set: Option<&[FieldEntry<'_>]>,
        remove: Option<&[(&str, Node<'_>)]>,
    ) -> Option<Self> {
        for entry in set.unwrap_or_default() {
            let frames = [CONTENT_LENGTH, TRANSFER_ENCODING];
            if frames.iter().any(|name| entry.key.eq_ignore_ascii_case(name.as_str())) {
                entry.node.error_at_key(
                    format!("{:?} belongs to the framing of the body", entry.key),
                    "write content_length: short, or remove_headers: Content-Length",
                );
            }
        }
        let name = |(text, node): &(&str, Node<'_>)| {
            let parsed = HeaderName::try_from(*text);
            parsed.map_err(|_| node.error(format!("{text:?} is not a header name"), "")).ok()
        };
        let remove: Vec<HeaderName> = remove.unwrap_or_default().iter().filter_map(name).collect();
        let changes = Self { set: set.map(headers).unwrap_or_default(), remove };
        (!changes.is_empty()).then_some(changes)
    }

    /// Returns whether there are no changes.
    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }

    /// Adds the changes of another rule; a change that is already there takes precedence.
    pub(in crate::scenario) fn and(&mut self, other: &Self) {
        let known: Vec<HeaderName> = self.set.keys().chain(&self.remove).cloned().collect();
        for (name, value) in other.set.iter().filter(|(name, _)| !known.contains(name)) {
            self.set.append(name, value.clone());
        }
        self.remove.extend(other.remove.iter().filter(|name| !known.contains(name)).cloned());
    }

    /// Changes the fields of an answer.
    pub(crate) fn apply(&self, plan: &mut Plan) {
        for name in self.set.keys().chain(&self.remove) {
            plan.headers.remove(name);
        }
        for (name, value) in &self.set {
            plan.headers.append(name, value.clone());
        }
        let unannounced = self.remove.contains(&CONTENT_LENGTH);
        let undated = self.remove.contains(&DATE);
        let effects = Effects { unannounced, undated, ..Effects::default() };
        plan.delivery = Delivery::over(std::mem::take(&mut plan.delivery), effects.into());
    }
}
