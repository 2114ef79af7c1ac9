//! XML text → a tree as Java's DOM has it, XPath 1.0 on it, and the text of its nodes.
//!
//! ```text
//! text → read ([Document::parse]) → [Document] ─┬→ [XPath::evaluate] → [Value] → texts
//!                                               └→ write ([Document::show], [Document::pretty])
//! ```
//!
//! Stubs compare and query XML exactly as Java's parsers and serializers do. The reader is as
//! strict as Xerces about what is well-formed. It reads no external entity; depth, nodes and what
//! entities expand to are bounded, and so are the steps of an expression.

mod attributes;
mod characters;
mod entities;
mod order;
mod read;
#[cfg(test)]
mod tests;
mod tree;
mod write;
mod xpath;

pub(crate) use order::java_order;
pub(crate) use tree::{Document, Kind, Name, NodeId};
pub(crate) use xpath::{Value, XPath, XPathError};

/// How a document is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Whether prefixes are resolved: one without a declaration is an error then. Otherwise a name is a text in
    /// which a colon means nothing.
    pub(crate) namespaces: bool,
    /// Whether comments are kept; the texts around one that is left out are one text.
    pub(crate) comments: bool,
}

impl Reading {
    /// As for an expression without declared namespaces.
    pub(crate) const PLAIN: Self = Self { namespaces: false, comments: true };
    /// As for an expression with declared namespaces.
    pub(crate) const NAMESPACES: Self = Self { namespaces: true, comments: true };
}

/// A text that is not well-formed XML, or exceeds a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct XmlError {
    /// What is wrong.
    pub(crate) message: String,
}

impl XmlError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}
