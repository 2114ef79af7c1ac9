//! `relist_within`: a client whose revision or continue token is gone lists again, and soon.

use std::time::Duration;

use super::{Finding, Record, after, shown};

/// Lists and watches that did not start again after a 410.
pub(super) fn after_gone(about: &[&Record], all: &[&Record], within: Duration) -> Vec<Finding> {
    let mut findings = Vec::new();
    for record in about {
        let Some(gone) = record.expired else { continue };
        let later: Vec<&&Record> = after(all, record)
            .filter(|other| {
                other.resource == record.resource
                    && other.began >= gone
                    && matches!(&*other.verb, "list" | "watch")
            })
            .collect();
        let old = |other: &Record| match (&record.continue_token, &record.revision) {
            (Some(token), _) => other.continue_token.as_ref() == Some(token),
            (None, Some(revision)) => {
                other.continue_token.is_none()
                    && !other.lists_first
                    && other.revision.as_ref() == Some(revision)
                    && other.verb == record.verb
            }
            (None, None) => false,
        };
        // Once begun again, a chain may come by the same place.
        let before: Vec<_> =
            later.iter().take_while(|other| old(other) || !begins(other)).collect();
        if let Some(again) = before.iter().find(|other| old(other)) {
            let count = before.iter().filter(|other| old(other)).count();
            let message = format!(
                "asked for what is gone again, {count} more times: {} {}",
                again.verb, again.path
            );
            findings.push(Finding::new("asked-again-for-gone", again.began, message));
        }
        let anew = later.iter().find(|other| !old(other) && begins(other));
        let path = &record.path;
        match anew {
            None => {
                let message = format!("never listed {path} again after 410");
                findings.push(Finding::new("never-relisted", gone, message));
            }
            Some(anew) if anew.began.saturating_sub(gone) > within => {
                let message = format!(
                    "listed {path} again {} after 410, where {} are enough",
                    shown(anew.began.saturating_sub(gone)),
                    shown(within)
                );
                findings.push(Finding::new("relisted-late", anew.began, message));
            }
            Some(_) => {}
        }
        if !findings.is_empty() {
            break;
        }
    }
    findings
}

/// Returns whether a request starts again: a list, or a watch that lists first.
fn begins(record: &Record) -> bool {
    record.verb == "list"
        || record.lists_first
        || record.revision.as_deref().is_none_or(|revision| revision == "0")
}
