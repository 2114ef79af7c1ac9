//! `delay`: a time, or a draw from a distribution.
//!
//! | in the file | distribution |
//! |---|---|
//! | `400ms` | constant |
//! | `{min: 100ms, max: 300ms}` | uniform |
//! | `{median: 400ms, p99: 3s}` | lognormal, with the long tail of real services' latencies |
//! | `{p50: 100ms, p90: 300ms, p99: 2s}` | piecewise uniform between measured percentiles; from 0 below the lowest, constant above the highest |

use std::time::Duration;

use crate::document::Node;
use crate::message::Delay;
use crate::scenario::words::{Entry, table as words};

/// Checks and compiles a delay. Problems are reported with their places.
pub(in crate::scenario) fn delay(words: words::Delay<'_>) -> Option<Delay> {
    match words {
        words::Delay::Fixed(time) => Some(Delay::Fixed(time)),
        words::Delay::Even(words) => {
            let (min, max) = words.min.zip(words.max)?;
            if min > max {
                words.node.error("min is longer than max", "swap them");
                return None;
            }
            Some(Delay::Uniform { min, max })
        }
        words::Delay::LogNormal(words) => {
            let (median, p99) = words.median.zip(words.p99)?;
            if median.is_zero() || p99 < median {
                words.node.error(
                    "a lognormal delay has a median above 0 and a p99 that is not below it",
                    "like {median: 400ms, p99: 3s}",
                );
                return None;
            }
            Some(Delay::log_normal(median, p99))
        }
        words::Delay::Measured(entries, node) => percentiles(&entries, &node),
    }
}

/// Percentiles by their names: `p50`, `p99.9`.
fn percentiles(entries: &[Entry<'_, Duration>], node: &Node<'_>) -> Option<Delay> {
    let mut points = Vec::new();
    for Entry { key, value, node } in entries {
        let share = key.strip_prefix('p').and_then(|number| number.parse::<f64>().ok());
        let Some(share) = share.filter(|share| *share > 0.0 && *share <= 100.0) else {
            node.error_at_key(
                format!("{key:?} is not part of a delay"),
                "give a time; min and max; median and p99; or percentiles like p50, p90, p99.9",
            );
            return None;
        };
        points.push((share / 100.0, *value));
    }
    points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    if points.is_empty() || points.windows(2).any(|pair| pair[0].1 > pair[1].1) {
        node.error("percentiles must ascend", "give the higher percentile the longer time");
        return None;
    }
    Some(Delay::Percentiles(points.into()))
}

/// Returns the duration of `stall` and `withhold`. Without a time it lasts until the client or the
/// server ends the connection.
pub(in crate::scenario) fn wait(time: Option<Duration>) -> Duration {
    time.unwrap_or(ENDLESS)
}

/// Longer than any client waits, and short enough that sums do not overflow.
const ENDLESS: Duration = Duration::from_secs(3600 * 24 * 365 * 10);
