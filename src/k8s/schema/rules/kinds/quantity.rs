//! Quantities (`k8s.io/apimachinery/pkg/api/resource`): decimal numbers with a unit.

use std::cmp::Ordering;

/// A quantity: `digits` × 10^`exponent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Quantity {
    digits: i128,
    exponent: i32,
    /// Whether upstream holds it as a big number, which is never an integer there.
    is_big: bool,
}

/// The largest number of digits that is read.
const MAX_DIGITS: usize = 30;

/// The digits of numbers that upstream does not hold as big ones (`maxInt64Factors`).
const SMALL_DIGITS: usize = 18;

const WRONG_FORMAT: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// The units: whether they are a power of 2, and the power of that or of 10.
const UNITS: [(&str, bool, i32); 16] = [
    ("Ki", true, 10),
    ("Mi", true, 20),
    ("Gi", true, 30),
    ("Ti", true, 40),
    ("Pi", true, 50),
    ("Ei", true, 60),
    ("n", false, -9),
    ("u", false, -6),
    ("m", false, -3),
    ("", false, 0),
    ("k", false, 3),
    ("M", false, 6),
    ("G", false, 9),
    ("T", false, 12),
    ("P", false, 15),
    ("E", false, 18),
];

impl Quantity {
    /// Reads a quantity such as `1.5Gi`.
    ///
    /// # Errors
    /// Upstream's message.
    pub(in super::super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || WRONG_FORMAT.to_owned();
        let no_number = || "unable to parse numeric part of quantity".to_owned();
        if text.is_empty() {
            return Err(wrong());
        }
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, rest) = digits(unsigned);
        let (fraction, unit) = rest.strip_prefix('.').map_or(("", rest), digits);
        let whole = whole.trim_start_matches('0');
        let letters = unit.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
        let number = letters.strip_prefix(['-', '+']).unwrap_or(letters);
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let (is_binary, power) =
            unit_of(unit).ok_or("unable to parse quantity's suffix".to_owned())?;
        let length = whole.len().max(1) + fraction.len();
        if length > MAX_DIGITS {
            return Err(no_number());
        }
        let mut amount: i128 = format!("0{whole}{fraction}").parse().map_err(|_| no_number())?;
        let mut exponent = -i32::try_from(fraction.len()).map_err(|_| no_number())?;
        let mut is_big = length > SMALL_DIGITS;
        if is_binary {
            is_big |= !fraction.is_empty() || amount.checked_shl(power.unsigned_abs()).is_none();
            let factor = 1_i128 << power.unsigned_abs();
            amount = amount.checked_mul(factor).ok_or_else(no_number)?;
        } else {
            exponent += power;
        }
        is_big |= exponent < -9 || i64::try_from(amount).is_err();
        let digits = if text.starts_with('-') { -amount } else { amount };
        Ok(Self { digits, exponent, is_big })
    }

    /// Both numbers with the same exponent.
    fn aligned(&self, other: &Self) -> Option<(i128, i128, i32)> {
        let exponent = self.exponent.min(other.exponent);
        let scale = |of: &Self| {
            let power = u32::try_from(of.exponent - exponent).ok()?;
            of.digits.checked_mul(10_i128.checked_pow(power)?)
        };
        Some((scale(self)?, scale(other)?, exponent))
    }

    pub(in super::super) fn compare(&self, other: &Self) -> Ordering {
        match self.aligned(other) {
            Some((a, b, _)) => a.cmp(&b),
            None => self.approximate().total_cmp(&other.approximate()),
        }
    }

    pub(in super::super) fn of_int(value: i64) -> Self {
        Self { digits: value.into(), exponent: 0, is_big: false }
    }

    /// The sum, or with `negative` the difference.
    pub(in super::super) fn add(&self, other: &Self, negative: bool) -> Option<Self> {
        let (a, b, exponent) = self.aligned(other)?;
        let digits = if negative { a.checked_sub(b)? } else { a.checked_add(b)? };
        let is_big = self.is_big || other.is_big || i64::try_from(digits).is_err();
        // What is added to nothing keeps its exponent.
        if self.digits == 0 && !negative {
            return Some(Self { is_big, ..other.clone() });
        }
        if other.digits == 0 {
            return Some(Self { is_big, ..self.clone() });
        }
        Some(Self { digits, exponent, is_big })
    }

    pub(in super::super) fn sign(&self) -> i64 {
        i64::try_from(self.digits.signum()).unwrap_or_default()
    }

    #[expect(clippy::cast_precision_loss, reason = "the value is approximate")]
    pub(in super::super) fn approximate(&self) -> f64 {
        let base = self.digits as f64;
        if self.exponent == 0 { base } else { base * 10_f64.powi(self.exponent) }
    }

    /// The value as an integer, where upstream sees that it is one: not with digits behind the point.
    pub(in super::super) fn integer(&self) -> Option<i64> {
        if self.is_big || self.exponent < 0 {
            return None;
        }
        let power = 10_i128.checked_pow(self.exponent.unsigned_abs())?;
        i64::try_from(self.digits.checked_mul(power)?).ok()
    }
}

/// The digits at the start of a text, and the rest.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn unit_of(unit: &str) -> Option<(bool, i32)> {
    if let Some((_, is_binary, power)) = UNITS.iter().find(|(name, ..)| *name == unit) {
        return Some((*is_binary, *power));
    }
    let exponent: i32 = unit.strip_prefix(['e', 'E'])?.parse().ok()?;
    (-30..=30).contains(&exponent).then_some((false, exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_numbers_with_units() {
        let of = |text: &str| Quantity::parse(text).unwrap();
        assert_eq!(of("1Ki").compare(&of("1024")), Ordering::Equal);
        assert_eq!(of("1500m").compare(&of("1.5")), Ordering::Equal);
        assert_eq!(of("1e3").compare(&of("1k")), Ordering::Equal);
        assert_eq!(of("50k").add(&of("20"), false).unwrap().integer(), Some(50_020));
        assert_eq!((of("50.0").integer(), of("-2").sign()), (None, -1));
        for (wrong, why) in [
            ("", WRONG_FORMAT),
            ("a", WRONG_FORMAT),
            ("1.2.3", WRONG_FORMAT),
            ("1 k", WRONG_FORMAT),
            ("1KMi", "unable to parse quantity's suffix"),
        ] {
            assert_eq!(Quantity::parse(wrong), Err(why.to_owned()), "{wrong:?}");
        }
    }
}
