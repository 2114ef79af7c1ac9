//! Dates that begin with the time of the request: offsets (`C/common/DateTimeOffset.java`) and truncations
//! (`C/common/DateTimeTruncation.java`).

use jiff::civil::{DateTime, Time};
use jiff::{Span, Zoned};

/// An offset of time from a date.
#[derive(Debug)]
pub(super) struct Offset {
    amount: i32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy)]
enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
    Months,
    Years,
}

/// Returns whether a text means the time of the request: `now`, `now +3 days`, `-5 hours`.
pub(super) fn is_now(text: &str) -> bool {
    text.eq_ignore_ascii_case("now") || {
        let text = without_now(text);
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(&text);
        unsigned.split_once(' ').is_some_and(|(amount, unit)| {
            let letters =
                |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic());
            !amount.is_empty() && amount.bytes().all(|b| b.is_ascii_digit()) && letters(unit)
        })
    }
}

/// Returns the text without the word `now` and the space after it, in any case.
fn without_now(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let head = rest.get(..4).filter(|head| head.eq_ignore_ascii_case("now "));
        if head.is_some() {
            rest = &rest[4..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

impl Offset {
    /// Reads an offset; `None` for `now` alone.
    pub(super) fn read(text: &str) -> Result<Option<Self>, String> {
        if text.eq_ignore_ascii_case("now") {
            return Ok(None);
        }
        let parts: Vec<&str> = text.split(' ').collect();
        match parts[..] {
            [amount, unit] | [_, amount, unit] => {
                let amount = amount.strip_prefix('+').unwrap_or(amount);
                let amount =
                    amount.parse().map_err(|_| format!("For input string: \"{amount}\""))?;
                Self::new(amount, unit).map(Some)
            }
            _ => {
                Err("Offset can be of the short form <amount> <unit> e.g. 8 seconds or long form \
                      now +/-<amount> <unit> e.g. now +5 years"
                    .to_owned())
            }
        }
    }

    pub(super) fn new(amount: i32, unit: &str) -> Result<Self, String> {
        let upper = unit.to_uppercase();
        let unit = match upper.as_str() {
            "SECONDS" => Unit::Seconds,
            "MINUTES" => Unit::Minutes,
            "HOURS" => Unit::Hours,
            "DAYS" => Unit::Days,
            "MONTHS" => Unit::Months,
            "YEARS" => Unit::Years,
            _ => {
                return Err(format!(
                    "No enum constant com.github.tomakehurst.wiremock.common.DateTimeUnit.{upper}"
                ));
            }
        };
        Ok(Self { amount, unit })
    }

    /// Returns the date plus the offset, or `None` if the calendar ends.
    pub(super) fn from(&self, at: &Zoned) -> Option<Zoned> {
        let amount = i64::from(self.amount);
        let span = Span::new();
        let span = match self.unit {
            Unit::Seconds => span.try_seconds(amount),
            Unit::Minutes => span.try_minutes(amount),
            Unit::Hours => span.try_hours(amount),
            Unit::Days => span.try_days(amount),
            Unit::Months => span.try_months(amount),
            Unit::Years => span.try_years(amount),
        };
        at.checked_add(span.ok()?).ok()
    }
}

/// The start of a unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truncation {
    Minute,
    Hour,
    Day,
    Month,
    NextMonth,
    LastOfMonth,
    Year,
    NextYear,
    LastOfYear,
}

impl Truncation {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let key = text.to_uppercase().replace(' ', "_");
        Ok(match key.as_str() {
            "FIRST_SECOND_OF_MINUTE" => Self::Minute,
            "FIRST_MINUTE_OF_HOUR" => Self::Hour,
            "FIRST_HOUR_OF_DAY" => Self::Day,
            "FIRST_DAY_OF_MONTH" => Self::Month,
            "FIRST_DAY_OF_NEXT_MONTH" => Self::NextMonth,
            "LAST_DAY_OF_MONTH" => Self::LastOfMonth,
            "FIRST_DAY_OF_YEAR" => Self::Year,
            "FIRST_DAY_OF_NEXT_YEAR" => Self::NextYear,
            "LAST_DAY_OF_YEAR" => Self::LastOfYear,
            _ => {
                return Err(format!(
                    "No enum constant com.github.tomakehurst.wiremock.common.DateTimeTruncation.{key}"
                ));
            }
        })
    }

    /// Returns the date truncated, in its zone, or `None` if the calendar ends.
    pub(super) fn of(self, at: &Zoned) -> Option<Zoned> {
        let (day, time) = (at.date(), at.time());
        let start = |day| DateTime::from_parts(day, Time::midnight());
        let to = match self {
            Self::Minute => day.to_datetime(Time::new(time.hour(), time.minute(), 0, 0).ok()?),
            Self::Hour => day.to_datetime(Time::new(time.hour(), 0, 0, 0).ok()?),
            Self::Day => start(day),
            Self::Month => start(day.first_of_month()),
            Self::NextMonth => start(day.last_of_month().tomorrow().ok()?),
            Self::LastOfMonth => start(day.last_of_month()),
            Self::Year => start(day.first_of_year()),
            Self::NextYear => start(day.last_of_year().tomorrow().ok()?),
            Self::LastOfYear => start(day.last_of_year()),
        };
        to.to_zoned(at.time_zone().clone()).ok()
    }
}
