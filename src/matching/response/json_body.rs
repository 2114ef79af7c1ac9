//! `jsonBody` as text: compact, its keys in their order, its numbers exact.
//!
//! The tree that mappings are decoded from sorts keys and has floats, so the body is made from the text of the
//! mapping. The form is Jackson's, by which `WireMock` writes: numbers without exponents, characters beyond the
//! basic plane escaped.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::{self, Write as _};

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The deepest nesting of a body whose text is used; a deeper one is rendered from the tree.
const MAX_DEPTH: usize = 200;

/// The largest exponent that is written out as zeros; a larger one stays as it is written.
const MAX_EXPONENT: i64 = 9_999;

/// Returns the `jsonBody` of a mapping's response, or `None` if there is none, or the text is not
/// plain JSON.
pub(super) fn of_mapping(mapping: &[u8]) -> Option<String> {
    let mapping: Mapping<'_> = serde_json::from_slice(mapping).ok()?;
    let response = mapping.response?;
    let json = match response.body.map(RawValue::get).filter(|body| body.starts_with('{')) {
        Some(entity) => serde_json::from_str::<Entity<'_>>(entity).ok()?.data?,
        None => response.json_body?,
    };
    compact(json.get())
}

/// Returns the `transformerParameters` of a mapping's response, as they are written.
pub(super) fn parameters_of_mapping(mapping: &[u8]) -> Option<String> {
    let mapping: Mapping<'_> = serde_json::from_slice(mapping).ok()?;
    mapping.response?.transformer_parameters.map(|raw| raw.get().to_owned())
}

#[derive(Deserialize)]
struct Mapping<'a> {
    #[serde(borrow)]
    response: Option<Response<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow)]
    json_body: Option<&'a RawValue>,
    #[serde(borrow)]
    transformer_parameters: Option<&'a RawValue>,
}

/// Returns a JSON text in the form in which a `jsonBody` is sent; `None` if it nests too deep.
pub(crate) fn compact(json: &str) -> Option<String> {
    let mut out = String::with_capacity(json.len());
    // Values inside of others come without the whitespace around them (RFC 8259, section 2).
    value(json.trim_matches([' ', '\t', '\r', '\n']), 0, &mut out)?;
    Some(out)
}

/// A body as an object.
#[derive(Deserialize)]
struct Entity<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

fn value(json: &str, depth: usize, out: &mut String) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    match json.as_bytes().first()? {
        b'{' => {
            let entries: Entries<'_> = serde_json::from_str(json).ok()?;
            out.push('{');
            for (at, (key, item)) in entries.0.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                text(key, out);
                out.push(':');
                value(item.get(), depth + 1, out)?;
            }
            out.push('}');
        }
        b'[' => {
            let items: Items<'_> = serde_json::from_str(json).ok()?;
            out.push('[');
            for (at, item) in items.0.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                value(item.get(), depth + 1, out)?;
            }
            out.push(']');
        }
        b'"' => text(&serde_json::from_str::<Cow<'_, str>>(json).ok()?, out),
        b'-' | b'0'..=b'9' => number(json, out),
        _ => out.push_str(json),
    }
    Some(())
}

fn text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x1f' | '\u{10000}'.. => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04X}");
                }
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// Writes a number like Java's `BigDecimal.toPlainString`.
fn number(json: &str, out: &mut String) {
    let (negative, digits) = json.strip_prefix('-').map_or((false, json), |rest| (true, rest));
    let (digits, exponent) = match digits.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i64>().unwrap_or(i64::MAX)),
        None => (digits, 0),
    };
    if exponent.unsigned_abs() > MAX_EXPONENT.unsigned_abs() {
        return out.push_str(json);
    }
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all = [whole, part].concat();
    let all = all.trim_start_matches('0');
    let scale = i64::try_from(part.len()).unwrap_or(i64::MAX).saturating_sub(exponent);
    if negative && !all.is_empty() {
        out.push('-');
    }
    let Ok(places @ 1..) = usize::try_from(scale) else {
        if all.is_empty() {
            return out.push('0');
        }
        out.push_str(all);
        return out.extend(std::iter::repeat_n('0', usize::try_from(-scale).unwrap_or_default()));
    };
    let point = all.len().saturating_sub(places);
    out.push_str(if point == 0 { "0" } else { &all[..point] });
    out.push('.');
    out.extend(std::iter::repeat_n('0', places.saturating_sub(all.len())));
    out.push_str(&all[point..]);
}

/// The entries of an object. Of a repeated key the first place and the last value count.
struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

struct Items<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
                let mut places: HashMap<Cow<'de, str>, usize> = HashMap::new();
                while let Some(Key(key)) = map.next_key()? {
                    let value = map.next_value()?;
                    if let Some(at) = places.get(&key) {
                        entries[*at].1 = value;
                    } else {
                        places.insert(key.clone(), entries.len());
                        entries.push((key, value));
                    }
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(Collect)
    }
}

/// A key, borrowed where nothing in it is escaped.
#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_form_that_jackson_writes() {
        for (json, written) in [
            (
                r#"{ "z":1.10,"b":1e5,"c":100000000000000000000,"d":1.0,"e":-0,"f":-0.0,"g":1E+2 }"#,
                r#"{"z":1.10,"b":100000,"c":100000000000000000000,"d":1.0,"e":0,"f":0.0,"g":100}"#,
            ),
            (
                "[0.1e-7, 123456789.123456789123, -12.5e1]",
                "[0.00000001,123456789.123456789123,-125]",
            ),
            (r#"{"a":1,"b":[ ],"a":{ }}"#, r#"{"a":{},"b":[]}"#),
            (r#""\u00e9\/<>&\u0001\n\ud83d\ude00""#, "\"é/<>&\\u0001\\n\\uD83D\\uDE00\""),
            ("1e99999", "1e99999"),
            ("null", "null"),
        ] {
            assert_eq!(compact(json).as_deref(), Some(written));
        }
    }

    #[test]
    fn the_body_of_a_mapping_is_found() {
        let mapping = br#"{"request":{},"response":{"status":1,"jsonBody": {"b":1, "a":2}}}"#;
        assert_eq!(of_mapping(mapping).as_deref(), Some(r#"{"b":1,"a":2}"#));
        assert_eq!(of_mapping(br#"{"response":{"jsonBody":null}}"#), None);
        assert_eq!(of_mapping(b"response: {}"), None);
    }
}
