//! Hints for words that are in the wrong place.

use super::table;
use crate::document::Diagnostic;

/// Adds to the problems with unknown keys where in the language the key belongs, if it does.
pub(in crate::scenario) fn locate(problems: &mut [Diagnostic]) {
    if !problems.iter().any(|problem| problem.code == "unknown-key") {
        return;
    }
    let (shapes, _) = table::all();
    let unknown = problems.iter_mut().filter(|problem| {
        problem.code == "unknown-key" && !problem.hint.starts_with("did you mean")
    });
    for problem in unknown {
        let key = problem.key.rsplit('.').next().unwrap_or_default();
        let has = |words: &[super::shape::Word]| words.iter().any(|word| word.key == key);
        let places: Vec<&str> =
            shapes.iter().filter(|shape| has(shape.words)).map(|shape| shape.name).collect();
        if !places.is_empty() {
            problem.hint = format!("it belongs in {}; {}", places.join(", "), problem.hint);
        }
    }
}
