//! `watch: resumes`: a watch that ended resumes from the last revision that the client received, or
//! after a list.

use crate::message::Ending;

use super::{Finding, Record, after};

/// Returns watches that were not resumed, or not from the right revision.
pub(super) fn resumed(about: &[&Record], all: &[&Record]) -> Vec<Finding> {
    let mut never = None;
    let mut followed = false;
    for record in about.iter().filter(|record| record.watches() && record.status == 200) {
        // The client need not resume a watch that it ended itself; `relist` covers expired revisions.
        let silent = record.stalls;
        let ended = record.end.is_some() || (record.breaks && record.ended.is_some());
        if record.expired.is_some() || !(silent || ended) {
            continue;
        }
        let since = if silent { record.began } else { record.ended.unwrap_or(record.began) };
        let next = after(all, record).find(|other| {
            other.resource == record.resource
                && other.began >= since
                && (other.watches() || other.verb == "list")
        });
        let Some(next) = next else {
            never.get_or_insert(*record);
            continue;
        };
        followed = true;
        if next.verb == "list" || next.lists_first {
            continue;
        }
        if let Some(finding) = misplaced(record, next) {
            return vec![finding];
        }
    }
    // The last watch may have ended together with the client.
    let Some(record) = never.filter(|_| !followed) else { return Vec::new() };
    let how = if record.stalls { "was silent" } else { "ended" };
    let message = format!("never watched again after GET {} {how}", record.path);
    vec![Finding::new("watch-not-resumed", record.ended.unwrap_or(record.began), message)]
}

/// Returns the problem of the revision from which a watch resumes.
fn misplaced(record: &Record, next: &Record) -> Option<Finding> {
    let path = &next.path;
    let Some(revision) = next.revision.as_deref().filter(|revision| *revision != "0") else {
        let message = format!(
            "watched {path} again from no revision, without a list before: deletions are missed"
        );
        return Some(Finding::new("watch-not-resumed", next.began, message));
    };
    let [before, last] = record.revisions.unwrap_or_default();
    let known = if record.breaks || record.stalls || record.end != Some(Ending::Whole) {
        // Events in flight at the interruption may not have arrived.
        record.revision.as_ref()?.parse().ok()?
    } else if record.reorders {
        before
    } else {
        last
    };
    let revision: u64 = revision.parse().ok()?;
    (revision < known).then(|| {
        let message =
            format!("watched {path} again from revision {revision}, before {known}, which it had");
        Finding::new("watch-went-back", next.began, message)
    })
}
