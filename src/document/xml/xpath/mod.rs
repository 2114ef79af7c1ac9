//! XPath 1.0, as the JDK evaluates it for `WireMock`.
//!
//! ```text
//! text → [lexer] → [parser] → [Expression] → [evaluate] ([axes], [functions], [compare]; [steps]) → [Value]
//! ```

mod axes;
mod compare;
mod error;
mod evaluate;
mod expression;
mod functions;
mod lexer;
mod number;
mod parser;
mod steps;
mod value;

pub(crate) use error::XPathError;
pub(crate) use value::Value;

use super::{Document, Reading};
use evaluate::Evaluation;
use expression::Expression;

/// The longest expression, in bytes.
const MAX_BYTES: usize = 16 << 10;

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct XPath {
    expression: Expression,
    reading: Reading,
}

impl XPath {
    /// Compiles an expression. `namespaces` maps prefixes; if empty, names are compared literally
    /// in documents that are read without namespaces, and a prefix represents itself.
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
        Ok(Self { expression, reading })
    }

    /// Returns how the documents must be read that the expression is evaluated on.
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
