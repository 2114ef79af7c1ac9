//! Previews a `limit` for the first requests: without a pause between them, and from a client that
//! waits for `Retry-After`.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::scenario::engine::limits::Limits;
use crate::scenario::rule::limit::Limit;

/// How many times of a waiting client's next request are shown.
const MOST_MOMENTS: usize = 8;

/// Returns the preview as lines of text and as JSON.
pub(super) fn preview(rule: &Arc<str>, limit: &Limit, requests: u64) -> (Vec<String>, Value) {
    let mut limits = Limits::default();
    let mut spend = |now| limits.spend(rule, limit, [0; 32], now);
    let mut refused = Vec::new();
    let mut retry_after = Duration::ZERO;
    let mut at_once = Vec::new();
    for number in 1..=requests {
        let state = spend(Duration::ZERO);
        if !state.passes {
            retry_after = if refused.is_empty() { state.retry_after } else { retry_after };
            refused.push(number);
        }
        at_once.push(json!({
            "request": number,
            "passes": state.passes,
            "remaining": state.remaining,
            "retryAfterSeconds": (!state.passes).then_some(state.retry_after.as_secs_f64()),
        }));
    }
    let moments = moments(rule, limit, requests);
    let first = refused.first().map_or(requests, |first| first - 1);
    let mut line = match first {
        0 => "without a pause:".to_owned(),
        1 => "without a pause: request 1 passes".to_owned(),
        first => format!("without a pause: requests 1 to {first} pass"),
    };
    if let Some(from) = refused.first() {
        let then = &limit.otherwise.text;
        let _ = write!(line, ", request {from} is refused: {then}, retry after {retry_after:?}");
    }
    let mut lines = vec![line];
    if !moments.is_empty() {
        let shown = moments.iter().map(|(number, at)| format!("{number} at {at:?}"));
        let shown: Vec<String> = shown.take(MOST_MOMENTS).collect();
        let more = if moments.len() > MOST_MOMENTS { ", .." } else { "" };
        lines.push(format!("waiting as asked: request {}{more}", shown.join(", ")));
    }
    let waiting = moments
        .iter()
        .map(|(number, at)| json!({"request": number, "atSeconds": at.as_secs_f64()}));
    let json = json!({
        "withoutPause": at_once,
        "waitingAsAsked": waiting.collect::<Vec<_>>(),
    });
    (lines, json)
}

/// Returns the requests that pass only after a wait, with the time of each, for a client that
/// repeats a refused request as soon as it is allowed.
fn moments(rule: &Arc<str>, limit: &Limit, requests: u64) -> Vec<(u64, Duration)> {
    let mut limits = Limits::default();
    let mut now = Duration::ZERO;
    let mut moments = Vec::new();
    for number in 1..=requests {
        let mut has_waited = false;
        loop {
            let state = limits.spend(rule, limit, [0; 32], now);
            if state.passes {
                break;
            }
            // With a limit of 0, no request passes however long a client waits.
            if has_waited {
                return moments;
            }
            has_waited = true;
            now += state.retry_after;
        }
        if has_waited {
            moments.push((number, now));
        }
    }
    moments
}
