//! Mistakes under any rules, which become notes.

use std::time::Duration;

use super::{Finding, Record, by_call, relist, retry_after, tokens};

/// The tolerance for early retries where the rule names none.
const SLACK: Duration = Duration::from_millis(200);
/// The pause between failed attempts below which they count as hammering.
const HAMMER: Duration = Duration::from_millis(50);
/// The number of consecutive fast retries that count.
const BLOWS: usize = 3;
/// No limit is given: only a missing reaction is reported, not a late one.
const EVER: Duration = Duration::from_secs(3600);

/// Returns the mistakes under any rules.
pub(super) fn notes(all: &[&Record]) -> Vec<Finding> {
    let mut notes = retry_after::early(all, all, SLACK);
    notes.extend(hammered(all, BLOWS));
    notes.extend(gave_up(all));
    notes.extend(tokens::dead(all));
    let never = |finding: &Finding| finding.code == "never-relisted";
    notes.extend(relist::after_gone(all, all, EVER).into_iter().filter(never));
    notes
}

/// Returns a call that was repeated without a pause, this many times in a row: an automatic retry
/// that failed is not to be retried automatically (RFC 9110, section 9.2.2).
pub(super) fn hammered(about: &[&Record], at_most: usize) -> Option<Finding> {
    by_call(about).into_iter().find_map(|call| {
        let mut blows = 0;
        let mut most = 0;
        for pair in call.windows(2) {
            let quick = pair[0].needs_reaction()
                && !pair[0].unprocessed
                && pair[1].began.saturating_sub(pair[0].answered) < HAMMER;
            blows = if quick { blows + 1 } else { 0 };
            most = most.max(blows);
        }
        let first = call[0];
        (most >= at_most).then(|| {
            let message = format!(
                "hammered: {} {} came {} times in a row within {} ms of its failure",
                first.method,
                first.path,
                most,
                HAMMER.as_millis()
            );
            Finding::new("hammered", first.began, message)
        })
    })
}

/// Returns calls whose last attempt failed.
fn gave_up(all: &[&Record]) -> Option<Finding> {
    let calls = by_call(all);
    let given_up: Vec<_> =
        calls.iter().filter(|call| call.last().is_some_and(|record| record.failed())).collect();
    let last = given_up.first()?.last()?;
    let attempts = given_up.first()?.len();
    let more = match given_up.len() {
        1 => String::new(),
        count => format!(", and {} more calls", count - 1),
    };
    let message = format!(
        "gave up {} {} after {attempts} {}{more}",
        last.method,
        last.path,
        if attempts == 1 { "attempt" } else { "attempts" }
    );
    Some(Finding::new("gave-up", last.began, message))
}
