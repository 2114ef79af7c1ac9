//! Values as `fmt` and `encoding/json` print them.

use serde_json::{Number, Value};

use super::{quote, write_as_written};

/// A value as `encoding/json` writes it: compact, with `<`, `>` and `&` escaped; numbers are as they were written.
pub(in super::super) fn json_text(value: &Value) -> String {
    let mut text = Vec::new();
    write_as_written(&mut text, value);
    String::from_utf8(text).unwrap_or_default()
}

/// A value as `%v` prints it.
pub(in super::super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number_text(number),
        Value::Bool(value) => value.to_string(),
        Value::Array(list) => {
            format!("[{}]", list.iter().map(plain).collect::<Vec<_>>().join(" "))
        }
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| format!("{key}:{}", plain(value)));
            format!("map[{}]", pairs.collect::<Vec<_>>().join(" "))
        }
    }
}

/// A value as `%#v` prints it.
pub(in super::super) fn syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::String(text) => quote(text),
        Value::Number(number) => number_text(number),
        Value::Bool(value) => value.to_string(),
        Value::Array(list) => {
            let items: Vec<_> = list.iter().map(syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| format!("{}:{}", quote(key), syntax(value)));
            let pairs: Vec<_> = pairs.collect();
            format!("map[string]interface {{}}{{{}}}", pairs.join(", "))
        }
    }
}

/// The type of a decoded value as `%T` prints it.
pub(in super::super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if !number.is_i64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// The name that `encoding/json` has for the kind of a value (`UnmarshalTypeError.Value`).
pub(in super::super) fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn number_text(number: &Number) -> String {
    match number.as_f64() {
        // What no `int64` holds is a float.
        Some(value) if !number.is_i64() => float(value),
        _ => number.to_string(),
    }
}

/// A float as `%v` prints it (`strconv.FormatFloat` with the shortest digits): with an exponent below 1e-4 and from
/// 1e6 on.
pub(in super::super) fn float(value: f64) -> String {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let size: i32 = exponent.parse().unwrap_or_default();
    if value.is_finite() && value != 0.0 && !(-4..6).contains(&size) {
        let (sign, digits) =
            exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_printed_as_go_prints_them() {
        let value = json!({"b": [1, "x", null], "a": {"c": 1.5}, "t": true});
        assert_eq!(plain(&value), "map[a:map[c:1.5] b:[1 x <nil>] t:true]");
        assert_eq!(
            syntax(&json!({"b": [1, "x\n"], "a": {}})),
            r#"map[string]interface {}{"a":map[string]interface {}{}, "b":[]interface {}{1, "x\n"}}"#
        );
        assert_eq!(json_text(&json!({"a": "<&>"})), r#"{"a":"\u003c\u0026\u003e"}"#);
        assert_eq!([float(1e21), float(0.25), float(1e-7)], ["1e+21", "0.25", "1e-07"]);
        assert_eq!([float(1e6), float(123_456.5), float(0.0)], ["1e+06", "123456.5", "0"]);
        assert_eq!([type_name(&json!(1)), type_name(&json!(1.5))], ["int64", "float64"]);
    }
}
