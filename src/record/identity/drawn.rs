//! What a client draws anew for each request: ids of requests, nonces, the time of day. The same client sends
//! another value at replay, so a pattern allows any.

use uuid::Uuid;

use super::times::{is_now, is_now_in_base_64};

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

/// Whether the value of a name is drawn for one request.
pub(super) fn is_drawn(name: &str, value: &str) -> bool {
    is_now(value) || (is_name(name) && is_random(value)) || name == "t" && is_now_in_base_64(value)
}

/// Whether an answer may repeat a value for its client to know the request by.
pub(in crate::record) fn is_echoed(name: &str, value: &str, in_header: bool) -> bool {
    let flat: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let flat = flat.to_ascii_lowercase();
    let is_name = ["state", "callback", "jsonp"].contains(&&*flat)
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

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
    fn the_time_in_base_64_is_known() {
        const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
        let mut now = usize::try_from(Timestamp::now().as_millisecond()).unwrap();
        let mut text = String::new();
        while now > 0 {
            text.insert(0, char::from(DIGITS[now % 64]));
            now /= 64;
        }
        assert!(is_drawn("t", &text) && is_drawn("t", &format!("{text}.2")), "{text}");
        assert!(!is_drawn("x", &text) && !is_drawn("t", "Abcdefg") && !is_drawn("t", "users"));
    }
}
