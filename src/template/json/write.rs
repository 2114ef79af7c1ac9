//! Values → JSON text, in the formats of the helpers.

use std::borrow::Cow;
use std::sync::Arc;

use crate::template::decimal::Decimal;
use crate::template::limits::Limit;
use crate::template::output::{Output, write_single};
use crate::template::value::{ListStyle, Value};

/// How JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Writing {
    /// Over several lines, as Jackson indents.
    pretty: bool,
    /// Whether names without a value are omitted.
    skip_null: bool,
    /// `/` as `\/`, as json-smart.
    escape_slash: bool,
    /// Numbers may have an exponent.
    exponents: bool,
}

/// As `toJson`: indented, and names without a value left out.
///
/// # Errors
/// The budget of the output is used up.
pub(crate) fn write_pretty(value: &Value, output: &mut Output<'_>) -> Result<(), Limit> {
    let writing = Writing { pretty: true, skip_null: true, escape_slash: false, exponents: false };
    writing.value(value, 0, output)
}

/// As `formatJson`: indented, with all names.
///
/// # Errors
/// As [`write_pretty`].
pub(crate) fn write_formatted(value: &Value, output: &mut Output<'_>) -> Result<(), Limit> {
    let writing = Writing { pretty: true, skip_null: false, escape_slash: false, exponents: false };
    writing.value(value, 0, output)
}

/// As `formatJson format='compact'`: numbers as they print.
///
/// # Errors
/// As [`write_pretty`].
pub(crate) fn write_compact(value: &Value, output: &mut Output<'_>) -> Result<(), Limit> {
    let writing = Writing { pretty: false, skip_null: false, escape_slash: false, exponents: true };
    writing.value(value, 0, output)
}

/// As `jsonMerge` and its like: compact, numbers without exponents. `nulls` says whether names
/// without a value are written.
///
/// # Errors
/// As [`write_pretty`].
pub(crate) fn write_plain(
    value: &Value,
    nulls: bool,
    output: &mut Output<'_>,
) -> Result<(), Limit> {
    let writing =
        Writing { pretty: false, skip_null: !nulls, escape_slash: false, exponents: false };
    writing.value(value, 0, output)
}

/// As json-smart prints an array.
///
/// # Errors
/// As [`write_pretty`].
pub(crate) fn write_smart(value: &Value, output: &mut Output<'_>) -> Result<(), Limit> {
    let writing = Writing { pretty: false, skip_null: false, escape_slash: true, exponents: true };
    writing.value(value, 0, output)
}

impl Writing {
    fn value(self, value: &Value, depth: usize, output: &mut Output<'_>) -> Result<(), Limit> {
        match value {
            Value::Null => output.push("null"),
            Value::Bool(_) | Value::Int(_) => write_single(value, output),
            Value::Double(number) if self.exponents || number.abs() < 1e7 => {
                write_single(value, output)
            }
            Value::Double(number) => match Decimal::from_f64(*number) {
                Some(number) => output.push(&number.to_string()),
                None => output.push("null"),
            },
            Value::Decimal(number) if self.exponents => output.push(&number.to_string()),
            Value::Decimal(number) => output.push(&number.plain()),
            Value::Text(text) | Value::Token(text) => self.text(text, output),
            Value::List(list) if list.style == ListStyle::First && list.items.len() == 1 => {
                self.value(&list.items[0], depth, output)
            }
            Value::List(list) => self.list(&list.items, depth, output),
            Value::Map(map) => match value.items() {
                Some(items) => self.list(&items, depth, output),
                None => self.map(&map.entries, depth, output),
            },
            Value::Date(date) => self.text(&date.to_string(), output),
            Value::Object(object) => {
                let names = object.shown().iter();
                let entries: Vec<(Arc<str>, Value)> = names
                    .filter_map(|name| Some((Arc::from(*name), object.property(name)?)))
                    .collect();
                self.map(&entries, depth, output)
            }
        }
    }

    fn list(self, items: &[Value], depth: usize, output: &mut Output<'_>) -> Result<(), Limit> {
        let (open, between, close) = if self.pretty { ("[ ", ", ", " ]") } else { ("[", ",", "]") };
        output.push(if items.is_empty() { open.trim_end() } else { open })?;
        for (at, item) in items.iter().enumerate() {
            output.push(if at == 0 { "" } else { between })?;
            self.value(item, depth, output)?;
        }
        output.push(close)
    }

    fn map(
        self,
        entries: &[(Arc<str>, Value)],
        depth: usize,
        output: &mut Output<'_>,
    ) -> Result<(), Limit> {
        let kept = || entries.iter().filter(|(_, value)| !(self.skip_null && value.is_null()));
        output.push("{")?;
        for (at, (key, value)) in kept().enumerate() {
            output.push(if at == 0 { "" } else { "," })?;
            self.line(depth + 1, output)?;
            self.text(key, output)?;
            output.push(if self.pretty { " : " } else { ":" })?;
            self.value(value, depth + 1, output)?;
        }
        if kept().next().is_some() {
            self.line(depth, output)?;
        } else if self.pretty {
            output.push(" ")?;
        }
        output.push("}")
    }

    fn line(self, depth: usize, output: &mut Output<'_>) -> Result<(), Limit> {
        if !self.pretty {
            return Ok(());
        }
        output.push("\n")?;
        (0..depth).try_for_each(|_| output.push("  "))
    }

    fn text(self, text: &str, output: &mut Output<'_>) -> Result<(), Limit> {
        output.push("\"")?;
        let mut from = 0;
        for (at, c) in text.char_indices() {
            let escaped: Cow<'static, str> = match c {
                '"' => "\\\"".into(),
                '\\' => "\\\\".into(),
                '\n' => "\\n".into(),
                '\r' => "\\r".into(),
                '\t' => "\\t".into(),
                '\u{8}' => "\\b".into(),
                '\u{c}' => "\\f".into(),
                '/' if self.escape_slash => "\\/".into(),
                c if c < ' ' => format!("\\u{:04X}", c as u32).into(),
                _ => continue,
            };
            output.push(&text[from..at])?;
            output.push(&escaped)?;
            from = at + c.len_utf8();
        }
        output.push(&text[from..])?;
        output.push("\"")
    }
}
