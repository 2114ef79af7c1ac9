//! Latencies → the distribution that a rule draws delays from.

use std::time::Duration;

use serde_json::{Map, Value};

use super::outcome::written;

/// Latencies below this are not worth a rule.
const NOTICEABLE: Duration = Duration::from_millis(20);
/// The quantiles that are written, with the fewest latencies for which each says something.
const QUANTILES: [(&str, f64, usize); 5] = [
    ("p10", 0.1, 10),
    ("p50", 0.5, 1),
    ("p90", 0.9, 10),
    ("p99", 0.99, 100),
    ("p99.9", 0.999, 1000),
];

/// Returns the distribution of latencies as the value of a `delay`, or `None` if they are
/// negligible.
pub(super) fn delay(latencies: &[Duration]) -> Option<Value> {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    let longest = *sorted.last()?;
    if quantile(&sorted, 0.9) < NOTICEABLE {
        return None;
    }
    if sorted.len() < 3 {
        return Some(written(quantile(&sorted, 0.5)).into());
    }
    let mut points = Map::new();
    for (name, share, fewest) in QUANTILES {
        if sorted.len() >= fewest {
            points.insert(name.to_owned(), written(quantile(&sorted, share)).into());
        }
    }
    points.insert("p100".to_owned(), written(longest).into());
    Some(points.into())
}

/// Returns the latency that this many are not longer than.
pub(super) fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a list of bounded length"
    )]
    let place = (share * last as f64).round() as usize;
    sorted.get(place.min(last)).copied().unwrap_or_default()
}
