//! Helpers for texts: jknack's `StringHelpers`. Most of them return their second argument if the
//! first is empty.

use std::sync::Arc;

use super::{count, whole};
use crate::template::error::Failure;
use crate::template::eval::{Answer, Invocation};
use crate::template::limits::{Limit, MAX_OUTPUT_BYTES};
use crate::template::value::Value;

/// Returns the text to work on, or the result if there is none.
fn subject(call: &mut Invocation<'_, '_, '_, '_>) -> Result<Result<Arc<str>, Value>, Failure> {
    if !call.first.is_empty() {
        return call.print_first().map(Ok);
    }
    let other = call.param(0);
    Ok(Err(if other.is_null() { Value::Null } else { Value::Text(call.print(&other)?) }))
}

/// Applies a function to the text.
fn map(call: &mut Invocation<'_, '_, '_, '_>, change: impl FnOnce(&str) -> String) -> Answer {
    match subject(call)? {
        Ok(text) => call.made(change(&text)),
        Err(answer) => Ok(answer),
    }
}

pub(super) fn trim(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let text: Arc<str> = if call.is_block() { call.body()?.into() } else { call.print_first()? };
    // Java trims all characters up to the space.
    Ok(Value::text(text.trim_matches(|c: char| c <= ' ')))
}

pub(super) fn upper(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    map(call, str::to_uppercase)
}

pub(super) fn lower(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    map(call, str::to_lowercase)
}

pub(super) fn capitalize_first(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    map(call, |text| {
        let mut chars = text.chars();
        chars.next().map_or(String::new(), |first| title(first) + chars.as_str())
    })
}

/// Returns each word with a capital; `fully` makes the other letters small.
pub(super) fn capitalize(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let fully = matches!(call.named("fully"), Some(Value::Bool(true)));
    map(call, |text| {
        let mut made = String::with_capacity(text.len());
        let mut start = true;
        for c in text.chars() {
            if start && !c.is_whitespace() {
                made.push_str(&title(c));
            } else if fully {
                made.extend(c.to_lowercase());
            } else {
                made.push(c);
            }
            start = c.is_whitespace();
        }
        made
    })
}

fn title(c: char) -> String {
    let mut upper = c.to_uppercase();
    // Java's title case of one character is one character.
    match (upper.next(), upper.next()) {
        (Some(one), None) => one.to_string(),
        _ => c.to_string(),
    }
}

pub(super) fn slugify(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    map(call, |text| {
        let mut made = String::new();
        for c in text.trim().chars() {
            if c.is_alphabetic() {
                made.extend(c.to_lowercase());
            } else if c.is_whitespace() {
                made.push('-');
            }
        }
        made
    })
}

pub(super) fn strip_tags(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    map(call, |text| {
        let mut made = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('<') {
            let Some(close) = rest[open..].find('>') else { break };
            made.push_str(&rest[..open]);
            rest = &rest[open + close + 1..];
        }
        made + rest
    })
}

pub(super) fn cut(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    if call.first.is_empty() {
        return Ok(Value::text(""));
    }
    let text = call.print_first()?;
    let strip = match call.param(0) {
        Value::Null => " ".into(),
        Value::Text(strip) => strip,
        other => return Err(format!("what to cut must be a text, not {}", other.kind()).into()),
    };
    call.made(text.replace(&*strip, ""))
}

pub(super) fn default_if_empty(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    if !call.first.is_empty() {
        return call.print_first().map(Value::Text);
    }
    let default = call.param(0);
    Ok(if default.is_null() { Value::text("") } else { default })
}

/// Returns a list, or all arguments but the last, with the last between them.
pub(super) fn join(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    if call.first.is_empty() {
        return Ok(Value::text(""));
    }
    let separator = match call.params.pop() {
        Some(Value::Text(separator)) => separator,
        None | Some(Value::Null) => return Err("the separator is missing; give it last".into()),
        Some(other) => {
            return Err(format!("the separator must be a text, not {}", other.kind()).into());
        }
    };
    let prefix = call.named_text("prefix")?;
    let suffix = call.named_text("suffix")?;
    let items = if let Some(items) = call.first.items() {
        items.into_owned()
    } else {
        let mut items = vec![call.first.clone()];
        items.append(&mut call.params);
        items
    };
    super::array::joined(call, &items, &separator, prefix.as_deref(), suffix.as_deref())
}

