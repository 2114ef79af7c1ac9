//! Decimal numbers that preserve their written digits, like Java's `BigDecimal`: `1.50` stays
//! `1.50`.

use std::fmt;

use super::java;

/// `digits` / 10^`scale`, exact up to 38 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    digits: i128,
    scale: i32,
}

/// The most digits on either side of the decimal point.
const MAX_SCALE: i32 = 1_000;

impl Decimal {
    /// Creates a whole number.
    pub(crate) fn whole(value: i64) -> Self {
        Self { digits: value.into(), scale: 0 }
    }

    /// Parses the syntax of Java's `BigDecimal`: an optional sign, digits, a point, an exponent.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let unsigned = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(unsigned) || !all_digits(fraction) || unsigned.len() + fraction.len() == 0 {
            return None;
        }
        let digits = format!("{whole}{fraction}").parse().ok()?;
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        (scale.abs() <= MAX_SCALE).then_some(Self { digits, scale })
    }

    /// Returns the shortest decimal number that is this double, as Java's `BigDecimal.valueOf`.
    pub(crate) fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then(|| Self::parse(&java::double(value))).flatten()
    }

    pub(crate) fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// Returns the nearest double.
    pub(crate) fn to_f64(self) -> f64 {
        format!("{}e{}", self.digits, -i64::from(self.scale)).parse().unwrap_or(f64::NAN)
    }

    /// Returns the whole number, if it is one as written.
    pub(crate) fn to_whole(self) -> Option<i64> {
        (self.scale == 0).then(|| i64::try_from(self.digits).ok()).flatten()
    }

    /// Returns the number without an exponent.
    pub(crate) fn plain(self) -> String {
        let digits = self.digits.unsigned_abs().to_string();
        let sign = if self.digits < 0 { "-" } else { "" };
        match usize::try_from(self.scale) {
            Ok(0) => format!("{sign}{digits}"),
            Ok(scale) => {
                let digits = format!("{digits:0>width$}", width = scale + 1);
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                format!("{sign}{whole}.{fraction}")
            }
            Err(_) if self.is_zero() => "0".to_owned(),
            Err(_) => format!("{sign}{digits}{}", "0".repeat(self.scale.unsigned_abs() as usize)),
        }
    }

    /// Both at the larger scale.
    fn aligned(self, other: Self) -> Option<(i128, i128, i32)> {
        let scale = self.scale.max(other.scale);
        Some((self.at(scale)?, other.at(scale)?, scale))
    }

    fn at(self, scale: i32) -> Option<i128> {
        let power = u32::try_from(scale.checked_sub(self.scale)?).ok()?;
        self.digits.checked_mul(10_i128.checked_pow(power)?)
    }

    pub(crate) fn add(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { digits: a.checked_add(b)?, scale })
    }

    pub(crate) fn subtract(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { digits: a.checked_sub(b)?, scale })
    }

    pub(crate) fn multiply(self, other: Self) -> Option<Self> {
        let scale = self.scale.checked_add(other.scale)?;
        Some(Self { digits: self.digits.checked_mul(other.digits)?, scale })
    }

    /// Returns the quotient at the dividend's scale, halves rounded away from zero. The divisor is
    /// not 0.
    pub(crate) fn divide(self, other: Self) -> Option<Self> {
        let scale = self.scale;
        // self / other at `scale`: digits · 10^other.scale / other.digits.
        let power = |power: i32| 10_i128.checked_pow(power.unsigned_abs());
        let (mut above, mut below) = (self.digits, other.digits);
        if other.scale >= 0 {
            above = above.checked_mul(power(other.scale)?)?;
        } else {
            below = below.checked_mul(power(other.scale)?)?;
        }
        let (quotient, rest) = (above.checked_div(below)?, above.checked_rem(below)?);
        let away = rest.unsigned_abs() >= below.unsigned_abs() - rest.unsigned_abs();
        let step = if (above < 0) == (below < 0) { 1 } else { -1 };
        let digits = if away && rest != 0 { quotient.checked_add(step)? } else { quotient };
        Some(Self { digits, scale })
    }

    /// Returns the remainder, with the dividend's sign. The divisor is not 0.
    pub(crate) fn remainder(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { digits: a.checked_rem(b)?, scale })
    }
}

/// As `BigDecimal.toString`: with an exponent where the point is far away.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits.unsigned_abs().to_string();
        let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
        let exponent = length - 1 - self.scale;
        if self.scale >= 0 && exponent >= -6 {
            return f.write_str(&self.plain());
        }
        let sign = if self.digits < 0 { "-" } else { "" };
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        write!(f, "{sign}{first}{point}{rest}")?;
        if exponent == 0 { Ok(()) } else { write!(f, "E{exponent:+}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_java_prints_them() {
        for (text, shown, plain) in [
            ("1.50", "1.50", "1.50"),
            ("1e5", "1E+5", "100000"),
            ("1E-10", "1E-10", "0.0000000001"),
            ("-0.0", "0.0", "0.0"),
            ("0.00000001", "1E-8", "0.00000001"),
            ("12345678901234567890", "12345678901234567890", "12345678901234567890"),
            ("-12.5e3", "-1.25E+4", "-12500"),
        ] {
            let number = Decimal::parse(text).unwrap();
            assert_eq!(
                (number.to_string().as_str(), number.plain().as_str()),
                (shown, plain),
                "{text}"
            );
        }
        for text in ["", ".", "e5", "1x", "--1", "1.2.3"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn division_keeps_the_scale_and_rounds_half_up() {
        for (a, b, expected) in [
            ("9", "2", "5"),
            ("-9", "2", "-5"),
            ("10.00", "3", "3.33"),
            ("1", "3.0", "0"),
            ("10.0", "4", "2.5"),
        ] {
            let quotient = Decimal::parse(a).unwrap().divide(Decimal::parse(b).unwrap()).unwrap();
            assert_eq!(quotient.to_string(), expected, "{a} / {b}");
        }
    }
}
