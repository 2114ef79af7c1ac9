//! Quantities of resources: `500m`, `1Gi`, `1e3` (`k8s.io/apimachinery/pkg/api/resource/quantity.go`).

use std::cmp::Ordering;

/// The smallest unit: a nano.
const UNIT: i128 = 1_000_000_000;

const FORMAT: &str = "quantities must match the regular expression \
     '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX: &str = "unable to parse quantity's suffix";
const NUMERIC: &str = "unable to parse numeric part of quantity";

/// The form in which a quantity is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Decimal,
    Exponent,
    Binary,
}

/// An amount, exact to a nano.
#[derive(Debug, Clone)]
pub(in super::super) struct Quantity {
    nanos: i128,
    form: Form,
    /// The text that it was parsed from, where upstream keeps it.
    kept: Option<Box<str>>,
}

const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY: [(&str, u32); 6] =
    [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

impl Quantity {
    /// Parses a text.
    ///
    /// # Errors
    /// Upstream's message.
    pub(in super::super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err(FORMAT);
        }
        let (negative, rest) = match text.as_bytes()[0] {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (whole, rest) = rest.split_at(digits(rest));
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(digits(rest)),
            None => ("", rest),
        };
        check_suffix(suffix)?;
        let (form, exponent) = interpret(suffix).ok_or(SUFFIX)?;
        if whole.is_empty() && fraction.is_empty() && !suffix.is_empty() {
            return Err(NUMERIC);
        }
        let binary = if form == Form::Binary { 1_i128 << exponent } else { 1 };
        let power = if form == Form::Binary { 0 } else { exponent };
        let nanos = scaled(whole, fraction, power, binary);
        // Only binary amounts are capped.
        let most = i128::from(i64::MAX) * UNIT;
        let nanos = if form == Form::Binary { nanos.min(most) } else { nanos };
        let form =
            if form == Form::Binary && nanos > 0 && nanos < UNIT { Form::Decimal } else { form };
        let kept = is_kept(whole, fraction, form, exponent).then(|| text.into());
        Ok(Self { nanos: if negative { -nanos } else { nanos }, form, kept })
    }

    /// A whole amount.
    pub(in super::super) fn whole(amount: i64) -> Self {
        Self { nanos: i128::from(amount) * UNIT, form: Form::Decimal, kept: None }
    }

    /// Its text: the canonical one, unless it was parsed from one that upstream keeps.
    pub(in super::super) fn text(&self) -> String {
        if let Some(kept) = &self.kept {
            return kept.to_string();
        }
        if self.nanos == 0 {
            return "0".to_owned();
        }
        let whole = self.nanos % UNIT == 0;
        if self.form == Form::Binary && whole && self.nanos.abs() >= 1024 * UNIT {
            let (mut amount, mut power) = (self.nanos / UNIT, 0);
            while amount % 1024 == 0 && power < 60 {
                amount /= 1024;
                power += 10;
            }
            let suffix = BINARY.iter().find(|(_, at)| *at == power).map_or("", |(name, _)| *name);
            return format!("{amount}{suffix}");
        }
        let (mut amount, mut power) = (self.nanos, -9);
        while amount % 10 == 0 {
            amount /= 10;
            power += 1;
        }
        while power % 3 != 0 || power > 18 {
            amount *= 10;
            power -= 1;
        }
        if self.form == Form::Exponent {
            return if power == 0 { amount.to_string() } else { format!("{amount}e{power}") };
        }
        let suffix = DECIMAL.iter().find(|(_, at)| *at == power).map_or("", |(name, _)| *name);
        format!("{amount}{suffix}")
    }

    /// Rounded up to a thousandth, as resource lists are.
    pub(in super::super) fn rounded_to_milli(&self) -> Self {
        const MILLI: i128 = UNIT / 1000;
        let rest = self.nanos % MILLI;
        let nanos = match rest.cmp(&0) {
            Ordering::Equal => self.nanos,
            Ordering::Greater => self.nanos - rest + MILLI,
            // Rounding is away from zero.
            Ordering::Less => self.nanos - rest - MILLI,
        };
        Self { nanos, form: self.form, kept: None }
    }

    /// The whole number that is next above it, or below zero next below (`Value`).
    pub(in super::super) fn rounded_up(&self) -> i128 {
        let rest = self.nanos % UNIT;
        self.nanos / UNIT + rest.signum()
    }

    /// The sum. It is written in the form of the first amount, unless that is zero.
    pub(in super::super) fn plus(&self, other: &Self) -> Self {
        let form = if self.nanos == 0 { other.form } else { self.form };
        Self { nanos: self.nanos.saturating_add(other.nanos), form, kept: None }
    }

    /// The difference, but no less than zero.
    pub(in super::super) fn minus_to_zero(&self, other: &Self) -> Self {
        let nanos = self.nanos.saturating_sub(other.nanos).max(0);
        Self { nanos, form: self.form, kept: None }
    }

    /// The number of thousandths, rounded up (`MilliValue`).
    pub(in super::super) fn milli(&self) -> i128 {
        const MILLI: i128 = UNIT / 1000;
        self.nanos / MILLI + (self.nanos % MILLI).signum()
    }

    /// Rounded up to a whole number.
    pub(in super::super) fn rounded_to_whole(&self) -> Self {
        if self.is_whole() {
            return self.clone();
        }
        Self { nanos: self.rounded_up() * UNIT, form: self.form, kept: None }
    }

    /// Whether it is below zero.
    pub(in super::super) fn is_negative(&self) -> bool {
        self.nanos < 0
    }

    /// Whether it is zero.
    pub(in super::super) fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// Whether it is a whole number.
    pub(in super::super) fn is_whole(&self) -> bool {
        self.nanos % UNIT == 0
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.nanos.partial_cmp(&other.nanos)
    }
}

