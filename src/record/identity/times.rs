//! Times in a request: the time of day, spans that end at it, and times inside of other values. The same client sends
//! others at replay.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use uuid::Uuid;

use crate::redact::MARK;

/// A time this close to now is the time of the request, in seconds.
const NOW: i64 = 600;

/// Whether a value is a time close to now.
pub(super) fn is_now(value: &str) -> bool {
    let now = Timestamp::now().as_second();
    seconds(value).is_some_and(|seconds| (seconds - now).abs() <= NOW)
}

/// The seconds since 1970 that a value stands for: a number by its length, a date with a time of day.
fn seconds(value: &str) -> Option<i64> {
    let whole = value.split_once('.').map_or(value, |(whole, part)| {
        if part.bytes().all(|byte| byte.is_ascii_digit()) { whole } else { "" }
    });
    if !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = whole.parse().ok()?;
        return match whole.len() {
            10 => Some(number),
            13 => Some(number / 1_000),
            16 => Some(number / 1_000_000),
            19 => Some(number / 1_000_000_000),
            _ => None,
        };
    }
    if value.len() < 16 || value.len() > 40 {
        return uuid_time(value);
    }
    if let Ok(at) = value.parse::<Timestamp>() {
        return Some(at.as_second());
    }
    if let Ok(local) = value.parse::<DateTime>() {
        let at = local.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        return Some(at.timestamp().as_second());
    }
    if let Ok(at) = rfc2822::parse(value) {
        return Some(at.timestamp().as_second());
    }
    uuid_time(value)
}

/// The time in a UUID that has one (version 1, 6 or 7).
fn uuid_time(value: &str) -> Option<i64> {
    let (seconds, _) = Uuid::try_parse(value).ok()?.get_timestamp()?.to_unix();
    i64::try_from(seconds).ok()
}

/// Whether a value is the time in milliseconds in digits of base 64, as Socket.IO keeps caches from answering.
pub(super) fn is_now_in_base_64(value: &str) -> bool {
    const LONGEST: usize = 8;
    let digit = |byte: u8| {
        Some(i64::from(match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        }))
    };
    // Behind a dot is the number of a request in the same millisecond.
    let value = value.split('.').next().unwrap_or_default();
    let number =
        value.bytes().take(LONGEST).try_fold(0_i64, |all, byte| Some(all * 64 + digit(byte)?));
    let now = Timestamp::now().as_second();
    value.len() <= LONGEST && number.is_some_and(|number| (number / 1_000 - now).abs() <= NOW)
}

/// A text with marks in place of the numbers in it that are a time close to now; nothing where it has none. Beside such a
/// time, a long number in the same word is drawn too: `jQuery361047112233_1764366538123`.
pub(super) fn without_times(text: &str) -> Option<String> {
    let mut has_time = false;
    let word = |word: &str| {
        let is_time = |number: &str| number.len() < text.len() && is_now(number);
        if !numbers(word).any(|(_, number)| is_time(number)) {
            return word.to_owned();
        }
        has_time = true;
        let (mut out, mut end) = (String::new(), 0);
        for (at, number) in numbers(word) {
            if is_time(number) || number.len() >= LONG {
                out.push_str(&word[end..at]);
                out.push(MARK);
                end = at + number.len();
            }
        }
        out + &word[end..]
    };
    let marked: String = text.split_inclusive(char::is_whitespace).map(word).collect();
    has_time.then_some(marked)
}

/// A longer number is no count, in digits.
const LONG: usize = 12;

/// The numbers in a text, and where they begin.
fn numbers(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_digit = |c: char| c.is_ascii_digit();
    let begins =
        text.char_indices().filter(move |(at, c)| is_digit(*c) && !text[..*at].ends_with(is_digit));
    begins.map(|(at, _)| {
        let length = text[at..].bytes().take_while(u8::is_ascii_digit).count();
        (at, &text[at..at + length])
    })
}

/// The span of time that a request asks for: it ends now, and begins some time before.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeSpan {
    is_number: bool,
    /// Whether it ends at a whole hour.
    is_round: bool,
}

impl TimeSpan {
    /// The longest one, in seconds.
    const LONGEST: i64 = 400 * 24 * 3600;

    /// The span of the values of a request; nothing where none of them is the time.
    pub(super) fn of<'v>(values: impl IntoIterator<Item = &'v str>) -> Option<Self> {
        let end = values.into_iter().find(|value| is_now(value))?;
        let is_round = seconds(end)? % 3600 == 0;
        Some(Self { is_number: is_number(end), is_round })
    }

    /// Whether a value is its other end. A whole hour is one that was chosen, unless the span ends at one too.
    pub(super) fn begins(self, value: &str) -> bool {
        let Some(at) = seconds(value).filter(|_| is_number(value) == self.is_number) else {
            return false;
        };
        let distance = (at - Timestamp::now().as_second()).abs();
        distance <= Self::LONGEST && (self.is_round || at % 3600 != 0)
    }
}

fn is_number(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_inside_of_a_text_is_marked() {
        let second = Timestamp::now().as_second();
        for (text, expected) in [
            (format!("session-{second}"), Some("session-?")),
            (format!("a{second}123.b-1000000000"), Some("a?.b-1000000000")),
            (
                format!("jQuery361047112233_{second}123 361047112233"),
                Some("jQuery?_? 361047112233"),
            ),
            (format!("cpu,host=a value=0.5 {second}000000005\n"), Some("cpu,host=a value=0.5 ?\n")),
            (second.to_string(), None),
            ("part-1000000000-7".to_owned(), None),
        ] {
            let expected = expected.map(|text| text.replace('?', &MARK.to_string()));
            assert_eq!(without_times(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_span_of_time_that_ends_now_begins_at_any_time() {
        let now = Timestamp::now().as_second();
        let end = if now % 3600 == 0 { now + 1 } else { now };
        let hour = end - end % 3600;
        let (end, text) = (end.to_string(), Timestamp::from_second(end - 60).unwrap().to_string());
        assert!(TimeSpan::of(["up", "15", "1000000000"]).is_none());
        let span = TimeSpan::of(["up", &end]).unwrap();
        for (value, begins) in [
            ((now - 3599 - i64::from(now % 3600 == 3599)).to_string(), true),
            (format!("{}.25", hour - 86_399), true),
            ((hour - 3600).to_string(), false),
            (text, false),
            ("1000000001".to_owned(), false),
            ("15".to_owned(), false),
        ] {
            assert_eq!(span.begins(&value), begins, "{value}");
        }
    }
}
