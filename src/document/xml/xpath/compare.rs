//! Comparisons of values (XPath 1.0, section 3.4).

use super::super::Document;
use super::expression::Comparison;
use super::steps::Steps;
use super::{Value, XPathError, number};

impl Comparison {
    /// Returns the comparison with its sides exchanged.
    fn mirrored(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }

    fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    #[expect(clippy::float_cmp, reason = "XPath compares numbers exactly")]
    fn of_numbers(self, a: f64, b: f64) -> bool {
        match self {
            Self::Equal => a == b,
            Self::NotEqual => a != b,
            Self::Less => a < b,
            Self::LessOrEqual => a <= b,
            Self::Greater => a > b,
            Self::GreaterOrEqual => a >= b,
        }
    }

    fn of_texts(self, a: &str, b: &str) -> bool {
        match self {
            Self::Equal => a == b,
            Self::NotEqual => a != b,
            order => order.of_numbers(number::of_text(a), number::of_text(b)),
        }
    }
}

/// Compares two values: of nodes some one must hold.
pub(super) fn compare(
    comparison: Comparison,
    left: Value,
    right: Value,
    document: &Document,
    steps: &mut Steps,
) -> Result<bool, XPathError> {
    Ok(match (left, right) {
        (Value::Nodes(left), Value::Nodes(right)) => {
            let texts: Vec<String> =
                right.iter().map(|node| document.logical_text(*node)).collect();
            for node in left {
                let text = document.logical_text(node);
                steps.count(texts.len() + 1)?;
                if texts.iter().any(|other| comparison.of_texts(&text, other)) {
                    return Ok(true);
                }
            }
            false
        }
        (left, right @ Value::Nodes(_)) => {
            return compare(comparison.mirrored(), right, left, document, steps);
        }
        (left @ Value::Nodes(_), Value::Boolean(right)) => comparison
            .of_numbers(f64::from(u8::from(left.as_boolean())), f64::from(u8::from(right))),
        (Value::Nodes(left), Value::Number(right)) => left.iter().any(|node| {
            comparison.of_numbers(number::of_text(&document.logical_text(*node)), right)
        }),
        (Value::Nodes(left), Value::Text(right)) => {
            left.iter().any(|node| comparison.of_texts(&document.logical_text(*node), &right))
        }
        (left, right) if comparison.is_order() => {
            comparison.of_numbers(left.into_number(document), right.into_number(document))
        }
        (left @ Value::Boolean(_), right) | (left, right @ Value::Boolean(_)) => {
            (left.as_boolean() == right.as_boolean()) == (comparison == Comparison::Equal)
        }
        (left @ Value::Number(_), right) | (left, right @ Value::Number(_)) => {
            comparison.of_numbers(left.into_number(document), right.into_number(document))
        }
        (left, right) => comparison.of_texts(&left.into_text(document), &right.into_text(document)),
    })
}
