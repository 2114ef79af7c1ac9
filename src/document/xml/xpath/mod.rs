//! XPath 1.0, as the JDK evaluates it for `WireMock`.
//!
//! ```text
//! text → [lexer] → [parser] → [Expression] → [evaluate] ([axes], [functions], [compare]) → [Value]
//! ```

mod axes;
mod compare;
mod evaluate;
mod expression;
mod functions;
mod lexer;
mod number;
mod parser;

use super::{Document, NodeId, Reading, XmlError};
use evaluate::Evaluation;
use expression::Expression;

/// The longest expression, in bytes.
const MAX_BYTES: usize = 16 << 10;

/// How many nodes one evaluation visits at most.
const MAX_STEPS: usize = 2_000_000;

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct XPath {
    text: Box<str>,
    expression: Expression,
    reading: Reading,
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XPathError {
    /// The text is no expression.
    #[error("not an XPath expression: {0}")]
    Syntax(String),
    /// It exceeds a limit.
    #[error("the XPath expression takes more than {MAX_STEPS} steps on this document")]
    Steps,
    /// A value has another type than is needed.
    #[error("the XPath expression needs {0}")]
    Type(&'static str),
}

/// What an expression evaluates to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Nodes, in document order, each once.
    Nodes(Vec<NodeId>),
    Text(String),
    Number(f64),
    Boolean(bool),
}

impl XPath {
    /// Compiles an expression. `namespaces` has what each prefix stands for; with none, names are compared as they
    /// are written in documents that are read without namespaces, and a prefix stands for itself.
    ///
    /// # Errors
    /// [`XPathError::Syntax`].
    pub(crate) fn compile(
        text: &str,
        namespaces: &[(Box<str>, Box<str>)],
    ) -> Result<Self, XPathError> {
        if text.len() > MAX_BYTES {
            return Err(XPathError::Syntax(format!("it has more than {MAX_BYTES} bytes")));
        }
        let expression = parser::parse(text, namespaces).map_err(XPathError::Syntax)?;
        let reading = if namespaces.is_empty() { Reading::PLAIN } else { Reading::NAMESPACES };
        Ok(Self { text: text.into(), expression, reading })
    }

    /// As written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// How the documents must be read that the expression is evaluated on.
    pub(crate) fn reading(&self) -> Reading {
        self.reading
    }

    /// Evaluates the expression at the root of a document.
    ///
    /// # Errors
    /// [`XPathError`] where a limit is exceeded or a value has another type than is needed.
    pub(crate) fn evaluate(&self, document: &Document) -> Result<Value, XPathError> {
        Evaluation::new(document).value(&self.expression, Document::ROOT)
    }
}

impl Value {
    /// The texts that `WireMock` makes of the value: one for each node, or the one of the value.
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
}
