//! Why an expression has no value, and the limit of steps that one such error names.

/// How many nodes one evaluation visits at most.
pub(super) const MAX_STEPS: usize = 2_000_000;

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XPathError {
    /// The text is not an expression.
    #[error("not an XPath expression: {0}")]
    Syntax(String),
    /// It exceeds a limit.
    #[error("the XPath expression takes more than {MAX_STEPS} steps on this document")]
    Steps,
    /// A value has another type than is needed.
    #[error("the XPath expression needs {0}")]
    Type(&'static str),
}
