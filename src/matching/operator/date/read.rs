//! `{"before": "now +3 days"}` and its siblings.

use crate::document::Node;
use crate::matching::operator::operand::{Options, as_bool};
use crate::template::date_parse;

use super::now::{Offset, Truncation, is_now};
use super::{DateOperator, DatePattern, Expected, is_numeric, literal};

impl DatePattern {
    /// Reads the pattern of an operator; problems are reported.
    pub(in crate::matching::operator) fn compile(
        operator: &str,
        operand: &Node<'_>,
        options: &Options<'_>,
    ) -> Option<Self> {
        let operator = match operator {
            "before" => DateOperator::Before,
            "after" => DateOperator::After,
            _ => DateOperator::Equal,
        };
        let Some(text) = operand.value().as_str() else {
            operand.error_saying(
                "a date is expected",
                "give a date, or an offset such as \"now +3 days\"",
                format!("'{}' expected value cannot be null", operand.key()),
            );
            return None;
        };
        let note = |why: String| operand.error(why, "");
        let truncation = |key: &str| match options.text(key) {
            Some(text) => Truncation::read(text).map(Some),
            None => Ok(None),
        };
        let amount = options.get("expectedOffset").and_then(whole);
        // `DateTimeUnit.valueOf` of what is no text is an exception.
        if let Some(unit) = options.get("expectedOffsetUnit").filter(|unit| !unit.is_string()) {
            note(format!("expectedOffsetUnit must be a text such as \"days\", not {unit:.80}"));
            return None;
        }
        let offset = match (amount, options.text("expectedOffsetUnit")) {
            (Some(amount), Some(unit)) => Offset::new(amount, unit).map(Some),
            (None, Some(unit)) => Offset::new(0, unit).map(|_| None),
            _ => Ok(None),
        };
        let offset = offset.map_err(note).ok()?;
        let expected = if is_now(text) {
            let own = match offset {
                Some(offset) => Ok(Some(offset)),
                None => Offset::read(text),
            };
            Expected::Now(own.map_err(note).ok()?)
        } else {
            let moment = literal(text);
            if moment.zoned.is_none() && moment.local.is_none() {
                operand.warn(
                    "this never matches: it is not a date",
                    "write it like 2021-06-01T12:00:00Z, or as an offset such as \"now +3 days\"",
                );
            }
            Expected::Literal {
                zoned: moment.zoned.map(|zoned| zoned.timestamp()),
                local: moment.local,
            }
        };
        let format = options.text("actualFormat");
        if let Some(format) = format.filter(|format| !is_numeric(format))
            && let Err(why) = date_parse::by_format("", format)
        {
            note(why);
            return None;
        }
        Some(Self {
            operator,
            text: text.into(),
            expected,
            format: format.map(Into::into),
            truncate_expected: truncation("truncateExpected").map_err(note).ok()?,
            truncate_actual: truncation("truncateActual").map_err(note).ok()?,
            truncate_last: options.get("applyTruncationLast").is_some_and(as_bool),
        })
    }
}

/// Reads an integer like Jackson's `intValue`: 0 for anything that is not a number.
fn whole(value: &serde_json::Value) -> Option<i32> {
    #[expect(clippy::cast_possible_truncation, reason = "as in Java")]
    let number = value.as_i64().or_else(|| value.as_f64().map(|number| number as i64));
    i32::try_from(number.unwrap_or(0)).ok()
}
