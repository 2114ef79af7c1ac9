//! `writes: once`, `conflicts: reread`: a write that succeeded is not sent again, and one that met
//! a conflict is not sent again unchanged.

use std::collections::{HashMap, HashSet};

use super::{Finding, Record, by_call, is_write};

/// Returns whether a request writes an object, and not only deletes one.
fn makes(record: &Record) -> bool {
    matches!(&*record.verb, "create" | "update" | "patch")
}

/// Returns writes that were repeated after they had succeeded, without another write to the
/// resource in between.
pub(super) fn again(all: &[&Record]) -> Option<Finding> {
    let writes: Vec<&Record> = all.iter().copied().filter(|record| makes(record)).collect();
    let mut succeeded: HashMap<Option<&str>, Vec<&Record>> = HashMap::new();
    for record in all.iter().filter(|record| is_write(record) && record.succeeded()) {
        succeeded.entry(record.resource.as_deref()).or_default().push(record);
    }
    for records in succeeded.values_mut() {
        records.sort_by_key(|record| record.began);
    }
    by_call(&writes).into_iter().find_map(|mut call| {
        call.sort_by_key(|record| record.began);
        let first = *call.iter().find(|record| record.succeeded())?;
        let next = *call.iter().find(|record| record.began > first.began)?;
        let others = succeeded.get(&first.resource.as_deref()).map_or(&[][..], Vec::as_slice);
        let since = others.partition_point(|other| other.began < first.began);
        let mut between = others[since..].iter().take_while(|other| other.began <= next.began);
        if between.any(|other| other.call != first.call) {
            return None;
        }
        let message =
            format!("sent a write again that had succeeded: {} {}", next.method, next.path);
        Some(Finding::new("written-twice", next.began, message))
    })
}

/// Returns updates that met a conflict and were sent again unchanged without a read in between (API
/// conventions, "Concurrency Control and Consistency").
pub(super) fn blind(about: &[&Record], all: &[&Record]) -> Option<Finding> {
    let conflicts: HashSet<*const Record> = about
        .iter()
        .filter(|record| record.verb == "update" && record.status == 409)
        .map(|record| std::ptr::from_ref(*record))
        .collect();
    // From the last request to the first: the positions of what follows each conflict are known.
    let (mut attempts, mut reads) = (HashMap::new(), HashMap::new());
    let mut first = None;
    for (index, record) in all.iter().enumerate().rev() {
        let resource = record.resource.as_deref();
        if conflicts.contains(&std::ptr::from_ref(*record))
            && let Some(again) = attempts.get(&record.call)
            && reads.get(&resource).is_none_or(|read| again < read)
        {
            first = Some(*again);
        }
        attempts.insert(record.call, index);
        if matches!(&*record.verb, "get" | "list") {
            reads.insert(resource, index);
        }
    }
    let next = all[first?];
    let message = format!(
        "sent an update again that met a conflict, without reading the object: {} {}",
        next.method, next.path
    );
    Some(Finding::new("blind-retry", next.began, message))
}
