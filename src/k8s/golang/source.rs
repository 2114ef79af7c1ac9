//! JSON texts as Go decodes their characters (`sigs.k8s.io/json`, `unquoteBytes`).

use std::borrow::Cow;

/// A JSON text that every parser reads as Go does: each byte that is not UTF-8, and each escape that is half
/// of a surrogate pair, becomes U+FFFD. The text is borrowed where nothing changes.
pub(in super::super) fn readable(text: &[u8]) -> Cow<'_, str> {
    let text = match std::str::from_utf8(text) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(replace_bytes(text)),
    };
    match repair_surrogates(&text) {
        Some(repaired) => Cow::Owned(repaired),
        None => text,
    }
}

fn replace_bytes(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    out
}

/// The text without escapes of lone surrogates; `None` where it has none.
fn repair_surrogates(text: &str) -> Option<String> {
    // Escapes of surrogates begin with `\ud` or `\uD`.
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return None;
    }
    let bytes = text.as_bytes();
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        match escape(bytes, at) {
            Some(high @ 0xd800..=0xdbff) => {
                let pair =
                    escape(bytes, at + 6).is_some_and(|low| (0xdc00..=0xdfff).contains(&low));
                if !pair {
                    debug_assert!(high < 0xdc00);
                    out.push_str(&text[copied..at]);
                    out.push_str("\\ufffd");
                    copied = at + 6;
                }
                at += if pair { 12 } else { 6 };
            }
            Some(0xdc00..=0xdfff) => {
                out.push_str(&text[copied..at]);
                out.push_str("\\ufffd");
                at += 6;
                copied = at;
            }
            Some(_) => at += 6,
            None => at += 2,
        }
    }
    (copied > 0).then(|| out + &text[copied..])
}

/// The code unit of the escape `\uXXXX` at a position.
fn escape(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_pairs_and_invalid_bytes_become_replacement_characters() {
        for (text, read) in [
            (&br#""\ud83d\ude00 \\ud83d""#[..], r#""\ud83d\ude00 \\ud83d""#),
            (br#""\ud83d""#, r#""\ufffd""#),
            (br#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (br#""\udE00x\uD83Dx""#, r#""\ufffdx\ufffdx""#),
            (b"\"\xe2\x82\"", "\"\u{fffd}\u{fffd}\""),
            ("\"é\"".as_bytes(), "\"é\""),
        ] {
            assert_eq!(readable(text), read);
        }
        assert!(matches!(readable(b"{}"), Cow::Borrowed(_)));
    }
}
