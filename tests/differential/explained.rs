//! Differences that have a reason: each as narrow as it is.

use serde_json::Value;

use crate::step::Step;

/// A difference that is expected.
struct Explained {
    reason: &'static str,
    applies: fn(&Step, &Value, &Value) -> bool,
}

const ALL: &[Explained] = &[];

/// Why two answers to a request differ, where that is known.
pub(crate) fn reason(step: &Step, want: &Value, got: &Value) -> Option<&'static str> {
    let found = ALL.iter().find(|explained| (explained.applies)(step, want, got));
    found.map(|explained| explained.reason)
}
