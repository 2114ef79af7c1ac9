//! The helpers, by theme. A helper is found by its name when a template is compiled.

#![expect(clippy::unnecessary_wraps, reason = "all helpers have one type")]

mod array;
mod block;
mod compare;
mod dates;
mod encode;
mod json;
mod json_edit;
mod locale;
mod math;
mod misc;
mod number_format;
mod random;
mod string_format;
mod text;
mod xml;

use super::ast::HelperId;
use super::error::Failure;
use super::eval::{Answer, Helper, Helpers};
use super::value::Value;

/// The helpers of a rendering.
pub(crate) const HELPERS: Helpers = Helpers { all: ALL, each: block::each };

/// Returns the helper of a name.
pub(crate) fn find(name: &str) -> Option<HelperId> {
    ALL.iter().position(|(known, _)| *known == name).map(HelperId)
}

const ALL: &[(&str, Helper)] = &[
    ("if", block::if_),
    ("unless", block::unless),
    ("each", block::each),
    ("with", block::with),
    ("lookup", block::lookup),
    ("block", block::block),
    ("log", block::log),
    ("partial", block::partial),
    ("embedded", block::from_elsewhere),
    ("precompile", block::from_elsewhere),
    ("i18n", block::from_elsewhere),
    ("i18nJs", block::from_elsewhere),
    ("assign", block::assign),
    ("val", block::val),
    ("eq", compare::eq),
    ("neq", compare::neq),
    ("gt", compare::gt),
    ("gte", compare::gte),
    ("lt", compare::lt),
    ("lte", compare::lte),
    ("and", compare::and),
    ("or", compare::or),
    ("not", compare::not),
    ("contains", compare::contains),
    ("matches", compare::matches),
    ("isEven", math::is_even),
    ("isOdd", math::is_odd),
    ("stripes", math::stripes),
    ("math", math::math),
    ("range", math::range),
    ("size", array::size),
    ("array", array::array),
    ("arrayAdd", array::add),
    ("arrayRemove", array::remove),
    ("arrayJoin", array::join),
    ("pickRandom", random::pick),
    ("randomValue", random::value),
    ("randomInt", random::int),
    ("randomDecimal", random::decimal),
    ("now", dates::now),
    ("date", dates::date),
    ("parseDate", dates::parse),
    ("truncateDate", dates::truncate),
    ("dateFormat", dates::format),
    ("xPath", xml::xpath),
    ("soapXPath", xml::soap_xpath),
    ("formatXml", xml::format),
    ("jsonPath", json::path),
    ("parseJson", json::parse),
    ("toJson", json::to_json),
    ("formatJson", json::format),
    ("jsonMerge", json_edit::merge),
    ("jsonRemove", json_edit::remove),
    ("jsonArrayAdd", json_edit::array_add),
    ("base64", encode::base64),
    ("urlEncode", encode::url),
    ("formData", encode::form_data),
    ("regexExtract", misc::regex_extract),
    ("systemValue", misc::system_value),
    ("hostname", misc::hostname),
    ("trim", text::trim),
    ("numberFormat", number_format::number_format),
    ("stringFormat", string_format::string_format),
    ("capitalizeFirst", text::capitalize_first),
    ("center", text::center),
    ("cut", text::cut),
    ("defaultIfEmpty", text::default_if_empty),
    ("join", text::join),
    ("ljust", text::ljust),
    ("rjust", text::rjust),
    ("substring", text::substring),
    ("lower", text::lower),
    ("upper", text::upper),
    ("slugify", text::slugify),
    ("stripTags", text::strip_tags),
    ("capitalize", text::capitalize),
    ("abbreviate", text::abbreviate),
    ("wordWrap", text::word_wrap),
    ("replace", text::replace),
    ("yesno", text::yesno),
];

/// Returns the text of a helper's error in the result, in `WireMock`'s form.
fn error(message: impl AsRef<str>) -> Answer {
    Ok(Value::text(format!("[ERROR: {}]", message.as_ref())))
}

/// Returns a whole number from a number or a text of digits, as Java's `intValue` and `parseInt`.
fn to_int(value: &Value) -> Result<Option<i64>, Failure> {
    match value {
        Value::Int(value) => Ok(Some(*value)),
        #[expect(clippy::cast_possible_truncation, reason = "as Java's intValue")]
        Value::Double(value) => Ok(Some(*value as i64)),
        #[expect(clippy::cast_possible_truncation, reason = "as Java's intValue")]
        Value::Decimal(value) => Ok(Some(value.to_f64() as i64)),
        Value::Text(text) => match text.parse::<i32>() {
            Ok(value) => Ok(Some(value.into())),
            Err(_) => Err(format!("\"{text}\" is not a whole number").into()),
        },
        _ => Ok(None),
    }
}

/// Returns a whole number that must be one.
fn whole(value: &Value, what: &str) -> Result<i64, Failure> {
    match value {
        Value::Int(value) => Ok(*value),
        Value::Null => Err(format!("{what} is missing; give it as a whole number").into()),
        other => Err(format!("{what} must be a whole number, not {}", other.kind()).into()),
    }
}

/// Returns a length or position that must not be negative.
fn count(value: &Value, what: &str) -> Result<usize, Failure> {
    let number = whole(value, what)?;
    usize::try_from(number).map_err(|_| format!("{what} must not be negative: {number}").into())
}

/// Digits in groups.
fn grouped(digits: &str, size: usize, separator: &str) -> String {
    let mut made = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(size) {
            made.push_str(separator);
        }
        made.push(digit);
    }
    made
}
