//! Helpers for JSON: parsing, searching and formatting.

use std::sync::Arc;

use super::error;
use crate::document::jayway::{Found, Kind, Query, Tree};
use crate::template::error::Failure;
use crate::template::eval::{Answer, Invocation};
use crate::template::json::{self, Reader};
use crate::template::value::{ListStyle, MapStyle, Value};

impl Tree for Value {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::Bool(value) => Kind::Bool(*value),
            Self::Text(text) => Kind::Text(text),
            Self::List(list) => Kind::List(list.items.len()),
            Self::Map(map) => Kind::Map(map.entries.len()),
            other => other.number().map_or(Kind::Null, Kind::Number),
        }
    }

    fn item(&self, index: usize) -> Option<&Self> {
        match self {
            Self::List(list) => list.items.get(index),
            _ => None,
        }
    }

    fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(name),
            _ => None,
        }
    }

    fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        let entries = match self {
            Self::Map(map) => map.entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|(name, value)| (&**name, value))
    }
}

/// Returns what a JSON path finds in a JSON text or in a value.
pub(super) fn path(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    if call.first.is_null() || call.first.as_text() == Some("") {
        return Ok(Value::text(""));
    }
    let expression = match call.param(0) {
        Value::Null => return error("The JSONPath cannot be empty"),
        Value::Text(text) if text.is_empty() => return Err("the JSON path is empty".into()),
        Value::Text(text) => text,
        other => return Err(format!("the JSON path must be a text, not {}", other.kind()).into()),
    };
    let document = match &call.first {
        Value::Text(text) => {
            call.renderer.spend(text.len() / 64)?;
            match json::read_smart(text) {
                Ok(document) => document,
                Err(_) => return error(format!("{text} is not valid JSON")),
            }
        }
        other => other.clone(),
    };
    let Ok(query) = Query::parse(&expression) else {
        return error(format!("{expression} is not a valid JSONPath expression"));
    };
    call.renderer.spend(document.parts() / 16)?;
    let found = query.find(&document, true).map_err(|error| error.to_string())?;
    let found = match found {
        Found::Nothing | Found::Null => Value::Null,
        Found::One(value) => value.clone(),
        Found::Many(values) => {
            let values = values.into_iter().map(|value| value.cloned().unwrap_or(Value::Null));
            Value::list(values.collect(), ListStyle::Json)?
        }
        Found::Members(members) => {
            let members = members.into_iter().map(|(name, value)| (name.into(), value.clone()));
            Value::map(members.collect(), MapStyle::Java)?
        }
        Found::Count(count) => Value::Int(i64::try_from(count).unwrap_or(i64::MAX)),
        Found::Number(number) => Value::Double(number),
        Found::Text(text) => Value::text(text),
        Found::Names(names) => {
            Value::list(names.into_iter().map(Value::text).collect(), ListStyle::Java)?
        }
    };
    Ok(match found {
        Value::Null => call.named("default").cloned().unwrap_or_else(|| Value::text("")),
        // A map that is found prints as JSON; those within it do not.
        Value::Map(map) if map.style == MapStyle::Java => {
            Value::map(map.entries.clone(), MapStyle::Json)?
        }
        other => other,
    })
}

/// JSON text → a value, or the variable that is named.
pub(super) fn parse(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let (text, variable): (Arc<str>, Option<Value>) = if call.is_block() {
        (call.body()?.into(), call.has_first.then(|| call.first.clone()))
    } else if !call.has_first {
        return error("Missing required JSON string parameter");
    } else if call.first.is_null() {
        return Ok(Value::map(Vec::new(), MapStyle::Java)?);
    } else {
        (call.print_first()?, call.params.first().cloned())
    };
    call.renderer.spend(text.len() / 64)?;
    let trimmed = text.trim();
    let value = if trimmed.is_empty() {
        Value::map(Vec::new(), MapStyle::Java)?
    } else {
        let value = json::read(trimmed, Reader::Jackson)
            .map_err(|why| format!("the text is not JSON: {why}"))?;
        if !matches!(value, Value::Map(_) | Value::List(_)) {
            return Err("the JSON must be an object or an array".into());
        }
        value
    };
    match variable {
        Some(name) => {
            let name = super::block::name_of(&name)?;
            call.assign(&name, value);
            Ok(Value::Null)
        }
        None => Ok(value),
    }
}

pub(super) fn to_json(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    if call.first.is_null() {
        return Ok(Value::text(""));
    }
    let text = call.renderer.written(|output| json::write_pretty(&call.first, output))?;
    Ok(Value::text(text))
}

/// Returns what `formatJson` and its like are to format, and whether over several lines; or the
/// message that the result shows in place of it.
pub(super) fn to_format(
    call: &mut Invocation<'_, '_, '_, '_>,
    helper: &str,
    kind: &str,
) -> Result<Result<(String, bool), String>, Failure> {
    let text = if call.is_block() {
        call.body()?
    } else {
        call.first.as_text().unwrap_or_default().to_owned()
    };
    let text = text.trim().to_owned();
    if text.is_empty() {
        return Ok(Err(format!(
            "{helper} should take a block of {kind} to format or a single parameter of type String"
        )));
    }
    Ok(match call.named("format").cloned() {
        None => Ok((text, true)),
        Some(Value::Text(format)) if matches!(&*format, "pretty" | "compact") => {
            Ok((text, &*format == "pretty"))
        }
        Some(Value::Text(format)) => {
            Err(format!("{helper}: format [{format}] should be one of [pretty, compact]"))
        }
        Some(other) => {
            let (class, shown) = (other.java_class(), call.print(&other)?);
            Err(format!(
                "{helper}: format [{shown}] of type [{class} should be a Format or a String and one of [pretty, compact]]"
            ))
        }
    })
}

/// JSON text, indented or compact.
pub(super) fn format(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let (text, pretty) = match to_format(call, "formatJson", "JSON")? {
        Ok(asked) => asked,
        Err(message) => return error(message),
    };
    let value = match json::read(&text, Reader::Jackson) {
        Ok(value) => value,
        Err(why) if pretty => return Err(format!("the text is not JSON: {why}").into()),
        Err(_) => {
            return error(
                "There was an error parsing the json. Please make sure the json is valid",
            );
        }
    };
    let text = call.renderer.written(|output| {
        if pretty {
            json::write_formatted(&value, output)
        } else {
            json::write_compact(&value, output)
        }
    })?;
    Ok(Value::text(text))
}
