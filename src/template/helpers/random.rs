//! Helpers for random values. All draws come from the rendering's single source, so a seed
//! reproduces them.

use super::{error, to_int, whole};
use crate::template::error::Failure;
use crate::template::eval::{Answer, Invocation};
use crate::template::value::{ListStyle, Value};

/// A random text that may have this many characters.
const MAX_LENGTH: i64 = 1 << 20;

/// Returns a number below a bound that is not 0. The bias of a draw from 64 bits does not matter
/// here.
fn below(call: &mut Invocation<'_, '_, '_, '_>, bound: u64) -> u64 {
    let draw = (call.renderer.context.random)();
    u64::try_from((u128::from(draw) * u128::from(bound)) >> 64).unwrap_or_default()
}

fn index(call: &mut Invocation<'_, '_, '_, '_>, length: usize) -> usize {
    usize::try_from(below(call, length as u64)).unwrap_or_default()
}

pub(super) fn value(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let length = match call.named("length") {
        Some(length) => whole(length, "length")?,
        None => 36,
    };
    let uppercase = match call.named("uppercase") {
        Some(Value::Bool(uppercase)) => *uppercase,
        Some(other) => {
            return Err(format!("uppercase must be true or false, not {}", other.kind()).into());
        }
        None => false,
    };
    if !(0..=MAX_LENGTH).contains(&length) {
        return Err(format!("length must be from 0 to {MAX_LENGTH}, not {length}").into());
    }
    let kind = call.named_text("type")?;
    let text = match kind.as_deref() {
        Some("UUID") => uuid(call),
        kind => {
            let (from, to, keep): (u8, u8, fn(&u8) -> bool) = match kind.unwrap_or("ALPHANUMERIC") {
                "ALPHANUMERIC" => (b'0', b'z', u8::is_ascii_alphanumeric),
                "ALPHABETIC" => (b'A', b'z', u8::is_ascii_alphabetic),
                "NUMERIC" => (b'0', b'9', u8::is_ascii_digit),
                "HEXADECIMAL" => (b'0', b'F', u8::is_ascii_hexdigit),
                "ALPHANUMERIC_AND_SYMBOLS" => (33, 125, |_| true),
                _ => (32, 126, |_| true),
            };
            let alphabet: Vec<u8> = (from..=to).filter(keep).collect();
            (0..length).map(|_| char::from(alphabet[index(call, alphabet.len())])).collect()
        }
    };
    call.made(if uppercase { text.to_ascii_uppercase() } else { text.to_ascii_lowercase() })
}

/// Returns a random UUID of version 4.
fn uuid(call: &mut Invocation<'_, '_, '_, '_>) -> String {
    let (high, low) = ((call.renderer.context.random)(), (call.renderer.context.random)());
    uuid::Builder::from_random_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
        .into_uuid()
        .to_string()
}

/// Returns a whole number from `lower` to below `upper`.
pub(super) fn int(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let bound = |value: Option<&Value>, default: i32| match value {
        Some(value) => Ok(to_int(value)?.unwrap_or(default.into())),
        None => Ok::<i64, Failure>(default.into()),
    };
    let lower = bound(call.named("lower"), i32::MIN)?;
    let upper = bound(call.named("upper"), i32::MAX)?;
    let Some(span) =
        upper.checked_sub(lower).and_then(|span| u64::try_from(span).ok()).filter(|span| *span > 0)
    else {
        return Err(format!("upper ({upper}) must be greater than lower ({lower})").into());
    };
    let draw = below(call, span);
    Ok(Value::Int(lower.saturating_add_unsigned(draw)))
}

/// Returns a number from `lower` to below `upper`.
pub(super) fn decimal(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let bound = |value: Option<&Value>, name: &str, default: f64| match value {
        None => Ok(default),
        Some(Value::Text(text)) => text
            .parse()
            .map_err(|_| Failure::from(format!("{name} must be a number, not \"{text}\""))),
        Some(other) => other
            .number()
            .ok_or_else(|| format!("{name} must be a number, not {}", other.kind()).into()),
    };
    // Java's Double.MIN_VALUE is the least number above 0.
    let lower = bound(call.named("lower"), "lower", f64::from_bits(1))?;
    let upper = bound(call.named("upper"), "upper", f64::MAX)?;
    if !(lower < upper && (upper - lower).is_finite()) {
        return Err(format!("upper ({upper}) must be greater than lower ({lower})").into());
    }
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let share = ((call.renderer.context.random)() >> 11) as f64 / (1_u64 << 53) as f64;
    let draw = lower + share * (upper - lower);
    Ok(Value::Double(if draw < upper { draw } else { lower }))
}

/// Returns one of its arguments, or of the list that is the first; `count` of them as a list.
pub(super) fn pick(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    if call.first.is_null() {
        return error(
            "Must specify either a single list argument or a set of single value arguments.",
        );
    }
    let mut values = if let Some(items) = call.first.items() {
        items.into_owned()
    } else {
        let mut values = vec![call.first.clone()];
        values.append(&mut call.params);
        values
    };
    call.renderer.spend(values.len() / 16)?;
    let count = match call.named("count") {
        Some(count) => whole(count, "count")?,
        None => 0,
    };
    if let Some(count) = usize::try_from(count).ok().filter(|count| *count > 0) {
        let count = count.min(values.len());
        for at in 0..count {
            let other = at + index(call, values.len() - at);
            values.swap(at, other);
        }
        values.truncate(count);
        return Ok(Value::list(values, ListStyle::Java)?);
    }
    if values.is_empty() {
        return Err("the list has no values to pick from".into());
    }
    let at = index(call, values.len());
    Ok(values.swap_remove(at))
}
