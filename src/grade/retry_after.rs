//! `retry_after: honoured`: a client that is asked to wait waits (RFC 9110, section 10.2.3).

use std::collections::HashMap;
use std::time::Duration;

use super::{Finding, Record, position, shown};

/// Returns calls that were repeated earlier than requested.
pub(super) fn early(about: &[&Record], all: &[&Record], slack: Duration) -> Vec<Finding> {
    let mut early = 0_u64;
    let mut first: Option<(Duration, Duration, &Record)> = None;
    // The positions of each call's attempts, so that a long log is not searched for each of them.
    let mut attempts: HashMap<[u8; 32], Vec<usize>> = HashMap::new();
    for (index, record) in all.iter().enumerate() {
        attempts.entry(record.call).or_default().push(index);
    }
    for record in about {
        let Some(asked) = record.retry_after.filter(|_| record.fault.is_none()) else { continue };
        let place = position(all, record);
        let of_call = attempts.get(&record.call).map_or(&[][..], Vec::as_slice);
        let later = &of_call[of_call.partition_point(|index| *index <= place)..];
        let mut again = later.iter().map(|index| all[*index]);
        let again = again.find(|other| other.began >= record.answered);
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
