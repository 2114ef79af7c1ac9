//! The error of an expression that is not one in Java's syntax.

/// A syntax error with Java's message and the index of the character.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{description} near index {index}")]
pub(crate) struct SyntaxError {
    /// Java's message.
    pub(crate) description: String,
    /// The character of the expression, from 0.
    pub(crate) index: usize,
}
