//! The parts of times and durations (`cel-go/common/types/{timestamp,duration}.go`).

use jiff::tz::{Offset, TimeZone};

use super::super::value::{Outcome, Value};

/// The parts of times and durations: `getHours()` and the like.
pub(super) fn time_part<'v>(name: &str, args: &[Value<'v>]) -> Outcome<'v> {
    if let [Value::Duration(nanos)] = args {
        let unit = match name {
            "getHours" => 3_600_000_000_000,
            "getMinutes" => 60_000_000_000,
            "getSeconds" => 1_000_000_000,
            "getMilliseconds" => 1_000_000,
            _ => return Err("no such overload".to_owned()),
        };
        return Ok(Value::Int(nanos / unit));
    }
    let (at, zone) = match args {
        [Value::Timestamp(at)] => (at, TimeZone::UTC),
        [Value::Timestamp(at), Value::String(zone)] => (at, time_zone(zone)?),
        _ => return Err("no such overload".to_owned()),
    };
    let at = at.to_zoned(zone);
    Ok(Value::Int(match name {
        "getFullYear" => at.year().into(),
        "getMonth" => i64::from(at.month()) - 1,
        "getDayOfYear" => i64::from(at.day_of_year()) - 1,
        "getDayOfMonth" => i64::from(at.day()) - 1,
        "getDate" => at.day().into(),
        "getDayOfWeek" => at.weekday().to_sunday_zero_offset().into(),
        "getHours" => at.hour().into(),
        "getMinutes" => at.minute().into(),
        "getSeconds" => at.second().into(),
        "getMilliseconds" => i64::from(at.subsec_nanosecond() / 1_000_000),
        _ => return Err("no such overload".to_owned()),
    }))
}

/// A zone by its name, or an offset such as `-08:00`.
fn time_zone(name: &str) -> Result<TimeZone, String> {
    let offset = name.split_once(':').and_then(|(hours, minutes)| {
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        let seconds = hours * 3600 + if name.starts_with('-') { -minutes } else { minutes } * 60;
        Offset::from_seconds(seconds).ok()
    });
    match offset {
        Some(offset) => Ok(TimeZone::fixed(offset)),
        None => TimeZone::get(name).map_err(|_| format!("unknown time zone {name}")),
    }
}
