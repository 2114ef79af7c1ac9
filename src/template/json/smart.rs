//! JSON text → values for `jsonPath`, as json-smart reads it in its permissive mode.

use crate::java::json::{Json, Reader};
use crate::template::decimal::Decimal;
use crate::template::value::{ListStyle, MapStyle, Value};

/// Reads the first JSON value of a text.
///
/// # Errors
/// What is wrong with the text, or the limit of the engine that it exceeds.
pub(crate) fn read_smart(text: &str) -> Result<Value, String> {
    value(Json::read(text, Reader::Smart)?)
}

/// Lists print as JSON, and numbers with a point are doubles.
fn value(json: Json) -> Result<Value, String> {
    let limited = |limit: crate::template::limits::Limit| limit.to_string();
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Text(text) => Value::text(text),
        Json::Number(number) => of_number(number.as_str()),
        Json::List(items) => {
            let items = items.into_iter().map(value).collect::<Result<_, _>>()?;
            Value::list(items, ListStyle::Json).map_err(limited)?
        }
        Json::Map(map) => {
            let entry = |(name, item): (String, Json)| Ok((name.into(), value(item)?));
            let entries = map.into_entries().map(entry).collect::<Result<_, String>>()?;
            Value::map(entries, MapStyle::Java).map_err(limited)?
        }
    })
}

fn of_number(text: &str) -> Value {
    if let Ok(whole) = text.parse() {
        return Value::Int(whole);
    }
    let double = text.parse::<f64>().unwrap_or(f64::NAN);
    // More digits than a double holds are kept.
    let is_double = crate::java::decimal::double(double) == text;
    match Decimal::parse(text) {
        Some(exact) if !is_double => Value::Decimal(exact),
        _ => Value::Double(double),
    }
}
