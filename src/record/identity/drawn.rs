//! What a client draws anew for each request: ids of requests, nonces, the time of day. The same client sends
//! another value at replay, so a pattern allows any.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use uuid::Uuid;

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

/// A time this close to now is the time of the request, in seconds.
const NOW: i64 = 600;

/// Whether the value of a name is drawn for one request.
pub(super) fn is_drawn(name: &str, value: &str) -> bool {
    is_now(value) || (is_name(name) && is_random(value))
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
        ];
        for (name, value, drawn) in table {
            assert_eq!(is_drawn(name, value), drawn, "{name}={value}");
        }
    }
}
