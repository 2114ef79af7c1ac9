//! How fast the time of a replay passes.

use std::str::FromStr;
use std::time::Duration;

use super::pace::TimedChunk;
use super::{Delivery, Effects, Pace, Turn};

/// How fast the delays and pauses of stubs pass, for [`Builder::replay_speed`](crate::Builder::replay_speed).
///
/// ```
/// let faster = standin::ReplaySpeed::times(10.0).unwrap();
/// assert_eq!("10".parse(), Ok(faster));
/// assert_eq!("0".parse(), Ok(standin::ReplaySpeed::AT_ONCE));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReplaySpeed(f64);

impl ReplaySpeed {
    /// Delays and pauses are as long as they are written.
    pub const AS_RECORDED: Self = Self(1.0);

    /// There are no delays and pauses.
    pub const AT_ONCE: Self = Self(0.0);

    /// The slowest speed: a second takes a quarter of an hour.
    const SLOWEST: f64 = 0.001;

    /// Creates a speed: 2 halves every delay. Returns `None` below 0.001.
    #[must_use]
    pub fn times(factor: f64) -> Option<Self> {
        (factor.is_finite() && factor >= Self::SLOWEST).then_some(Self(factor))
    }

    /// Returns a delivery at this speed. Faults, positions and lengths stay.
    pub(crate) fn of(self, delivery: Delivery) -> Delivery {
        if self == Self::AS_RECORDED || delivery.effects().is_none() {
            return delivery;
        }
        let effects = delivery.into_effects();
        let schedule = effects.schedule.filter(|_| self != Self::AT_ONCE).map(|chunks| {
            let faster =
                |chunk: &TimedChunk| TimedChunk { after: self.time(chunk.after), ..*chunk };
            chunks.iter().map(faster).collect()
        });
        let pace = effects.pace.filter(|_| self != Self::AT_ONCE).map(|pace| match pace {
            Pace::Chunks { size, every } => Pace::Chunks { size, every: self.time(every) },
            Pace::Dribble { chunks, over } => Pace::Dribble { chunks, over: self.time(over) },
        });
        let conversation = effects.conversation.map(|turns| {
            let faster = |turn: &Turn| Turn { after: self.time(turn.after), ..turn.clone() };
            turns.iter().map(faster).collect()
        });
        let delay = self.time(effects.delay);
        Effects { delay, conversation, schedule, pace, ..effects }.into()
    }

    fn time(self, recorded: Duration) -> Duration {
        if self == Self::AT_ONCE {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64(recorded.as_secs_f64() / self.0).unwrap_or(Duration::MAX)
    }
}

impl Default for ReplaySpeed {
    fn default() -> Self {
        Self::AS_RECORDED
    }
}

impl FromStr for ReplaySpeed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "write 1 for the recorded time, 10 for ten times as fast, 0 for no delays".to_owned()
        };
        match text.parse::<f64>().map_err(|_| wrong())? {
            0.0 => Ok(Self::AT_ONCE),
            factor => Self::times(factor).ok_or_else(wrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_divided_and_everything_else_stays() {
        let seconds = Duration::from_secs;
        let delivery = Delivery::from(Effects {
            delay: seconds(4),
            unannounced: true,
            schedule: Some([TimedChunk { after: seconds(2), bytes: 7 }].into()),
            pace: Some(Pace::Dribble { chunks: 3, over: seconds(6) }),
            ..Effects::default()
        });
        let at = |speed: &str| {
            let speed: ReplaySpeed = speed.parse().unwrap();
            let effects = speed.of(delivery.clone()).into_effects();
            assert!(effects.unannounced);
            (effects.delay, effects.schedule.map(|chunks| chunks.to_vec()), effects.pace)
        };
        let chunk = |after| Some(vec![TimedChunk { after, bytes: 7 }]);
        let dribble = |over| Some(Pace::Dribble { chunks: 3, over });
        assert_eq!(at("1"), (seconds(4), chunk(seconds(2)), dribble(seconds(6))));
        assert_eq!(at("2"), (seconds(2), chunk(seconds(1)), dribble(seconds(3))));
        assert_eq!(at("0.5"), (seconds(8), chunk(seconds(4)), dribble(seconds(12))));
        assert_eq!(at("0"), (Duration::ZERO, None, None));
        for wrong in ["-1", "nan", "inf", "fast", "1e-9"] {
            assert!(wrong.parse::<ReplaySpeed>().is_err(), "{wrong}");
        }
    }
}