pub(super) fn ljust(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    padded(call, |missing| (0, missing))
}

pub(super) fn rjust(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    padded(call, |missing| (missing, 0))
}

pub(super) fn center(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    padded(call, |missing| (missing / 2, missing - missing / 2))
}

fn padded(
    call: &mut Invocation<'_, '_, '_, '_>,
    share: impl FnOnce(usize) -> (usize, usize),
) -> Answer {
    let text = match subject(call)? {
        Ok(text) => text,
        Err(answer) => return Ok(answer),
    };
    let size = whole(call.named("size").unwrap_or(&Value::Null), "size")?;
    let pad = match call.named_text("pad")? {
        Some(pad) if !pad.is_empty() => pad,
        _ => " ".into(),
    };
    let length = text.chars().count();
    let size = usize::try_from(size).unwrap_or(0);
    if size > MAX_OUTPUT_BYTES {
        return Err(Limit::Output.into());
    }
    let (before, after) = share(size.saturating_sub(length));
    let mut made: String = pad.chars().cycle().take(before).collect();
    made.push_str(&text);
    made.extend(pad.chars().cycle().take(after));
    call.made(made)
}

pub(super) fn substring(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let text = match subject(call)? {
        Ok(text) => text,
        Err(answer) => return Ok(answer),
    };
    let chars: Vec<char> = text.chars().collect();
    let start = count(&call.param(0), "the start")?;
    let end = match call.param(1) {
        Value::Null => chars.len(),
        end => count(&end, "the end")?,
    };
    match chars.get(start..end) {
        Some(part) => call.made(part.iter().collect()),
        None => Err(format!("a text of {} has no part from {start} to {end}", chars.len()).into()),
    }
}

pub(super) fn abbreviate(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let text = match subject(call)? {
        Ok(text) => text,
        Err(answer) => return Ok(answer),
    };
    let width = count(&call.param(0), "the width")?;
    if width < 4 {
        return Err(format!("the width must be at least 4, not {width}").into());
    }
    if text.chars().count() <= width {
        return Ok(Value::Text(text));
    }
    let kept: String = text.chars().take(width - 3).collect();
    call.made(kept + "...")
}

/// Lines of at most this many characters, broken at spaces; longer words stay whole.
pub(super) fn word_wrap(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let text = match subject(call)? {
        Ok(text) => text,
        Err(answer) => return Ok(answer),
    };
    let width = usize::try_from(whole(&call.param(0), "the length")?).unwrap_or(1).max(1);
    let chars: Vec<char> = text.chars().collect();
    let mut made = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        if chars[at] == ' ' {
            at += 1;
            continue;
        }
        if chars.len() - at <= width {
            made.extend(&chars[at..]);
            break;
        }
        let window = &chars[at..=at + width];
        let space = window.iter().rposition(|c| *c == ' ');
        let space = space.or_else(|| {
            chars[at + width..].iter().position(|c| *c == ' ').map(|found| found + width)
        });
        if let Some(length) = space {
            made.extend(&chars[at..at + length]);
            made.push('\n');
            at += length + 1;
        } else {
            made.extend(&chars[at..]);
            break;
        }
    }
    call.made(made)
}

pub(super) fn replace(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let text = match subject(call)? {
        Ok(text) => text,
        Err(answer) => return Ok(answer),
    };
    let (Value::Text(target), Value::Text(replacement)) = (call.param(0), call.param(1)) else {
        return Err("it needs the text to replace and what comes in its place, as texts".into());
    };
    let found = text.matches(&*target).count();
    if found.saturating_mul(replacement.len()) > MAX_OUTPUT_BYTES {
        return Err(Limit::Output.into());
    }
    call.made(text.replace(&*target, &replacement))
}

pub(super) fn yesno(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let name = match &call.first {
        Value::Null => "maybe",
        Value::Bool(true) => "yes",
        Value::Bool(false) => "no",
        other => return Err(format!("it needs true or false, not {}", other.kind()).into()),
    };
    Ok(call.named(name).cloned().unwrap_or_else(|| Value::text(name)))
}
