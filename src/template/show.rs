//! How values print in a template: the text that Java's `toString` gives.

use super::json;
use super::limits::Limit;
use super::output::{Output, write_single};
use super::value::{ListStyle, MapStyle, Value};

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
        single => write_single(single, output),
    }
}
