//! `numberFormat`: Java's `NumberFormat` by style or by a pattern of `DecimalFormat`.

use super::grouped;
use super::locale::{Locale, Place};
use crate::template::error::Failure;
use crate::template::eval::{Answer, Invocation};
use crate::template::value::Value;

/// The digits that a pattern or an argument may ask for.
const MAX_DIGITS: usize = 400;

pub(super) fn number_format(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let mode = call.named_text("roundingMode")?;
    let mode = mode.as_deref().unwrap_or("HALF_EVEN").to_uppercase();
    let exact = match &call.first {
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.plain(),
        // Enough digits to tell a half from its neighbours; other modes look at the digits that it prints with.
        Value::Double(number) if number.is_finite() && mode.starts_with("HALF") => {
            format!("{number:.60}")
        }
        Value::Double(number) if number.is_finite() => format!("{number}"),
        _ => {
            let param = call.param(0);
            return if param.is_null() { Ok(param) } else { call.print(&param).map(Value::Text) };
        }
    };
    let format = argument(call, 0, "format")?.unwrap_or_default();
    let locale = argument(call, 1, "locale")?.unwrap_or_default();
    let locale = Locale::of(&locale);
    let mut layout = Layout::of(format.trim(), &locale)?;
    layout.adjust(call)?;
    let text = layout.apply(&exact, &locale, &mode)?;
    call.made(text)
}

fn argument(
    call: &mut Invocation<'_, '_, '_, '_>,
    at: usize,
    name: &str,
) -> Result<Option<String>, Failure> {
    match call.param(at) {
        Value::Text(text) => Ok(Some(text.to_string())),
        Value::Null => Ok(call.named_text(name)?.map(|text| text.to_string())),
        other => Err(format!("the {name} must be a text, not {}", other.kind()).into()),
    }
}

/// What a pattern says.
#[derive(Debug, Clone, Default)]
struct Layout {
    prefix: String,
    suffix: String,
    negative: Option<(String, String)>,
    least_whole: usize,
    most_whole: usize,
    least_fraction: usize,
    most_fraction: usize,
    group: Option<usize>,
    shift: i32,
    exponent: Option<usize>,
}

impl Layout {
    fn of(format: &str, locale: &Locale) -> Result<Self, Failure> {
        let plain = Self {
            least_whole: 1,
            most_whole: usize::MAX,
            most_fraction: 3,
            group: Some(3),
            ..Self::default()
        };
        Ok(match format.trim().to_uppercase().as_str() {
            "" | "DEFAULT" => plain,
            "INTEGER" => Self { most_fraction: 0, ..plain },
            "PERCENT" => {
                let (prefix, suffix) = locale.percent;
                let (prefix, suffix) = (prefix.to_owned(), suffix.to_owned());
                Self { most_fraction: 0, prefix, suffix, shift: 2, ..plain }
            }
            "CURRENCY" => {
                let (symbol, digits) = (locale.currency.symbol, locale.currency.digits);
                let spaced = format!("{symbol}\u{a0}");
                let mut layout = Self { least_fraction: digits, most_fraction: digits, ..plain };
                match locale.currency.place {
                    Place::Before => symbol.clone_into(&mut layout.prefix),
                    Place::BehindSpaced => layout.suffix = format!("\u{a0}{symbol}"),
                    Place::BeforeSpaced => layout.prefix = spaced,
                    Place::BeforeSpacedMinus => {
                        layout.negative =
                            Some((format!("{spaced}{}", locale.minus), String::new()));
                        layout.prefix = spaced;
                    }
                    Place::BeforeSpacedOrMinus => {
                        layout.negative =
                            Some((format!("{symbol}{}", locale.minus), String::new()));
                        layout.prefix = spaced;
                    }
                }
                layout
            }
            _ => Self::pattern(format, locale)?,
        })
    }

