//! Operators: the conditions that a stub may place on one value of a request.
//!
//! `WireMock` calls them string value patterns (`StringValuePatternJsonDeserializer`); the names
//! and their semantics are its own. A missing value is `None`: only `absent`, `anything`,
//! `doesNotContain`, `doesNotMatch` and `not` can match it.

mod date;
mod distance;
mod json_path;
mod number;
mod operand;
mod read;
mod schema;
#[cfg(feature = "json-schema")]
mod schema_reading;
#[cfg(feature = "json-schema")]
mod schema_validator;
mod subject;
#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::json::JsonPattern;
use super::pattern::Pattern;
use super::short_text::ShortText;
use super::template::Template;
use super::xml::{XPathPattern, XmlPattern};
use date::DatePattern;
use json_path::JsonPathPattern;
use number::NumberPattern;
use schema::SchemaPattern;

pub(super) use distance::{mean, text_distance};
pub(super) use read::{compile_pattern, no_operation};
pub(crate) use subject::Subject;

/// An operator with its operand.
#[derive(Debug)]
pub(crate) enum StringPattern {
    EqualTo {
        text: ShortText<16>,
        ignore_case: bool,
    },
    Contains(Box<str>),
    DoesNotContain(Box<str>),
    Matches(Box<Pattern>),
    DoesNotMatch(Box<Pattern>),
    Absent,
    Anything,
    EqualToJson(Box<JsonPattern>),
    /// A path, and an operator for the texts that it finds.
    MatchesJsonPath(Box<JsonPathPattern>, Option<Box<StringPattern>>),
    MatchesJsonSchema(Box<SchemaPattern>),
    MatchesPathTemplate(Box<Template>),
    Date(Box<DatePattern>),
    Number(Box<NumberPattern>),
    /// The expected bytes of a body.
    BinaryEqualTo(Box<[u8]>),
    EqualToXml(Box<XmlPattern>),
    /// An XPath expression, and an operator for the texts that it finds.
    MatchesXPath(Box<XPathPattern>, Option<Box<StringPattern>>),
    And(Vec<StringPattern>),
    Or(Vec<StringPattern>),
    Not(Box<StringPattern>),
}

impl StringPattern {
    /// Returns whether the value matches.
    pub(crate) fn matches(&self, subject: &Subject<'_>) -> bool {
        let text = subject.text();
        match self {
            Self::EqualTo { text: wanted, ignore_case: false } => {
                text.map(str::as_bytes) == Some(wanted.as_bytes())
            }
            Self::EqualTo { text: wanted, ignore_case: true } => {
                text.is_some_and(|text| equal_ignoring_case(text, wanted))
            }
            Self::Contains(part) => text.is_some_and(|text| text.contains(&**part)),
            Self::DoesNotContain(part) => text.is_none_or(|text| !text.contains(&**part)),
            Self::Matches(pattern) => text.is_some_and(|text| pattern.matches(text)),
            Self::DoesNotMatch(pattern) => text.is_none_or(|text| !pattern.matches(text)),
            Self::Absent => text.is_none(),
            Self::Anything => true,
            Self::EqualToJson(pattern) => subject.exact().is_some_and(|json| pattern.matches(json)),
            Self::MatchesJsonPath(path, None) => path.finds(subject),
            Self::MatchesJsonPath(path, Some(below)) => {
                // A list is compared as JSON as a whole.
                let whole = below.as_json().is_some();
                let now = subject.given_time();
                let fits = |text: &String| below.matches(&Subject::new(Some(text)).at(now));
                path.texts(subject, whole).is_some_and(|texts| {
                    if texts.is_empty() { below.is_absence() } else { texts.iter().any(fits) }
                })
            }
            Self::MatchesJsonSchema(pattern) => pattern.matches(subject),
            Self::MatchesPathTemplate(template) => text.is_some_and(|text| {
                let path = text.split('?').next().unwrap_or(text);
                template.matches(path)
            }),
            Self::Date(pattern) => pattern.matches(text, subject.now()),
            Self::Number(pattern) => text.is_some_and(|text| pattern.matches(text)),
            Self::BinaryEqualTo(bytes) => **bytes == *subject.bytes(),
            Self::EqualToXml(pattern) => text.is_some_and(|text| pattern.matches(text)),
            Self::MatchesXPath(path, None) => path.finds(text),
            Self::MatchesXPath(path, Some(below)) => {
                let texts = path.texts(text);
                below.matches_nearest(texts.iter().map(String::as_str), subject.given_time())
            }
            Self::And(all) => all.iter().all(|pattern| pattern.matches(subject)),
            Self::Or(any) => any.iter().any(|pattern| pattern.matches(subject)),
            Self::Not(pattern) => !pattern.matches(subject),
        }
    }

