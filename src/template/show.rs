//! How values print: the text that Java's `toString` gives, written into a bounded text.

use std::fmt::Write;

use super::error::Limit;
use super::json;
use super::value::{ListStyle, MapStyle, Value};

/// Text that grows up to a limit. All texts of one rendering count against one budget.
#[derive(Debug)]
pub(crate) struct Output<'b> {
    text: &'b mut String,
    budget: &'b mut usize,
}

impl<'b> Output<'b> {
    /// Writes behind `text`. What is pushed is taken from the budget, in bytes.
    pub(crate) fn new(text: &'b mut String, budget: &'b mut usize) -> Self {
        Self { text, budget }
    }

    /// Adds to the text.
    ///
    /// # Errors
    /// The budget is used up.
    pub(crate) fn push(&mut self, text: &str) -> Result<(), Limit> {
        *self.budget = self.budget.checked_sub(text.len()).ok_or(Limit::Output)?;
        self.text.push_str(text);
        Ok(())
    }
}

/// Writes a value as a tag does: nothing for nothing.
///
/// # Errors
/// The budget is used up.
pub(crate) fn show(value: &Value, output: &mut Output<'_>) -> Result<(), Limit> {
    match value {
        Value::Null => Ok(()),
        value => write(value, output),
    }
}

fn write(value: &Value, output: &mut Output<'_>) -> Result<(), Limit> {
    match value {
        Value::Null => output.push("null"),
        Value::Bool(value) => output.push(if *value { "true" } else { "false" }),
        Value::Int(value) => output.push(&value.to_string()),
        Value::Double(value) => output.push(&double(*value)),
        Value::Decimal(value) => output.push(&value.to_string()),
        Value::Text(text) | Value::Token(text) => output.push(text),
        Value::List(list) => match &list.style {
            ListStyle::Java => {
                output.push("[")?;
                for (at, item) in list.items.iter().enumerate() {
                    output.push(if at == 0 { "" } else { ", " })?;
                    write(item, output)?;
                }
                output.push("]")
            }
            ListStyle::Json => json::write_smart(value, output),
            ListStyle::First => list.items.first().map_or(Ok(()), |first| show(first, output)),
            ListStyle::Path(path) => output.push(path),
        },
        Value::Map(map) => match &map.style {
            MapStyle::Java => {
                output.push("{")?;
                for (at, (key, value)) in map.entries.iter().enumerate() {
                    output.push(if at == 0 { "" } else { ", " })?;
                    output.push(key)?;
                    output.push("=")?;
                    write(value, output)?;
                }
                output.push("}")
            }
            MapStyle::Json => json::write_pretty(value, output),
            MapStyle::Path(path) => output.push(path),
        },
        Value::Date(date) => output.push(&date.to_string()),
        Value::Request(_) => output.push("[request]"),
        Value::RequestLine(_) => output.push("[requestLine]"),
        Value::Part(part) => output.push(&part.to_string()),
    }
}

/// A double as Java prints it: with a point, and with an exponent from 10^7 on and below 10^-3.
pub(crate) fn double(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN".to_owned()
        } else if value > 0.0 {
            "Infinity".to_owned()
        } else {
            "-Infinity".to_owned()
        };
    }
    let size = value.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{value:?}");
    }
    let mut text = format!("{value:e}");
    if let Some(at) = text.find('e') {
        let exponent = text.split_off(at + 1);
        text.pop();
        if !text.contains('.') {
            text.push_str(".0");
        }
        let _ = write!(text, "E{exponent}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_java_prints_them() {
        for (value, shown) in [
            (1.5, "1.5"),
            (100_000_000_000.0, "1.0E11"),
            (12_345_678.9, "1.23456789E7"),
            (0.0001, "1.0E-4"),
            (1000.0, "1000.0"),
            (-0.0, "-0.0"),
            (0.001, "0.001"),
        ] {
            assert_eq!(double(value), shown);
        }
    }
}
