//! `max_requests`, `min_requests`, `max_in_flight`, `max_connections`, `max_attempts`: bounds on requests.

use std::collections::HashSet;
use std::time::Duration;

use super::{Finding, Record, by_call};

/// Returns a finding for more requests than expected.
pub(super) fn too_many(most: u64, about: &[&Record]) -> Option<Finding> {
    let count = about.len() as u64;
    let message = format!("made {count} requests, where {most} are enough");
    (count > most).then(|| Finding::new("too-many-requests", last(about), message))
}

/// Returns a finding for fewer requests than expected.
pub(super) fn too_few(least: u64, about: &[&Record]) -> Option<Finding> {
    let count = about.len() as u64;
    let message = format!("made {count} requests, where {least} are needed");
    (count < least).then(|| Finding::new("too-few-requests", last(about), message))
}

/// Returns when the last request arrived.
fn last(about: &[&Record]) -> Duration {
    about.last().map(|record| record.began).unwrap_or_default()
}

/// Returns a finding for more concurrent requests than expected.
pub(super) fn in_flight(max: u64, about: &[&Record]) -> Option<Finding> {
    let mut moments: Vec<(Duration, i64)> = Vec::new();
    for record in about {
        moments.push((record.began, 1));
        moments.push((record.ended.unwrap_or(Duration::MAX), -1));
    }
    // At the same instant, ends count before starts.
    moments.sort_unstable();
    let (mut now, mut most, mut when) = (0, 0, Duration::ZERO);
    for (at, by) in moments {
        now += by;
        if now > most {
            (most, when) = (now, at);
        }
    }
    if u64::try_from(most).is_ok_and(|most| most <= max) {
        return None;
    }
    let message = format!("had {most} requests at once, where {max} are enough");
    Some(Finding::new("too-many-in-flight", when, message))
}

/// Returns a finding for more connections than expected.
pub(super) fn connections(most: u64, about: &[&Record]) -> Option<Finding> {
    let mut peers = HashSet::new();
    let beyond = about.iter().find(|record| {
        let is_new = record.peer.is_some_and(|peer| peers.insert(peer));
        is_new && peers.len() as u64 > most
    })?;
    let all: HashSet<_> = about.iter().filter_map(|record| record.peer).collect();
    let message = format!(
        "sent {} requests on {} connections, where {most} are enough",
        about.len(),
        all.len()
    );
    Some(Finding::new("too-many-connections", beyond.began, message))
}

/// Returns calls that continued after this many consecutive failures.
pub(super) fn attempts(max: u64, about: &[&Record]) -> Option<Finding> {
    for call in by_call(about) {
        let mut failed = 0;
        for record in call {
            if failed >= max {
                let message = format!(
                    "went on after {max} failed attempts: {} {}",
                    record.method, record.path
                );
                return Some(Finding::new("did-not-give-up", record.began, message));
            }
            failed = if record.needs_reaction() { failed + 1 } else { 0 };
        }
    }
    None
}
