//! Formatting of dates by Java's patterns: those of `SimpleDateFormat` (`now`, `date`) and of
//! `DateTimeFormatter` (`dateFormat`). Names are English.

use jiff::Zoned;
use jiff::tz::Offset;

/// The months' names.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The days' names, from Monday.
pub(super) const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Literal text.
    Literal(String),
    /// A letter and its number of repetitions.
    Field(char, usize),
    /// `[`, for `DateTimeFormatter`.
    Open,
    /// `]`.
    Close,
}

/// Returns the pieces of a pattern.
///
/// # Errors
/// A quote is not closed.
pub(super) fn pieces(pattern: &str) -> Result<Vec<Piece>, String> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut chars = pattern.chars().peekable();
    let literal = |pieces: &mut Vec<Piece>, c: char| match pieces.last_mut() {
        Some(Piece::Literal(text)) => text.push(c),
        _ => pieces.push(Piece::Literal(c.to_string())),
    };
    while let Some(c) = chars.next() {
        match c {
            '\'' if chars.next_if_eq(&'\'').is_some() => literal(&mut pieces, '\''),
            '\'' => loop {
                match chars.next() {
                    Some('\'') if chars.next_if_eq(&'\'').is_some() => literal(&mut pieces, '\''),
                    Some('\'') => break,
                    Some(c) => literal(&mut pieces, c),
                    None => {
                        return Err(format!(
                            "a quote in the date pattern \"{pattern}\" is not closed"
                        ));
                    }
                }
            },
            '[' => pieces.push(Piece::Open),
            ']' => pieces.push(Piece::Close),
            letter if letter.is_ascii_alphabetic() => {
                let mut count = 1;
                while chars.next_if_eq(&letter).is_some() {
                    count += 1;
                }
                pieces.push(Piece::Field(letter, count));
            }
            c => literal(&mut pieces, c),
        }
    }
    Ok(pieces)
}

/// Returns a date by a pattern of `SimpleDateFormat`.
///
/// # Errors
/// The pattern has an unknown letter.
pub(crate) fn simple(pattern: &str, at: &Zoned) -> Result<String, String> {
    format(pattern, at, true)
}

/// Returns a date by a pattern of `DateTimeFormatter`.
///
/// # Errors
/// The pattern has an unknown letter.
pub(crate) fn formatter(pattern: &str, at: &Zoned) -> Result<String, String> {
    format(pattern, at, false)
}

fn format(pattern: &str, at: &Zoned, simple: bool) -> Result<String, String> {
    let mut text = String::new();
    for piece in pieces(pattern)? {
        match piece {
            Piece::Literal(literal) => text.push_str(&literal),
            Piece::Open if simple => text.push('['),
            Piece::Close if simple => text.push(']'),
            Piece::Open | Piece::Close => {}
            Piece::Field(letter, count) => {
                let made = field(letter, count, at, simple);
                let made = made.filter(|made| made.len() < 10_000).ok_or_else(|| {
                    format!("the letter '{letter}' in the date pattern \"{pattern}\" means nothing")
                })?;
                text.push_str(&made);
            }
        }
    }
    Ok(text)
}

