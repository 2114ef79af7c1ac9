//! Schedules of cron jobs: the times at which they are due (`github.com/robfig/cron/v3`).

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

/// A schedule: the minutes, hours, days, months and weekdays at which it is due, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schedule {
    Fields {
        minutes: u64,
        hours: u64,
        days: u64,
        months: u64,
        weekdays: u64,
        any: (bool, bool),
    },
    /// Every so many seconds.
    Every(i64),
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// How far ahead a due time is looked for: as far as upstream looks.
const MAX_MINUTES: i64 = 5 * 366 * 24 * 60;

impl Schedule {
    /// Reads a schedule that the rules of cron jobs accept.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        if let Some(every) = text.strip_prefix("@every ") {
            let span: jiff::SignedDuration = every.trim().parse().ok()?;
            return Some(Self::Every(span.as_secs().max(1)));
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else { return None };
        let is_any = |field: &str| field.split(',').any(|part| matches!(part, "*" | "?"));
        Some(Self::Fields {
            minutes: bits(minutes, (0, 59), &[])?,
            hours: bits(hours, (0, 23), &[])?,
            days: bits(days, (1, 31), &[])?,
            months: bits(months, (1, 12), &MONTHS)?,
            weekdays: bits(weekdays, (0, 6), &WEEKDAYS)?,
            any: (is_any(days), is_any(weekdays)),
        })
    }

    /// The first due time after a time.
    pub(super) fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if let Self::Every(seconds) = self {
            let whole = Timestamp::from_second(after.as_second()).ok()?;
            return whole.checked_add(jiff::SignedDuration::from_secs(*seconds)).ok();
        }
        let minute = after.as_second().div_euclid(60) + 1;
        let mut at = minute;
        while at < minute + MAX_MINUTES {
            let time = Timestamp::from_second(at * 60).ok()?;
            let local = time.to_zoned(zone.clone());
            match self.misses(&local) {
                None => return Some(time),
                Some(Unit::Day) => {
                    // To the next midnight; clocks that are moved there are met by the next steps.
                    let left = 24 * 60 - i64::from(local.hour()) * 60 - i64::from(local.minute());
                    at += left.max(1);
                }
                Some(Unit::Hour) => at += 60 - i64::from(local.minute()),
                Some(Unit::Minute) => at += 1,
            }
        }
        None
    }

    fn misses(&self, time: &jiff::Zoned) -> Option<Unit> {
        let Self::Fields { minutes, hours, days, months, weekdays, any } = *self else {
            return None;
        };
        let has = |bits: u64, number: i8| bits >> u32::from(number.unsigned_abs()) & 1 == 1;
        let of_month = has(days, time.day());
        let of_week = has(weekdays, time.weekday().since(Weekday::Sunday));
        let day = if any.0 || any.1 { of_month && of_week } else { of_month || of_week };
        if !has(months, time.month()) || !day {
            return Some(Unit::Day);
        }
        if !has(hours, time.hour()) {
            return Some(Unit::Hour);
        }
        (!has(minutes, time.minute())).then_some(Unit::Minute)
    }
}

/// What of a time does not fit.
enum Unit {
    Day,
    Hour,
    Minute,
}

/// The numbers of a field, as bits.
fn bits(field: &str, (least, most): (u32, u32), names: &[&str]) -> Option<u64> {
    let number = |text: &str| {
        let lower = text.to_lowercase();
        match names.iter().position(|name| *name == lower) {
            Some(index) => u32::try_from(index).ok().map(|index| index + least),
            None => text.parse().ok(),
        }
    };
    let mut all = 0;
    for part in field.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(a, b)| (a, Some(b)));
        let step: u32 = step.map_or(Some(1), |step| step.parse().ok())?;
        let (from, to) = match range {
            "*" | "?" => (least, most),
            range => match range.split_once('-') {
                Some((from, to)) => (number(from)?, number(to)?),
                // A number with a step goes up to the end.
                None if part.contains('/') => (number(range)?, most),
                None => (number(range)?, number(range)?),
            },
        };
        for at in (from..=to.min(63)).step_by(usize::try_from(step.max(1)).ok()?) {
            all |= 1_u64 << at;
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_time_of_a_schedule_is_found() {
        let from: Timestamp = "2026-01-31T23:59:30Z".parse().unwrap();
        for (schedule, expected) in [
            ("* * * * *", "2026-02-01T00:00:00Z"),
            ("*/15 9-17 * * mon-fri", "2026-02-02T09:00:00Z"),
            ("30 4 1,15 * 5", "2026-02-01T04:30:00Z"),
            ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
            ("@hourly", "2026-02-01T00:00:00Z"),
            ("@weekly", "2026-02-01T00:00:00Z"),
            ("@every 90s", "2026-02-01T00:01:00Z"),
            ("5/20 * * JUN *", "2026-06-01T00:05:00Z"),
        ] {
            let next = Schedule::parse(schedule).unwrap().next(from, &TimeZone::UTC);
            assert_eq!(next.unwrap().to_string(), expected, "{schedule}");
        }
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let next = Schedule::parse("0 3 * * *").unwrap().next(from, &zone).unwrap();
        assert_eq!(next.to_string(), "2026-02-01T01:00:00Z");
        assert_eq!(Schedule::parse("0 0 30 2 *").unwrap().next(from, &TimeZone::UTC), None);
    }
}
