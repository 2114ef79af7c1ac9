//! Operators as `WireMock` prints them: a name and the expected value.

use crate::document::xml::{Document, Reading};

use super::super::operator_names::OPERATORS;
use super::super::raw::{Raw, pretty, reprinted};

/// How deep operators in operators are printed.
const DEEPEST: usize = 32;

/// One operator with its operand.
#[derive(Debug)]
pub(super) struct Operator {
    pub(super) name: &'static str,
    /// The operand as it is shown.
    pub(super) expected: String,
    /// The operand as it was written: some lines show this.
    pub(super) value: String,
    /// The operator for the values that a path finds.
    pub(super) below_path: Option<Box<Operator>>,
}

/// A pattern of several values.
#[derive(Debug)]
pub(super) enum Several {
    One(Operator),
    /// The word for it, and the operators as text.
    All(&'static str, String),
}

impl Operator {
    /// Returns the operator of a pattern.
    pub(super) fn of(pattern: Raw<'_>) -> Option<Self> {
        Self::at(pattern, DEEPEST)
    }

    fn at(pattern: Raw<'_>, depth: usize) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        let entries = pattern.entries();
        let (name, operand) = entries.iter().find_map(|(key, operand)| {
            Some((*OPERATORS.iter().find(|name| *name == key)?, *operand))
        })?;
        let value = operand.text();
        let inner = |pattern| Self::at(pattern, depth);
        let same =
            |text: String| Self { name, expected: text.clone(), value: text, below_path: None };
        Some(match name {
            "absent" => Self { expected: "(absent)".into(), value: "null".into(), ..same(value) },
            "equalToJson" => {
                Self { expected: reprinted(&value).unwrap_or_else(|| value.clone()), ..same(value) }
            }
            "matchesJsonSchema" => {
                let expected = pretty(&value).unwrap_or_else(|| value.clone());
                // A schema that is not written as a text is printed at once.
                let is_object = operand.as_str().starts_with('{');
                let value = if is_object { expected.clone() } else { value };
                Self { expected, ..same(value) }
            }
            "equalToXml" => {
                Self { expected: xml(&value).unwrap_or_else(|| value.clone()), ..same(value) }
            }
            "matchesJsonPath" | "matchesXPath" => match operand.get("expression") {
                Some(expression) => {
                    let below_path = inner(operand).map(Box::new);
                    Self { below_path, ..same(expression.text()) }
                }
                None => same(value),
            },
            "and" | "or" => {
                let all: Vec<Self> = operand.items().into_iter().filter_map(inner).collect();
                let word = if name == "and" { " AND " } else { " OR " };
                let expected = named(&all).join(word);
                let first = all.into_iter().next().map(|first| first.expected);
                Self { expected, ..same(first.unwrap_or_default()) }
            }
            "not" => same(inner(operand).map(|inner| inner.expected).unwrap_or_default()),
            "before" | "after" | "equalToDateTime" if value == "now" => same(now(pattern)),
            _ => same(value),
        })
    }

    /// Returns whether lines omit its name.
    pub(super) fn is_equal_to(&self) -> bool {
        matches!(self.name, "equalTo" | "equalToJson" | "equalToXml" | "binaryEqualTo")
    }
}

impl Several {
    /// Returns the pattern of a header or parameter.
    pub(super) fn of(pattern: Raw<'_>) -> Option<Self> {
        for (key, word) in [("hasExactly", " exactly "), ("includes", " including ")] {
            if let Some(list) = pattern.get(key) {
                let all: Vec<Operator> =
                    list.items().into_iter().filter_map(Operator::of).collect();
                return Some(Self::All(word, named(&all).join(" AND ")));
            }
        }
        Operator::of(pattern).map(Self::One)
    }
}

fn named(operators: &[Operator]) -> Vec<String> {
    operators.iter().map(|operator| format!("{} {}", operator.name, operator.expected)).collect()
}

/// Returns an XML text with each element on its own line, or `None` if it is not XML.
pub(super) fn xml(text: &str) -> Option<String> {
    Document::parse(text, Reading::PLAIN).ok()?.pretty().ok()
}

/// Returns the present, with an offset: `now +3 days`; without one it is that of no seconds.
fn now(pattern: Raw<'_>) -> String {
    let amount = pattern.get("expectedOffset").map(Raw::text);
    let unit = pattern.get("expectedOffsetUnit").map(|unit| unit.text().to_lowercase());
    match (amount, unit) {
        (Some(amount), Some(unit)) if amount.starts_with('-') => format!("now {amount} {unit}"),
        (Some(amount), Some(unit)) => format!("now +{amount} {unit}"),
        _ => "now +0 seconds".to_owned(),
    }
}
