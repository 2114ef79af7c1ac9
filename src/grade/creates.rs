//! `creates: once`: a create whose answer was lost may have succeeded; repeating it creates two
//! objects.

use std::collections::HashMap;

use super::{Finding, Record, by_call, position};

/// Returns creates that succeeded twice after the first answer was lost. An object that was deleted
/// in between may be created again.
pub(super) fn twice(about: &[&Record], all: &[&Record]) -> Vec<Finding> {
    // The positions of the deletes of each resource type, in order.
    let mut deletes: HashMap<Option<&str>, Vec<usize>> = HashMap::new();
    for (index, record) in all.iter().enumerate() {
        if record.verb.starts_with("delete") {
            deletes.entry(record.resource.as_deref()).or_default().push(index);
        }
    }
    for call in by_call(about) {
        let created: Vec<&&Record> =
            call.iter().filter(|record| record.created.is_some()).collect();
        for pair in created.windows(2) {
            let [first, again] = [*pair[0], *pair[1]];
            let lost =
                first.acted.is_some() || first.created.is_some_and(|created| !created.acknowledged);
            let deletes = deletes.get(&first.resource.as_deref());
            let deleted = deletes.is_some_and(|deletes| {
                let next = deletes.partition_point(|index| *index <= position(all, first));
                deletes.get(next).is_some_and(|index| *index < position(all, again))
            });
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
