//! The text of a mapping: keys sorted, and values as they were written, since a `jsonBody` has the order of keys and
//! the numbers of the backend.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// JSON as text.
pub(super) type Json = Box<RawValue>;

/// An object of a mapping: keys in their order, values as they are written.
pub(super) type Object = BTreeMap<String, Json>;

/// A value as text.
pub(super) fn json(value: impl Serialize) -> Json {
    // Maps here have texts as keys, and numbers are finite.
    to_raw_value(&value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// An object that was written; nothing where it is none.
pub(super) fn object(text: &[u8]) -> Option<Object> {
    serde_json::from_slice(text).ok()
}

/// The object below a key; empty where there is none.
pub(super) fn object_in(object: &Object, key: &str) -> Object {
    object.get(key).and_then(|json| self::object(json.get().as_bytes())).unwrap_or_default()
}

/// The file of an object: one value a line, ends of lines included.
pub(super) fn file(object: &Object) -> String {
    let mut text = pretty(json(object).get());
    text.push('\n');
    text
}

/// A JSON text with one value a line, in the form that `serde_json` writes.
fn pretty(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut rest = text;
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = rest.chars().next() {
        match c {
            '"' => {
                let (string, after) = rest.split_at(string_length(rest));
                out.push_str(string);
                rest = after;
                continue;
            }
            '{' | '[' => {
                out.push(c);
                let inner = rest[1..].trim_start();
                if inner.starts_with(['}', ']']) {
                    out.push_str(&inner[..1]);
                    rest = &inner[1..];
                    continue;
                }
                depth += 1;
                line(&mut out, depth);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// The length of the string at the beginning of a text, in bytes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_file_has_sorted_keys_and_values_as_they_are_written() {
        let raw = RawValue::from_string("{\"z\":1.10,\"a\":[1e2,{}],\"z\":\"x\\\"}\"}".to_owned());
        let object = Object::from([
            ("b".to_owned(), raw.unwrap()),
            ("a".to_owned(), super::json([1, 2])),
            ("c".to_owned(), super::json(Vec::<i32>::new())),
        ]);
        let text = file(&object);
        let expected = "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {\n    \"z\": 1.10,\n    \"a\": [\n      \
                        1e2,\n      {}\n    ],\n    \"z\": \"x\\\"}\"\n  },\n  \"c\": []\n}\n";
        assert_eq!(text, expected);
        assert_eq!(file(&super::object(text.as_bytes()).unwrap()), text, "written again");
    }

    #[test]
    fn the_form_is_that_of_serde_json() {
        let value = json!({"a": {"b": [], "c": [null, true, -1.5]}, "d": "e: {\\", "f": {}});
        assert_eq!(pretty(&value.to_string()), serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(serde_json::from_str::<Value>(&pretty(&value.to_string())).unwrap(), value);
    }
}
