//! `relist_within`: a client whose revision or continue token has expired lists again in time.

use std::time::Duration;

use super::{Finding, Record, after, shown};

/// Returns lists and watches that did not restart after a 410.
pub(super) fn after_gone(about: &[&Record], all: &[&Record], within: Duration) -> Vec<Finding> {
    let mut findings = Vec::new();
    for record in about {
        let Some(gone) = record.expired else { continue };
        let mut later = after(all, record).filter(|other| {
            other.resource == record.resource
                && other.began >= gone
                && matches!(&*other.verb, "list" | "watch")
        });
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
        // Up to the restart: after it, a chain may reach the same place.
        let (mut again, mut count) = (None, 0);
        let restart = later.find(|other| {
            if old(other) {
                again.get_or_insert(**other);
                count += 1;
            }
            !old(other) && begins(other)
        });
        if let Some(again) = again {
            let message = format!(
                "asked for what is gone again, {count} more times: {} {}",
                again.verb, again.path
            );
            findings.push(Finding::new("asked-again-for-gone", again.began, message));
        }
        let path = &record.path;
        match restart {
            None => {
                let message = format!("never listed {path} again after 410");
                findings.push(Finding::new("never-relisted", gone, message));
            }
            Some(restart) if restart.began.saturating_sub(gone) > within => {
                let message = format!(
                    "listed {path} again {} after 410, where {} are enough",
                    shown(restart.began.saturating_sub(gone)),
                    shown(within)
                );
                findings.push(Finding::new("relisted-late", restart.began, message));
            }
            Some(_) => {}
        }
        if !findings.is_empty() {
            break;
        }
    }
    findings
}

/// Returns whether a request restarts: a list, or a watch that lists first.
fn begins(record: &Record) -> bool {
    record.verb == "list"
        || record.lists_first
        || record.revision.as_deref().is_none_or(|revision| revision == "0")
}
