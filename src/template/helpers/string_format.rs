//! `stringFormat`: Java's `String.format` for texts, whole numbers, decimal numbers and truth values.

use std::fmt::Write as _;

use super::number_format::round;
use crate::template::decimal::Decimal;
use crate::template::error::Failure;
use crate::template::eval::{Answer, Invocation};
use crate::template::java;
use crate::template::limits::{Limit, MAX_OUTPUT_BYTES};
use crate::template::value::Value;

/// Digits after the point, and characters of a width, that a specifier may ask for.
const MAX_WIDTH: usize = 10_000;

pub(super) fn string_format(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    if call.first.is_empty() {
        let param = call.param(0);
        return if param.is_null() { Ok(param) } else { call.print(&param).map(Value::Text) };
    }
    let format = call.print_first()?;
    let mut made = String::new();
    let mut rest = &*format;
    let mut next = 0;
    while let Some(at) = rest.find('%') {
        made.push_str(&rest[..at]);
        let (specifier, length) = Specifier::parse(&rest[at + 1..])?;
        rest = &rest[at + 1 + length..];
        match specifier.conversion {
            'n' => made.push('\n'),
            '%' => made.push_str(&specifier.padded("%")),
            _ => {
                let index = if let Some(index) = specifier.index {
                    index - 1
                } else {
                    next += 1;
                    next - 1
                };
                let Some(value) = call.params.get(index).cloned() else {
                    return Err(format!(
                        "the format \"{format}\" needs a value for '%{}' that is not there",
                        specifier.conversion
                    )
                    .into());
                };
                made.push_str(&specifier.apply(call, &value)?);
            }
        }
        if made.len() > MAX_OUTPUT_BYTES {
            return Err(Limit::Output.into());
        }
    }
    made.push_str(rest);
    call.made(made)
}

/// `%[index$][flags][width][.precision]conversion`
struct Specifier {
    index: Option<usize>,
    flags: String,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

impl Specifier {
    fn parse(text: &str) -> Result<(Self, usize), Failure> {
        let unknown = || Failure::from(format!("\"%{}\" is not a format specifier", first(text)));
        let digits = |from: usize| {
            let end = text[from..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - from);
            (text[from..from + end].parse::<usize>().ok(), from + end)
        };
        let mut at = 0;
        let mut index = None;
        if let (Some(number), end) = digits(0)
            && text[end..].starts_with('$')
            && number > 0
        {
            (index, at) = (Some(number), end + 1);
        }
        let flags_end =
            text[at..].find(|c: char| !"-#+ 0,(".contains(c)).map_or(text.len(), |end| at + end);
        let flags = text[at..flags_end].to_owned();
        let (width, end) = digits(flags_end);
        at = end;
        let mut precision = None;
        if text[at..].starts_with('.') {
            (precision, at) = digits(at + 1);
            precision.ok_or_else(unknown)?;
        }
        let conversion = text[at..].chars().next().ok_or_else(unknown)?;
        let width = width.unwrap_or(0);
        if width.max(precision.unwrap_or(0)) > MAX_WIDTH {
            return Err(format!("a width or precision is above {MAX_WIDTH}").into());
        }
        Ok((Self { index, flags, width, precision, conversion }, at + conversion.len_utf8()))
    }

    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    fn apply(
        &self,
        call: &mut Invocation<'_, '_, '_, '_>,
        value: &Value,
    ) -> Result<String, Failure> {
        let wrong =
            || Failure::from(format!("'%{}' cannot show {}", self.conversion, value.kind()));
        let text = match (self.conversion, value) {
            ('d', Value::Int(number)) => {
                return Ok(self.number(&number.unsigned_abs().to_string(), *number < 0));
            }
            ('x' | 'X', Value::Int(number)) => match i32::try_from(*number) {
                Ok(number) => format!("{number:x}"),
                Err(_) => format!("{number:x}"),
            },
            ('o', Value::Int(number)) => match i32::try_from(*number) {
                Ok(number) => format!("{number:o}"),
                Err(_) => format!("{number:o}"),
            },
            ('c' | 'C', Value::Int(code)) => {
                let c = u32::try_from(*code).ok().and_then(char::from_u32).ok_or_else(wrong)?;
                c.to_string()
            }
            ('f', Value::Double(_) | Value::Decimal(_)) => {
                let number = value.number().unwrap_or_default();
                let text = fixed(number.abs(), self.precision.unwrap_or(6))?;
                return Ok(self.number(&text, number.is_sign_negative()));
            }
            ('e' | 'E', Value::Double(_) | Value::Decimal(_)) => {
                let number = value.number().unwrap_or_default();
                let text = exponent(number.abs(), self.precision.unwrap_or(6));
                let text = self.number(&text, number.is_sign_negative());
                return Ok(if self.conversion == 'E' { text.to_uppercase() } else { text });
            }
            ('d' | 'x' | 'X' | 'o' | 'c' | 'C' | 'f' | 'e' | 'E', Value::Null) => "null".to_owned(),
            ('h' | 'H', Value::Text(text)) => format!("{:x}", java::hash(text)),
            ('b' | 'B', value) => match value {
                Value::Null => "false".to_owned(),
                Value::Bool(value) => value.to_string(),
                _ => "true".to_owned(),
            },
            ('s' | 'S', Value::Null) => "null".to_owned(),
            ('s' | 'S', value) => call.print(value)?.to_string(),
            ('d' | 'x' | 'X' | 'o' | 'c' | 'C' | 'f' | 'e' | 'E', _) => return Err(wrong()),
            _ => return Err(format!("'%{}' is not a conversion", self.conversion).into()),
        };
        let text = match self.precision {
            Some(most) if matches!(self.conversion, 's' | 'S' | 'b' | 'B') => {
                text.chars().take(most).collect()
            }
            _ => text,
        };
        let text = if self.conversion.is_uppercase() { text.to_uppercase() } else { text };
        Ok(if self.has('0') {
            format!("{text:0>width$}", width = self.width)
        } else {
            self.padded(&text)
        })
    }

