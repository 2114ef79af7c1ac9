//! The output of a rendering, counted against its bound, and the rendering of single values.

use super::java;
use super::limits::Limit;
use super::value::Value;

/// Text that grows up to a limit. All texts of one rendering count against one budget.
#[derive(Debug)]
pub(crate) struct Output<'b> {
    text: &'b mut String,
    budget: &'b mut usize,
}

impl<'b> Output<'b> {
    /// Appends to `text`. Appended bytes are taken from the budget.
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

/// Writes a value that is neither a list nor a map, as Java's `toString` gives it.
///
/// # Errors
/// The budget is used up.
pub(crate) fn write_single(value: &Value, output: &mut Output<'_>) -> Result<(), Limit> {
    match value {
        Value::Null | Value::List(_) | Value::Map(_) => output.push("null"),
        Value::Bool(value) => output.push(if *value { "true" } else { "false" }),
        Value::Int(value) => output.push(&value.to_string()),
        Value::Double(value) => output.push(&java::double(*value)),
        Value::Decimal(value) => output.push(&value.to_string()),
        Value::Text(text) | Value::Token(text) => output.push(text),
        Value::Date(date) => output.push(&date.to_string()),
        Value::Object(object) => output.push(&object.to_string()),
    }
}
