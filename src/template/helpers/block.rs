//! Block helpers and variables.

use std::sync::Arc;

use crate::template::error::Failure;
use crate::template::eval::{Answer, Invocation};
use crate::template::value::Value;

pub(super) fn if_(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    either(call, !call.first.is_empty())
}

pub(super) fn unless(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    either(call, call.first.is_empty())
}

/// Renders the body or what is after `{{else}}`.
pub(super) fn either(call: &mut Invocation<'_, '_, '_, '_>, body: bool) -> Answer {
    if body {
        call.write_body()?;
    } else {
        call.write_inverse()?;
    }
    Ok(call.written())
}

pub(super) fn with(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    if call.first.is_empty() {
        call.write_inverse()?;
    } else {
        let model = call.first.clone();
        call.write_body_with(model)?;
    }
    Ok(call.written())
}

/// Iterates over a list or the entries of a map.
pub(crate) fn each(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let subject = call.first.clone();
    let entries: Vec<(Value, Value)> = if let Some(items) = subject.items() {
        let base = match call.named("base") {
            Some(base) => super::whole(base, "base")?,
            None => 0,
        };
        let numbered = items.iter().cloned().zip(base..);
        return each_item(call, numbered.collect(), base);
    } else if let Value::Map(map) = &subject {
        let entries = map.entries.iter();
        entries.map(|(key, value)| (Value::Text(key.clone()), value.clone())).collect()
    } else if subject.is_null() {
        Vec::new()
    } else {
        // Java iterates over the methods of other objects; there are none here, and the value is not empty.
        return Ok(Value::Null);
    };
    let last = entries.len().saturating_sub(1);
    if entries.is_empty() {
        call.write_inverse()?;
    }
    for (at, (key, value)) in entries.into_iter().enumerate() {
        let extra = vec![
            ("@key".into(), key.clone()),
            ("@index".into(), Value::Int(i64::try_from(at).unwrap_or(i64::MAX))),
            ("@first".into(), flag(at == 0, "first")),
            ("@last".into(), flag(at == last, "last")),
        ];
        call.write_turn(value.clone(), extra, &[value, key])?;
    }
    Ok(Value::Null)
}

fn each_item(call: &mut Invocation<'_, '_, '_, '_>, items: Vec<(Value, i64)>, base: i64) -> Answer {
    let last = items.len().saturating_sub(1);
    if items.is_empty() {
        call.write_inverse()?;
    }
    let names: [Arc<str>; 7] =
        ["@key", "@index", "@first", "@last", "@odd", "@even", "@index_1"].map(Arc::from);
    for (at, (item, index)) in items.into_iter().enumerate() {
        let even = index % 2 == 0;
        let values = [
            Value::Int(index),
            Value::Int(index),
            flag(index == base, "first"),
            flag(at == last, "last"),
            flag(!even, "odd"),
            flag(even, "even"),
            Value::Int(index + 1),
        ];
        let extra = names.iter().cloned().zip(values).collect();
        call.write_turn(item.clone(), extra, &[item, Value::Int(index)])?;
    }
    Ok(Value::Null)
}

fn flag(set: bool, text: &str) -> Value {
    Value::text(if set { text } else { "" })
}

pub(super) fn lookup(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    if call.first.is_null() || call.params.is_empty() {
        return Ok(call.first.clone());
    }
    let key = call.param(0);
    let name = call.print(&key)?;
    Ok(call.lookup(&call.first, &name).unwrap_or_else(|| call.first.clone()))
}

/// Returns a block that another template may fill: its own body, as there is no other template.
pub(super) fn block(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    either(call, true)
}

/// Stores its body for a `block` of another template, of which there are none.
pub(super) fn partial(_: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    Ok(Value::Null)
}

/// Returns the error of a helper that needs another template or a message bundle: there are none.
pub(super) fn from_elsewhere(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let name = call.print_first()?;
    Err(format!("there is no {name:?}: templates are texts of stubs alone").into())
}

/// Renders its arguments or its block and shows nothing.
pub(super) fn log(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    call.body()?;
    Ok(Value::Null)
}

pub(super) fn assign(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let name = name_of(&call.first)?;
    let text = call.body()?;
    call.assign(&name, Value::text(text.trim()));
    Ok(Value::Null)
}

pub(super) fn val(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let default = call.named("or").or_else(|| call.named("default")).cloned();
    let value =
        if call.first.is_null() { default.unwrap_or(Value::Null) } else { call.first.clone() };
    match call.named("assign").cloned() {
        Some(name) => {
            let name = name_of(&name)?;
            call.assign(&name, value);
            Ok(Value::Null)
        }
        None => Ok(value),
    }
}

/// Returns the name of a variable.
pub(super) fn name_of(value: &Value) -> Result<Arc<str>, Failure> {
    match value {
        Value::Text(name) => Ok(name.clone()),
        Value::Null => Err("the variable's name is missing".into()),
        other => Err(format!("the variable's name must be a text, not {}", other.kind()).into()),
    }
}
