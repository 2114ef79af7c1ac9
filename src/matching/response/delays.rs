//! The delays of a response: a fixed one and a drawn one, which add up (`C/http/Response.java`).

use std::time::Duration;

use serde_json::Value;

use crate::document::{Keys, Node};
use crate::message::{Delay, Pace};

use super::scalar;

/// The longest delay, in milliseconds: a day.
const MAX_DELAY_MS: u32 = 86_400_000;

/// Delays before the first byte of an answer. A missing one is taken from the settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Delays {
    pub(super) fixed: Option<Duration>,
    pub(super) drawn: Option<Delay>,
}

impl Delays {
    pub(super) const NONE: Self = Self { fixed: None, drawn: None };

    /// Reads `fixedDelayMilliseconds` and `delayDistribution`, or `None` if one of them is wrong.
    pub(super) fn read(keys: &Keys<'_>) -> Option<Self> {
        let fixed = match keys.get("fixedDelayMilliseconds").map(|node| node.loose_integer()) {
            None | Some(Ok(None)) => None,
            Some(Ok(Some(number))) => {
                let milliseconds = number.clamp(0, i64::from(MAX_DELAY_MS)).unsigned_abs();
                Some(Some(Duration::from_millis(milliseconds)))
            }
            Some(Err(_)) => Some(None),
        };
        let drawn = keys.get("delayDistribution").map(|node| distribution(&node));
        Some(Self { fixed: lift(fixed)?, drawn: lift(drawn)? })
    }
}

/// Reads a `delayDistribution`, which is also a setting and the `delay` of a webhook
/// (`C/http/DelayDistribution.java`).
pub(crate) fn distribution(node: &Node<'_>) -> Option<Delay> {
    let keys = node.keys()?;
    // An unknown type is a problem of the object.
    let kind = keys.required("type").and_then(|node| node.of_parent().word(&KINDS));
    // Bounds that are missing are zero.
    let time = |key: &'static str| keys.get(key).map_or(Some(Duration::ZERO), |node| millis(&node));
    let delay = kind.and_then(|kind| match kind {
        Kind::Fixed => Some(Delay::Fixed(time("milliseconds")?)),
        Kind::Uniform => {
            let (min, max) = (time("lower"), time("upper"));
            // Swapped bounds are not an error: the lower one applies.
            let (min, max) = (min?, max?);
            Some(Delay::Uniform { min, max: max.max(min) })
        }
        Kind::LogNormal => {
            let median = keys.get("median").map_or(Some(0.0), |node| scalar::number(&node));
            let sigma = keys.get("sigma").map_or(Some(0.0), |node| scalar::number(&node));
            let max = lift(keys.get("maxValue").map(|node| scalar::number(&node)));
            let (median, sigma, max) = (median?, sigma?, max?);
            if let Some(max) = max.filter(|max| *max < median) {
                // The distribution's own check (`C/http/LogNormal.java`).
                let (message, hint) = ("maxValue is below the median", "give a larger one");
                let detail = format!(
                    "The max value ({max:?}) has to be greater than or equal to the median ({median:?}). Sigma: {sigma:?}"
                );
                node.error_saying(message, hint, detail);
                return None;
            }
            let (median, max) = (duration(median), max.map(duration));
            Some(Delay::LogNormal { median, sigma, max })
        }
    });
    keys.finish();
    delay
}

/// Returns whether [`distribution`] reads a value without a problem.
pub(super) fn is_distribution(value: &Value) -> bool {
    const NUMBERS: [&str; 6] = ["milliseconds", "lower", "upper", "median", "sigma", "maxValue"];
    let Value::Object(map) = value else { return false };
    let is_number = |value: &Value| match value {
        Value::Number(_) | Value::Null => true,
        Value::String(text) => text.trim().is_empty() || text.trim().parse::<f64>().is_ok(),
        _ => false,
    };
    map.iter().all(|(key, value)| match (key.as_str(), value) {
        ("type", Value::String(kind)) => KINDS.iter().any(|(known, _)| known == kind),
        (key, value) => NUMBERS.contains(&key) && is_number(value),
    }) && map.contains_key("type")
}

#[derive(Clone, Copy)]
enum Kind {
    Fixed,
    Uniform,
    LogNormal,
}

const KINDS: [(&str, Kind); 3] =
    [("lognormal", Kind::LogNormal), ("uniform", Kind::Uniform), ("fixed", Kind::Fixed)];

/// Reads `chunkedDribbleDelay`: `None` if there is none, `Some(None)` if it is invalid.
#[expect(clippy::option_option, reason = "three cases: none, a good one, a wrong one")]
pub(super) fn dribble(keys: &Keys<'_>) -> Option<Option<Pace>> {
    let node = keys.get("chunkedDribbleDelay")?;
    let read = |node: &Node<'_>| {
        let keys = node.keys()?;
        let chunks = keys.get("numberOfChunks").map_or(Some(0), |node| scalar::integer(&node));
        let over = keys.get("totalDuration").map_or(Some(0), |node| scalar::integer(&node));
        let over = over.map(|over| Duration::from_millis(over.max(0).unsigned_abs()));
        keys.finish();
        let chunks = u32::try_from(chunks?.max(1)).unwrap_or(u32::MAX);
        Some(Pace::Dribble { chunks, over: over? })
    };
    Some(read(&node))
}

/// Reads a number of milliseconds. A negative one is none.
fn millis(node: &Node<'_>) -> Option<Duration> {
    scalar::number(node).map(duration)
}

/// Returns a number of milliseconds as a time.
fn duration(number: f64) -> Duration {
    Duration::from_secs_f64(number.clamp(0.0, f64::from(MAX_DELAY_MS)) / 1000.0)
}

/// Converts a value that may be missing or invalid to one that may be missing.
#[expect(clippy::option_option, reason = "three cases: none, a good one, a wrong one")]
fn lift<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(value) => value.map(Some),
    }
}