    /// Returns a number with its sign, groups and zeros.
    fn number(&self, size: &str, negative: bool) -> String {
        let (whole, fraction) = match size.find(['.', 'e']) {
            Some(at) => size.split_at(at),
            None => (size, ""),
        };
        let whole = if self.has(',') { super::grouped(whole, 3, ",") } else { whole.to_owned() };
        let (before, after) = match (negative, self.has('(')) {
            (true, true) => ("(", ")"),
            (true, false) => ("-", ""),
            (false, _) if self.has('+') => ("+", ""),
            (false, _) if self.has(' ') => (" ", ""),
            (false, _) => ("", ""),
        };
        let mut text = String::new();
        let length = before.len() + whole.len() + fraction.len() + after.len();
        let zeros = if self.has('0') { self.width.saturating_sub(length) } else { 0 };
        let _ = write!(text, "{before}{}{whole}{fraction}{after}", "0".repeat(zeros));
        self.padded(&text)
    }

    fn padded(&self, text: &str) -> String {
        let width = self.width;
        if self.has('-') { format!("{text:<width$}") } else { format!("{text:>width$}") }
    }
}

/// Returns a number with this many digits after the point; halves of what it prints as are rounded
/// up.
fn fixed(number: f64, digits: usize) -> Result<String, Failure> {
    let Some(exact) = Decimal::from_f64(number) else { return Ok(java::double(number)) };
    let exact = exact.plain();
    let (whole, fraction) = exact.split_once('.').unwrap_or((&exact, ""));
    let all = whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').collect();
    let point = i32::try_from(whole.len()).unwrap_or(i32::MAX);
    let (whole, fraction) = round(all, point, digits, false, "HALF_UP")?;
    Ok(if digits == 0 { whole } else { format!("{whole}.{fraction}") })
}

fn first(text: &str) -> String {
    text.chars().take(1).collect()
}

/// `1.250000e+01`
fn exponent(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}
