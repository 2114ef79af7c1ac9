//! Plain scalars of YAML 1.1 → values (`go.yaml.in/yaml/v2`, `resolve.go`).

use serde_json::Value;

use super::super::golang::{parse_time, syntax};
use super::json::{beyond_int64, float};

/// A resolved scalar.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    /// A JSON value.
    Value(Value),
    /// `<<`: the merge key.
    Merge,
    /// A float without a JSON form, as Go prints it.
    NotFinite(&'static str),
}

const TAG_PREFIX: &str = "tag:yaml.org,2002:";

/// Resolves a scalar. `tag` is its resolved tag, empty without one; `plain` whether it has no quotes.
///
/// # Errors
/// Upstream's message for a text that its tag does not allow.
pub(super) fn resolve(text: &str, tag: &str, plain: bool) -> Result<Scalar, String> {
    let tag = tag.strip_prefix(TAG_PREFIX).unwrap_or(tag);
    match tag {
        "" if plain => {}
        "int" | "float" | "bool" | "null" | "merge" | "timestamp" => {}
        "binary" => return binary(text),
        // Quotes make a text, and a tag of an application does not change it.
        _ => return Ok(Scalar::Value(text.into())),
    }
    let scalar = by_form(text);
    let fits = match (&scalar, tag) {
        (_, "") => true,
        (Scalar::Value(Value::Number(number)), "int") => !number.is_f64(),
        (Scalar::Value(Value::Number(_)) | Scalar::NotFinite(_), "float") => true,
        (Scalar::Value(Value::Bool(_)), "bool") | (Scalar::Value(Value::Null), "null") => true,
        (Scalar::Merge, "merge") => true,
        (Scalar::Value(Value::String(text)), "timestamp") => is_timestamp(text),
        _ => false,
    };
    if fits {
        return Ok(scalar);
    }
    let found = match &scalar {
        Scalar::Value(Value::Null) => "!!null",
        Scalar::Value(Value::Bool(_)) => "!!bool",
        Scalar::Value(Value::Number(number)) if number.is_f64() => "!!float",
        Scalar::Value(Value::Number(_)) => "!!int",
        Scalar::NotFinite(_) => "!!float",
        Scalar::Merge => "!!merge",
        Scalar::Value(_) => "!!str",
    };
    Err(format!("yaml: cannot decode {found} `{text}` as a !!{tag}"))
}

fn binary(text: &str) -> Result<Scalar, String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text.replace(['\n', ' '], ""))
        .map_err(|_| "yaml: !!binary value contains invalid base64 data".to_owned())?;
    Ok(Scalar::Value(String::from_utf8_lossy(&bytes).into()))
}

fn by_form(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Value(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Scalar::Value(true.into());
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Value(false.into());
        }
        ".nan" | ".NaN" | ".NAN" => return Scalar::NotFinite("NaN"),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Scalar::NotFinite("+Inf"),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::NotFinite("-Inf"),
        "<<" => return Scalar::Merge,
        _ => {}
    }
    let first = text.as_bytes()[0];
    let number = match first {
        b'.' => text.parse::<f64>().ok().filter(|_| is_float(text)).map(float),
        b'+' | b'-' | b'0'..=b'9' => numeric(&text.replace('_', "")),
        _ => None,
    };
    Scalar::Value(number.unwrap_or_else(|| text.into()))
}

/// A number in one of Go's notations (`strconv.ParseInt` with base 0) or a float.
fn numeric(text: &str) -> Option<Value> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    let whole = (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_alphanumeric()))
        .then(|| i128::from_str_radix(digits, radix).ok())
        .flatten()
        .map(|number| if negative { -number } else { number });
    if let Some(number) = whole {
        if let Ok(number) = i64::try_from(number) {
            return Some(number.into());
        }
        if let Ok(number) = u64::try_from(number) {
            return Some(beyond_int64(number));
        }
    }
    is_float(text).then(|| text.parse::<f64>().ok())?.filter(|value| value.is_finite()).map(float)
}

/// Whether a text has the form of a float: digits, a point, an exponent (`yamlStyleFloat`).
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let mantissa = match mantissa.split_once('.') {
        Some((whole, rest)) => {
            digits(whole) && digits(rest) && !(whole.is_empty() && rest.is_empty())
        }
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa && exponent
}

fn is_timestamp(text: &str) -> bool {
    parse_time(text).is_ok() || parse_time(&format!("{text}T00:00:00Z")).is_ok()
}

/// The text of a key of an object, as `sigs.k8s.io/yaml` makes it of the scalar.
///
/// # Errors
/// Upstream's message for a key that has no text; `value` is the key's value.
pub(super) fn key(scalar: &Scalar, value: &Value) -> Result<String, String> {
    Ok(match scalar {
        Scalar::Value(Value::String(text)) => text.clone(),
        Scalar::Value(Value::Null) => {
            return Err(format!(
                "unsupported map key of type: %!s(<nil>), key: <nil>, value: {}",
                syntax(value)
            ));
        }
        Scalar::Value(other) => other.to_string(),
        Scalar::Merge => "<<".to_owned(),
        Scalar::NotFinite("NaN") => ".nan".to_owned(),
        Scalar::NotFinite("-Inf") => "-.inf".to_owned(),
        Scalar::NotFinite(_) => ".inf".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_are_those_of_yaml_1_1() {
        for (text, value) in [
            ("yes", json!(true)),
            ("n", json!(false)),
            ("TRUe", json!("TRUe")),
            ("~", json!(null)),
            ("0x10", json!(16)),
            ("-0x10", json!(-16)),
            ("0b11", json!(3)),
            ("0o17", json!(15)),
            ("017", json!(15)),
            ("08", json!(8)),
            ("1_000", json!(1000)),
            ("1_0.5", json!(10.5)),
            ("+5", json!(5)),
            ("1.", json!(1)),
            (".5", json!(0.5)),
            ("1e3", json!(1000)),
            ("1.2.3", json!("1.2.3")),
            ("12:30:45", json!("12:30:45")),
            ("2001-01-01", json!("2001-01-01")),
            ("0x", json!("0x")),
            ("-", json!("-")),
            ("x", json!("x")),
        ] {
            assert_eq!(resolve(text, "", true), Ok(Scalar::Value(value)), "{text}");
        }
        assert_eq!(resolve(".nan", "", true), Ok(Scalar::NotFinite("NaN")));
        assert_eq!(resolve("5", "", false), Ok(Scalar::Value(json!("5"))));
    }

    #[test]
    fn a_tag_decides_the_type() {
        let tagged = |text: &str, tag: &str| resolve(text, &format!("{TAG_PREFIX}{tag}"), false);
        assert_eq!(tagged("5", "int"), Ok(Scalar::Value(json!(5))));
        assert_eq!(tagged("5", "str"), Ok(Scalar::Value(json!("5"))));
        assert_eq!(tagged("aGVsbG8=", "binary"), Ok(Scalar::Value(json!("hello"))));
        assert_eq!(tagged("x", "int").unwrap_err(), "yaml: cannot decode !!str `x` as a !!int");
        assert_eq!(resolve("x", "!foo", true), Ok(Scalar::Value(json!("x"))));
    }
}
