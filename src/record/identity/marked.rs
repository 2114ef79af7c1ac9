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

/// The pattern of the values of one name: one, or exactly these in any order. Of several values, `equalTo` is compared
/// with the nearest one, and no value is near an empty text (`StringValuePattern` of `WireMock`).
pub(super) fn values(mut patterns: Vec<Value>) -> Value {
    if patterns.len() == 1 {
        return patterns.remove(0);
    }
    for pattern in &mut patterns {
        if pattern["equalTo"] == "" {
            *pattern = json!({"matches": ""});
        }
    }
    json!({"hasExactly": patterns})
}