/// Whether upstream keeps the text of a quantity, as one that is canonical already (`ParseQuantity`).
fn is_kept(whole: &str, fraction: &str, form: Form, exponent: i32) -> bool {
    let whole = whole.trim_start_matches('0');
    let digits = format!("{}{fraction}", if whole.is_empty() { "0" } else { whole });
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    if form == Form::Binary {
        let spare = 15_i32.saturating_sub(length) - exponent * 3 / 10 - 1;
        return fraction.is_empty()
            && spare >= 0
            && digits.parse::<i64>().is_ok_and(|value| value & 7 != 0);
    }
    let scale = exponent - i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    length <= 18
        && scale >= -9
        && scale % 3 == 0
        && !digits.ends_with("000")
        && !digits.starts_with('0')
}

/// Whether a suffix has the characters of one (`parseQuantityString`).
fn check_suffix(suffix: &str) -> Result<(), &'static str> {
    let rest = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest);
    if rest.bytes().all(|byte| byte.is_ascii_digit()) { Ok(()) } else { Err(FORMAT) }
}

fn interpret(suffix: &str) -> Option<(Form, i32)> {
    if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((Form::Decimal, *power));
    }
    if let Some((_, power)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some((Form::Binary, i32::try_from(*power).ok()?));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?.parse::<i64>().ok()?;
    Some((Form::Exponent, i32::try_from(exponent).ok()?))
}

/// A decimal number times a power of ten and a factor, in nanos: rounded up, and kept within bounds.
fn scaled(whole: &str, fraction: &str, power: i32, factor: i128) -> i128 {
    // More digits than fit count as the largest amount.
    const MOST: i128 = i128::MAX / 4;
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return 0;
    }
    let mut shift = i64::from(power) + 9 - i64::try_from(fraction.len()).unwrap_or(i64::MAX);
    if i64::try_from(digits.len()).unwrap_or(i64::MAX).saturating_add(shift) > 37 {
        return MOST;
    }
    let (kept, cut) = digits.split_at(digits.len().min(37));
    shift += i64::try_from(cut.len()).unwrap_or(i64::MAX);
    let mut inexact = cut.bytes().any(|byte| byte != b'0');
    let mut amount = kept.parse::<i128>().unwrap_or(MOST);
    match amount.checked_mul(factor) {
        Some(product) => amount = product,
        None => return MOST,
    }
    while shift > 0 {
        match amount.checked_mul(10) {
            Some(product) => amount = product,
            None => return MOST,
        }
        shift -= 1;
    }
    while shift < 0 && amount != 0 {
        inexact |= amount % 10 != 0;
        amount /= 10;
        shift += 1;
    }
    amount + i128::from(inexact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_in_their_canonical_form() {
        for (text, canonical) in [
            ("0", "0"),
            ("1", "1"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("1.5Gi", "1536Mi"),
            ("1024Mi", "1Gi"),
            ("1024", "1024"),
            ("1000", "1k"),
            ("512", "512"),
            ("0.5Ki", "512"),
            ("1e3", "1e3"),
            ("12E2", "1200"),
            ("0.1n", "1n"),
            ("-1.5", "-1500m"),
            ("+1", "+1"),
            ("1.G", "1.G"),
            ("1E3", "1E3"),
            ("1.500", "1.500"),
            ("00.250", "250m"),
            ("100000000000000000000", "100E"),
        ] {
            assert_eq!(
                Quantity::parse(text).map(|found| found.text()).as_deref(),
                Ok(canonical),
                "{text}"
            );
        }
    }

    #[test]
    fn texts_that_are_no_quantities_have_upstreams_messages() {
        for (text, message) in [
            ("", FORMAT),
            ("x", FORMAT),
            ("1x", FORMAT),
            ("1.2.3", FORMAT),
            ("1Mib", FORMAT),
            ("1KI", FORMAT),
            ("1MM", SUFFIX),
            ("1ee", SUFFIX),
        ] {
            assert_eq!(Quantity::parse(text).err(), Some(message), "{text}");
        }
    }
}
