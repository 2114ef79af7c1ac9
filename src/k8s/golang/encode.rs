//! JSON as `encoding/json` writes it into answers: `<`, `>`, `&` and the separators of lines are escaped, so that a text
//! is safe inside of HTML.

use serde::Serialize;

/// What is escaped, and how.
const ESCAPES: [(&str, &str); 5] = [
    ("<", "\\u003c"),
    (">", "\\u003e"),
    ("&", "\\u0026"),
    ("\u{2028}", "\\u2028"),
    ("\u{2029}", "\\u2029"),
];

/// Appends a value as JSON.
pub(in super::super) fn write_json(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let start = out.len();
    // Writing to memory cannot fail, and all keys are strings.
    let _ = serde_json::to_writer(&mut *out, value);
    escape(out, start);
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
    fn pretty_printing_is_that_of_upstream() {
        let json = br#"{"a":[1,{"b":"x:{,}\""}],"c":{},"d":[]}"#;
        let expected = "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x:{,}\\\"\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}";
        assert_eq!(String::from_utf8(indent_json(json)).unwrap(), expected);
    }
}
