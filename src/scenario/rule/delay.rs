//! `delay`: a time, or a draw from a distribution.
//!
//! | in the file | what is drawn |
//! |---|---|
//! | `400ms` | always this |
//! | `{min: 100ms, max: 300ms}` | anything between, evenly |
//! | `{median: 400ms, p99: 3s}` | lognormal, with the long tail that latencies of real services have |
//! | `{p50: 100ms, p90: 300ms, p99: 2s}` | from measured percentiles: evenly between them, below the lowest from 0, above the highest its value |

use std::time::Duration;

use crate::document::Node;
use crate::scenario::words::{Entry, table as words};

/// How many standard deviations the 99th percentile of a normal distribution lies above its median.
const P99: f64 = 2.326_347_874_040_841;
/// No draw is longer: the tail of a lognormal distribution has no end.
const MAX: Duration = Duration::from_secs(24 * 3600);

/// A delay of a rule.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::scenario) enum Delay {
    Fixed(Duration),
    Uniform {
        min: Duration,
        max: Duration,
    },
    LogNormal {
        median: Duration,
        sigma: f64,
    },
    /// Share of the draws, and the time that they do not exceed; both ascend.
    Percentiles(Vec<(f64, Duration)>),
}

impl Default for Delay {
    fn default() -> Self {
        Self::Fixed(Duration::ZERO)
    }
}

impl Delay {
    /// Checks and compiles a delay; what is wrong is noted with its place.
    pub(in crate::scenario) fn compile(words: words::Delay<'_>) -> Option<Self> {
        match words {
            words::Delay::Fixed(time) => Some(Self::Fixed(time)),
            words::Delay::Even(words) => {
                let (min, max) = words.min.zip(words.max)?;
                if min > max {
                    words.node.error("min is longer than max", "swap them");
                    return None;
                }
                Some(Self::Uniform { min, max })
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
                let sigma = (p99.as_secs_f64() / median.as_secs_f64()).ln() / P99;
                Some(Self::LogNormal { median, sigma })
            }
            words::Delay::Measured(entries, node) => percentiles(&entries, &node),
        }
    }

    /// Whether there is anything to draw.
    pub(in crate::scenario) fn is_drawn(&self) -> bool {
        !matches!(self, Self::Fixed(_))
    }

    /// The delay of a draw: two numbers from 0 up to, and without, 1.
    pub(in crate::scenario) fn at(&self, first: f64, second: f64) -> Duration {
        let seconds = match self {
            Self::Fixed(delay) => return *delay,
            Self::Uniform { min, max } => {
                let (min, max) = (min.as_secs_f64(), max.as_secs_f64());
                min + (max - min) * first
            }
            Self::LogNormal { median, sigma } => {
                // Box and Muller: two even draws make a normal one. 1 - first is never 0.
                let radius = (-2.0 * (1.0 - first).ln()).sqrt();
                let normal = radius * (std::f64::consts::TAU * second).cos();
                median.as_secs_f64() * (sigma * normal).exp()
            }
            Self::Percentiles(points) => {
                let mut below = (0.0, 0.0);
                for (share, delay) in points {
                    let here = (*share, delay.as_secs_f64());
                    if first < here.0 {
                        let part = (first - below.0) / (here.0 - below.0);
                        return seconds_of(below.1 + (here.1 - below.1) * part);
                    }
                    below = here;
                }
                below.1
            }
        };
        seconds_of(seconds)
    }
}

fn seconds_of(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(MAX).min(MAX)
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
    Some(Delay::Percentiles(points))
}

/// `stall` and `withhold`: how long nothing is sent, or read; without end until the client goes, or the server.
pub(in crate::scenario) fn wait(time: Option<Duration>) -> Duration {
    time.unwrap_or(ENDLESS)
}

/// Longer than any client waits, and short enough that sums do not overflow.
const ENDLESS: Duration = Duration::from_secs(3600 * 24 * 365 * 10);

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(delay: &Delay, draws: impl Iterator<Item = (f64, f64)>) -> Vec<f64> {
        let mut all: Vec<f64> =
            draws.map(|(first, second)| delay.at(first, second).as_secs_f64() * 1e3).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    /// Ten thousand draws, as rules make them.
    fn draws() -> impl Iterator<Item = (f64, f64)> {
        (0..10_000).map(|n| {
            let draw = |of| {
                let draw = crate::scenario::rule::draw::Draw {
                    seed: 7,
                    rule: "r",
                    world: "default",
                    request: None,
                };
                draw.fraction(of, n)
            };
            (draw("a"), draw("b"))
        })
    }

    #[test]
    fn draws_have_the_distribution_that_was_asked_for() {
        let ms = Duration::from_millis;
        let uniform = millis(&Delay::Uniform { min: ms(100), max: ms(300) }, draws());
        assert!(uniform[0] >= 100.0 && uniform[9_999] < 300.0);
        assert!((uniform[5_000] - 200.0).abs() < 5.0, "{}", uniform[5_000]);
        let sigma = (3000.0_f64 / 400.0).ln() / P99;
        let tail = millis(&Delay::LogNormal { median: ms(400), sigma }, draws());
        assert!((tail[5_000] / 400.0 - 1.0).abs() < 0.05, "{}", tail[5_000]);
        assert!((tail[9_900] / 3000.0 - 1.0).abs() < 0.15, "{}", tail[9_900]);
        let points = vec![(0.5, ms(100)), (0.9, ms(300)), (0.99, ms(2000))];
        let measured = millis(&Delay::Percentiles(points), draws());
        // Five standard deviations of ten thousand draws.
        for (limit, share, bound) in [(100.0, 5_000, 250), (300.0, 9_000, 150), (1999.9, 9_900, 50)]
        {
            let below = measured.iter().filter(|delay| **delay <= limit).count();
            assert!(below.abs_diff(share) < bound, "{below} draws are not longer than {limit} ms");
        }
        assert!(measured[9_999] <= 2000.0);
    }

    #[test]
    fn the_tail_has_an_end() {
        let wild = Delay::LogNormal { median: Duration::from_secs(3600), sigma: 50.0 };
        assert_eq!(wild.at(1.0 - f64::EPSILON, 0.0), MAX);
    }
}
