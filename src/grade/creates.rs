//! `creates: once`: a create whose answer was lost may have happened; doing it again makes two.

use super::{Finding, Record, by_call};

/// The same create, done twice, after the first answer was lost.
pub(super) fn twice(about: &[&Record]) -> Vec<Finding> {
    for call in by_call(about) {
        let created: Vec<&&Record> =
            call.iter().filter(|record| record.created.is_some()).collect();
        let lost = |record: &Record| {
            record.acted.is_some() || record.created.is_some_and(|created| !created.heard)
        };
        if let [first, .., last] = created.as_slice()
            && lost(first)
        {
            let message = format!(
                "created {} objects of one request whose answer was lost: {} {}",
                created.len(),
                last.method,
                last.path
            );
            return vec![Finding::new("created-twice", last.began, message)];
        }
    }
    Vec::new()
}
