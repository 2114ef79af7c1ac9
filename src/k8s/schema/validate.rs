//! Validation against a schema, with the messages of `k8s.io/kube-openapi/pkg/validation` as
//! `k8s.io/apiextensions-apiserver/pkg/apiserver/validation` turns them into field errors.

use serde_json::{Number, Value};

use super::super::golang::{float, quote};
use super::super::status::FieldError;
use super::{Additional, Kind, Schema};

/// All violations of a value; `path` is its path (empty for a whole object).
pub(crate) fn validate(schema: &Schema, value: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    check(schema, value, path, &mut errors);
    errors
}

fn check(schema: &Schema, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    if value.is_null() && schema.nullable {
        return;
    }
    if !check_type(schema, value, path, errors) {
        return;
    }
    if !schema.allowed.is_empty() && !schema.allowed.iter().any(|allowed| equal(allowed, value)) {
        let known: Vec<String> = schema.allowed.iter().map(text_of).collect();
        errors.push(FieldError::not_supported(path, shown(value), &known));
    }
    match value {
        Value::String(text) => check_text(schema, text, path, errors),
        Value::Number(number) => check_number(schema, number, path, errors),
        Value::Array(list) => check_list(schema, list, path, errors),
        Value::Object(map) => check_object(schema, map, path, errors),
        Value::Bool(_) | Value::Null => {}
    }
    check_combined(schema, value, path, errors);
}

fn check_type(schema: &Schema, value: &Value, path: &str, errors: &mut Vec<FieldError>) -> bool {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if is_whole(number) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if schema.int_or_string {
        if matches!(found, "integer" | "string") {
            return true;
        }
        errors.push(wrong_type(path, "integer,string", found));
        return false;
    }
    let Some(kind) = schema.kind else {
        return true;
    };
    let wanted = kind.as_str();
    if found == wanted || (kind == Kind::Number && found == "integer") {
        return true;
    }
    errors.push(wrong_type(path, wanted, found));
    if let Value::Number(number) = value {
        check_range(schema, number, path, errors);
    }
    false
}

/// Whether a number fits into the type and format of its schema (`IsValueValidAgainstRange`). Upstream
/// checks it even where the type is wrong.
fn check_range(schema: &Schema, number: &Number, path: &str, errors: &mut Vec<FieldError>) {
    let Some(kind @ (Kind::Integer | Kind::Number)) = schema.kind else { return };
    let format = schema.format.as_deref().unwrap_or_default();
    let whole = if is_whole(number) { number.as_f64() } else { None };
    let fits = match (kind, format) {
        (Kind::Integer, "int32") => {
            whole.is_some_and(|value| (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value))
        }
        (Kind::Integer, "uint32") => {
            whole.is_some_and(|value| (0.0..=f64::from(u32::MAX)).contains(&value))
        }
        (Kind::Integer, "uint64") => number.is_u64(),
        (Kind::Integer, _) => whole.is_some(),
        (_, "float" | "float32") => {
            number.as_f64().is_some_and(|value| value.abs() <= f64::from(f32::MAX))
        }
        _ => true,
    };
    if !fits {
        let kind = kind.as_str();
        let of = match format {
            "" => format!("{kind} (default format)"),
            format => format!("{kind} with format {format}"),
        };
        let why = format!("Checked value must be of type {of} in {}", name(path));
        errors.push(FieldError::invalid("<nil>", quote(""), &why));
    }
}

fn wrong_type(path: &str, wanted: &str, found: &str) -> FieldError {
    let found = quote(found);
    FieldError::type_invalid(
        path,
        &found,
        &format!("{} in body must be of type {wanted}: {found}", name(path)),
    )
}

fn check_text(schema: &Schema, text: &str, path: &str, errors: &mut Vec<FieldError>) {
    let len = text.chars().count() as u64;
    if let Some(max) = schema.max_length.filter(|max| len > *max) {
        errors.push(FieldError::too_long(path, max));
    }
    let mut invalid = |why: String| errors.push(FieldError::invalid(path, quote(text), &why));
    if let Some(min) = schema.min_length.filter(|min| len < *min) {
        invalid(format!("{} in body should be at least {min} chars long", name(path)));
    }
    if let Some(pattern) = schema.pattern.as_ref().filter(|pattern| !pattern.regex.is_match(text)) {
        invalid(format!("{} in body should match '{}'", name(path), pattern.text));
    }
    if let Some(format) = schema.format.as_deref().filter(|format| !fits_format(format, text)) {
        let why = format!("{} in body must be of type {format}: {}", name(path), quote(text));
        errors.push(FieldError::type_invalid(path, quote(text), &why));
    }
}

