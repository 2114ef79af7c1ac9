//! Dates in the forms of ISO 8601 that Java reads without a pattern: `2021-06-01T12:00:00+02:00[Europe/Berlin]`,
//! `2021-06-01T12:00`, `2021-06-01`, `2021-06`, `2021`.

use jiff::Zoned;
use jiff::civil::{self, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use super::Moment;

/// Returns the date, or `None` if the text has none of the forms.
pub(super) fn read(text: &str) -> Option<Moment> {
    let local = |date: civil::Date, time: Time| Moment {
        zoned: None,
        local: Some(DateTime::from_parts(date, time)),
    };
    let (year, rest) = year(text)?;
    let Some(rest) = rest.strip_prefix('-') else {
        let date = civil::Date::new(year, 1, 1).ok()?;
        return rest.is_empty().then(|| local(date, Time::midnight()));
    };
    let (month, rest) = two(rest)?;
    let Some(rest) = rest.strip_prefix('-') else {
        let date = civil::Date::new(year, month, 1).ok()?;
        return rest.is_empty().then(|| local(date, Time::midnight()));
    };
    let (day, rest) = two(rest)?;
    let date = civil::Date::new(year, month, day).ok()?;
    if rest.is_empty() {
        return Some(local(date, Time::midnight()));
    }
    let (time, rest) = time(rest.strip_prefix(['T', 't'])?)?;
    if rest.is_empty() {
        return Some(local(date, time));
    }
    let (offset, rest) = offset(rest)?;
    let zone = match rest.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
        None if rest.is_empty() => TimeZone::fixed(offset),
        Some(Some(name)) => crate::template::date::zone(name).ok()?,
        _ => return None,
    };
    let at = DateTime::from_parts(date, time).to_zoned(TimeZone::fixed(offset)).ok()?;
    Some(Moment { zoned: Some(at.with_time_zone(zone)), local: None })
}

fn year(text: &str) -> Option<(i16, &str)> {
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (&text[..1], digits),
        None => ("", text),
    };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = digits.split_at(length);
    // A year alone may be short; in a date it has four digits, or more with a sign.
    let alone = rest.is_empty();
    let fits = if alone { length > 0 } else { length == 4 || length > 4 && !sign.is_empty() };
    let year: i16 = number.parse().ok().filter(|_| fits)?;
    Some((if sign == "-" { -year } else { year }, rest))
}

fn two(text: &str) -> Option<(i8, &str)> {
    let digits = text.get(..2).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some((digits.parse().ok()?, &text[2..]))
}

/// `12:00`, `12:00:01`, `12:00:01.5`
fn time(text: &str) -> Option<(Time, &str)> {
    let (hour, rest) = two(text)?;
    let (minute, rest) = two(rest.strip_prefix(':')?)?;
    let (mut second, mut nanos, mut rest) = (0, 0, rest);
    if let Some(after) = rest.strip_prefix(':') {
        (second, rest) = two(after)?;
        if let Some(after) = rest.strip_prefix('.') {
            let length = after.bytes().take(9).take_while(u8::is_ascii_digit).count();
            let (digits, left) = after.split_at(length);
            nanos = format!("{digits:0<9}").parse().ok()?;
            rest = left;
        }
    }
    Some((Time::new(hour, minute, second, nanos).ok()?, rest))
}

/// `Z`, `+02`, `+02:00`, `+02:00:00`
fn offset(text: &str) -> Option<(Offset, &str)> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        return Some((Offset::UTC, rest));
    }
    let digits = text.strip_prefix(['+', '-'])?;
    let (hours, mut rest) = two(digits)?;
    let mut seconds = i32::from(hours) * 3600;
    for unit in [60, 1] {
        let Some(after) = rest.strip_prefix(':') else { break };
        let (number, left) = two(after)?;
        if number > 59 {
            return None;
        }
        seconds += i32::from(number) * unit;
        rest = left;
    }
    if seconds > 18 * 3600 {
        return None;
    }
    let seconds = if text.starts_with('-') { -seconds } else { seconds };
    Some((Offset::from_seconds(seconds).ok()?, rest))
}

/// Returns whether a leading day name is that of the date.
pub(super) fn weekday_fits(text: &str, at: &Zoned) -> bool {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let named =
        text.get(..3).and_then(|head| DAYS.iter().position(|day| day.eq_ignore_ascii_case(head)));
    named.is_none_or(|day| usize::try_from(at.weekday().to_monday_zero_offset()) == Ok(day))
}