    /// Returns whether a text matches at a time.
    pub(super) fn matches_text(&self, text: &str, now: Option<Timestamp>) -> bool {
        self.matches(&Subject::new(Some(text)).at(now))
    }

    /// Returns whether a missing cookie matches (`StringValuePattern.nullSafeIsAbsent`).
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Returns whether the search of one of its regular expressions ends at a limit.
    pub(super) fn gives_up_on(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::Matches(pattern) | Self::DoesNotMatch(pattern) => {
                subject.text().is_some_and(|text| pattern.gives_up_on(text))
            }
            Self::And(all) | Self::Or(all) => {
                all.iter().any(|pattern| pattern.gives_up_on(subject))
            }
            Self::Not(pattern) => pattern.gives_up_on(subject),
            Self::MatchesJsonPath(path, _) => path.gives_up_on(subject),
            Self::MatchesXPath(path, _) => path.gives_up_on(subject.text()),
            _ => false,
        }
    }

    /// Returns the expected JSON tree of `equalToJson`.
    pub(crate) fn as_json(&self) -> Option<&JsonPattern> {
        match self {
            Self::EqualToJson(pattern) => Some(pattern),
            _ => None,
        }
    }

    /// Returns a text that every value that matches is equal to.
    pub(super) fn required_text(&self) -> Option<&str> {
        match self {
            Self::EqualTo { text, ignore_case: false } => Some(text),
            Self::And(all) => all.iter().find_map(Self::required_text),
            _ => None,
        }
    }
}

fn equal_ignoring_case(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
        || a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
}

impl fmt::Display for StringPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, patterns: &[Self], word: &str| {
            for (at, pattern) in patterns.iter().enumerate() {
                if at > 0 {
                    write!(f, " {word} ")?;
                }
                write!(f, "{pattern}")?;
            }
            Ok(())
        };
        match self {
            Self::EqualTo { text, ignore_case: false } => write!(f, "[equalTo] {text}"),
            Self::EqualTo { text, ignore_case: true } => write!(f, "[equalTo, any case] {text}"),
            Self::Contains(text) => write!(f, "[contains] {text}"),
            Self::DoesNotContain(text) => write!(f, "[doesNotContain] {text}"),
            Self::Matches(pattern) => write!(f, "[matches] {}", pattern.as_str()),
            Self::DoesNotMatch(pattern) => write!(f, "[doesNotMatch] {}", pattern.as_str()),
            Self::Absent => f.write_str("[absent]"),
            Self::Anything => f.write_str("[anything]"),
            Self::EqualToJson(pattern) => write!(f, "[equalToJson] {}", pattern.expected()),
            Self::MatchesJsonPath(path, None) => write!(f, "[matchesJsonPath] {}", path.as_str()),
            Self::MatchesJsonPath(path, Some(below)) => {
                write!(f, "[matchesJsonPath] {} {below}", path.as_str())
            }
            Self::MatchesJsonSchema(pattern) => {
                write!(f, "[matchesJsonSchema] {}", pattern.as_str())
            }
            Self::MatchesPathTemplate(template) => {
                write!(f, "[matchesPathTemplate] {}", template.as_str())
            }
            Self::Date(pattern) => write!(f, "{pattern}"),
            Self::Number(pattern) => write!(f, "{pattern}"),
            Self::BinaryEqualTo(bytes) => {
                write!(f, "[binaryEqualTo] {}", STANDARD.encode(bytes))
            }
            Self::EqualToXml(pattern) => write!(f, "[equalToXml] {}", pattern.as_str()),
            Self::MatchesXPath(path, None) => write!(f, "[matchesXPath] {}", path.as_str()),
            Self::MatchesXPath(path, Some(below)) => {
                write!(f, "[matchesXPath] {} {below}", path.as_str())
            }
            Self::And(all) => list(f, all, "and"),
            Self::Or(any) => list(f, any, "or"),
            Self::Not(pattern) => write!(f, "[not] {pattern}"),
        }
    }
}
