//! `max_requests`, `min_requests`, `max_in_flight`, `max_attempts`: how much is too much.

use std::time::Duration;

use crate::scenario::Expect;

use super::{Finding, Record, by_call};

/// More, or fewer, requests than expected.
pub(super) fn requests(expect: &Expect, about: &[&Record]) -> Vec<Finding> {
    let count = about.len() as u64;
    let last = about.last().map(|record| record.began).unwrap_or_default();
    let mut findings = Vec::new();
    if let Some(max) = expect.max_requests.filter(|max| count > *max) {
        let message = format!("made {count} requests, where {max} are enough");
        findings.push(Finding::new("too-many-requests", last, message));
    }
    if let Some(min) = expect.min_requests.filter(|min| count < *min) {
        let message = format!("made {count} requests, where {min} are needed");
        findings.push(Finding::new("too-few-requests", last, message));
    }
    findings
}

/// More requests at once than expected.
pub(super) fn in_flight(expect: &Expect, about: &[&Record]) -> Vec<Finding> {
    let Some(max) = expect.max_in_flight else { return Vec::new() };
    let mut moments: Vec<(Duration, i64)> = Vec::new();
    for record in about {
        moments.push((record.began, 1));
        moments.push((record.ended.unwrap_or(Duration::MAX), -1));
    }
    // At one moment what ends makes room for what begins.
    moments.sort_unstable();
    let (mut now, mut most, mut when) = (0, 0, Duration::ZERO);
    for (at, by) in moments {
        now += by;
        if now > most {
            (most, when) = (now, at);
        }
    }
    if u64::try_from(most).is_ok_and(|most| most <= max) {
        return Vec::new();
    }
    let message = format!("had {most} requests at once, where {max} are enough");
    vec![Finding::new("too-many-in-flight", when, message)]
}

/// A call that went on after it had failed so often in a row.
pub(super) fn attempts(expect: &Expect, about: &[&Record]) -> Vec<Finding> {
    let Some(max) = expect.max_attempts else { return Vec::new() };
    for call in by_call(about) {
        let mut failed = 0;
        for record in call {
            if failed >= max {
                let message = format!(
                    "went on after {max} failed attempts: {} {}",
                    record.method, record.path
                );
                return vec![Finding::new("did-not-give-up", record.began, message)];
            }
            failed = if record.went_wrong() { failed + 1 } else { 0 };
        }
    }
    Vec::new()
}
