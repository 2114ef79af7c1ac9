//! Values that a client draws for one request: identities of requests, nonces, the time. A replayed client draws others,
//! so that a pattern must allow any. A value that an answer had before is none: clients send back what they were given.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::names;
use super::pattern::patterns;
use super::random::looks_random;

patterns! {
    IDENTITY = r"(?i-u)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
    // Times of ISO 8601, extended and basic.
    TIME = r"(?-u)^(\d{4})-?(\d\d)-?(\d\d)[T ](\d\d):?(\d\d)";
    // What an answer may have of both, in its text.
    VALUES = r"(?i-u)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-?\d\d-?\d\dT\d\d[0-9:.]+Z?|\b\d{10,19}(?:\.\d+)?\b";
}

/// How far from now a time may be, in seconds, to have been read from the client's clock.
const NEAR: i64 = 86_400;

/// How many values of answers are kept.
const MOST: usize = 65_536;

/// The values of answers that a client may send back.
#[derive(Debug, Default)]
pub(super) struct Answered {
    hashes: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Answered {
    /// Keeps the values that a text of an answer has.
    pub(super) fn learn(&mut self, text: &str) {
        for found in VALUES.find_iter(text) {
            let hash = hash(found.as_str());
            if self.hashes.insert(hash) {
                self.order.push_back(hash);
            }
            if self.order.len() > MOST
                && let Some(oldest) = self.order.pop_front()
            {
                self.hashes.remove(&oldest);
            }
        }
    }

    /// Whether a value of a request was drawn for it. `now` is in seconds since 1970.
    pub(super) fn is_drawn(&self, name: &str, value: &str, now: i64) -> bool {
        if value.len() < 6 || self.hashes.contains(&hash(value)) {
            return false;
        }
        IDENTITY.is_match(value)
            || is_near(value, now)
            || names::is_of_request(name) && (looks_random(value) || is_digits(value))
    }
}

fn hash(value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.to_ascii_lowercase().hash(&mut hasher);
    hasher.finish()
}

fn is_digits(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_hexdigit()) && value.len() >= 6
}

/// Whether a value is a time close to now: of a unix clock in seconds or finer, or of ISO 8601.
fn is_near(value: &str, now: i64) -> bool {
    let whole = value.split('.').next().unwrap_or_default();
    if whole.bytes().all(|byte| byte.is_ascii_digit()) {
        let unit = match whole.len() {
            10 => 1,
            13 => 1_000,
            16 => 1_000_000,
            19 => 1_000_000_000,
            _ => return false,
        };
        return whole.parse::<i64>().is_ok_and(|time| (time / unit - now).abs() <= NEAR);
    }
    let Some(found) = TIME.captures(value) else { return false };
    let part = |group: usize| found[group].parse::<i8>().ok();
    let time = || {
        let date = jiff::civil::Date::new(found[1].parse().ok()?, part(2)?, part(3)?).ok()?;
        let time = jiff::civil::Time::new(part(4)?, part(5)?, 0, 0).ok()?;
        date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()
    };
    time().is_some_and(|time| (time.timestamp().as_second() - now).abs() <= NEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_draws_is_told_from_what_it_was_given() {
        let mut answered = Answered::default();
        answered.learn(r#"{"id":"0c1f2d3e-4b5a-6978-8796-a5b4c3d2e1f0","at":1790000123,"day":"2026-09-21T13:00:00Z"}"#);
        let now = 1_790_000_000;
        for (name, value, drawn) in [
            ("x", "6a9192ef-b3dc-4dfc-b271-b428beed4bda", true),
            ("x", "0C1F2D3E-4B5A-6978-8796-A5B4C3D2E1F0", false),
            ("ts", "1790000100.25", true),
            ("ts", "1790000123", false),
            ("_", "1790000100123", true),
            ("since", "1700000000", false),
            ("when", "2026-09-21T14:00:00Z", true),
            ("X-Amz-Date", "20260921T140000Z", true),
            ("day", "2026-09-21T13:00:00Z", false),
            ("day", "2020-01-01T00:00:00Z", false),
            ("nonce", "aB3dE5fG7h", true),
            ("nonce", "fixed", false),
            ("requestId", "0123456789abcdef", true),
            ("name", "aB3dE5fG7h", false),
            ("page", "2", false),
        ] {
            assert_eq!(answered.is_drawn(name, value, now), drawn, "{name}={value}");
        }
    }
}
