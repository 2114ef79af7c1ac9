//! Exact decimal numbers of any length, like `java.math.BigDecimal`, and doubles as Java prints
//! them.

use std::cmp::Ordering;
use std::fmt;

/// How many digits a number may have, and how far its point may lie from them. Jackson's own bound.
const MAX_DIGITS: usize = 1_000;

/// `digits` / 10^`scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    /// Without leading zeros; `0` for zero.
    digits: Box<str>,
    scale: i64,
}

impl Decimal {
    /// Parses the syntax of `BigDecimal`: an optional sign, digits, a point, an exponent.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let unsigned = number.strip_prefix(['-', '+']).unwrap_or(number);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let length = whole.len() + fraction.len();
        if !is_digits(whole) || !is_digits(fraction) || length == 0 || length > MAX_DIGITS {
            return None;
        }
        let digits = format!("{whole}{fraction}");
        let digits = digits.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        let scale = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
        Some(Self { negative: number.starts_with('-'), digits: digits.into(), scale })
    }

    fn is_zero(&self) -> bool {
        &*self.digits == "0"
    }

    /// Compares by value: `1` equals `1.0`.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.is_zero(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let (a, b) = (sign(self), sign(other));
        if a != b || a == 0 {
            return a.cmp(&b);
        }
        // How many digits are before the point, and then the digits themselves.
        let size = |number: &Self| {
            i64::try_from(number.digits.len()).unwrap_or(i64::MAX).saturating_sub(number.scale)
        };
        let significant = |number: &Self| number.digits.trim_end_matches('0').to_owned();
        let ordering =
            size(self).cmp(&size(other)).then_with(|| significant(self).cmp(&significant(other)));
        if a < 0 { ordering.reverse() } else { ordering }
    }

    /// Returns a canonical text that equal numbers share.
    pub(crate) fn canonical(&self) -> String {
        if self.is_zero() {
            return "0".to_owned();
        }
        let digits = self.digits.trim_end_matches('0');
        let dropped = i64::try_from(self.digits.len() - digits.len()).unwrap_or(0);
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{digits}e{}", dropped - self.scale)
    }

    /// Returns the part before the point, where it is small enough.
    pub(crate) fn whole(&self) -> Option<i64> {
        let text = self.digits.as_ref();
        let digits = match usize::try_from(self.scale) {
            Ok(scale) => text.get(..text.len().saturating_sub(scale))?.to_owned(),
            Err(_) if self.is_zero() => String::new(),
            Err(_) if self.scale > -20 => {
                text.to_owned() + &"0".repeat(usize::try_from(-self.scale).ok()?)
            }
            Err(_) => return None,
        };
        let whole: i64 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        Some(if self.negative { -whole } else { whole })
    }
}

/// As `BigDecimal.toString`: with an exponent where the point is far away.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative && !self.is_zero() { "-" } else { "" };
        let length = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        let exponent = length - 1 - self.scale;
        match usize::try_from(self.scale) {
            Ok(0) => write!(f, "{sign}{}", self.digits),
            Ok(scale) if exponent >= -6 => {
                let digits = format!("{:0>width$}", self.digits, width = scale + 1);
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                write!(f, "{sign}{whole}.{fraction}")
            }
            _ => {
                let (first, rest) = self.digits.split_at(1);
                let point = if rest.is_empty() { "" } else { "." };
                write!(f, "{sign}{first}{point}{rest}E{exponent:+}")
            }
        }
    }
}

/// Returns a double as `Double.toString` prints it.
pub(crate) fn double(value: f64) -> String {
    if !value.is_finite() {
        return match (value.is_nan(), value > 0.0) {
            (true, _) => "NaN",
            (false, true) => "Infinity",
            (false, false) => "-Infinity",
        }
        .to_owned();
    }
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        return format!("{value:?}");
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let point = if digits.contains('.') { "" } else { ".0" };
    format!("{digits}{point}E{exponent}")
}

/// The largest exponent that is written out.
const MOST_ZEROS: i64 = 1_000;

/// Returns a JSON number as `BigDecimal.toPlainString` writes it: without an exponent, with the digits behind the
/// point that it has, and no negative zero. `None` for one with too many digits.
pub(crate) fn plain(number: &str) -> Option<String> {
    let (sign, rest) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let is_zero = digits.bytes().all(|digit| digit == b'0');
    let scale = i64::try_from(fraction.len()).ok()? - exponent;
    if scale.abs() > MOST_ZEROS {
        return None;
    }
    let sign = if is_zero { "" } else { sign };
    let trimmed = digits.trim_start_matches('0');
    let Ok(behind) = usize::try_from(scale) else {
        let zeros = usize::try_from(scale.unsigned_abs()).ok()?;
        return Some(if is_zero {
            "0".to_owned()
        } else {
            format!("{sign}{trimmed}{}", "0".repeat(zeros))
        });
    };
    let padded = format!("{trimmed:0>width$}", width = behind + 1);
    let (before, after) = padded.split_at(padded.len() - behind);
    Some(if after.is_empty() {
        format!("{sign}{before}")
    } else {
        format!("{sign}{before}.{after}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value() {
        let compare =
            |a: &str, b: &str| Decimal::parse(a).unwrap().compare(&Decimal::parse(b).unwrap());
        let table = [
            ("1", "1.0", Ordering::Equal),
            ("1e2", "100.00", Ordering::Equal),
            ("0", "-0.0", Ordering::Equal),
            ("0.1", "0.1000000000000000055", Ordering::Less),
            ("9007199254740993", "9007199254740992", Ordering::Greater),
            ("-2", "1", Ordering::Less),
            ("-20", "-3", Ordering::Less),
            ("99", "100", Ordering::Less),
            ("1e400", "1e399", Ordering::Greater),
        ];
        for (a, b, expected) in table {
            assert_eq!(compare(a, b), expected, "{a} {b}");
            assert_eq!(compare(b, a), expected.reverse(), "{b} {a}");
        }
        assert_eq!(
            Decimal::parse("100").unwrap().canonical(),
            Decimal::parse("1e2").unwrap().canonical()
        );
    }

    #[test]
    fn numbers_print_as_in_java() {
        for (text, printed) in
            [("1.50", "1.50"), ("1e2", "1E+2"), ("0.0000001", "1E-7"), ("-12e-3", "-0.012")]
        {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), printed);
        }
        for (value, printed) in
            [(6.0, "6.0"), (1e7, "1.0E7"), (1.25e-4, "1.25E-4"), (0.001, "0.001"), (-0.0, "-0.0")]
        {
            assert_eq!(double(value), printed);
        }
        assert_eq!(Decimal::parse("-12.9").unwrap().whole(), Some(-12));
        assert!(Decimal::parse("1.").is_some() && Decimal::parse("x").is_none());
    }

    #[test]
    fn numbers_are_written_out_as_by_big_decimal() {
        let table = [
            ("1", Some("1")),
            ("1e1", Some("10")),
            ("1E+2", Some("100")),
            ("1.50e1", Some("15.0")),
            ("25e-3", Some("0.025")),
            ("-0", Some("0")),
            ("-0.0", Some("0.0")),
            ("0e5", Some("0")),
            ("-1.00", Some("-1.00")),
            ("12345678901234567890", Some("12345678901234567890")),
            ("1e999999", None),
        ];
        for (number, expected) in table {
            assert_eq!(super::plain(number).as_deref(), expected, "{number}");
        }
    }
}
