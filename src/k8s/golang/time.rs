//! Times in RFC 3339, parsed as `time.Parse(time.RFC3339, ..)` parses them.

use jiff::Timestamp;

use super::quote;

/// The layout of RFC 3339 in Go, as messages name it.
const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";

/// `metav1.RFC3339Micro`.
const MICRO_LAYOUT: &str = "2006-01-02T15:04:05.000000Z07:00";

/// The time of a text.
///
/// # Errors
/// Go's message: what could not be parsed as which element, or which element is out of range.
pub(in super::super) fn parse_time(text: &str) -> Result<Timestamp, String> {
    parse(text, LAYOUT)
}

/// The time of a text with microseconds.
///
/// # Errors
/// As [`parse_time`].
pub(in super::super) fn parse_micro_time(text: &str) -> Result<Timestamp, String> {
    parse(text, MICRO_LAYOUT)
}

fn parse(text: &str, layout: &'static str) -> Result<Timestamp, String> {
    let mut parser = Parser { text, rest: text, layout };
    let year = parser.digits(4, "2006")?;
    parser.literal('-')?;
    let month = parser.digits(2, "01")?;
    if !(1..=12).contains(&month) {
        return Err(parser.out_of_range("month"));
    }
    parser.literal('-')?;
    let day = parser.digits(2, "02")?;
    parser.literal('T')?;
    let hour = parser.digits(2, "15")?;
    if hour >= 24 {
        return Err(parser.out_of_range("hour"));
    }
    parser.literal(':')?;
    let minute = parser.digits(2, "04")?;
    if minute >= 60 {
        return Err(parser.out_of_range("minute"));
    }
    parser.literal(':')?;
    let second = parser.digits(2, "05")?;
    if second >= 60 {
        return Err(parser.out_of_range("second"));
    }
    let micros = if layout == MICRO_LAYOUT {
        parser.micros()?
    } else {
        parser.fraction();
        0
    };
    let offset = parser.zone()?;
    if !parser.rest.is_empty() {
        return Err(format!("parsing time {}: extra text: {}", quote(text), quote(parser.rest)));
    }
    let small = |number: i32| i8::try_from(number).unwrap_or_default();
    let date = i16::try_from(year).ok().and_then(|year| {
        jiff::civil::DateTime::new(
            year,
            small(month),
            small(day),
            small(hour),
            small(minute),
            small(second),
            micros * 1000,
        )
        .ok()
    });
    let offset = jiff::tz::Offset::from_seconds(offset).ok();
    let time = date.zip(offset).and_then(|(date, offset)| offset.to_timestamp(date).ok());
    time.ok_or_else(|| parser.out_of_range("day"))
}

struct Parser<'t> {
    text: &'t str,
    rest: &'t str,
    layout: &'static str,
}

impl Parser<'_> {
    fn cannot(&self, element: &str) -> String {
        let (text, rest) = (quote(self.text), quote(self.rest));
        format!(
            "parsing time {text} as {}: cannot parse {rest} as {}",
            quote(self.layout),
            quote(element)
        )
    }

    fn out_of_range(&self, what: &str) -> String {
        format!("parsing time {}: {what} out of range", quote(self.text))
    }

    fn digits(&mut self, count: usize, element: &str) -> Result<i32, String> {
        let digits = self.rest.get(..count).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        let number = digits.and_then(|digits| digits.parse().ok());
        let number = number.ok_or_else(|| self.cannot(element))?;
        self.rest = &self.rest[count..];
        Ok(number)
    }

    fn literal(&mut self, wanted: char) -> Result<(), String> {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => self.rest = rest,
            None => return Err(self.cannot(wanted.encode_utf8(&mut [0; 4]))),
        }
        Ok(())
    }

    /// Reads past a fraction of a second: a point or a comma, and digits.
    fn fraction(&mut self) {
        if let Some(rest) = self.rest.strip_prefix(['.', ',']) {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            if end > 0 {
                self.rest = &rest[end..];
            }
        }
    }

    /// A point and six digits.
    fn micros(&mut self) -> Result<i32, String> {
        let digits = self.rest.strip_prefix(['.', ',']).and_then(|rest| rest.get(..6));
        let digits = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let micros = digits.and_then(|digits| digits.parse().ok());
        let micros = micros.ok_or_else(|| self.cannot(".000000"))?;
        self.rest = &self.rest[7..];
        Ok(micros)
    }

    /// The offset from UTC, in seconds.
    fn zone(&mut self) -> Result<i32, String> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let bytes = self.rest.as_bytes();
        let sign = match bytes.first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(self.cannot("Z07:00")),
        };
        let number = |at: usize| {
            let digits = self.rest.get(at..at + 2)?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i32>().ok())?
        };
        match (number(1), bytes.get(3), number(4)) {
            (Some(hours), Some(b':'), Some(minutes)) => {
                if hours > 24 {
                    return Err(self.out_of_range("time zone offset hour"));
                }
                if minutes > 60 {
                    return Err(self.out_of_range("time zone offset minute"));
                }
                self.rest = &self.rest[6..];
                Ok(sign * (hours * 3600 + minutes * 60))
            }
            _ => Err(self.cannot("Z07:00")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_offset_and_fraction() {
        let second = |text: &str| parse_time(text).map(jiff::Timestamp::as_second);
        assert_eq!(second("1970-01-01T00:00:01Z"), Ok(1));
        assert_eq!(second("1970-01-01T02:00:01.75+02:00"), Ok(1));
        assert_eq!(second("1969-12-31T23:00:00-01:00"), Ok(0));
    }

    #[test]
    fn times_with_microseconds_have_six_digits() {
        let time = parse_micro_time("1970-01-01T00:00:01.000002Z").unwrap();
        assert_eq!(time.as_microsecond(), 1_000_002);
        assert_eq!(
            parse_micro_time("1970-01-01T00:00:01Z").unwrap_err(),
            format!(
                "parsing time \"1970-01-01T00:00:01Z\" as \"{MICRO_LAYOUT}\": cannot parse \"Z\" as \".000000\""
            )
        );
    }

    #[test]
    fn invalid_times_have_gos_messages() {
        let as_layout = |text: &str, rest: &str, element: &str| {
            format!(
                "parsing time \"{text}\" as \"{LAYOUT}\": cannot parse \"{rest}\" as \"{element}\""
            )
        };
        for (text, message) in [
            ("yesterday", as_layout("yesterday", "yesterday", "2006")),
            ("2001-01-01", as_layout("2001-01-01", "", "T")),
            ("2001-01-01T00:00:00", as_layout("2001-01-01T00:00:00", "", "Z07:00")),
            ("2001-1-01T00:00:00Z", as_layout("2001-1-01T00:00:00Z", "1-01T00:00:00Z", "01")),
            (
                "2001-02-30T00:00:00Z",
                "parsing time \"2001-02-30T00:00:00Z\": day out of range".into(),
            ),
            (
                "2001-13-01T00:00:00Z",
                "parsing time \"2001-13-01T00:00:00Z\": month out of range".into(),
            ),
            (
                "2001-01-01T00:00:60Z",
                "parsing time \"2001-01-01T00:00:60Z\": second out of range".into(),
            ),
            (
                "2001-01-01T00:00:00Zx",
                "parsing time \"2001-01-01T00:00:00Zx\": extra text: \"x\"".into(),
            ),
        ] {
            assert_eq!(parse_time(text).unwrap_err(), message);
        }
    }
}