    fn pattern(pattern: &str, locale: &Locale) -> Result<Self, Failure> {
        let wrong = || Failure::from(format!("\"{pattern}\" is not a number pattern"));
        let (positive, negative) = match pattern.split_once(';') {
            Some((positive, negative)) => (positive, Some(negative)),
            None => (pattern, None),
        };
        let digits = |c: char| matches!(c, '#' | '0' | ',' | '.');
        // Without digits, a pattern is what is before a whole number.
        let start = positive.find(digits).unwrap_or(positive.len());
        let mut end =
            positive[start..].find(|c| !digits(c)).map_or(positive.len(), |at| start + at);
        let number = &positive[start..end];
        let mut layout = Self { most_whole: usize::MAX, ..Self::default() };
        if let Some(zeros) = positive[end..].strip_prefix('E') {
            let count = zeros.len() - zeros.trim_start_matches('0').len();
            if count > 0 {
                layout.exponent = Some(count);
                end += 1 + count;
            }
        }
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        layout.group = whole.rfind(',').map(|at| whole.len() - at - 1).filter(|size| *size > 0);
        layout.least_whole = whole.matches('0').count();
        layout.least_fraction = fraction.matches('0').count();
        layout.most_fraction = fraction.matches(['0', '#']).count();
        // Without any 0, a pattern with a point shows one digit all the same.
        if layout.least_whole == 0 && layout.least_fraction == 0 && number.contains('.') {
            if whole.is_empty() {
                layout.least_fraction = 1;
            } else {
                layout.least_whole = 1;
            }
        }
        if layout.exponent.is_some() {
            layout.most_whole = whole.matches(['0', '#']).count();
        }
        if layout.most_fraction > MAX_DIGITS || layout.least_whole > MAX_DIGITS {
            return Err(wrong());
        }
        let affix = |text: &str| text.replace('\u{a4}', locale.currency.symbol).replace('\'', "");
        (layout.prefix, layout.suffix) = (affix(&positive[..start]), affix(&positive[end..]));
        if let Some(negative) = negative {
            let start = negative.find(digits).ok_or_else(wrong)?;
            let end = negative.rfind(digits).map_or(negative.len(), |at| at + 1);
            layout.negative = Some((affix(&negative[..start]), affix(&negative[end..])));
        }
        let affixes = format!("{}{}", layout.prefix, layout.suffix);
        layout.shift = match (affixes.contains('%'), affixes.contains('‰')) {
            (true, _) => 2,
            (_, true) => 3,
            _ => 0,
        };
        Ok(layout)
    }

    /// Takes over what the named arguments ask for.
    fn adjust(&mut self, call: &Invocation<'_, '_, '_, '_>) -> Result<(), Failure> {
        let number = |name: &str| match call.named(name) {
            None => Ok(None),
            Some(value) => match super::count(value, name)? {
                many if many > MAX_DIGITS => Err(format!("{name} is above {MAX_DIGITS}").into()),
                many => Ok::<_, Failure>(Some(many)),
            },
        };
        if let Some(Value::Bool(grouping)) = call.named("groupingUsed") {
            self.group = if *grouping { self.group.or(Some(3)) } else { None };
        }
        if let Some(most) = number("maximumFractionDigits")? {
            self.most_fraction = most;
            self.least_fraction = self.least_fraction.min(most);
        }
        if let Some(most) = number("maximumIntegerDigits")? {
            self.most_whole = most;
            self.least_whole = self.least_whole.min(most);
        }
        if let Some(least) = number("minimumFractionDigits")? {
            self.least_fraction = least;
            self.most_fraction = self.most_fraction.max(least);
        }
        if let Some(least) = number("minimumIntegerDigits")? {
            self.least_whole = least;
            self.most_whole = self.most_whole.max(least);
        }
        Ok(())
    }

