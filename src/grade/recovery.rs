//! `recovers: required`, `bodies: whole`, `relists: required`: failed calls are repeated,
//! interrupted bodies are not taken for complete, and possibly missing data is listed again.

use std::collections::HashSet;

use super::{Finding, Record, after, is_write};

/// Returns calls that failed and never succeeded later (AIP-194; RFC 9110, section 9.2.2).
pub(super) fn never(about: &[&Record], all: &[&Record]) -> Option<Finding> {
    let about: HashSet<*const Record> =
        about.iter().map(|record| std::ptr::from_ref(*record)).collect();
    let (mut succeeded, mut settled, mut read) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut first = None;
    // From the last request to the first, so that the later ones are known.
    for record in all.iter().rev() {
        let call = (&*record.method, &*record.path);
        if about.contains(&std::ptr::from_ref(*record))
            && record.needs_reaction()
            && !record.watches()
        {
            // A write whose answer was lost may have succeeded: a conflict or a read shows that.
            let lost = is_write(record) && record.is_lost();
            let looked = settled.contains(&call) || read.contains(&record.resource);
            if !(succeeded.contains(&call) || (lost && looked)) {
                first = Some(*record);
            }
        }
        if record.succeeded() {
            succeeded.insert(call);
            if !is_write(record) {
                read.insert(record.resource.clone());
            }
        }
        if !record.failed() && !record.is_lost() {
            settled.insert(call);
        }
    }
    let record = first?;
    let message = format!(
        "never got past a failure: {} {} {}, and no later attempt succeeded",
        record.method,
        record.path,
        record.outcome_text()
    );
    Some(Finding::new("never-recovered", record.began, message))
}

/// Returns interrupted bodies that were not requested again before the client wrote something (RFC
/// 9112, section 8).
pub(super) fn half(about: &[&Record], all: &[&Record]) -> Option<Finding> {
    about.iter().find_map(|record| {
        if !record.breaks || record.watches() || !record.is_lost() {
            return None;
        }
        let before_a_write = after(all, record).take_while(|other| !is_write(other));
        let again = before_a_write.into_iter().any(|other| other.call == record.call);
        (!again).then(|| {
            let message = format!(
                "took half a body for the whole: {} {} broke off and was not asked again before the next write",
                record.method, record.path
            );
            Finding::new("took-half-for-whole", record.began, message)
        })
    })
}

/// Returns requests after which the client did not list the resource.
pub(super) fn not_looked(about: &[&Record], all: &[&Record]) -> Option<Finding> {
    let first = about.first()?;
    let lists = |other: &&&Record| {
        other.resource == first.resource && (other.verb == "list" || other.lists_first)
    };
    if after(all, first).any(|other| lists(&other)) {
        return None;
    }
    let message = format!("never listed again after {} {}", first.verb, first.path);
    Some(Finding::new("never-listed-again", first.began, message))
}
