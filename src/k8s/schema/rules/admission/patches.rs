//! The values of patches as JSON (`pkg/admission/plugin/policy/mutating/patch/{json_patch,smd}.go`,
//! `pkg/cel/mutation/dynamic/objects.go`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use super::super::language::patch_types::OPERATION;
use super::super::library::convert::text_of;
use super::super::value::{Literal, Value};
use super::{Activation, Expression, OutOfBudget};

/// The largest whole number that JSON holds for all readers.
const LARGEST: u64 = (1 << 53) - 1;

impl<'v> Activation<'v> {
    /// The configuration that an expression gives to apply.
    ///
    /// # Errors
    /// That the budget is used up; upstream's message in place of a value.
    pub(in super::super::super::super) fn configuration(
        &self,
        expression: &'v Expression,
        budget: &mut u64,
    ) -> Result<Result<Json, String>, OutOfBudget> {
        Ok(self.value(expression, budget)?.and_then(|value| {
            let Value::Literal(of) = &value else {
                let found = value.type_name();
                return Err(format!(
                    "unsupported return type from ApplyConfiguration expression: {found}"
                ));
            };
            check_names(of)?;
            native_object(of).map_err(|_| "invalid return type: *dynamic.ObjectVal".to_owned())
        }))
    }

    /// The operations of a JSON Patch that an expression gives.
    ///
    /// # Errors
    /// As for [`Activation::configuration`].
    pub(in super::super::super::super) fn operations(
        &self,
        expression: &'v Expression,
        budget: &mut u64,
    ) -> Result<Result<Vec<Json>, String>, OutOfBudget> {
        Ok(self.value(expression, budget)?.and_then(|value| {
            let Some(items) = value.items() else {
                return Err(
                    "type mismatch: JSONPatchType.expression should evaluate to array".to_owned()
                );
            };
            items?.iter().map(operation).collect()
        }))
    }
}

fn operation(item: &Value<'_>) -> Result<Json, String> {
    let Value::Literal(of) = item else {
        return Err(
            "type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch"
                .to_owned(),
        );
    };
    let text = |name: &str| match of.get(name) {
        Some(Value::String(text)) => &**text,
        _ => "",
    };
    let mut operation = json!({"op": text("op"), "path": text("path")});
    if !text("from").is_empty() {
        operation["from"] = text("from").into();
    }
    if let Some(value) = of.get("value") {
        if let Value::Literal(of) = value {
            check_names(of)?;
        }
        operation["value"] = to_json(value).map_err(|why| {
            format!(
                "JSONPath valueExpression evaluated to a type that could not marshal to JSON: {why}"
            )
        })?;
    }
    Ok(operation)
}

/// Each object in a field has the type that its place has (`CheckTypeNamesMatchFieldPathNames`).
fn check_names(of: &Literal<'_>) -> Result<(), String> {
    let mut errors = Vec::new();
    mismatches(of, &of.name, &mut errors);
    if errors.is_empty() { Ok(()) } else { Err(format!("type mismatch: {}", errors.join("\n"))) }
}

fn mismatches(of: &Literal<'_>, wanted: &str, errors: &mut Vec<String>) {
    if *of.name != *wanted {
        errors.push(format!(
            "unexpected type name \"{}\", expected \"{wanted}\", which matches field name path from root Object type",
            of.name
        ));
    }
    for (name, value) in &of.fields {
        inside(value, &format!("{wanted}.{name}"), errors);
    }
}

/// What is in lists and maps has the type of these.
fn inside(value: &Value<'_>, wanted: &str, errors: &mut Vec<String>) {
    match value {
        Value::Literal(of) => mismatches(of, wanted, errors),
        Value::List(items) => items.iter().for_each(|item| inside(item, wanted, errors)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| inside(value, wanted, errors)),
        _ => {}
    }
}

/// `ObjectVal.ConvertToNative`.
fn native_object(of: &Literal<'_>) -> Result<Json, String> {
    let field = |(name, value): &(String, Value<'_>)| Ok((name.clone(), native(value)?));
    of.fields.iter().map(field).collect::<Result<Map<_, _>, String>>().map(Json::Object)
}

/// A value in an object that is applied (`convertField`): keys of maps are texts. Lists and maps of literals inside of
/// others stay what they are in CEL, which no type takes: they become a text here.
fn native(value: &Value<'_>) -> Result<Json, String> {
    match value {
        Value::List(items) => items.iter().map(native_item).collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|(key, value)| match key {
                Value::String(key) => Ok((key.to_string(), native_item(value)?)),
                key => Err(format!("map key {} is not a string", key.shown())),
            })
            .collect(),
        other => native_item(other),
    }
}

fn native_item(value: &Value<'_>) -> Result<Json, String> {
    match value {
        Value::Literal(of) => native_object(of),
        Value::List(_) | Value::Map(_) => Ok(value.type_name().into()),
        Value::Int(number) => Ok((*number).into()),
        Value::Uint(number) => Ok((*number).into()),
        other => to_json(other),
    }
}

/// A value in a JSON Patch (`ConvertToNative` for `structpb.Value`): large numbers become texts.
fn to_json(value: &Value<'_>) -> Result<Json, String> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(number) if number.unsigned_abs() <= LARGEST => (*number).into(),
        Value::Uint(number) if *number <= LARGEST => (*number).into(),
        Value::Int(number) => number.to_string().into(),
        Value::Uint(number) => number.to_string().into(),
        Value::Double(number) => double(*number),
        Value::String(text) => (**text).into(),
        Value::Bytes(bytes) => STANDARD.encode(bytes).into(),
        Value::Object(map, _) => Json::Object((*map).clone()),
        Value::Items(items, _) => Json::Array(items.to_vec()),
        Value::Unknown(json) => (*json).clone(),
        Value::List(items) => items.iter().map(to_json).collect::<Result<_, _>>()?,
        Value::Map(entries) => {
            let entry = |(key, value): &(Value<'_>, Value<'_>)| match key {
                Value::String(key) => Ok((key.to_string(), to_json(value)?)),
                key => {
                    let of = key.type_name();
                    Err(format!("unsupported type conversion from '{of}' to string"))
                }
            };
            Json::Object(entries.iter().map(entry).collect::<Result<_, String>>()?)
        }
        Value::Literal(of) if *of.name == *OPERATION => {
            return Err("cannot convert to native type: *structpb.Value".to_owned());
        }
        Value::Literal(of) => native_object(of)?,
        Value::Optional(Some(inner)) => to_json(inner)?,
        Value::Duration(_) | Value::Timestamp(_) => text_of(value).into(),
        Value::Type(_) => return Err("type conversion not supported for 'type'".to_owned()),
        other => {
            let name = other.type_name();
            let name = name.rsplit('.').next().unwrap_or_default();
            return Err(format!("type conversion error from '{name}' to '*structpb.Value'"));
        }
    })
}

/// A double: a whole number has no point.
fn double(number: f64) -> Json {
    const MOST: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "a whole number that fits")]
    if number.fract() == 0.0 && number.abs() < MOST {
        return (number as i64).into();
    }
    json!(number)
}