    fn apply(&self, exact: &str, locale: &Locale, mode: &str) -> Result<String, Failure> {
        let (negative, exact) = exact.strip_prefix('-').map_or((false, exact), |rest| (true, rest));
        let (whole, fraction) = exact.split_once('.').unwrap_or((exact, ""));
        let digits: Vec<u8> =
            whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').collect();
        let mut point = i32::try_from(whole.len()).unwrap_or(i32::MAX).saturating_add(self.shift);
        let mut exponent = 0;
        if self.exponent.is_some()
            && let Some(first) = digits.iter().position(|digit| *digit != 0)
        {
            let first = i32::try_from(first).unwrap_or(i32::MAX);
            let least = i32::try_from(self.least_whole.max(1)).unwrap_or(1);
            exponent = point - first - least;
            point -= exponent;
        }
        let rounded = round(digits, point, self.most_fraction, negative, mode)?;
        let (mut whole, mut fraction) = rounded;
        while fraction.len() > self.least_fraction && fraction.ends_with('0') {
            fraction.pop();
        }
        while fraction.len() < self.least_fraction {
            fraction.push('0');
        }
        let significant = whole.trim_start_matches('0').to_owned();
        whole = format!("{significant:0>width$}", width = self.least_whole);
        if whole.len() > self.most_whole {
            whole = whole.split_off(whole.len() - self.most_whole);
        }
        if whole.is_empty() && fraction.is_empty() {
            whole.push('0');
        }
        if let Some(size) = self.group {
            whole = grouped(&whole, size, locale.group);
        }
        if !fraction.is_empty() {
            fraction = format!("{}{fraction}", locale.decimal);
        }
        if let Some(width) = self.exponent {
            let sign = if exponent < 0 { locale.minus } else { "" };
            fraction.push_str(&format!("E{sign}{:0width$}", exponent.unsigned_abs()));
        }
        // Java keeps the sign of a negative number that rounds to zero.
        let (prefix, suffix) = match (negative, &self.negative) {
            (true, Some((prefix, suffix))) => (prefix.clone(), suffix.clone()),
            (true, None) => (format!("{}{}", locale.minus, self.prefix), self.suffix.clone()),
            _ => (self.prefix.clone(), self.suffix.clone()),
        };
        Ok(format!("{prefix}{whole}{fraction}{suffix}"))
    }
}

/// Rounds digits, the point after `point` of them, to this many after the point.
pub(super) fn round(
    digits: Vec<u8>,
    point: i32,
    fraction: usize,
    negative: bool,
    mode: &str,
) -> Result<(String, String), Failure> {
    let mut digits = digits;
    let point = if let Ok(point) = usize::try_from(point) {
        point
    } else {
        let zeros = point.unsigned_abs() as usize;
        digits.splice(..0, std::iter::repeat_n(0, zeros));
        0
    };
    let keep = point + fraction;
    digits.resize(digits.len().max(keep), 0);
    let dropped = digits.split_off(keep);
    let half = dropped.first().is_some_and(|first| *first >= 5);
    let exactly_half = half && dropped[0] == 5 && dropped[1..].iter().all(|digit| *digit == 0);
    let any = dropped.iter().any(|digit| *digit != 0);
    let odd = digits.last().is_some_and(|last| last % 2 == 1);
    let up = match mode.trim().to_uppercase().as_str() {
        "HALF_EVEN" => half && (!exactly_half || odd),
        "HALF_UP" => half,
        "HALF_DOWN" => half && !exactly_half,
        "UP" => any,
        "DOWN" => false,
        "CEILING" => any && !negative,
        "FLOOR" => any && negative,
        "UNNECESSARY" if !any => false,
        other => return Err(format!("\"{other}\" is not a rounding mode that fits").into()),
    };
    let mut whole_digits = point;
    if up {
        let mut at = digits.len();
        loop {
            if at == 0 {
                digits.insert(0, 1);
                whole_digits += 1;
                break;
            }
            at -= 1;
            if digits[at] < 9 {
                digits[at] += 1;
                break;
            }
            digits[at] = 0;
        }
    }
    let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
    let (whole, fraction) = text.split_at(whole_digits);
    Ok((whole.to_owned(), fraction.to_owned()))
}
