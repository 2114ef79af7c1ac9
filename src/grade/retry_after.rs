//! `retry_after: honoured`: who is asked to wait waits (RFC 9110, section 10.2.3).

use std::time::Duration;

use super::{Finding, Record, after, shown};

/// Returns the same call, sooner than it was asked to come back.
pub(super) fn early(about: &[&Record], all: &[&Record], slack: Duration) -> Vec<Finding> {
    let mut early = 0_u64;
    let mut first: Option<(Duration, Duration, &Record)> = None;
    for record in about {
        let Some(asked) = record.retry_after.filter(|_| record.fault.is_none()) else { continue };
        let again = after(all, record)
            .find(|other| other.call == record.call && other.began >= record.answered);
        let Some(again) = again else { continue };
        let waited = again.began.saturating_sub(record.answered);
        if waited + slack < asked {
            early += 1;
            first.get_or_insert((waited, asked, again));
        }
    }
    let Some((waited, asked, again)) = first else { return Vec::new() };
    let message = format!(
        "ignored Retry-After {}: {} {} came back after {}, where {} were asked for",
        times(early),
        again.method,
        again.path,
        shown(waited),
        shown(asked)
    );
    vec![Finding::new("retry-after", again.began, message)]
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
