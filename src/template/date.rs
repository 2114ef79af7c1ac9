//! Dates of templates: moments in time with a zone, a format, offsets and truncation.

use std::fmt;
use std::sync::Arc;

use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp, Zoned};

use super::date_format;

/// A moment, and how it prints.
#[derive(Debug, Clone)]
pub(crate) struct Date {
    /// Milliseconds since 1970.
    pub(crate) millis: i64,
    /// `epoch`, `unix`, or a pattern of Java's `SimpleDateFormat`, which was checked; ISO 8601 without one.
    pub(crate) format: Option<Arc<str>>,
    /// The zone that it prints in; UTC without one.
    pub(crate) zone: Option<TimeZone>,
}

impl Date {
    /// Returns the moment in its zone.
    pub(crate) fn zoned(&self) -> Zoned {
        let moment = Timestamp::from_millisecond(self.millis).unwrap_or(Timestamp::UNIX_EPOCH);
        moment.to_zoned(self.zone.clone().unwrap_or(TimeZone::UTC))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.format.as_deref() {
            Some("epoch") => write!(f, "{}", self.millis),
            Some("unix") => write!(f, "{}", self.millis / 1000),
            // The pattern was checked when the date was made.
            Some(pattern) => {
                f.write_str(&date_format::simple(pattern, &self.zoned()).unwrap_or_default())
            }
            None => {
                let at = self.zoned();
                write!(f, "{}", at.strftime("%Y-%m-%dT%H:%M:%S"))?;
                f.write_str(&date_format::offset(at.offset(), ":", true))
            }
        }
    }
}

/// Returns the zone of a name as Java's `ZoneId.of` knows it: `Europe/Berlin`, `Z`, `UTC`,
/// `+02:00`, `GMT+2`.
///
/// # Errors
/// A message if there is no such zone.
pub(crate) fn zone(name: &str) -> Result<TimeZone, String> {
    let unknown = || {
        format!(
            "\"{name}\" is not a time zone; use a name such as Europe/Berlin or an offset such as +02:00"
        )
    };
    // Java has these short names in an older interface only.
    if matches!(name, "EST" | "MST" | "HST" | "ROC") {
        return Err(unknown());
    }
    if matches!(name, "Z" | "UTC" | "GMT" | "UT") {
        return Ok(TimeZone::UTC);
    }
    let digits = ["UTC", "GMT", "UT"].iter().find_map(|prefix| name.strip_prefix(prefix));
    let digits = digits.unwrap_or(name);
    if digits.starts_with(['+', '-']) {
        return offset(digits).map(TimeZone::fixed).ok_or_else(unknown);
    }
    TimeZone::get(name).map_err(|_| unknown())
}

/// `+2`, `+02`, `+0200`, `+02:00`, `+02:00:00`.
pub(crate) fn offset(text: &str) -> Option<Offset> {
    let digits = text.strip_prefix(['+', '-'])?.replace(':', "");
    if digits.is_empty() || digits.len() > 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize| match digits.get(from..from + 2) {
        Some(part) => part.parse::<i32>().ok(),
        None => Some(0),
    };
    let hours = if digits.len() == 1 { digits.parse().ok()? } else { part(0)? };
    let seconds = hours * 3600 + part(2)? * 60 + part(4)?;
    if seconds > 18 * 3600 {
        return None;
    }
    Offset::from_seconds(if text.starts_with('-') { -seconds } else { seconds }).ok()
}

/// Returns a moment moved by `3 days`, `-2 hours` or `now +5 years`. Months and years keep the day
/// where it exists.
///
/// # Errors
/// A message if the offset cannot be read or leads too far.
pub(crate) fn shift(millis: i64, offset: &str) -> Result<i64, String> {
    if offset.eq_ignore_ascii_case("now") {
        return Ok(millis);
    }
    let parts: Vec<&str> = offset.split(' ').collect();
    let ([amount, unit] | [_, amount, unit]) = parts[..] else {
        return Err(format!(
            "\"{offset}\" is not an offset; write an amount and a unit, such as \"8 seconds\" or \"now +5 years\""
        ));
    };
    let amount: i32 = amount
        .parse()
        .map_err(|_| format!("\"{amount}\" in \"{offset}\" is not a whole number"))?;
    let amount = i64::from(amount);
    let span = match unit.to_ascii_lowercase().as_str() {
        "seconds" => Span::new().try_seconds(amount),
        "minutes" => Span::new().try_minutes(amount),
        "hours" => Span::new().try_hours(amount),
        "days" => Span::new().try_days(amount),
        "months" => Span::new().try_months(amount),
        "years" => Span::new().try_years(amount),
        _ => {
            return Err(format!(
                "\"{unit}\" is not a unit of time; use seconds, minutes, hours, days, months or years"
            ));
        }
    };
    let moved = span.and_then(|span| {
        let at = Timestamp::from_millisecond(millis)?.to_zoned(TimeZone::UTC);
        Ok(at.checked_add(span)?.timestamp().as_millisecond())
    });
    moved.map_err(|_| format!("the offset \"{offset}\" leads out of the calendar"))
}

/// Returns the start of the unit of time that a truncation names: `first day of month` and its
/// like.
///
/// # Errors
/// A message if there is no such truncation.
pub(crate) fn truncate(date: &Date, truncation: &str) -> Result<Date, String> {
    let at = date.zoned();
    let day = at.date();
    let unknown = || {
        format!(
            "\"{truncation}\" is not a truncation; use one such as \"first minute of hour\", \"first hour of day\", \"first day of month\" or \"last day of year\""
        )
    };
    let start = |day: jiff::civil::Date| day.to_datetime(jiff::civil::Time::midnight());
    let time = at.time();
    let to = match truncation.to_ascii_lowercase().replace('_', " ").as_str() {
        "first second of minute" => {
            day.to_datetime(jiff::civil::time(time.hour(), time.minute(), 0, 0))
        }
        "first minute of hour" => day.to_datetime(jiff::civil::time(time.hour(), 0, 0, 0)),
        "first hour of day" => start(day),
        "first day of month" => start(day.first_of_month()),
        "first day of next month" => start(day.last_of_month().tomorrow().map_err(|_| unknown())?),
        "last day of month" => start(day.last_of_month()),
        "first day of year" => start(day.first_of_year()),
        "first day of next year" => start(day.last_of_year().tomorrow().map_err(|_| unknown())?),
        "last day of year" => start(day.last_of_year()),
        _ => return Err(unknown()),
    };
    let moment = to.to_zoned(at.time_zone().clone()).map_err(|_| unknown())?;
    let millis = moment.timestamp().as_millisecond();
    Ok(Date { millis, format: None, zone: Some(date.zone.clone().unwrap_or(TimeZone::UTC)) })
}