/// The formats that are validated, of those that upstream validates; others are accepted.
fn fits_format(format: &str, text: &str) -> bool {
    match format {
        "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
        "date" => text.parse::<jiff::civil::Date>().is_ok(),
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        "uuid" => uuid::Uuid::parse_str(text).is_ok(),
        _ => true,
    }
}

fn check_number(schema: &Schema, number: &Number, path: &str, errors: &mut Vec<FieldError>) {
    check_range(schema, number, path, errors);
    let value = number.as_f64().unwrap_or_default();
    let mut invalid = |why: String| {
        errors.push(FieldError::invalid(
            path,
            number,
            &format!("{} in body should be {why}", name(path)),
        ));
    };
    if let Some(factor) = schema.multiple_of {
        let quotient = value / factor;
        if (quotient - quotient.round()).abs() > f64::EPSILON * quotient.abs().max(1.0) {
            invalid(format!("a multiple of {}", float(factor)));
        }
    }
    if let Some(max) = schema.maximum
        && (value > max.value || (max.exclusive && value >= max.value))
    {
        let or_equal = if max.exclusive { "" } else { "or equal to " };
        invalid(format!("less than {or_equal}{}", float(max.value)));
    }
    if let Some(min) = schema.minimum
        && (value < min.value || (min.exclusive && value <= min.value))
    {
        let or_equal = if min.exclusive { "" } else { "or equal to " };
        invalid(format!("greater than {or_equal}{}", float(min.value)));
    }
}

fn check_list(schema: &Schema, list: &[Value], path: &str, errors: &mut Vec<FieldError>) {
    if let Some(items) = &schema.items {
        for (index, item) in list.iter().enumerate() {
            check(items, item, &format!("{path}[{index}]"), errors);
        }
    }
    let len = list.len() as u64;
    if let Some(min) = schema.min_items.filter(|min| len < *min) {
        let why = format!("{} in body should have at least {min} items", name(path));
        errors.push(FieldError::invalid(path, len, &why));
    }
    if let Some(max) = schema.max_items.filter(|max| len > *max) {
        errors.push(FieldError::too_many(path, list.len(), max));
    }
    let repeated =
        |(at, item): (usize, &Value)| list[..at].iter().any(|earlier| equal(earlier, item));
    if schema.unique_items && list.iter().enumerate().any(repeated) {
        let why = format!("{} in body shouldn't contain duplicates", name(path));
        errors.push(FieldError::invalid(path, quote(""), &why));
    }
}

fn check_object(
    schema: &Schema,
    map: &serde_json::Map<String, Value>,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let below =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let len = map.len() as u64;
    if let Some(min) = schema.min_properties.filter(|min| len < *min) {
        let why = format!("{} in body should have at least {min} properties", name(path));
        errors.push(FieldError::invalid(path, len, &why));
    }
    if let Some(max) = schema.max_properties.filter(|max| len > *max) {
        errors.push(FieldError::too_many(path, map.len(), max));
    }
    for (key, value) in map.iter().filter(|(key, _)| !schema.properties.contains_key(*key)) {
        match &schema.additional {
            Additional::Schema(inner) => check(inner, value, &below(key), errors),
            Additional::Allowed(false) => {
                let why = format!("{} in body is a forbidden property", name(&below(key)));
                errors.push(FieldError::invalid(path, quote(""), &why));
            }
            Additional::Unsaid | Additional::Allowed(true) => {}
        }
    }
    // Upstream iterates over a Go map here: in a rotation of the declared order, a different one each time.
    // This is the rotation of the recorded conversations: from the second property around to the first.
    let (first, others) = (schema.properties.iter().take(1), schema.properties.iter().skip(1));
    for (key, property) in others.chain(first) {
        if let Some(value) = map.get(key) {
            check(property, value, &below(key), errors);
        }
    }
    for key in schema.required.iter().filter(|key| !map.contains_key(*key)) {
        errors.push(FieldError::required(below(key), ""));
    }
}

