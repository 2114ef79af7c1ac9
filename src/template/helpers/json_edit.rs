//! Helpers that change JSON texts: merging, removing, adding.

use std::sync::Arc;

use super::error;
use crate::document::jayway::{Found, Key, Query, Tree as _};
use crate::template::error::Failure;
use crate::template::eval::{Answer, Invocation};
use crate::template::json::{self, Reader};
use crate::template::value::{ListStyle, MapStyle, Value};

/// Returns the text of a second argument or of the block.
fn other_text(call: &mut Invocation<'_, '_, '_, '_>) -> Result<Option<Arc<str>>, Failure> {
    if call.is_block() {
        return Ok(Some(call.body()?.into()));
    }
    Ok(match call.param(0) {
        Value::Text(text) => Some(text),
        _ => None,
    })
}

fn plain(call: &mut Invocation<'_, '_, '_, '_>, value: &Value, nulls: bool) -> Answer {
    let text = call.renderer.written(|output| json::write_plain(value, nulls, output))?;
    Ok(Value::text(text))
}

/// Two JSON objects as one: the second's values go over the first's, objects are merged.
pub(super) fn merge(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let Value::Text(base_text) = call.first.clone() else {
        return error("Base JSON parameter must be a string");
    };
    let Ok(base) = json::read(&base_text, Reader::Jackson) else {
        return error(format!("Base JSON is not valid JSON ('{base_text}')"));
    };
    if !matches!(base, Value::Map(_)) {
        return error(format!("Base JSON is not a JSON object ('{base_text}')"));
    }
    let Some(over_text) = other_text(call)? else { return error("JSON to merge must be a string") };
    let Ok(over) = json::read(&over_text, Reader::Jackson) else {
        return error(format!("JSON to merge is not valid JSON ('{over_text}')"));
    };
    if !matches!(over, Value::Map(_)) {
        return error(format!("JSON to merge is not a JSON object ('{over_text}')"));
    }
    let remove_nulls = matches!(call.named("removeNulls"), Some(Value::Bool(true)));
    let merged = merged(&base, &over, remove_nulls)?;
    plain(call, &merged, true)
}

fn merged(base: &Value, over: &Value, remove_nulls: bool) -> Result<Value, Failure> {
    let (Value::Map(base), Value::Map(over)) = (base, over) else { return Ok(over.clone()) };
    let mut entries: Vec<Option<(Arc<str>, Value)>> =
        base.entries.iter().cloned().map(Some).collect();
    let mut known: std::collections::HashMap<Arc<str>, usize> =
        base.entries.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
    for (name, value) in &over.entries {
        let at = known.get(name).copied();
        if remove_nulls && value.is_null() {
            if let Some(at) = at {
                entries[at] = None;
            }
            continue;
        }
        let made = match at.and_then(|at| entries[at].as_ref()) {
            Some((_, old)) => merged(old, value, remove_nulls)?,
            None => value.clone(),
        };
        if let Some(at) = at {
            entries[at] = Some((name.clone(), made));
        } else {
            known.insert(name.clone(), entries.len());
            entries.push(Some((name.clone(), made)));
        }
    }
    Ok(Value::map(entries.into_iter().flatten().collect(), MapStyle::Java)?)
}

/// JSON text without what a path finds.
pub(super) fn remove(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let Value::Text(text) = call.first.clone() else { return error("Input JSON must be a string") };
    if &*text == "null" {
        return Ok(Value::Text(text));
    }
    let [expression] = &call.params[..] else {
        return error("A single JSONPath expression parameter must be supplied");
    };
    let Value::Text(expression) = expression.clone() else {
        return error("JSONPath parameter must be a string");
    };
    let Ok(document) = json::read(&text, Reader::Jackson) else {
        return error(format!("Input JSON string is not valid JSON ('{text}')"));
    };
    let Ok(query) = Query::parse(&expression) else {
        return error(format!(
            "JSONPath parameter is not a valid JSONPath expression ('{expression}')"
        ));
    };
    let mut ways = query.ways(&document).map_err(|error| error.to_string())?;
    if ways.is_empty() {
        // A last part that is not there is no error, unlike one before it.
        let found = query.find(&document, true).map_err(|error| error.to_string())?;
        return match found {
            Found::Nothing => Ok(Value::Text(text)),
            _ => plain(call, &document, false),
        };
    }
    if ways.iter().any(Vec::is_empty) {
        return error(format!(
            "Delete operation cannot be applied to JSONPath expression ('{expression}')"
        ));
    }
    // From the last to the first, so that positions in lists stay right.
    ways.sort_by(|a, b| compare(b, a));
    ways.dedup();
    call.renderer.spend(ways.len().saturating_mul(1 + document.parts() / 64))?;
    let mut document = document;
    for way in &ways {
        document = without(&document, way)?;
    }
    plain(call, &document, false)
}

