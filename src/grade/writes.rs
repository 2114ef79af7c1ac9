//! `writes: once`, `conflicts: reread`: a write that succeeded is not sent again, one that met a conflict not as it was.

use super::{Finding, Record, after, by_call, is_write};

/// Returns whether a request writes an object, and not only deletes one.
fn makes(record: &Record) -> bool {
    matches!(&*record.verb, "create" | "update" | "patch")
}

/// Returns the same write, made again after it had succeeded, with nothing else written to the
/// resource in between.
pub(super) fn again(all: &[&Record]) -> Option<Finding> {
    let writes: Vec<&Record> = all.iter().copied().filter(|record| makes(record)).collect();
    by_call(&writes).into_iter().find_map(|mut call| {
        call.sort_by_key(|record| record.began);
        let first = *call.iter().find(|record| record.succeeded())?;
        let next = *call.iter().find(|record| record.began > first.began)?;
        let between = |other: &&&Record| {
            other.began >= first.began
                && other.began <= next.began
                && other.call != first.call
                && other.resource == first.resource
                && is_write(other)
                && other.succeeded()
        };
        if all.iter().any(|other| between(&other)) {
            return None;
        }
        let message =
            format!("sent a write again that had succeeded: {} {}", next.method, next.path);
        Some(Finding::new("written-twice", next.began, message))
    })
}

/// Returns an update that met a conflict, sent again as it was without a read in between (API
/// conventions, "Concurrency Control and Consistency").
pub(super) fn blind(about: &[&Record], all: &[&Record]) -> Option<Finding> {
    let conflicts = about.iter().filter(|record| record.verb == "update" && record.status == 409);
    conflicts.into_iter().find_map(|conflict| {
        let reads = |other: &&Record| {
            other.resource == conflict.resource && matches!(&*other.verb, "get" | "list")
        };
        let mut later = after(all, conflict);
        let next = later.find(|other| other.call == conflict.call || reads(other))?;
        (next.call == conflict.call).then(|| {
            let message = format!(
                "sent an update again that met a conflict, without reading the object: {} {}",
                next.method, next.path
            );
            Finding::new("blind-retry", next.began, message)
        })
    })
}
