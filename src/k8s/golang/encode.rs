//! JSON as `encoding/json` writes it into answers: `<`, `>`, `&` and the separators of lines are escaped, so that a text
//! is safe inside of HTML.

use std::borrow::Cow;
use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// What is escaped, and how.
const ESCAPES: [(&str, &str); 5] = [
    ("<", "\\u003c"),
    (">", "\\u003e"),
    ("&", "\\u0026"),
    ("\u{2028}", "\\u2028"),
    ("\u{2029}", "\\u2029"),
];

/// A JSON text with the escapes of [`write_json`].
pub(in super::super) fn safe_in_html(json: &str) -> Cow<'_, str> {
    if !ESCAPES.iter().any(|(special, _)| json.contains(special)) {
        return Cow::Borrowed(json);
    }
    let escaped = |text: String, (special, escape): &(&str, &str)| text.replace(special, escape);
    Cow::Owned(ESCAPES.iter().fold(json.to_owned(), escaped))
}

/// Appends a value as JSON.
pub(in super::super) fn write_json(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let start = out.len();
    // Writing to memory cannot fail, and all keys are strings.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut *out, GoNumbers));
    escape(out, start);
}

/// Compact JSON with floats as Go writes them (`floatEncoder`): without an exponent from 1e-6 to 1e21.
struct GoNumbers;

impl Formatter for GoNumbers {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let size = value.abs();
        if size == 0.0 || (1e-6..1e21).contains(&size) {
            return write!(writer, "{value}");
        }
        let sign = if size >= 1.0 { "+" } else { "" };
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        write!(writer, "{mantissa}e{sign}{exponent}")
    }
}

/// Escapes what stands behind a place. Outside of strings none of it occurs.
fn escape(out: &mut Vec<u8>, start: usize) {
    let tail = &out[start..];
    if memchr::memchr3(b'<', b'>', b'&', tail).is_none()
        && memchr::memmem::find(tail, b"\xe2\x80").is_none()
    {
        return;
    }
    let Ok(text) = std::str::from_utf8(tail) else { return };
    let mut escaped = text.to_owned();
    for (plain, shown) in ESCAPES {
        if escaped.contains(plain) {
            escaped = escaped.replace(plain, shown);
        }
    }
    out.truncate(start);
    out.extend_from_slice(escaped.as_bytes());
}

/// Appends a value as JSON with its numbers as they were written, as far as they tell: a whole float has a fraction.
pub(in super::super) fn write_as_written(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let start = out.len();
    let _ = value.serialize(&mut Serializer::with_formatter(&mut *out, WrittenNumbers));
    escape(out, start);
}

/// As [`GoNumbers`], but for small whole numbers, which were written with a fraction.
struct WrittenNumbers;

impl Formatter for WrittenNumbers {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        if value.fract() == 0.0 && value.abs() < 1e16 {
            return write!(writer, "{value:.1}");
        }
        GoNumbers.write_f64(writer, value)
    }
}

/// Indents a JSON text by two spaces per level, with its keys in order.
pub(in super::super) fn indent_json(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b' ', depth * 2));
    };
    let mut bytes = json.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if in_text {
            out.push(byte);
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                if let Some(close) = bytes.next_if(|next| matches!(next, b'}' | b']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            b'"' => {
                in_text = true;
                out.push(byte);
            }
            byte => out.push(byte),
        }
    }
    out
}

/// A JSON text as Go writes it as a part of another one (`json.Compact` with the escapes of HTML): without spaces between
/// its tokens.
pub(in super::super) fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        match c {
            ' ' | '\t' | '\r' | '\n' if !in_string => continue,
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
        in_string = if c == '"' && !escaped { !in_string } else { in_string };
        escaped = in_string && c == '\\' && !escaped;
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_safe_inside_of_html() {
        let mut out = b"<".to_vec();
        write_json(&mut out, &json!({"<k>": "a&b\u{2028}\u{2029}é\u{2026}", "n": 1}));
        let expected = "<{\"\\u003ck\\u003e\":\"a\\u0026b\\u2028\\u2029é\u{2026}\",\"n\":1}";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn floats_are_written_as_go_writes_them() {
        let mut out = Vec::new();
        write_json(&mut out, &json!([1e20, 1e21, -1.5e22, 0.000_001, 1e-7, 1.5, -0.0]));
        let expected = "[100000000000000000000,1e+21,-1.5e+22,0.000001,1e-7,1.5,-0]";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn written_numbers_keep_their_fraction() {
        let mut out = Vec::new();
        write_as_written(&mut out, &json!([1.0, 1e20, 0.000_001, 1.5, 7]));
        let expected = "[1.0,100000000000000000000,0.000001,1.5,7]";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn pretty_printing_is_that_of_upstream() {
        let json = br#"{"a":[1,{"b":"x:{,}\""}],"c":{},"d":[]}"#;
        let expected = "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x:{,}\\\"\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}";
        assert_eq!(String::from_utf8(indent_json(json)).unwrap(), expected);
    }
}
