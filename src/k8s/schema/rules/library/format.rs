//! `format` of texts (`cel-go/ext/formatting.go`).

use super::super::super::super::golang::quote;
use super::super::value::Value;
use super::convert::{double_text, text_of};

/// The digits behind the point where none are asked for.
const DEFAULT_PRECISION: usize = 6;

/// The most digits behind the point.
const MAX_PRECISION: usize = 100;

/// A clause such as `%.2f`.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Clause {
    verb: char,
    precision: Option<usize>,
}

/// A part of a format.
#[derive(Debug)]
pub(in super::super) enum Piece<'t> {
    Text(&'t str),
    /// A clause, or what is wrong with it.
    Clause(Result<Clause, String>),
    /// A percent sign at the end.
    End,
}

/// The parts of a format, up to the first wrong one.
pub(in super::super) fn clauses(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        pieces.push(Piece::Text(&rest[..at]));
        let after = &rest[at + 1..];
        if after.is_empty() {
            pieces.push(Piece::End);
            return pieces;
        }
        if let Some(next) = after.strip_prefix('%') {
            pieces.push(Piece::Text("%"));
            rest = next;
            continue;
        }
        match clause(after) {
            Ok((found, next)) => {
                pieces.push(Piece::Clause(Ok(found)));
                rest = next;
            }
            Err(why) => {
                let why = format!("could not parse formatting clause: {why}");
                pieces.push(Piece::Clause(Err(why)));
                return pieces;
            }
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

fn clause(text: &str) -> Result<(Clause, &str), String> {
    let (mut precision, mut rest) = (None, text);
    if let Some(after) = text.strip_prefix('.') {
        let end = after.find(|c: char| !c.is_ascii_digit());
        let Some(end) = end else {
            let why = "could not find end of precision specifier";
            return Err(format!("error while parsing precision: {why}"));
        };
        precision = Some(after[..end].parse().map_err(|_| {
            format!(
                "error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing {}: invalid syntax",
                quote(&after[..end])
            )
        })?);
        rest = &after[end..];
    }
    match rest.chars().next() {
        Some(verb @ ('s' | 'd' | 'f' | 'e' | 'b' | 'x' | 'X' | 'o')) => {
            Ok((Clause { verb, precision }, &rest[1..]))
        }
        other => {
            let shown = other.map_or_else(String::new, String::from);
            Err(format!("unrecognized formatting clause \"{shown}\""))
        }
    }
}

impl Clause {
    /// The names of the types that it takes, and what it says of others.
    pub(in super::super) fn types(self) -> (&'static [&'static str], &'static str) {
        match self.verb {
            'd' => (&["int", "uint"], "decimal clause can only be used on integers"),
            'f' => (&["double", "string"], "fixed-point clause can only be used on doubles"),
            'e' => (&["double", "string"], "scientific clause can only be used on doubles"),
            'b' => (&["int", "uint", "bool"], "only integers and bools can be formatted as binary"),
            'o' => (&["int", "uint"], "octal clause can only be used on integers"),
            'x' | 'X' => (
                &["int", "uint", "string", "bytes"],
                "only integers, byte buffers, and strings can be formatted as hex",
            ),
            _ => (
                &[
                    "list",
                    "map",
                    "int",
                    "uint",
                    "double",
                    "bool",
                    "string",
                    "google.protobuf.Timestamp",
                    "bytes",
                    "google.protobuf.Duration",
                    "type",
                    "null_type",
                ],
                "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
            ),
        }
    }

    /// Whether it shows a list or a map whole.
    pub(in super::super) fn is_text(self) -> bool {
        self.verb == 's'
    }

    fn apply(self, value: &Value<'_>) -> Result<String, String> {
        let whole = |negative: bool, amount: u64| {
            let digits = match self.verb {
                'b' => format!("{amount:b}"),
                'o' => format!("{amount:o}"),
                'x' => format!("{amount:x}"),
                'X' => format!("{amount:X}"),
                _ => amount.to_string(),
            };
            format!("{}{digits}", if negative { "-" } else { "" })
        };
        let hex = |bytes: &[u8]| {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            if self.verb == 'X' { digits.to_uppercase() } else { digits }
        };
        match (self.verb, value) {
            ('s', value) => text(value),
            ('d' | 'b' | 'o' | 'x' | 'X', Value::Int(value)) => {
                Ok(whole(*value < 0, value.unsigned_abs()))
            }
            ('d' | 'b' | 'o' | 'x' | 'X', Value::Uint(value)) => Ok(whole(false, *value)),
            ('b', Value::Bool(value)) => Ok(i32::from(*value).to_string()),
            ('x' | 'X', Value::String(text)) => Ok(hex(text.as_bytes())),
            ('x' | 'X', Value::Bytes(bytes)) => Ok(hex(bytes)),
            ('f' | 'e', Value::Double(value)) => Ok(self.decimal(*value)),
            ('f' | 'e', Value::String(text)) if &**text == "NaN" => Ok("NaN".to_owned()),
            ('f' | 'e', Value::String(text)) if &**text == "Infinity" => Ok("∞".to_owned()),
            ('f' | 'e', Value::String(text)) if &**text == "-Infinity" => Ok("-∞".to_owned()),
            (_, value) => Err(format!("{}, was given {}", self.types().1, value.type_name())),
        }
    }

    /// A double as English texts have it: with commas between thousands, and powers of ten written out.
    fn decimal(self, value: f64) -> String {
        const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
        if value.is_nan() {
            return "NaN".to_owned();
        }
        if value.is_infinite() {
            return if value > 0.0 { "∞" } else { "-∞" }.to_owned();
        }
        let precision = self.precision.unwrap_or(DEFAULT_PRECISION).min(MAX_PRECISION);
        if self.verb == 'e' {
            // Upstream takes the precision for the width.
            let text = format!("{value:.DEFAULT_PRECISION$e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let exponent: i32 = exponent.parse().unwrap_or_default();
            let digits = format!("{:02}", exponent.unsigned_abs());
            let digits: String = digits
                .bytes()
                .filter_map(|digit| SUPERSCRIPTS.get(usize::from(digit - b'0')))
                .collect();
            let sign = if exponent < 0 { "⁻" } else { "" };
            let text = format!("{mantissa}×10{sign}{digits}");
            return format!("{text:>precision$}");
        }
        let text = format!("{value:.precision$}");
        let (whole, fraction) =
            text.split_once('.').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
        let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
        let mut grouped = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let fraction = fraction.map_or_else(String::new, |digits| format!(".{digits}"));
        format!("{sign}{grouped}{fraction}")
    }
}

/// A format with its values.
pub(super) fn formatted(format: &str, values: &[Value<'_>]) -> Result<String, String> {
    let mut out = String::new();
    let mut next = values.iter().enumerate();
    for piece in clauses(format) {
        let mut value = || {
            let found = next.next();
            found
                .map(|(_, value)| value)
                .ok_or_else(|| format!("index {} out of range", values.len()))
        };
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::End => {
                value()?;
                return Err("unexpected end of string".to_owned());
            }
            Piece::Clause(clause) => {
                let value = value()?;
                let shown = clause?.apply(value);
                out.push_str(&shown.map_err(|why| format!("error during formatting: {why}"))?);
            }
        }
    }
    Ok(out)
}

/// A value as `%s` shows it.
fn text(value: &Value<'_>) -> Result<String, String> {
    if matches!(value, Value::Null) {
        return Ok("null".to_owned());
    }
    if let Some(items) = value.items() {
        let items: Result<Vec<String>, String> = items?.iter().map(literal).collect();
        return Ok(format!("[{}]", items?.join(", ")));
    }
    if let Some(entries) = value.entries() {
        let mut shown = Vec::new();
        for (key, value) in entries? {
            if !matches!(key, Value::String(_) | Value::Bool(_) | Value::Int(_) | Value::Uint(_)) {
                let of = key.type_name();
                return Err(format!("no formatting function for map key of type {of}"));
            }
            shown.push(format!("{}:{}", literal(&key)?, literal(&value)?));
        }
        shown.sort_unstable();
        return Ok(format!("{{{}}}", shown.join(", ")));
    }
    match value {
        Value::Ip(_) | Value::Cidr(_) => None,
        value => text_of(value),
    }
    .ok_or_else(|| {
        let clause = Clause { verb: 's', precision: None };
        format!("{}, was given {}", clause.types().1, value.type_name())
    })
}

/// A value inside of a list or a map: as a literal.
fn literal(value: &Value<'_>) -> Result<String, String> {
    Ok(match value {
        Value::String(text) => quote(text),
        Value::Bytes(_) => format!("b{}", quote(&text(value)?)),
        Value::Double(number) if number.is_finite() => format!("{number:.DEFAULT_PRECISION$}"),
        Value::Double(number) => quote(&double_text(*number)),
        Value::Timestamp(_) => format!("timestamp({})", quote(&text(value)?)),
        Value::Duration(_) => format!("duration({})", quote(&text(value)?)),
        value => text(value)?,
    })
}
