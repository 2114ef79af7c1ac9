//! `before`, `after` and `equalToDateTime` (`C/matching/AbstractDateTimePattern.java`).

mod iso;
mod now;
mod read;

use std::cmp::Ordering;
use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::template::{date, date_parse};

use now::{Offset, Truncation};

/// How a date must relate to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateOperator {
    Before,
    After,
    Equal,
}

/// A date that a value is compared with.
#[derive(Debug)]
pub(crate) struct DatePattern {
    operator: DateOperator,
    /// As written.
    text: Box<str>,
    expected: Expected,
    /// How the value is written: a pattern of Java's, `unix` or `epoch`.
    format: Option<Box<str>>,
    truncate_expected: Option<Truncation>,
    truncate_actual: Option<Truncation>,
    /// Whether the offset comes before the truncation.
    truncate_last: bool,
}

/// What a value is compared with.
#[derive(Debug)]
enum Expected {
    /// A date of the stub: with a zone, local, or neither if it cannot be read.
    Literal { zoned: Option<Timestamp>, local: Option<DateTime> },
    /// The time of the request, moved.
    Now(Option<Offset>),
}

/// A value that was read.
#[derive(Debug, Default, Clone)]
struct Moment {
    zoned: Option<Zoned>,
    local: Option<DateTime>,
}

impl DatePattern {
    pub(super) fn matches(&self, text: Option<&str>, now: Timestamp) -> bool {
        let Some((actual, expected)) = self.compared(text, now) else { return false };
        let ordering = actual.cmp(&expected);
        match self.operator {
            DateOperator::Before => ordering == Ordering::Less,
            DateOperator::After => ordering == Ordering::Greater,
            DateOperator::Equal => ordering == Ordering::Equal,
        }
    }

    /// Returns the distance of the two dates, from 0 to 1: 0.5 at two years
    /// (`C/matching/AbstractDateTimeMatchResult.java`).
    pub(super) fn distance(&self, text: Option<&str>, now: Timestamp) -> f64 {
        const TWO_YEARS_MS: f64 = 2.0 * 365.0 * 24.0 * 60.0 * 60.0 * 1000.0;
        let Some((actual, expected)) = self.compared(text, now) else { return 1.0 };
        let apart = actual.duration_since(expected).as_millis().unsigned_abs();
        #[expect(clippy::cast_precision_loss, reason = "as Java rounds it")]
        let apart = apart as f64;
        apart / (apart + TWO_YEARS_MS)
    }

    /// Returns the value and the expected date, as moments of one zone.
    fn compared(&self, text: Option<&str>, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let actual = self.actual(text?)?;
        let zoned = match (&actual.zoned, self.truncate_actual) {
            (Some(zoned), Some(truncation)) => truncation.of(zoned),
            (zoned, _) => zoned.clone(),
        };
        let (expected_zoned, expected_local) = match &self.expected {
            Expected::Literal { zoned, local } => (*zoned, *local),
            Expected::Now(offset) => (self.moved(now, offset.as_ref()), None),
        };
        // A local date is one of the server's zone, which is UTC here.
        let moment = |local: DateTime| Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp());
        match (expected_zoned, expected_local, zoned, actual.local) {
            (Some(expected), _, Some(actual), _) => Some((actual.timestamp(), expected)),
            (_, Some(expected), _, Some(actual)) => Some((moment(actual)?, moment(expected)?)),
            (_, Some(expected), Some(actual), _) => {
                Some((moment(actual.datetime())?, moment(expected)?))
            }
            (Some(expected), _, _, Some(actual)) => Some((moment(actual)?, expected)),
            _ => None,
        }
    }

    /// Returns the value, read by its format.
    fn actual(&self, text: &str) -> Option<Moment> {
        let Some(format) = &self.format else { return Some(literal(text)) };
        let found = date_parse::by_format(text, format).ok()??;
        if format.starts_with('E') && !iso::weekday_fits(text, &found.zoned()) {
            return None;
        }
        let local = found.zoned().datetime();
        let numeric = is_numeric(format);
        let zoned = (numeric || found.zone.is_some()).then(|| found.zoned());
        Some(Moment { zoned, local: Some(local) })
    }

    /// Returns the time of the request, truncated and moved.
    fn moved(&self, now: Timestamp, offset: Option<&Offset>) -> Option<Timestamp> {
        let truncated = |at: Zoned| match self.truncate_expected {
            Some(truncation) => truncation.of(&at),
            None => Some(at),
        };
        let moved = |at: Zoned| match offset {
            Some(offset) => offset.from(&at),
            None => Some(at),
        };
        let now = now.to_zoned(TimeZone::UTC);
        let found =
            if self.truncate_last { truncated(moved(now)?) } else { moved(truncated(now)?) };
        Some(found?.timestamp())
    }

    fn name(&self) -> &'static str {
        match self.operator {
            DateOperator::Before => "before",
            DateOperator::After => "after",
            DateOperator::Equal => "equalToDateTime",
        }
    }
}

fn is_numeric(format: &str) -> bool {
    format.eq_ignore_ascii_case("unix") || format.eq_ignore_ascii_case("epoch")
}

/// Returns a date in one of the forms that need no format.
fn literal(text: &str) -> Moment {
    if let Some(moment) = iso::read(text) {
        return moment;
    }
    // The HTTP date formats. An invalid ISO date is not one of them.
    let is_iso = text.as_bytes().get(4) == Some(&b'-');
    match date_parse::known(text).or_else(|| date_parse::known(&rfc_1123_case(text)?)) {
        Some(found) if !is_iso && iso::weekday_fits(text, &found.zoned()) => {
            Moment { zoned: Some(date::Date::zoned(&found)), local: None }
        }
        _ => Moment::default(),
    }
}

/// Returns a date as in RFC 1123, where case does not count, in the case of the RFC; `None` for
/// other texts.
fn rfc_1123_case(text: &str) -> Option<String> {
    let head = text.split(' ').next().unwrap_or_default();
    let is_day =
        head.len() == 4 && head.ends_with(',') || head.bytes().all(|byte| byte.is_ascii_digit());
    let word = |word: &str| {
        if word.eq_ignore_ascii_case("gmt") {
            return "GMT".to_owned();
        }
        let lower = word.to_ascii_lowercase();
        let (first, rest) = lower.split_at(lower.chars().next().map_or(0, char::len_utf8));
        first.to_ascii_uppercase() + rest
    };
    is_day.then(|| text.split(' ').map(word).collect::<Vec<_>>().join(" "))
}

impl fmt::Display for DatePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.name(), self.text)
    }
}