fn field(letter: char, count: usize, at: &Zoned, simple: bool) -> Option<String> {
    if count > 100 {
        return None;
    }
    let number = |value: i64| Some(format!("{value:0count$}"));
    let name = |names: &[&'static str], at: usize| {
        let full = names.get(at)?;
        Some(if count < 4 { &full[..3] } else { full }.to_owned())
    };
    let hour = i64::from(at.hour());
    let weekday = at.weekday();
    match letter {
        'G' => Some("AD".to_owned()),
        'y' | 'u' if letter == 'y' || !simple => Some(year(at.year().into(), count)),
        'Y' => Some(year(week_year(at), count)),
        'M' | 'L' if count < 3 => number(at.month().into()),
        'M' | 'L' => name(&MONTHS, usize::try_from(at.month() - 1).ok()?),
        'd' => number(at.day().into()),
        'D' => number(at.day_of_year().into()),
        'E' => name(&DAYS, usize::try_from(weekday.to_monday_zero_offset()).ok()?),
        'u' => number(weekday.to_monday_one_offset().into()),
        'e' if !simple => number(i64::from(weekday.to_sunday_zero_offset()) + 1),
        'F' => number((i64::from(at.day()) - 1) / 7 + 1),
        'w' => number(week_of_year(at)),
        'W' => {
            let first = i64::from(at.first_of_month().ok()?.weekday().to_sunday_zero_offset());
            number((i64::from(at.day()) - 1 + first) / 7 + 1)
        }
        'a' => Some(if hour < 12 { "AM" } else { "PM" }.to_owned()),
        'H' => number(hour),
        'k' => number(if hour == 0 { 24 } else { hour }),
        'K' => number(hour % 12),
        'h' => number(if hour % 12 == 0 { 12 } else { hour % 12 }),
        'm' => number(at.minute().into()),
        's' => number(at.second().into()),
        'S' if simple => number(at.millisecond().into()),
        'S' => Some(format!("{:09}", at.subsec_nanosecond()).get(..count)?.to_owned()),
        'n' if !simple => number(at.subsec_nanosecond().into()),
        'z' => Some(zone_name(at, count >= 4)),
        'V' if !simple && count == 2 => Some(zone_id(at)),
        'O' if !simple => Some(match at.offset() {
            Offset::UTC => "GMT".to_owned(),
            other if count < 4 => format!("GMT{}", short_offset(other)),
            other => format!("GMT{}", offset(other, ":", false)),
        }),
        'Z' if simple || count < 4 => Some(offset(at.offset(), "", false)),
        'Z' => Some(format!("GMT{}", offset(at.offset(), ":", false))),
        'X' | 'x' if letter == 'X' || !simple => {
            let zulu = letter == 'X';
            match count {
                1 => {
                    let whole = offset(at.offset(), "", zulu);
                    Some(match whole.strip_suffix("00") {
                        Some(hours) if whole.len() > 3 => hours.to_owned(),
                        _ if simple => whole.get(..3).unwrap_or(&whole).to_owned(),
                        _ => whole,
                    })
                }
                2 => Some(offset(at.offset(), "", zulu)),
                3 => Some(offset(at.offset(), ":", zulu)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn year(year: i64, count: usize) -> String {
    if count == 2 { format!("{:02}", year.rem_euclid(100)) } else { format!("{year:0count$}") }
}

/// Weeks begin on Sunday, and the week with January 1st is the first.
fn week_of_year(at: &Zoned) -> i64 {
    let Ok(first) = at.first_of_year() else { return 1 };
    let start = i64::from(first.weekday().to_sunday_zero_offset());
    if week_year(at) > i64::from(at.year()) {
        return 1;
    }
    (i64::from(at.day_of_year()) - 1 + start) / 7 + 1
}

fn week_year(at: &Zoned) -> i64 {
    let year = i64::from(at.year());
    let Ok(last) = at.last_of_year() else { return year };
    // The week of December 31st belongs to the next year, unless it ends with that day.
    let in_last_week = i64::from(last.weekday().to_sunday_zero_offset());
    let left = i64::from(last.day_of_year()) - i64::from(at.day_of_year());
    if in_last_week < 6 && left <= in_last_week { year + 1 } else { year }
}

/// `+02:00` or `+0200`; `Z` for UTC if requested.
pub(crate) fn offset(offset: Offset, between: &str, zulu: bool) -> String {
    let seconds = offset.seconds();
    if zulu && seconds == 0 {
        return "Z".to_owned();
    }
    let (sign, size) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    format!("{sign}{:02}{between}{:02}", size / 3600, size / 60 % 60)
}

/// `+2` or `+2:30`.
fn short_offset(offset: Offset) -> String {
    let (seconds, size) = (offset.seconds(), offset.seconds().unsigned_abs());
    let sign = if seconds < 0 { '-' } else { '+' };
    match size / 60 % 60 {
        0 => format!("{sign}{}", size / 3600),
        minutes => format!("{sign}{}:{minutes:02}", size / 3600),
    }
}

fn zone_name(at: &Zoned, long: bool) -> String {
    let zone = at.time_zone();
    if zone.iana_name().is_none() || at.offset() == Offset::UTC && zone.iana_name() == Some("UTC") {
        return match (at.offset(), long) {
            (Offset::UTC, true) => "Coordinated Universal Time".to_owned(),
            (Offset::UTC, false) => "UTC".to_owned(),
            (other, _) => format!("GMT{}", offset(other, ":", false)),
        };
    }
    zone.to_offset_info(at.timestamp()).abbreviation().to_owned()
}

fn zone_id(at: &Zoned) -> String {
    match at.time_zone().iana_name() {
        Some(name) => name.to_owned(),
        None => offset(at.offset(), ":", true),
    }
}
