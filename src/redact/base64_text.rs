//! Base64 of both alphabets, with and without padding.

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::edit::Edit;
use super::pass::Pass;

/// A shorter run of a text is not looked into.
const SHORTEST: usize = 24;

impl Pass<'_> {
    /// The edits of runs that are base64 of a text in which something is secret.
    pub(super) fn encoded_texts(&self, text: &str, edits: &mut Vec<Edit>) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let is_of = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/_-".contains(byte);
            let length = bytes[at..].iter().take_while(is_of).count();
            let run = at..at + length;
            at += length.max(1);
            if length < SHORTEST || !begins_text(&text[run.clone()]) {
                continue;
            }
            let padding = bytes[run.end..].iter().take(2).take_while(|byte| **byte == b'=').count();
            let range = run.start..run.end + padding;
            at = range.end;
            if let Some(new) = self.nested_base64(&text[range.clone()]) {
                edits.push(Edit { range, text: new });
            }
        }
    }
}

/// Whether base64 begins with the bytes of a text, or of a compressed one.
fn begins_text(run: &str) -> bool {
    const BEGIN: usize = 16;
    let begin = run.get(..BEGIN).unwrap_or(run);
    let bytes = Base64::of(begin).and_then(|coding| coding.decode(begin)).unwrap_or_default();
    let is_text = |byte: &u8| !byte.is_ascii_control() || byte.is_ascii_whitespace();
    !bytes.is_empty() && bytes.iter().all(is_text) || bytes.starts_with(&[0x1f, 0x8b, 8])
}

/// How a value is encoded (RFC 4648, sections 4 and 5).
#[derive(Debug, Clone, Copy)]
pub(super) struct Base64 {
    is_url_safe: bool,
    is_padded: bool,
}

impl Base64 {
    /// The coding of a text that may be base64.
    pub(super) fn of(text: &str) -> Option<Self> {
        let inner = text.trim_end_matches('=');
        let padding = text.len() - inner.len();
        let (mut standard, mut safe) = (false, false);
        for byte in inner.bytes() {
            match byte {
                b'+' | b'/' => standard = true,
                b'-' | b'_' => safe = true,
                byte if byte.is_ascii_alphanumeric() => {}
                _ => return None,
            }
        }
        let fits = inner.len() % 4 != 1 && (padding == 0 || text.len().is_multiple_of(4));
        let is_padded = padding > 0 || inner.len().is_multiple_of(4);
        (fits && !(standard && safe) && padding <= 2)
            .then_some(Self { is_url_safe: safe, is_padded })
    }

    pub(super) fn decode(self, text: &str) -> Option<Vec<u8>> {
        self.engine().decode(text).ok()
    }

    pub(super) fn encode(self, bytes: &[u8]) -> String {
        self.engine().encode(bytes)
    }

    fn engine(self) -> GeneralPurpose {
        let alphabet: &Alphabet = if self.is_url_safe { &URL_SAFE } else { &STANDARD };
        let config = GeneralPurposeConfig::new()
            .with_encode_padding(self.is_padded)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        GeneralPurpose::new(alphabet, config)
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::super::{Key, Redactor};
    use super::*;

    #[test]
    fn a_text_that_is_base64_is_looked_into() {
        let redactor = Redactor::new(Key::of(b"k"));
        let changed = |plain: &str| {
            let text = format!("see {} there", STANDARD.encode(plain));
            redactor.pass("/x").changed(&text)
        };
        let new = changed(r#"{"user":"ann","password":"hunter"}"#).unwrap();
        let encoded = new.split(' ').nth(1).unwrap();
        let decoded = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
        assert!(decoded.contains("ann") && !decoded.contains("hunter"), "{decoded}");
        assert_eq!(changed("a text of words, and no more than that"), None);
    }
}
