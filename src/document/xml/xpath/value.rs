//! The values of expressions and their conversions.

use super::super::{Document, NodeId, XmlError};
use super::number;

/// The value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Nodes, in document order, each once.
    Nodes(Vec<NodeId>),
    Text(String),
    Number(f64),
    Boolean(bool),
}

impl Value {
    /// Returns the texts that `WireMock` makes of the value: one for each node, or the one of the
    /// value.
    ///
    /// # Errors
    /// [`XmlError`] where one of the nodes has no text, see [`Document::show`].
    pub(crate) fn texts(&self, document: &Document) -> Result<Vec<String>, XmlError> {
        match self {
            Self::Nodes(nodes) => nodes.iter().map(|node| document.show(*node)).collect(),
            Self::Text(text) => Ok(vec![text.clone()]),
            Self::Number(value) => Ok(vec![number::grouped(*value)]),
            Self::Boolean(value) => Ok(vec![value.to_string()]),
        }
    }

    /// Returns the value as a text.
    pub(super) fn into_text(self, document: &Document) -> String {
        match self {
            Self::Text(text) => text,
            Self::Nodes(nodes) => {
                nodes.first().map(|node| document.logical_text(*node)).unwrap_or_default()
            }
            Self::Number(value) => number::text(value),
            Self::Boolean(value) => value.to_string(),
        }
    }

    /// Returns the value as a number.
    pub(super) fn into_number(self, document: &Document) -> f64 {
        match self {
            Self::Number(value) => value,
            Self::Boolean(value) => f64::from(u8::from(value)),
            other => number::of_text(&other.into_text(document)),
        }
    }

    /// Returns the value as a boolean.
    pub(super) fn as_boolean(&self) -> bool {
        match self {
            Self::Boolean(value) => *value,
            Self::Number(value) => *value != 0.0 && !value.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::Nodes(nodes) => !nodes.is_empty(),
        }
    }
}
