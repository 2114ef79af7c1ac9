//! Texts with marks where secrets stood → patterns that allow anything there.

use serde_json::{Value, json};

use crate::redact::MARK;

/// The pattern of a value: `marked` has a mark for each secret in it.
pub(super) fn value(value: &str, marked: &str, anything: &str) -> Value {
    if marked.contains(MARK) {
        json!({"matches": regex(marked, anything)})
    } else {
        json!({"equalTo": value})
    }
}

/// A regular expression that allows `anything` at each mark.
pub(super) fn regex(marked: &str, anything: &str) -> String {
    // An ampersand needs no escape, and reads better without.
    let quoted = |part: &str| regex::escape(part).replace(r"\&", "&");
    marked.split(MARK).map(quoted).collect::<Vec<_>>().join(anything)
}

/// The pattern of the values of one name: one, or exactly these in any order.
pub(super) fn values(mut patterns: Vec<Value>) -> Value {
    if patterns.len() == 1 { patterns.remove(0) } else { json!({"hasExactly": patterns}) }
}
