//! `creates: once`: a create whose answer was lost may have happened; doing it again makes two.

use super::{Finding, Record, after, by_call};

/// The same create, done twice, after the first answer was lost. What was deleted in between may be made
/// again.
pub(super) fn twice(about: &[&Record], all: &[&Record]) -> Vec<Finding> {
    for call in by_call(about) {
        let created: Vec<&&Record> =
            call.iter().filter(|record| record.created.is_some()).collect();
        for pair in created.windows(2) {
            let [first, again] = [*pair[0], *pair[1]];
            let lost = first.acted.is_some() || first.created.is_some_and(|created| !created.heard);
            let deleted = after(all, first)
                .take_while(|other| !std::ptr::eq(**other, again))
                .any(|other| other.resource == first.resource && other.verb.starts_with("delete"));
            if lost && !deleted {
                let message = format!(
                    "created two objects of one request whose answer was lost: {} {}",
                    again.method, again.path
                );
                return vec![Finding::new("created-twice", again.began, message)];
            }
        }
    }
    Vec::new()
}