fn check_combined(schema: &Schema, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let fits = |schema: &&Schema| validate(schema, value, path).is_empty();
    let mut fails = |why: &str| {
        errors.push(FieldError::invalid(path, quote(""), &format!("{} must {why}", quote(path))));
    };
    if !schema.any_of.is_empty() && !schema.any_of.iter().any(|inner| fits(&inner)) {
        fails("validate at least one schema (anyOf)");
    }
    match schema.one_of.iter().filter(fits).count() {
        0 if !schema.one_of.is_empty() => {
            fails("validate one and only one schema (oneOf). Found none valid");
        }
        found if found > 1 => {
            fails(&format!(
                "validate one and only one schema (oneOf). Found {found} valid alternatives"
            ));
        }
        _ => {}
    }
    if schema.not.as_deref().is_some_and(|inner| fits(&inner)) {
        fails("not validate the schema (not)");
    }
    for inner in &schema.all_of {
        check(inner, value, path, errors);
    }
}

/// A path as it is named inside a message.
fn name(path: &str) -> &str {
    if path.is_empty() { "<nil>" } else { path }
}

/// Whether a number is an integer for upstream: an `int64`, or a whole `float64` that has whole neighbours
/// (`IsFloat64AJSONInteger`).
fn is_whole(number: &Number) -> bool {
    const MAX_WHOLE: f64 = 9_007_199_254_740_991.0;
    let whole = |value: f64| value.fract() == 0.0 && value.abs() <= MAX_WHOLE;
    number.is_i64() || number.as_f64().is_some_and(whole)
}

/// Whether two JSON values are equal, with numbers compared by value.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (a, b) => a == b,
    }
}

/// A value as Go's field errors print it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        value => value.to_string(),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(schema: &Value, value: &Value) -> Vec<String> {
        validate(&Schema::parse(schema).unwrap(), value, "spec")
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn each_violation_has_upstreams_message() {
        for (schema, value, message) in [
            (
                json!({"type": "integer"}),
                json!("two"),
                "Invalid value: \"string\": spec in body must be of type integer: \"string\"",
            ),
            (
                json!({"type": "integer", "minimum": 0}),
                json!(-1),
                "Invalid value: -1: spec in body should be greater than or equal to 0",
            ),
            (
                json!({"type": "number", "maximum": 2, "exclusiveMaximum": true}),
                json!(2),
                "Invalid value: 2: spec in body should be less than 2",
            ),
            (
                json!({"type": "string", "maxLength": 2}),
                json!("abc"),
                "Too long: may not be more than 2 bytes",
            ),
            (
                json!({"type": "string", "minLength": 2}),
                json!("a"),
                "Invalid value: \"a\": spec in body should be at least 2 chars long",
            ),
            (
                json!({"type": "string", "pattern": "^a+$"}),
                json!("b"),
                "Invalid value: \"b\": spec in body should match '^a+$'",
            ),
            (
                json!({"type": "string", "enum": ["A", "B"]}),
                json!("C"),
                "Unsupported value: \"C\": supported values: \"A\", \"B\"",
            ),
            (
                json!({"type": "array", "maxItems": 1}),
                json!([1, 2]),
                "Too many: 2: must have at most 1 items",
            ),
            (
                json!({"type": "array", "minItems": 1}),
                json!([]),
                "Invalid value: 0: spec in body should have at least 1 items",
            ),
            (
                json!({"type": "string"}),
                json!(null),
                "Invalid value: \"null\": spec in body must be of type string: \"null\"",
            ),
        ] {
            assert_eq!(problems(&schema, &value), [format!("spec: {message}")], "{schema}");
        }
        for value in [json!(1.5), json!(9_223_372_036_854_775_808_u64), json!(1e19)] {
            assert_eq!(
                problems(&json!({"type": "integer"}), &value),
                [
                    "spec: Invalid value: \"number\": spec in body must be of type integer: \"number\"",
                    "<nil>: Invalid value: \"\": Checked value must be of type integer (default format) in spec",
                ]
            );
        }
        assert_eq!(
            problems(&json!({"type": "integer", "format": "int32"}), &json!(2_147_483_648_u32)),
            [
                "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in spec"
            ]
        );
        assert_eq!(
            problems(&json!({"type": "object", "required": ["a"]}), &json!({})),
            ["spec.a: Required value"]
        );
    }

    #[test]
    fn valid_values_have_no_violations() {
        for (schema, value) in [
            (json!({"type": "integer"}), json!(2.0)),
            (json!({"type": "string", "nullable": true}), json!(null)),
            (json!({"x-kubernetes-int-or-string": true}), json!("50%")),
            (json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}), json!(1)),
            (
                json!({"type": "object", "additionalProperties": {"type": "string"}}),
                json!({"a": "b"}),
            ),
        ] {
            assert_eq!(problems(&schema, &value), [""; 0], "{schema}");
        }
    }
}
