//! Helpers for comparisons and logic. Inline they return a boolean, or the values of `yes` and
//! `no`; as a block they choose a branch.

use std::cmp::Ordering;

use super::block::either;
use super::{error, misc};
use crate::template::error::Failure;
use crate::template::eval::{Answer, Invocation};
use crate::template::value::Value;

fn answer(call: &mut Invocation<'_, '_, '_, '_>, result: bool) -> Answer {
    if call.is_block() {
        return either(call, result);
    }
    let named = call.named(if result { "yes" } else { "no" }).cloned();
    Ok(named.unwrap_or(Value::Bool(result)))
}

pub(super) fn eq(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let result = call.first.equals(&call.param(0));
    answer(call, result)
}

pub(super) fn neq(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let result = !call.first.equals(&call.param(0));
    answer(call, result)
}

pub(super) fn gt(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let order = order(call)?;
    answer(call, order.is_gt())
}

pub(super) fn gte(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let order = order(call)?;
    answer(call, order.is_ge())
}

pub(super) fn lt(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let order = order(call)?;
    answer(call, order.is_lt())
}

pub(super) fn lte(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let order = order(call)?;
    answer(call, order.is_le())
}

fn order(call: &Invocation<'_, '_, '_, '_>) -> Result<Ordering, Failure> {
    let other = call.param(0);
    call.first
        .compare(&other)
        .ok_or_else(|| format!("{} and {} have no order", call.first.kind(), other.kind()).into())
}

pub(super) fn and(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let result = !call.first.is_empty() && !call.params.iter().any(Value::is_empty);
    answer(call, result)
}

pub(super) fn or(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let result = !call.first.is_empty() || !call.params.iter().all(Value::is_empty);
    answer(call, result)
}

pub(super) fn not(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let result = call.first.is_empty();
    answer(call, result)
}

/// Returns whether a text contains another, or a list contains a text. As a block it has no
/// `{{else}}`.
pub(super) fn contains(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let Some(expected) = call.params.first().cloned() else {
        return error(
            "You must specify the string or array to be matched and the regular expression",
        );
    };
    let result = match (&call.first, &expected) {
        (Value::Null, _) | (_, Value::Null) => return Ok(Value::Bool(false)),
        (Value::List(list), Value::Text(_)) => list.items.iter().any(|item| item.equals(&expected)),
        (_, Value::Text(expected)) => call.print_first()?.contains(&**expected),
        (_, other) => {
            return Err(format!("what to look for must be a text, not {}", other.kind()).into());
        }
    };
    one_sided(call, result)
}

/// Returns whether a text as a whole matches a regular expression. As a block it has no `{{else}}`.
pub(super) fn matches(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let Some(pattern) = call.params.first().cloned() else {
        return error("You must specify the string to be matched and the regular expression");
    };
    let text = call.print_first()?;
    let Value::Text(pattern) = pattern else {
        return Err("the regular expression must be a text".into());
    };
    let result = misc::matches_whole(&text, &pattern)?;
    one_sided(call, result)
}

fn one_sided(call: &mut Invocation<'_, '_, '_, '_>, result: bool) -> Answer {
    if !call.is_block() {
        return Ok(Value::Bool(result));
    }
    if result {
        call.write_body()?;
    }
    Ok(Value::Null)
}
