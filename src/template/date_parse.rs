//! Parsing of dates: by a pattern of Java's `DateTimeFormatter`, and in the forms that `parseDate`
//! accepts.

use jiff::civil;
use jiff::tz::{Offset, TimeZone};

use super::date::{self, Date};
use super::date_format::{DAYS, MONTHS, Piece, pieces};

/// The forms that are tried in order if no format is given: ISO 8601 with an offset, RFC 1123, RFC
/// 1036, asctime.
const FORMS: [&str; 8] = [
    "yyyy-MM-dd'T'HH:mm[:ss[.f]]XXX['['VV']']",
    "EEE, d MMM yyyy HH:mm[:ss] z",
    "d MMM yyyy HH:mm[:ss] z",
    "EEE, d MMM yyyy HH:mm[:ss] xx",
    "d MMM yyyy HH:mm[:ss] xx",
    "EEEE, dd-MMM-yy HH:mm:ss z",
    "EEE MMM dd HH:mm:ss yyyy",
    "EEE MMM  d HH:mm:ss yyyy",
];

/// Returns a date in one of the known forms, or `None` if it has none of them.
pub(crate) fn known(text: &str) -> Option<Date> {
    FORMS.iter().enumerate().find_map(|(at, form)| {
        let mut date = parse(text, &pieces(form).ok()?)?;
        if at >= 6 {
            date.zone = Some(TimeZone::UTC);
        }
        date.zone.is_some().then_some(date)
    })
}

/// Returns a date by `unix`, `epoch` or a pattern, or `None` if the text does not follow it.
///
/// # Errors
/// The pattern cannot be read, or a number of seconds is none.
pub(crate) fn by_format(text: &str, format: &str) -> Result<Option<Date>, String> {
    let factor = if format.eq_ignore_ascii_case("unix") {
        1000
    } else if format.eq_ignore_ascii_case("epoch") {
        1
    } else {
        let pieces = pieces(format)?;
        check(&pieces)?;
        return Ok(parse(text, &pieces));
    };
    let number: i64 =
        text.parse().map_err(|_| format!("\"{text}\" is not a number of {format} time"))?;
    let millis = number.checked_mul(factor).ok_or_else(|| format!("{text} is too large"))?;
    Ok(Some(Date { millis, format: None, zone: None }))
}

fn check(pieces: &[Piece]) -> Result<(), String> {
    for piece in pieces {
        if let Piece::Field(letter, _) = piece
            && !"GuyYMLdDHhKkmsSnaEeVzOXxZQqwWcFBANvp".contains(*letter)
        {
            return Err(format!("Unknown pattern letter: {letter}"));
        }
    }
    Ok(())
}

/// What was read so far.
#[derive(Debug, Clone, Default)]
struct Fields {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    day_of_year: Option<i16>,
    hour: Option<i8>,
    half: Option<i8>,
    minute: i8,
    second: i8,
    nanos: i32,
    afternoon: Option<bool>,
    zone: Option<TimeZone>,
    offset: Option<Offset>,
}

fn parse(text: &str, pieces: &[Piece]) -> Option<Date> {
    let mut fields = Fields::default();
    let rest = run(text, pieces, &mut fields)?;
    if rest.is_empty() { resolve(&fields) } else { None }
}

/// Reads pieces from the start of the text and returns the rest.
fn run<'t>(text: &'t str, pieces: &[Piece], fields: &mut Fields) -> Option<&'t str> {
    let mut rest = text;
    let mut at = 0;
    while at < pieces.len() {
        match &pieces[at] {
            Piece::Open => {
                let end = matching(&pieces[at..]) + at;
                let mut tried = fields.clone();
                if let Some(left) = run(rest, &pieces[at + 1..end], &mut tried) {
                    (rest, *fields) = (left, tried);
                }
                at = end;
            }
            Piece::Close => {}
            Piece::Literal(literal) => rest = rest.strip_prefix(literal.as_str())?,
            Piece::Field(letter, count) => rest = field(*letter, *count, rest, fields)?,
        }
        at += 1;
    }
    Some(rest)
}

/// Returns where the bracket at the start is closed; at the end if it is not.
fn matching(pieces: &[Piece]) -> usize {
    let mut depth = 0;
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Open => depth += 1,
            Piece::Close => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    pieces.len()
}

