//! Helpers for lists.

use super::error;
use crate::template::error::Failure;
use crate::template::eval::{Answer, Invocation};
use crate::template::value::{ListStyle, Value};

const BAD_POSITION: &str = "position must be 'start', 'end' or an integer";
const OUTSIDE: &str =
    "position must be greater than or equal to 0 and less than or equal to the size of the list";

pub(super) fn size(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let length = match &call.first {
        Value::Null => return Err("the value is missing".into()),
        Value::Text(text) => text.encode_utf16().count(),
        Value::List(list) => list.items.len(),
        Value::Map(map) => map.entries.len(),
        _ => return Ok(Value::Null),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

pub(super) fn array(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    if !call.has_first || call.first.is_null() {
        return Ok(Value::list(Vec::new(), ListStyle::Java)?);
    }
    let mut items = vec![call.first.clone()];
    items.append(&mut call.params);
    Ok(Value::list(items, ListStyle::Java)?)
}

pub(super) fn add(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let Some(mut items) = list(call)? else {
        return Ok(Value::list(Vec::new(), ListStyle::Java)?);
    };
    let Some(value) = call.params.first().cloned() else {
        return error("Missing required parameter: additional value to add to list");
    };
    match position(call)? {
        Err(()) => return error(BAD_POSITION),
        Ok(None) => items.push(value),
        Ok(Some(at)) => match usize::try_from(at) {
            Ok(at) if at <= items.len() => items.insert(at, value),
            _ => return error(OUTSIDE),
        },
    }
    Ok(Value::list(items, ListStyle::Java)?)
}

pub(super) fn remove(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let Some(mut items) = list(call)? else { return Err("the list is missing".into()) };
    let at = match position(call)? {
        Err(()) => return error(BAD_POSITION),
        Ok(None) => items.len().checked_sub(1),
        Ok(Some(at)) => match usize::try_from(at) {
            Ok(at) if at <= items.len() => Some(at),
            _ => return error(OUTSIDE),
        },
    };
    let Some(at) = at.filter(|at| *at < items.len()) else {
        return Err(format!("a list of {} has nothing at that position", items.len()).into());
    };
    items.remove(at);
    Ok(Value::list(items, ListStyle::Java)?)
}

/// Returns the list to change, or `None` if it is missing.
fn list(call: &mut Invocation<'_, '_, '_, '_>) -> Result<Option<Vec<Value>>, Failure> {
    match &call.first {
        Value::Null => Ok(None),
        Value::List(list) => {
            call.renderer.spend(list.items.len() / 16)?;
            Ok(Some(list.items.clone()))
        }
        other => Err(format!("the first argument must be a list, not {}", other.kind()).into()),
    }
}

/// Returns the position: `None` for the end, an error for an invalid one.
fn position(call: &mut Invocation<'_, '_, '_, '_>) -> Result<Result<Option<i64>, ()>, Failure> {
    let Some(value) = call.named("position").cloned() else { return Ok(Ok(None)) };
    let text = call.print(&value)?;
    Ok(if text.eq_ignore_ascii_case("start") {
        Ok(Some(0))
    } else if text.eq_ignore_ascii_case("end") {
        Ok(None)
    } else {
        text.parse::<i32>().map(|at| Some(at.into())).map_err(drop)
    })
}

pub(super) fn join(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let Value::Text(separator) = call.first.clone() else {
        return error("Separator parameter must be a String");
    };
    let first = call.param(0);
    if first.is_null() {
        return error("The parameter must be list");
    }
    let items = match first.items() {
        Some(items) => items.into_owned(),
        None => std::mem::take(&mut call.params),
    };
    let prefix = call.named_text("prefix")?;
    let suffix = call.named_text("suffix")?;
    if items.is_empty() {
        return Ok(Value::text(""));
    }
    if call.is_block() {
        call.write(prefix.as_deref().unwrap_or_default())?;
        let last = items.len() - 1;
        for (at, item) in items.into_iter().enumerate() {
            call.write_body_with(item)?;
            if at < last {
                call.write(&separator)?;
            }
        }
        call.write(suffix.as_deref().unwrap_or_default())?;
        return Ok(Value::Null);
    }
    if items.iter().any(Value::is_null) {
        return Err("the list has a value that is nothing".into());
    }
    joined(call, &items, &separator, prefix.as_deref(), suffix.as_deref())
}

/// Values with a text between them and around them.
pub(super) fn joined(
    call: &mut Invocation<'_, '_, '_, '_>,
    items: &[Value],
    separator: &str,
    prefix: Option<&str>,
    suffix: Option<&str>,
) -> Answer {
    let mut text = prefix.unwrap_or_default().to_owned();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            call.renderer.charge(separator.len())?;
            text.push_str(separator);
        }
        call.renderer.show(item, &mut text)?;
    }
    text.push_str(suffix.unwrap_or_default());
    Ok(Value::text(text))
}
