//! Changes of JSON values and texts.

use serde_json::{Value, json};

use crate::draw::Draw;

/// Values in place of others.
pub(super) fn odd(draw: &mut Draw) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(1.0),
        json!(1e30),
        json!(2_147_483_648_i64),
        json!(9_223_372_036_854_775_807_i64),
        json!(18_446_744_073_709_551_615_u64),
        json!(""),
        json!("x"),
        json!("1"),
        json!([]),
        json!({}),
        json!([null]),
        json!([1]),
        json!(["x"]),
        json!({"x": 1}),
        json!([{}]),
        json!({"x": "y"}),
        json!({"": ""}),
    ];
    draw.one(&values)
}

/// Names of fields that many objects have, and one that none has.
const FIELDS: &[&str] = &[
    "unknown",
    "spec",
    "status",
    "metadata",
    "data",
    "name",
    "labels",
    "Kind",
    "Metadata",
    "kinD",
    "stringData",
    "rules",
    "annotations",
    "creationTimestamp",
    "items",
    "replicas",
    "a.b",
    "x/y",
    "é",
];

/// Changes a value somewhere.
pub(super) fn value(draw: &mut Draw, value: &mut Value) {
    let deeper = draw.chance(75);
    match value {
        Value::Object(map) if !map.is_empty() && deeper => {
            let keys: Vec<String> = map.keys().cloned().collect();
            let key = draw.one(&keys);
            // kind and apiVersion decide everything: they are changed less often.
            if matches!(key.as_str(), "kind" | "apiVersion") && draw.chance(60) {
                return;
            }
            if let Some(inner) = map.get_mut(&key) {
                self::value(draw, inner);
            }
        }
        Value::Array(items) if !items.is_empty() && deeper => {
            let at = draw.below(items.len());
            self::value(draw, &mut items[at]);
        }
        Value::Object(map) => {
            let keys: Vec<String> = map.keys().cloned().collect();
            match draw.below(3) {
                0 if !keys.is_empty() => drop(map.remove(&draw.one(&keys))),
                1 => drop(map.insert(draw.one(FIELDS).to_owned(), odd(draw))),
                _ => *value = odd(draw),
            }
        }
        Value::Array(items) => match draw.below(3) {
            0 => items.push(odd(draw)),
            1 if !items.is_empty() => {
                let again = draw.one(items);
                items.push(again);
            }
            _ => *value = odd(draw),
        },
        _ => *value = odd(draw),
    }
}

/// Numbers and texts as JSON may or may not write them.
const TOKENS: &[&str] = &[
    "1.0",
    "1e3",
    "1E400",
    "-0",
    "01",
    "+1",
    ".5",
    "1.",
    "0x1",
    "99999999999999999999",
    "1e-400",
    "NaN",
    "nul",
    "tru",
    "'x'",
    "\"\\u00e9\"",
    "\"\\ud800\"",
    "\"\\x\"",
    "\"a\nb\"",
    "\"\\/\"",
    "[1,]",
    "{\"a\":1,}",
    "{a:1}",
    "[",
    "}",
    "\"",
    "1 2",
    "",
    "{\"a\":1,\"a\":2}",
    "{\"name\":\"a\",\"name\":\"b\"}",
    "/**/1",
    "\u{feff}1",
    "-",
    "[[[[[]]]]]",
    "{\"\":{\"\":{}}}",
];

/// Changes a JSON text, not always into another JSON text.
pub(super) fn text(draw: &mut Draw, text: &str) -> String {
    let places = |letter: char| -> Vec<usize> {
        text.char_indices().filter(|(_, found)| *found == letter).map(|(at, _)| at).collect()
    };
    match draw.below(9) {
        // A key twice.
        0 | 1 => {
            let opened = places('{');
            let at = if opened.is_empty() { 0 } else { draw.one(&opened) + 1 };
            let keys = [
                "kind",
                "apiVersion",
                "metadata",
                "name",
                "spec",
                "data",
                "k",
                "labels",
                "a",
                "new",
            ];
            let key = draw.one(&keys);
            let twice = format!("\"{key}\":{},", odd(draw));
            let end = if text[at.min(text.len())..].starts_with('}') { "\"z\":1" } else { "" };
            format!("{}{twice}{end}{}", &text[..at], &text[at..])
        }
        // Another token after a colon.
        2..=4 => {
            let colons = places(':');
            if colons.is_empty() {
                return draw.one(TOKENS).to_owned();
            }
            let at = draw.one(&colons) + 1;
            let rest = &text[at..];
            let end = rest.find([',', '}']).unwrap_or(rest.len());
            format!("{}{}{}", &text[..at], draw.one(TOKENS), &rest[end..])
        }
        5 => text[..floor(text, draw.below(text.len()))].to_owned(),
        6 => format!(
            "{text}{}",
            draw.one(&["x", " ", "\n", "{}", "}", ",", "\0", "null", "//", "\n---\n{}"])
        ),
        7 => format!(
            "{}{text}",
            draw.one(&[" ", "\n", "x", "\u{feff}", "[", "{", "\t", "\0", "null", "#\n"])
        ),
        _ => draw
            .one(&[
                "", "null", "[]", "{}", "\"x\"", "1", "true", "{", "[{}]", " ", "\n", "nul", "{}{}",
            ])
            .to_owned(),
    }
}

/// The start of the character at a place.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
