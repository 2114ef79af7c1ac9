//! The words for how long an answer waits: a time, or a distribution that one is drawn from.
//!
//! | in the file | what is drawn |
//! |---|---|
//! | `400ms` | always this |
//! | `{min: 100ms, max: 300ms}` | anything between, evenly |
//! | `{median: 400ms, p99: 3s}` | lognormal: as latencies of real services are, with a long tail |
//! | `{p50: 100ms, p90: 300ms, p99: 2s}` | percentiles that were measured; in between evenly, below the lowest from 0, above the highest its value |

use std::time::Duration;

use crate::document::{Keys, Node};
use crate::message::Delay;

/// Reads a delay; problems are reported with their place.
pub(in crate::scenario) fn delay(node: &Node<'_>) -> Option<Delay> {
    if !node.value().is_object() {
        return node.duration().map(Delay::Fixed);
    }
    let keys = node.keys()?;
    let has = |key: &str| keys.present().any(|present| present == key);
    let delay = if has("min") || has("max") {
        let [min, max] =
            ["min", "max"].map(|key| keys.required(key).and_then(|node| node.duration()));
        match min.zip(max) {
            Some((min, max)) if min > max => {
                node.error("min is longer than max", "swap them");
                None
            }
            found => found.map(|(min, max)| Delay::Uniform { min, max }),
        }
    } else if has("median") {
        let [median, p99] =
            ["median", "p99"].map(|key| keys.required(key).and_then(|node| node.duration()));
        match median.zip(p99) {
            Some((median, p99)) if median.is_zero() || p99 < median => {
                node.error(
                    "a lognormal delay has a median above 0 and a p99 that is not below it",
                    "like {median: 400ms, p99: 3s}",
                );
                None
            }
            found => found.map(|(median, p99)| Delay::log_normal(median, p99)),
        }
    } else {
        return percentiles(node);
    };
    keys.finish();
    delay
}

/// Percentiles by their names: `p50`, `p99.9`.
fn percentiles(node: &Node<'_>) -> Option<Delay> {
    let mut points = Vec::new();
    for (key, value) in node.entries() {
        let share = key.strip_prefix('p').and_then(|number| number.parse::<f64>().ok());
        let Some(share) = share.filter(|share| *share > 0.0 && *share <= 100.0) else {
            value.error_at_key(
                format!("{key:?} is not part of a delay"),
                "say a time; min and max; median and p99; or percentiles like p50, p90, p99.9",
            );
            return None;
        };
        points.push((share / 100.0, value.duration()?));
    }
    points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    if points.is_empty() || points.windows(2).any(|pair| pair[0].1 > pair[1].1) {
        node.error("percentiles grow", "give the higher percentile the longer time");
        return None;
    }
    Some(Delay::Percentiles(points.into()))
}

/// `stall` and `withhold`: nothing is sent for this long; `forever` until the client or the server goes.
pub(in crate::scenario) fn stall(keys: &Keys<'_>, key: &'static str) -> Option<Duration> {
    let node = keys.get(key)?;
    if node.value() == "forever" {
        return Some(FOR_EVER);
    }
    node.duration()
}

/// Longer than anybody waits, and short enough to be added to.
const FOR_EVER: Duration = Duration::from_secs(3600 * 24 * 365 * 10);