fn field<'t>(letter: char, count: usize, text: &'t str, fields: &mut Fields) -> Option<&'t str> {
    let two = if count == 1 { (1, 2) } else { (count, count) };
    match letter {
        'y' | 'u' | 'Y' => {
            let range = match count {
                1 => (1, 4),
                2 => (2, 2),
                _ => (count.min(4), 4),
            };
            let (year, rest) = digits::<i16>(text, range)?;
            fields.year = Some(if count == 2 { 2000 + year } else { year });
            Some(rest)
        }
        'M' | 'L' if count < 3 => set(text, two, &mut fields.month),
        'M' | 'L' => {
            let (at, rest) = name(text, &MONTHS, count)?;
            fields.month = i8::try_from(at + 1).ok();
            Some(rest)
        }
        'd' => set(text, two, &mut fields.day),
        'D' => set(text, if count == 1 { (1, 3) } else { (count, count) }, &mut fields.day_of_year),
        'E' | 'e' => name(text, &DAYS, count).map(|(_, rest)| rest),
        'H' | 'k' => {
            let rest = set(text, two, &mut fields.hour)?;
            if letter == 'k' && fields.hour == Some(24) {
                fields.hour = Some(0);
            }
            Some(rest)
        }
        'h' | 'K' => set(text, two, &mut fields.half),
        'm' => set_plain(text, two, &mut fields.minute),
        's' => set_plain(text, two, &mut fields.second),
        'S' | 'f' | 'n' => {
            let range = if letter == 'f' { (1, 9) } else { (count, count) };
            let (_, rest) = digits::<u32>(text, range)?;
            let read = &text[..text.len() - rest.len()];
            fields.nanos = format!("{read:0<9}").parse().ok()?;
            Some(rest)
        }
        'a' => {
            let head = text.get(..2)?;
            fields.afternoon = Some(match head {
                "AM" => false,
                "PM" => true,
                _ => return None,
            });
            Some(&text[2..])
        }
        'G' => text.strip_prefix("AD"),
        'X' if text.starts_with(['Z', 'z']) => {
            fields.offset = Some(Offset::UTC);
            Some(&text[1..])
        }
        'X' | 'x' | 'Z' => {
            let sign = text.strip_prefix(['+', '-'])?;
            let length =
                sign.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(sign.len());
            let (read, rest) = text.split_at(length + 1);
            // With three letters the colon is there, with fewer it is not.
            if read.contains(':') != (count == 3 || letter == 'Z' && count > 3) {
                return None;
            }
            fields.offset = Some(date::offset(read)?);
            Some(rest)
        }
        'z' | 'V' | 'O' => {
            let end = |c: char| !(c.is_alphanumeric() || matches!(c, '/' | '_' | '+' | '-' | ':'));
            let (read, rest) = text.split_at(text.find(end).unwrap_or(text.len()));
            fields.zone = Some(date::zone(read).ok()?);
            Some(rest)
        }
        _ => None,
    }
}

/// Returns a number of this many digits, and what is left.
fn digits<N: std::str::FromStr>(text: &str, (least, most): (usize, usize)) -> Option<(N, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if length < least {
        return None;
    }
    let (read, rest) = text.split_at(length);
    Some((read.parse().ok()?, rest))
}

fn set<'t, N: std::str::FromStr>(
    text: &'t str,
    range: (usize, usize),
    field: &mut Option<N>,
) -> Option<&'t str> {
    let (value, rest) = digits(text, range)?;
    *field = Some(value);
    Some(rest)
}

fn set_plain<'t>(text: &'t str, range: (usize, usize), field: &mut i8) -> Option<&'t str> {
    let (value, rest) = digits(text, range)?;
    *field = value;
    Some(rest)
}

fn name<'t>(text: &'t str, names: &[&str], count: usize) -> Option<(usize, &'t str)> {
    names.iter().enumerate().find_map(|(at, full)| {
        let name = if count < 4 { &full[..3] } else { full };
        text.strip_prefix(name).map(|rest| (at, rest))
    })
}

fn resolve(fields: &Fields) -> Option<Date> {
    let year = fields.year?;
    let day = match (fields.day_of_year, fields.month, fields.day) {
        (Some(day), _, _) => civil::date(year, 1, 1).with().day_of_year(day).build().ok()?,
        (None, Some(month), Some(day)) => {
            // A day that a month does not have is its last.
            let last = civil::Date::new(year, month, 1).ok()?.last_of_month();
            if !(1..=31).contains(&day) {
                return None;
            }
            civil::Date::new(year, month, day.min(last.day())).ok()?
        }
        (None, Some(month), None) => civil::Date::new(year, month, 1).ok()?,
        (None, None, _) => civil::Date::new(year, 1, 1).ok()?,
    };
    let hour = match (fields.hour, fields.half, fields.afternoon) {
        (Some(hour), _, _) => hour,
        (None, Some(half), afternoon) => half % 12 + if afternoon == Some(true) { 12 } else { 0 },
        (None, None, _) => 0,
    };
    let time = civil::Time::new(hour, fields.minute, fields.second, fields.nanos).ok()?;
    let zone = match (&fields.zone, fields.offset) {
        (None, Some(Offset::UTC)) => Some(TimeZone::UTC),
        (None, Some(offset)) => Some(TimeZone::fixed(offset)),
        (zone, _) => zone.clone(),
    };
    let within =
        fields.offset.map(TimeZone::fixed).or_else(|| zone.clone()).unwrap_or(TimeZone::UTC);
    let moment = day.to_datetime(time).to_zoned(within).ok()?;
    Some(Date { millis: moment.timestamp().as_millisecond(), format: None, zone })
}
