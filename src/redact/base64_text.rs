//! Runs of base64 in a text → the texts that they hold, looked into.

use super::base64_coding::Base64;
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

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::super::{Key, Redactor};

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
