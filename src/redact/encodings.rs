//! The encodings in which a secret may be repeated: escapes of JSON, HTML and URLs, base64, hexadecimal.

use percent_encoding::percent_decode_str;
use regex::Regex;

use super::base64_coding::Base64;
use super::edit::{self, Edit, MARK};
use super::pattern::patterns;

patterns! {
    // Base64 and hexadecimal of at least eight bytes.
    WORD = r"[A-Za-z0-9+/_-]{12,}={0,2}";
    // Escapes of JSON for all characters.
    UNICODE = r"(?:\\u[0-9A-Fa-f]{4}){4,}";
    // A percent-encoded text.
    PERCENT = r"[A-Za-z0-9._~+%-]*%[0-9A-Fa-f]{2}[A-Za-z0-9._~+%-]*";
}

/// How a text spells a secret that has other characters than letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    Plain,
    /// In a string of JSON.
    Json,
    /// In a string of JSON that is ASCII, as some programs write it.
    JsonAscii,
    /// In a string of JSON with its slashes escaped.
    JsonSlashes,
    /// In HTML or XML.
    References,
    /// In a URL.
    Percent,
    /// In a form: with `+` for a space.
    Form,
}

/// A percent-encoded text as it is read, and the characters that it escapes; nothing where it escapes none.
pub(super) fn escaped(text: &str) -> Option<(String, Vec<char>)> {
    if !text.contains('%') {
        return None;
    }
    let plain = percent_decode_str(text).decode_utf8().ok().filter(|plain| *plain != text)?;
    let mut escapes = Vec::new();
    let mut rest = text;
    for c in plain.chars() {
        if rest.starts_with(c) && !(c == '%' && rest.starts_with("%25")) {
            rest = &rest[c.len_utf8()..];
            continue;
        }
        rest = rest.get(3 * c.len_utf8()..).unwrap_or_default();
        if !escapes.contains(&c) {
            escapes.push(c);
        }
    }
    Some((plain.into_owned(), escapes))
}

/// A text with some characters escaped.
pub(super) fn escape(text: &str, escapes: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if escapes.contains(&c) {
            let mut bytes = [0; 4];
            out.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")));
        } else {
            out.push(c);
        }
    }
    out
}

impl Spelling {
    /// The spellings of a secret that differ from each other.
    pub(super) fn all(secret: &str) -> Vec<(Self, String)> {
        let mut all = vec![(Self::Plain, secret.to_owned())];
        let others = [
            Self::Json,
            Self::JsonAscii,
            Self::JsonSlashes,
            Self::References,
            Self::Percent,
            Self::Form,
        ];
        for spelling in others {
            let text = spelling.write(secret);
            if all.iter().all(|(_, other)| *other != text) {
                all.push((spelling, text));
            }
        }
        all
    }

    /// A text in this spelling.
    pub(super) fn write(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Json => {
                let quoted = serde_json::Value::from(text).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::JsonAscii => {
                let escape = |unit: u16| match u8::try_from(unit) {
                    Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
                    _ => format!("\\u{unit:04x}"),
                };
                Self::Json.write(text).encode_utf16().map(escape).collect()
            }
            Self::JsonSlashes => Self::JsonAscii.write(text).replace('/', "\\/"),
            Self::References => text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#x27;"),
            Self::Percent => percent(text),
            Self::Form => percent(text).replace("%20", "+"),
        }
    }
}

/// A text in a URL; the mark of a pattern stays.
pub(super) fn percent(text: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let parts = text.split(MARK).map(|part| utf8_percent_encode(part, KEPT).to_string());
    parts.collect::<Vec<_>>().join(&MARK.to_string())
}

/// A text whose encoded parts went through a function, which changes some of them; nothing where it changes none.
pub(super) fn decoded(text: &str, change: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut edits: Vec<Edit> = Vec::new();
    let mut each = |pattern: &Regex, of: &dyn Fn(&str) -> Option<String>| {
        for found in pattern.find_iter(text) {
            if let Some(new) = of(found.as_str()) {
                edits.push(Edit { range: found.range(), text: new });
            }
        }
    };
    each(&WORD, &|word| hexadecimal(word, change).or_else(|| base64(word, change)));
    if text.contains("\\u") {
        each(&UNICODE, &|word| {
            let plain: String = serde_json::from_str(&format!("\"{word}\"")).ok()?;
            let escape = |unit: u16| format!("\\u{unit:04x}");
            let new = change(&plain)?;
            Some(if new.contains(MARK) { new } else { new.encode_utf16().map(escape).collect() })
        });
    }
    if text.contains('%') {
        each(&PERCENT, &|word| percent_decoded(word, change, 3));
    }
    (!edits.is_empty()).then(|| edit::apply(text, edits))
}

/// A percent-encoded text, encoded up to so many times.
fn percent_decoded(
    word: &str,
    change: &dyn Fn(&str) -> Option<String>,
    times: usize,
) -> Option<String> {
    let plain = percent_decode_str(word).decode_utf8().ok()?;
    if times == 0 || plain == word {
        return None;
    }
    let spaced = plain.replace('+', " ");
    let new = change(&plain).or_else(|| change(&spaced));
    new.or_else(|| percent_decoded(&plain, change, times - 1)).map(|new| percent(&new))
}

fn base64(word: &str, change: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let coding = Base64::of(word)?;
    let plain = String::from_utf8(coding.decode(word)?).ok()?;
    let new = change(&plain)?;
    Some(if new.contains(MARK) { new } else { coding.encode(new.as_bytes()) })
}

fn hexadecimal(word: &str, change: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let is_hex = word.len().is_multiple_of(2) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex {
        return None;
    }
    let digits = word
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let plain = String::from_utf8(digits.collect::<Option<Vec<u8>>>()?).ok()?;
    let new = change(&plain)?;
    Some(if new.contains(MARK) {
        new
    } else {
        new.bytes().map(|byte| format!("{byte:02x}")).collect()
    })
}
