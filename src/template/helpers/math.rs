//! Helpers for numbers.

use super::{error, to_int};
use crate::template::decimal::Decimal;
use crate::template::error::Failure;
use crate::template::eval::{Answer, Invocation};
use crate::template::limits::{Limit, MAX_PARTS};
use crate::template::value::{ListStyle, Value};

/// Two operands with an operator between them. What is not a number counts as 0.
pub(super) fn math(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let [operator, right] = call.params.clone().try_into().unwrap_or([Value::Null, Value::Null]);
    if call.params.len() != 2 {
        return error(
            "All maths functions require two operands and an operator as parameters e.g. 3 '+' 2",
        );
    }
    let left = call.first.clone();
    let left = operand(call, &left)?;
    let operator = call.print(&operator)?;
    let right = operand(call, &right)?;
    let result = match &*operator {
        "+" => left.add(right),
        "-" => left.subtract(right),
        "*" | "x" => left.multiply(right),
        "/" | "%" if right.is_zero() => return Err("a number cannot be divided by 0".into()),
        "/" => left.divide(right),
        "%" => left.remainder(right),
        other => return error(format!("{other} is not a valid mathematical operator")),
    };
    let result = result.ok_or("the result has more than 38 digits")?;
    Ok(match result.to_whole() {
        Some(whole) => Value::Int(whole),
        None => Value::Double(result.to_f64()),
    })
}

fn operand(call: &mut Invocation<'_, '_, '_, '_>, value: &Value) -> Result<Decimal, Failure> {
    let number = match value {
        Value::Int(value) => Some(Decimal::whole(*value)),
        Value::Double(value) => Decimal::from_f64(*value),
        Value::Decimal(value) => Some(*value),
        other => Decimal::parse(&call.print(other)?),
    };
    Ok(number.unwrap_or(Decimal::whole(0)))
}

/// Returns the whole numbers from the first to the second.
pub(super) fn range(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let (lower, upper) = (to_int(&call.first)?, to_int(&call.param(0))?);
    let (Some(lower), Some(upper)) = (lower, upper) else {
        return error(
            "The range helper requires both lower and upper bounds as integer parameters",
        );
    };
    let length = upper.saturating_sub(lower).saturating_add(1);
    let Ok(length) = usize::try_from(length) else {
        return Err(format!("a range cannot go down, from {lower} to {upper}").into());
    };
    if length > MAX_PARTS {
        return Err(Limit::Parts.into());
    }
    call.renderer.spend(length / 8)?;
    Ok(Value::list((lower..=upper).map(Value::Int).collect(), ListStyle::Java)?)
}

pub(super) fn is_even(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    Ok(match even(call) {
        Some(true) => or_text(call, 0, "even"),
        _ => Value::Null,
    })
}

pub(super) fn is_odd(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    Ok(match even(call) {
        Some(false) => or_text(call, 0, "odd"),
        _ => Value::Null,
    })
}

pub(super) fn stripes(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    Ok(match even(call) {
        Some(true) => or_text(call, 0, "even"),
        Some(false) => or_text(call, 1, "odd"),
        None => Value::Null,
    })
}

fn even(call: &Invocation<'_, '_, '_, '_>) -> Option<bool> {
    call.first.number().map(|number| number.trunc() % 2.0 == 0.0)
}

fn or_text(call: &Invocation<'_, '_, '_, '_>, at: usize, text: &str) -> Value {
    match call.param(at) {
        Value::Null => Value::text(text),
        given => given,
    }
}
