//! Behaviour of Java's library that templates expose: the order of a `HashMap`, URL encoding,
//! doubles as text.

use std::fmt::Write;
use std::sync::Arc;

/// Returns the entries in the order in which a `HashMap` that they were put into gives them out.
pub(crate) fn hash_order<V>(mut entries: Vec<(Arc<str>, V)>) -> Vec<(Arc<str>, V)> {
    // The table doubles while it is more than three quarters full.
    let mut table = 16_usize;
    while entries.len() > table / 4 * 3 {
        table *= 2;
    }
    entries.sort_by_cached_key(|(name, _)| {
        let hash = hash(name);
        (hash ^ (hash >> 16)) as usize & (table - 1)
    });
    entries
}

/// `String.hashCode`.
pub(crate) fn hash(text: &str) -> u32 {
    text.encode_utf16()
        .fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
}

/// `URLEncoder.encode` in UTF-8: a space is a plus, letters, digits and `.-*_` stay.
pub(crate) fn url_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b'.' | b'-' | b'*' | b'_' => encoded.push(byte.into()),
            byte if byte.is_ascii_alphanumeric() => encoded.push(byte.into()),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// `URLDecoder.decode` in UTF-8.
///
/// # Errors
/// A percent sign is not followed by two hex digits.
pub(crate) fn url_decode(text: &str) -> Result<String, String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'+' => decoded.push(b' '),
            b'%' => {
                let digits = text
                    .get(at + 1..at + 3)
                    .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
                let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
                let Some(byte) = byte else {
                    return Err(format!(
                        "the percent sign at byte {at} of \"{text}\" is not followed by two hex digits"
                    ));
                };
                decoded.push(byte);
                at += 2;
            }
            byte => decoded.push(byte),
        }
        at += 1;
    }
    Ok(String::from_utf8_lossy(&decoded).into_owned())
}

/// Returns a double as Java prints it: with a point, and with an exponent from 10^7 on and below
/// 10^-3.
pub(crate) fn double(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN".to_owned()
        } else if value > 0.0 {
            "Infinity".to_owned()
        } else {
            "-Infinity".to_owned()
        };
    }
    let size = value.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{value:?}");
    }
    let mut text = format!("{value:e}");
    if let Some(at) = text.find('e') {
        let exponent = text.split_off(at + 1);
        text.pop();
        if !text.contains('.') {
            text.push_str(".0");
        }
        let _ = write!(text, "E{exponent}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_in_the_order_of_a_hash_map() {
        let names = ["zeta", "alpha", "a", "b", "c", "d", "m n"];
        let entries = names.iter().map(|name| (Arc::from(*name), ())).collect();
        let ordered: Vec<String> =
            hash_order(entries).iter().map(|(name, ())| name.to_string()).collect();
        assert_eq!(ordered, ["zeta", "a", "b", "c", "d", "alpha", "m n"]);
    }

    #[test]
    fn urls_are_coded_as_java_codes_them() {
        assert_eq!(url_encode("a b&c/é~*"), "a+b%26c%2F%C3%A9%7E*");
        assert_eq!(url_decode("a%20b+%C3%A9").as_deref(), Ok("a b é"));
        assert!(url_decode("%zz").is_err() && url_decode("%4").is_err());
    }

    #[test]
    fn doubles_print_as_java_prints_them() {
        for (value, shown) in [
            (1.5, "1.5"),
            (100_000_000_000.0, "1.0E11"),
            (12_345_678.9, "1.23456789E7"),
            (0.0001, "1.0E-4"),
            (1000.0, "1000.0"),
            (-0.0, "-0.0"),
            (0.001, "0.001"),
        ] {
            assert_eq!(double(value), shown);
        }
    }
}
