//! What a client draws anew for each request: ids of requests, nonces, the time of day. The same client sends
//! another value at replay, so a pattern allows any.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use uuid::Uuid;

use crate::redact::MARK;

/// Names of values that a client draws, in lower case without separators. A name with one of these in it is one.
const NAMES: [&str; 15] = [
    "requestid",
    "reqid",
    "requestuuid",
    "correlationid",
    "traceid",
    "spanid",
    "traceparent",
    "idempotency",
    "clienttoken",
    "clientmutationid",
    "messageid",
    "invocationid",
    "transactionid",
    "nonce",
    "cachebust",
];

/// Whole names of parameters that keep caches from answering.
const CACHE_BUSTERS: [&str; 8] = ["_", "cb", "rnd", "rand", "random", "nocache", "ts", "_t"];

/// Whole names of what a client draws for one sign-in (RFC 6749, section 4.1.1; RFC 7636).
const OF_SIGN_IN: [&str; 3] = ["state", "code_challenge", "code_verifier"];

/// Names of values that an answer repeats for its client to know the request by, and that name nothing on the server.
/// In header fields, ids of requests do so too.
const ECHOED: [&str; 6] =
    ["nonce", "correlationid", "traceid", "spanid", "traceparent", "clientmutationid"];

/// A time this close to now is the time of the request, in seconds.
const NOW: i64 = 600;

/// Whether the value of a name is drawn for one request.
pub(super) fn is_drawn(name: &str, value: &str) -> bool {
    is_now(value) || (is_name(name) && is_random(value))
}

/// Whether an answer may repeat a value for its client to know the request by.
pub(in crate::record) fn is_echoed(name: &str, value: &str, in_header: bool) -> bool {
    let flat: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let flat = flat.to_ascii_lowercase();
    let is_name = flat == "state"
        || ECHOED.iter().any(|part| flat.contains(part))
        || in_header && ["requestid", "reqid"].iter().any(|part| flat.contains(part));
    is_name && is_random(value)
}

/// Whether a number of a name is drawn for one request.
pub(super) fn is_drawn_number(name: &str, number: &serde_json::Number) -> bool {
    is_drawn(name, &number.to_string())
}

fn is_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    if CACHE_BUSTERS.contains(&&*lower) || OF_SIGN_IN.contains(&&*lower) {
        return true;
    }
    let flat: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    NAMES.iter().any(|part| flat.contains(part))
}

/// Whether a value looks random: a UUID, a long number, a long mix of letters and digits.
pub(in crate::record) fn is_random(value: &str) -> bool {
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    Uuid::try_parse(value).is_ok()
        || (letters == 0 && digits >= 8)
        || (digits >= 2 && letters >= 2 && letters + digits >= 12)
        || is_mixed(value)
}

/// Whether a value is letters of both cases in no order, as base64 without digits is.
fn is_mixed(value: &str) -> bool {
    const SHORTEST: usize = 16;
    const LEAST: usize = 4;
    let count = |of: fn(&u8) -> bool| value.bytes().filter(of).count();
    let is_of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    // Words that are joined have one capital each.
    let in_a_row = |pair: &[u8]| pair.iter().all(u8::is_ascii_uppercase);
    value.len() >= SHORTEST
        && value.bytes().all(is_of_base64)
        && count(u8::is_ascii_uppercase) >= LEAST
        && count(u8::is_ascii_lowercase) >= LEAST
        && value.as_bytes().windows(2).filter(|pair| in_a_row(pair)).count() >= 2
}

/// A text with marks in place of the numbers in it that are a time close to now; nothing where it has none.
pub(super) fn without_times(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let mut has_time = false;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let length = rest[at..].bytes().take_while(u8::is_ascii_digit).count();
        let number = &rest[at..at + length];
        out.push_str(&rest[..at]);
        if length < text.len() && is_now(number) {
            out.push(MARK);
            has_time = true;
        } else {
            out.push_str(number);
        }
        rest = &rest[at + length..];
    }
    has_time.then(|| out + rest)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_requests_and_the_time_of_day_are_drawn() {
        let now = Timestamp::now();
        let second = now.as_second().to_string();
        let table = [
            ("requestId", "7ac9649f-11f8-4ac8-8c2e-20b852fe93c9", true),
            ("X-Request-ID", "01HF7YAT00M2Z5VJ3Q5K0000AB", true),
            ("nonce", "8f14e45fceea167a5a36dedd4bea2543", true),
            ("_", "1795788812551", true),
            ("state", "zq9xK3mP4wVb71", true),
            ("state", "running", false),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", true),
            ("messageId", "5", false),
            ("transaction_id", "42", false),
            ("id", "7ac9649f-11f8-4ac8-8c2e-20b852fe93c9", false),
            ("at", &second, true),
            ("at", &format!("{second}.25"), true),
            ("at", &format!("{second}123"), true),
            ("at", &now.to_string(), true),
            ("at", "2001-01-01T00:00:00Z", false),
            ("at", "1000000000", false),
            ("phone", "4915112345678", false),
            ("version", "1.2.3", false),
            ("cursor", "2", false),
            ("q", "", false),
            ("nonce", "vvrEIZUAVXJkCfcXTTLtrg==", true),
            ("state", "allOfTheUsersAndTheirGroups", false),
        ];
        for (name, value, drawn) in table {
            assert_eq!(is_drawn(name, value), drawn, "{name}={value}");
        }
    }

    #[test]
    fn a_time_inside_of_a_text_is_marked() {
        let second = Timestamp::now().as_second();
        for (text, expected) in [
            (format!("session-{second}"), Some("session-?")),
            (format!("a{second}123.b-1000000000"), Some("a?.b-1000000000")),
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
