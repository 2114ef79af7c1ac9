//! A delay: a fixed time, or a distribution that a time is drawn from for each request.

use std::sync::Arc;
use std::time::Duration;

/// How many standard deviations the 99th percentile of a normal distribution lies above its median.
const P99: f64 = 2.326_347_874_040_841;

/// The longest time that is drawn: the tail of a lognormal distribution has no end.
pub(crate) const MAX_DRAWN_DELAY: Duration = Duration::from_secs(24 * 3600);

/// How often a time above the bound of its distribution is drawn again, as `WireMock` does.
const REDRAWS: usize = 10;

/// A delay before it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Delay {
    /// Always this time.
    Fixed(Duration),
    /// Any time between two, all equally likely.
    Uniform {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// Times whose logarithm is normally distributed: the latencies of real services, with a long tail.
    LogNormal {
        /// Half of the times are shorter.
        median: Duration,
        /// The standard deviation of the logarithm.
        sigma: f64,
        /// The longest, if there is a bound.
        max: Option<Duration>,
    },
    /// Measured percentiles: the share of times below, as a fraction of 1, and the time; both ascend.
    /// Between two percentiles all times are equally likely, below the lowest from zero on. Above the
    /// highest the delay is its time.
    Percentiles(Arc<[(f64, Duration)]>),
}

impl Default for Delay {
    /// The delay of zero.
    fn default() -> Self {
        Self::Fixed(Duration::ZERO)
    }
}

impl Delay {
    /// Returns the lognormal distribution with this median and 99th percentile. The median is above
    /// zero and not above the percentile.
    #[must_use]
    pub(crate) fn log_normal(median: Duration, p99: Duration) -> Self {
        let sigma = (p99.as_secs_f64() / median.as_secs_f64()).ln() / P99;
        Self::LogNormal { median, sigma, max: None }
    }

    /// Returns the time, if it is the same for all requests.
    #[must_use]
    pub(crate) fn fixed(&self) -> Option<Duration> {
        match self {
            Self::Fixed(time) => Some(*time),
            _ => None,
        }
    }

    /// Draws a time. `draw` returns numbers in [0, 1); the same numbers give the same time. No
    /// drawn time is longer than [`MAX_DRAWN_DELAY`].
    pub(crate) fn draw(&self, mut draw: impl FnMut() -> f64) -> Duration {
        match self {
            Self::Fixed(time) => *time,
            Self::Uniform { min, max } => {
                let (min, max) = (min.as_secs_f64(), max.as_secs_f64());
                bounded(min + (max - min) * draw())
            }
            Self::LogNormal { median, sigma, max } => {
                let mut time = log_normal(*median, *sigma, &mut draw);
                let Some(max) = *max else { return time };
                for _ in 0..REDRAWS {
                    if time <= max {
                        return time;
                    }
                    time = log_normal(*median, *sigma, &mut draw);
                }
                time.min(max)
            }
            Self::Percentiles(points) => between(points, draw()),
        }
    }
}

fn log_normal(median: Duration, sigma: f64, draw: &mut impl FnMut() -> f64) -> Duration {
    // Box and Muller: two uniform draws make a normal one. 1 - draw is never 0.
    let radius = (-2.0 * (1.0 - draw()).ln()).sqrt();
    let normal = radius * (std::f64::consts::TAU * draw()).cos();
    bounded(median.as_secs_f64() * (sigma * normal).exp())
}

fn between(points: &[(f64, Duration)], drawn: f64) -> Duration {
    let mut below = (0.0, 0.0);
    for (share, time) in points {
        let here = (*share, time.as_secs_f64());
        if drawn < here.0 {
            let part = (drawn - below.0) / (here.0 - below.0);
            return bounded(below.1 + (here.1 - below.1) * part);
        }
        below = here;
    }
    bounded(below.1)
}

fn bounded(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(MAX_DRAWN_DELAY).min(MAX_DRAWN_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Numbers as a seeded generator gives them (`SplitMix64`).
    fn numbers() -> impl FnMut() -> f64 {
        let mut state = 7_u64;
        move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut bits = state;
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
            let number = ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
            number
        }
    }

    /// Ten thousand times in milliseconds, in ascending order.
    fn drawn(delay: &Delay) -> Vec<f64> {
        let mut numbers = numbers();
        let one = |_| delay.draw(&mut numbers).as_secs_f64() * 1e3;
        let mut all: Vec<f64> = (0..10_000).map(one).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    #[test]
    fn draws_have_the_requested_distribution() {
        let uniform = drawn(&Delay::Uniform { min: ms(100), max: ms(300) });
        assert!(uniform[0] >= 100.0 && uniform[9_999] < 300.0);
        assert!((uniform[5_000] - 200.0).abs() < 5.0, "{}", uniform[5_000]);

        let tail = drawn(&Delay::log_normal(ms(400), ms(3000)));
        assert!((tail[5_000] / 400.0 - 1.0).abs() < 0.05, "{}", tail[5_000]);
        assert!((tail[9_900] / 3000.0 - 1.0).abs() < 0.15, "{}", tail[9_900]);

        let points = vec![(0.5, ms(100)), (0.9, ms(300)), (0.99, ms(2000))];
        let measured = drawn(&Delay::Percentiles(points.into()));
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
        let wild = Delay::LogNormal { median: ms(3_600_000), sigma: 50.0, max: None };
        let mut numbers = [1.0 - f64::EPSILON, 0.0].into_iter();
        assert_eq!(wild.draw(|| numbers.next().unwrap()), MAX_DRAWN_DELAY);

        let median = ms(100);
        let bounded = drawn(&Delay::LogNormal { median, sigma: 1.0, max: Some(ms(150)) });
        assert!(bounded[9_999] <= 150.0);
        // Drawn again rather than cut: only what stays above in eleven draws is the bound itself.
        let at_bound = bounded.iter().filter(|time| **time >= 150.0).count();
        assert!(at_bound < 10, "{at_bound}");
        // A bound that nothing is below still ends.
        let never = Delay::LogNormal { median, sigma: 0.0, max: Some(ms(1)) };
        assert_eq!(never.draw(numbers_of_a_constant), ms(1));
    }

    fn numbers_of_a_constant() -> f64 {
        0.5
    }

    #[test]
    fn the_same_numbers_give_the_same_times() {
        for delay in [
            Delay::Fixed(ms(5)),
            Delay::Uniform { min: ms(1), max: ms(9) },
            Delay::log_normal(ms(10), ms(50)),
        ] {
            assert_eq!(drawn(&delay), drawn(&delay), "{delay:?}");
        }
    }
}
