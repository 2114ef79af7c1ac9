//! Helpers for dates and times.

use std::sync::Arc;

use super::error;
use crate::template::date::{self, Date};
use crate::template::eval::{Answer, Invocation};
use crate::template::value::Value;
use crate::template::{date_format, date_parse};

pub(super) fn now(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    shown(call, None)
}

/// Returns a date in another format or moved; the time now for what is not a date.
pub(super) fn date(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let given = match &call.first {
        Value::Date(date) => Some(date.clone()),
        _ => None,
    };
    shown(call, given)
}

fn shown(call: &mut Invocation<'_, '_, '_, '_>, given: Option<Date>) -> Answer {
    let format = call.named_text("format")?;
    let timezone = call.named_text("timezone")?;
    let offset = call.named_text("offset")?;
    // A date keeps its own zone regardless of the argument.
    let mut made = if let Some(date) = given {
        Date { format, ..date }
    } else {
        let zone = timezone.map(|name| date::zone(&name)).transpose()?;
        Date { millis: call.renderer.context.now, format, zone }
    };
    if let Some(offset) = offset {
        made.millis = date::shift(made.millis, &offset)?;
    }
    if let Some(pattern) = made.format.as_deref().filter(|text| !matches!(*text, "epoch" | "unix"))
    {
        date_format::simple(pattern, &made.zoned())?;
    }
    Ok(Value::Date(made))
}

pub(super) fn parse(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let text = call.print_first()?;
    let parsed = match call.named_text("format")? {
        Some(format) => date_parse::by_format(&text, &format)?,
        None => date_parse::known(&text),
    };
    Ok(parsed.map_or(Value::Null, Value::Date))
}

pub(super) fn truncate(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let Some(truncation) = call.params.first().cloned() else {
        return error("Truncation type must be specified as the first parameter to truncateDate");
    };
    let Value::Date(date) = call.first.clone() else {
        return error("A date object must be passed to the truncateDate helper");
    };
    let truncation = call.print(&truncation)?;
    Ok(Value::Date(date::truncate(&date, &truncation)?))
}

/// Returns a date by a pattern of `DateTimeFormatter`, or in one of four styles.
pub(super) fn format(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let Value::Date(date) = call.first.clone() else {
        if call.first.is_empty() {
            let param = call.param(0);
            return if param.is_null() { Ok(param) } else { call.print(&param).map(Value::Text) };
        }
        return Err(format!("it needs a date, not {}", call.first.kind()).into());
    };
    let format: Option<Arc<str>> = match call.param(0) {
        Value::Text(format) => Some(format),
        _ => call.named_text("format")?,
    };
    let zone = match call.named_text("tz")? {
        // Java takes UTC for a zone that it does not know here.
        Some(name) => date::zone(&name).ok(),
        None => None,
    };
    let at = Date { zone, ..date }.zoned();
    let format = format.unwrap_or_else(|| "medium".into());
    let text = match day_style(&format) {
        None => date_format::formatter(&format, &at)?,
        Some(day) => {
            let mut text = date_format::formatter(day, &at)?;
            if let Some(time) = call.named_text("time")?.as_deref().and_then(time_style) {
                let at_time = time.ends_with('z') && matches!(&*format, "full" | "long");
                let between = if at_time { " 'at' " } else { ", " };
                text.push_str(&date_format::formatter(&format!("{between}{time}"), &at)?);
            }
            text
        }
    };
    Ok(Value::text(text))
}

fn day_style(style: &str) -> Option<&'static str> {
    Some(match style {
        "full" => "EEEE, MMMM d, y",
        "long" => "MMMM d, y",
        "medium" => "MMM d, y",
        "short" => "M/d/yy",
        _ => return None,
    })
}

fn time_style(style: &str) -> Option<&'static str> {
    Some(match style {
        "full" | "long" => "h:mm:ss a z",
        "medium" => "h:mm:ss a",
        "short" => "h:mm a",
        _ => return None,
    })
}
