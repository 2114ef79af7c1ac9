//! JSON with Go's numbers and duplicate keys (`sigs.k8s.io/json`).

use std::cell::RefCell;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::super::golang::{self, quote};
use super::Decoded;

/// Decodes a JSON text.
///
/// # Errors
/// Go's message for a text that is not JSON.
pub(in super::super) fn decode(text: &[u8]) -> Result<Decoded, String> {
    let mut decoded = decode_as_written(text)?;
    normalize(&mut decoded.value);
    Ok(decoded)
}

/// Brings the numbers of a value to Go's form.
pub(in super::super) fn normalize(value: &mut Value) {
    match value {
        Value::Number(number) if !number.is_i64() => {
            let normal = match (number.as_u64(), number.as_f64()) {
                (Some(whole), _) => beyond_int64(whole),
                (None, Some(value)) => float(value),
                (None, None) => return,
            };
            *value = normal;
        }
        Value::Array(list) => list.iter_mut().for_each(normalize),
        Value::Object(map) => map.values_mut().for_each(normalize),
        _ => {}
    }
}

/// Decodes a JSON text of a patch, whose numbers are compared as they are written.
///
/// # Errors
/// As [`decode`].
pub(in super::super) fn decode_as_written(text: &[u8]) -> Result<Decoded, String> {
    let huge = golang::check_json(text)?;
    let mut invalid = None;
    let zeroed;
    let mut text = text;
    if let Some(first) = huge.first() {
        let number = String::from_utf8_lossy(&text[first.clone()]);
        invalid =
            Some(format!("json: cannot unmarshal number {number} into Go value of type float64"));
        // The rest of the text is decoded for its kind.
        let mut bytes = text.to_vec();
        for place in huge {
            bytes[place.clone()].fill(b' ');
            bytes[place.start] = b'0';
        }
        zeroed = bytes;
        text = &zeroed;
    }
    let text = golang::readable(text);
    let duplicates = RefCell::default();
    let mut reader = serde_json::Deserializer::from_str(&text);
    // The nesting was checked above.
    reader.disable_recursion_limit();
    let seed = Keys { path: String::new(), duplicates: &duplicates };
    let value = seed.deserialize(&mut reader).map_err(|error| error.to_string())?;
    let strict = duplicates.into_inner().into_iter();
    let strict = strict.map(|path: String| format!("duplicate field {}", quote(&path)));
    Ok(Decoded { value, strict: strict.collect(), invalid })
}

/// The fields of a JSON object in the order of the text, with all duplicates; `None` for another text.
pub(in super::super) fn fields(text: &[u8]) -> Option<Vec<(String, Value)>> {
    struct Fields;

    impl<'de> Visitor<'de> for Fields {
        type Value = Vec<(String, Value)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(field) = access.next_entry()? {
                all.push(field);
            }
            Ok(all)
        }
    }

    let text = golang::readable(text);
    let mut reader = serde_json::Deserializer::from_str(&text);
    // Only a text that was decoded comes here: its nesting was checked.
    reader.disable_recursion_limit();
    reader.deserialize_map(Fields).ok()
}

/// The largest float whose neighbours are whole numbers too: a larger one is not an integer for schemas.
const MAX_WHOLE: f64 = 9_007_199_254_740_991.0;

/// A float as Go keeps and prints it: a whole number has no fraction.
pub(super) fn float(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() <= MAX_WHOLE {
        #[expect(clippy::cast_possible_truncation, reason = "bounded just above")]
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// A whole number beyond `int64`: a `float64` in Go, which prints its digits.
pub(super) fn beyond_int64(value: u64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "Go loses it as well")]
    let rounded = value as f64;
    // The shortest digits that read as this float, as Go prints them.
    let shown = format!("{rounded:e}");
    let (digits, exponent) = shown.split_once('e').unwrap_or((&shown, "0"));
    let digits = digits.replace('.', "");
    let length = exponent.parse::<usize>().unwrap_or_default() + 1;
    let whole = format!("{digits:0<length$}");
    whole.parse::<u64>().map_or_else(|_| float(rounded), Value::from)
}

/// Decodes a value and collects duplicate keys; the last value counts.
struct Keys<'k> {
    path: String,
    duplicates: &'k RefCell<Vec<String>>,
}

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let path = format!("{}[{}]", self.path, list.len());
            match seq.next_element_seed(Keys { path, duplicates: self.duplicates })? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let path =
                if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            if map.contains_key(&key) {
                let mut duplicates = self.duplicates.borrow_mut();
                if !duplicates.contains(&path) {
                    duplicates.push(path.clone());
                }
            }
            let value = access.next_value_seed(Keys { path, duplicates: self.duplicates })?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_those_of_go() {
        let text = b"[1.0, 1e2, -0, -0.0, 1.5, 9223372036854775807, 9223372036854775808]";
        let value = decode(text).unwrap().value;
        let expected = "[1,100,0,0,1.5,9223372036854775807,9223372036854776000]";
        assert_eq!(value.to_string(), expected);
    }

    #[test]
    fn a_number_beyond_a_float_is_an_error_after_the_kind_is_known() {
        let decoded = decode(br#"{"kind": "Job", "x": [1e400, 2]}"#).unwrap();
        assert_eq!(decoded.value, json!({"kind": "Job", "x": [0, 2]}));
        assert_eq!(
            decoded.invalid.unwrap(),
            "json: cannot unmarshal number 1e400 into Go value of type float64"
        );
    }

    #[test]
    fn fields_keep_their_order_and_duplicates() {
        let found = fields(br#"{"b": 1, "a": [], "b": null}"#).unwrap();
        let wanted = [("b", json!(1)), ("a", json!([])), ("b", json!(null))];
        assert_eq!(found, wanted.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(fields(b"[]"), None);
    }

    #[test]
    fn the_last_of_duplicate_keys_counts() {
        let decoded =
            decode(br#"{"a": {"b": 1, "b": 2}, "l": [{"c": 1, "c": 1}], "a": 3, "a": 4}"#);
        let decoded = decoded.unwrap();
        assert_eq!(decoded.value, json!({"a": 4, "l": [{"c": 1}]}));
        let named = ["a.b", "l[0].c", "a"].map(|path| format!("duplicate field \"{path}\""));
        assert_eq!(decoded.strict, named);
    }
}
