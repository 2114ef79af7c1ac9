//! The error of an expression that is not one in Java's syntax.

/// What is wrong with an expression, in Java's words, and at which character.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{description} near index {index}")]
pub(crate) struct SyntaxError {
    /// Java's sentence.
    pub(crate) description: String,
    /// The character of the expression, from 0.
    pub(crate) index: usize,
}
