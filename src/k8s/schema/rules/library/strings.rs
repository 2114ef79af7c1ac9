//! The functions of texts (`cel-go/ext/strings.go`, version 2; `k8s.io/apiserver/pkg/cel/library/regex.go`).

use super::super::value::{Outcome, Value};
use super::format::formatted;
use super::patterns::Patterns;

fn out_of_range<T>(at: i64) -> Result<T, String> {
    Err(format!("index out of range: {at}"))
}

/// Calls a function with its values, the receiver first; nothing for an unknown one.
pub(super) fn call<'v>(name: &str, args: &[Value<'v>], patterns: &Patterns) -> Option<Outcome<'v>> {
    let (Value::String(text), rest) = args.split_first()? else { return joined(name, args) };
    Some(match (name, rest) {
        ("charAt" | "indexOf" | "lastIndexOf" | "substring", _) => {
            return indexed(name, text, rest);
        }
        ("lowerAscii", []) => Ok(Value::text(text.to_ascii_lowercase())),
        ("upperAscii", []) => Ok(Value::text(text.to_ascii_uppercase())),
        ("trim", []) => Ok(Value::text(text.trim())),
        ("replace", [Value::String(old), Value::String(new), rest @ ..]) => {
            Ok(Value::text(match rest {
                [Value::Int(count)] if *count >= 0 => {
                    text.replacen(&**old, new, usize::try_from(*count).unwrap_or(usize::MAX))
                }
                _ => text.replace(&**old, new),
            }))
        }
        ("split", [Value::String(separator), rest @ ..]) => {
            let count = match rest {
                [Value::Int(count)] => usize::try_from(*count).ok(),
                _ => None,
            };
            Ok(Value::list(split(text, separator, count).into_iter().map(Value::text)))
        }
        ("strings.quote", []) => Ok(Value::text(quoted(text))),
        ("find", [Value::String(pattern)]) => patterns
            .get(pattern)
            .map_err(|why| format!("Illegal regex: {why}"))
            .map(|regex| Value::text(regex.find(text).map_or("", |found| found.as_str()))),
        ("findAll", [Value::String(pattern), rest @ ..]) => {
            let count = match rest {
                [Value::Int(count)] => usize::try_from(*count).unwrap_or(usize::MAX),
                _ => usize::MAX,
            };
            patterns.get(pattern).map_err(|why| format!("Illegal regex: {why}")).map(|regex| {
                let found = regex.find_iter(text).take(count);
                Value::list(found.map(|found| Value::text(found.as_str())))
            })
        }
        ("format", [list]) => match list.items()? {
            Ok(values) => formatted(text, &values).map(Value::text),
            Err(why) => Err(why),
        },
        _ => return None,
    })
}

/// The functions whose arguments or results are indexes of characters.
fn indexed<'v>(name: &str, text: &str, args: &[Value<'v>]) -> Option<Outcome<'v>> {
    let chars: Vec<char> = text.chars().collect();
    let part = |chars: &[char]| Value::text(chars.iter().collect::<String>());
    let length = i64::try_from(chars.len()).unwrap_or(i64::MAX);
    Some(match (name, args) {
        ("charAt", [Value::Int(at)]) => match usize::try_from(*at) {
            Ok(index) if *at <= length => Ok(part(chars.get(index..=index).unwrap_or_default())),
            _ => out_of_range(*at),
        },
        ("substring", [Value::Int(from), rest @ ..]) => {
            let to = match rest {
                [Value::Int(to)] if from > to => {
                    return Some(Err(format!("invalid substring range. start: {from}, end: {to}")));
                }
                [Value::Int(to)] => *to,
                _ => length,
            };
            let range = (usize::try_from(*from), usize::try_from(to));
            match range {
                (Ok(start), Ok(end)) if *from <= length && to <= length => {
                    Ok(part(chars.get(start..end).unwrap_or_default()))
                }
                _ if (0..=length).contains(from) => out_of_range(to),
                _ => out_of_range(*from),
            }
        }
        ("indexOf" | "lastIndexOf", [Value::String(wanted), rest @ ..]) => {
            let from = match rest {
                [Value::Int(from)] => Some(*from),
                _ => None,
            };
            let wanted: Vec<char> = wanted.chars().collect();
            position(&chars, &wanted, from, name == "lastIndexOf").map(Value::Int)
        }
        _ => return None,
    })
}

/// The first place of a text behind an offset, or with `last` the last one before it; -1 for none.
fn position(chars: &[char], wanted: &[char], from: Option<i64>, last: bool) -> Result<i64, String> {
    let length = i64::try_from(chars.len()).unwrap_or(i64::MAX);
    if wanted.is_empty() {
        return Ok(from.unwrap_or(if last { length } else { 0 }));
    }
    if from.is_none() && chars.len() < wanted.len() {
        return Ok(-1);
    }
    let from = from.unwrap_or(if last { length - 1 } else { 0 });
    let Ok(start) = usize::try_from(from) else { return out_of_range(from) };
    if from >= length || chars.len() < wanted.len() {
        return Ok(-1);
    }
    let most = chars.len() - wanted.len();
    let is_at = |at: &usize| chars[*at..].starts_with(wanted);
    let found =
        if last { (0..=start.min(most)).rev().find(is_at) } else { (start..=most).find(is_at) };
    Ok(found.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
}

/// `join` of a list of texts.
fn joined<'v>(name: &str, args: &[Value<'v>]) -> Option<Outcome<'v>> {
    let (list, separator) = match (name, args) {
        ("join", [list]) => (list, ""),
        ("join", [list, Value::String(separator)]) => (list, &**separator),
        _ => return None,
    };
    let items = match list.items()? {
        Ok(items) => items,
        Err(why) => return Some(Err(why)),
    };
    let mut parts = Vec::with_capacity(items.len());
    for item in items {
        let Value::String(text) = item else {
            return Some(Err(format!("join: invalid input: {}", item.shown())));
        };
        parts.push(text.to_string());
    }
    Some(Ok(Value::text(parts.join(separator))))
}

/// `strings.SplitN`: an empty separator splits every character.
fn split(text: &str, separator: &str, count: Option<usize>) -> Vec<String> {
    if count == Some(0) {
        return Vec::new();
    }
    let most = count.unwrap_or(usize::MAX);
    if separator.is_empty() {
        let chars: Vec<String> = text.chars().map(String::from).collect();
        if chars.len() <= most {
            return chars;
        }
        let (head, tail) = chars.split_at(most - 1);
        return head.iter().cloned().chain([tail.concat()]).collect();
    }
    text.splitn(most, separator).map(str::to_owned).collect()
}

/// `strings.quote`.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