fn compare(a: &[Key], b: &[Key]) -> std::cmp::Ordering {
    let key = |key: &Key| match key {
        Key::Name(name) => (0, name.clone()),
        Key::Index(at) => (*at, String::new()),
    };
    a.iter().map(key).cmp(b.iter().map(key))
}

fn without(value: &Value, way: &[Key]) -> Result<Value, Failure> {
    let Some((key, rest)) = way.split_first() else { return Ok(value.clone()) };
    Ok(match (value, key) {
        (Value::Map(map), Key::Name(name)) => {
            let mut entries = map.entries.clone();
            if rest.is_empty() {
                entries.retain(|(key, _)| **key != **name);
            } else if let Some(entry) = entries.iter_mut().find(|(key, _)| **key == **name) {
                entry.1 = without(&entry.1, rest)?;
            }
            Value::map(entries, map.style.clone())?
        }
        (Value::List(list), Key::Index(at)) if *at < list.items.len() => {
            let mut items = list.items.clone();
            if rest.is_empty() {
                items.remove(*at);
            } else {
                items[*at] = without(&items[*at], rest)?;
            }
            Value::list(items, list.style.clone())?
        }
        _ => value.clone(),
    })
}

/// JSON text with one more item in its array, or in the one that a path finds.
pub(super) fn array_add(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let Value::Text(text) = call.first.clone() else { return error("Base JSON must be a string") };
    let Ok(document) = json::read(&text, Reader::Jackson) else {
        return error(format!("Base JSON is not valid JSON ('{text}')"));
    };
    let mut is_apart = false;
    let (way, detail) = match call.named("jsonPath").cloned() {
        None => (Some(Vec::new()), format!("'{text}'")),
        Some(Value::Text(expression)) => {
            let Some(query) = Some(&*expression)
                .filter(|text| !text.is_empty())
                .and_then(|text| Query::parse(text).ok())
            else {
                return error(format!(
                    "jsonPath option is not valid JSONPath expression ('{expression}')"
                ));
            };
            let found = query.find(&document, false).map_err(|error| error.to_string())?;
            // What an indefinite path finds is its own list: the document stays as it is.
            is_apart = matches!(found, Found::Many(_));
            let ways = match found {
                Found::One(_) => query.ways(&document).map_err(|error| error.to_string())?,
                _ => Vec::new(),
            };
            (ways.into_iter().next(), format!("root: '{text}', jsonPath: '{expression}'"))
        }
        Some(_) => return error("jsonPath option must be a string"),
    };
    let target = way.as_ref().and_then(|way| at(&document, way));
    let mut items = match target {
        _ if is_apart => Vec::new(),
        Some(Value::List(list)) => list.items.clone(),
        _ => return error(format!("Target JSON is not a JSON array ({detail})")),
    };
    let Some(item_text) = other_text(call)? else {
        return error("Item-to-add JSON must be a string");
    };
    let Ok(item) = json::read(&item_text, Reader::Jackson) else {
        return error(format!("Item-to-add JSON is not valid JSON ('{item_text}')"));
    };
    let flatten = match call.named("flatten") {
        None => false,
        Some(Value::Bool(flatten)) => *flatten,
        Some(_) => return error("flatten option must be a boolean"),
    };
    match item {
        Value::List(more) if flatten => items.extend(more.items.iter().cloned()),
        item => items.push(item),
    }
    match call.named("maxItems") {
        None => {}
        Some(Value::Int(most)) => match usize::try_from(*most) {
            Ok(most) => drop(items.drain(..items.len().saturating_sub(most))),
            Err(_) => return error("maxItems option integer must be positive"),
        },
        Some(_) => return error("maxItems option must be an integer"),
    }
    if is_apart {
        return plain(call, &document, false);
    }
    let list = Value::list(items, ListStyle::Java)?;
    let made = replaced(&document, &way.unwrap_or_default(), list)?;
    plain(call, &made, false)
}

fn at<'v>(value: &'v Value, way: &[Key]) -> Option<&'v Value> {
    way.iter().try_fold(value, |value, key| match key {
        Key::Name(name) => value.member(name),
        Key::Index(at) => value.item(*at),
    })
}

fn replaced(value: &Value, way: &[Key], by: Value) -> Result<Value, Failure> {
    let Some((key, rest)) = way.split_first() else { return Ok(by) };
    Ok(match (value, key) {
        (Value::Map(map), Key::Name(name)) => {
            let mut entries = map.entries.clone();
            if let Some(entry) = entries.iter_mut().find(|(key, _)| **key == **name) {
                entry.1 = replaced(&entry.1, rest, by)?;
            }
            Value::map(entries, map.style.clone())?
        }
        (Value::List(list), Key::Index(at)) if *at < list.items.len() => {
            let mut items = list.items.clone();
            items[*at] = replaced(&items[*at], rest, by)?;
            Value::list(items, list.style.clone())?
        }
        _ => value.clone(),
    })
}
