//! Schedules of cron jobs: five fields, or a word (`github.com/robfig/cron/v3`, `ParseStandard`).

/// The fields: their name, least and most value.
const FIELDS: [(u32, u32); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Checks a schedule.
///
/// # Errors
/// The library's message.
pub(super) fn parse(schedule: &str) -> Result<(), String> {
    let mut rest = schedule;
    if schedule.starts_with("TZ=") || schedule.starts_with("CRON_TZ=") {
        rest = schedule.split_once(' ').map_or("", |(_, rest)| rest.trim());
    }
    if let Some(word) = rest.strip_prefix('@') {
        let words = ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"];
        if words.contains(&word) {
            return Ok(());
        }
        if let Some(every) = word.strip_prefix("every ") {
            return super::super::super::golang::parse_duration(every)
                .map(drop)
                .map_err(|why| format!("failed to parse duration {rest}: {why}"));
        }
        return Err(format!("unrecognized descriptor: {rest}"));
    }
    let fields: Vec<&str> = rest.split_whitespace().collect();
    if fields.len() != 5 {
        return Err(format!(
            "expected exactly 5 fields, found {}: [{}]",
            fields.len(),
            fields.join(" ")
        ));
    }
    for (index, (field, bounds)) in fields.iter().zip(FIELDS).enumerate() {
        let names: &[&str] = match index {
            3 => &MONTHS,
            4 => &DAYS,
            _ => &[],
        };
        for part in field.split(',') {
            range(part, bounds, names)?;
        }
    }
    Ok(())
}

fn range(text: &str, (least, most): (u32, u32), names: &[&str]) -> Result<(), String> {
    let parts: Vec<&str> = text.split('/').collect();
    let ends: Vec<&str> = parts[0].split('-').collect();
    let single = ends.len() == 1;
    let (mut start, mut end) = (least, most);
    if !matches!(ends[0], "*" | "?") {
        start = number(ends[0], least, names)?;
        end = match ends.as_slice() {
            [_] => start,
            [_, end] => number(end, least, names)?,
            _ => return Err(format!("too many hyphens: {text}")),
        };
    }
    let step = match parts.as_slice() {
        [_] => 1,
        [_, step] => {
            if single && !matches!(ends[0], "*" | "?") {
                end = most;
            }
            number(step, 0, &[])?
        }
        _ => return Err(format!("too many slashes: {text}")),
    };
    if start < least {
        return Err(format!("beginning of range ({start}) below minimum ({least}): {text}"));
    }
    if end > most {
        return Err(format!("end of range ({end}) above maximum ({most}): {text}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    Ok(())
}

fn number(text: &str, first: u32, names: &[&str]) -> Result<u32, String> {
    let lower = text.to_lowercase();
    if let Some(at) = names.iter().position(|name| **name == lower) {
        return Ok(first + u32::try_from(at).unwrap_or_default());
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let quoted = super::super::super::golang::quote(text);
        return Err(format!(
            "failed to parse int from {text}: strconv.Atoi: parsing {quoted}: invalid syntax"
        ));
    }
    if text.starts_with('-') {
        return Err(format!("negative number ({text}) not allowed: {text}"));
    }
    digits.parse().map_err(|_| format!("failed to parse int from {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_have_five_fields_or_a_word() {
        for fine in
            ["* * * * *", "*/5 0-6 1,15 jan-mar mon", "@hourly", "@every 1h", "TZ=UTC 0 0 * * *"]
        {
            assert_eq!(parse(fine), Ok(()), "{fine}");
        }
        for (schedule, why) in [
            ("error", "expected exactly 5 fields, found 1: [error]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("@never", "unrecognized descriptor: @never"),
            (
                "x * * * *",
                "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax",
            ),
        ] {
            assert_eq!(parse(schedule).unwrap_err(), why);
        }
    }
}
