//! Template errors: when a template is compiled, and when it is rendered.

use thiserror::Error;

use super::limits::Limit;

/// A place in a template: the line from 1, the column from 0, counted from the first `{{` as `WireMock` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At {
    /// The line, from 1.
    pub(crate) line: u32,
    /// The column in characters, from 0.
    pub(crate) column: u32,
}

/// A text that is not a template.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}:{}: {message}", at.line, at.column)]
pub(crate) struct TemplateError {
    /// Where.
    pub(crate) at: At,
    /// What was found and what was expected.
    pub(crate) message: String,
}

/// A template that cannot be rendered for this request. Errors that a helper renders as text
/// (`[ERROR: ...]`) are not included: they are part of the result.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum RenderError {
    /// A helper cannot work with its arguments.
    #[error("{}:{}: {helper}: {message}", at.line, at.column)]
    Helper {
        /// Where the helper is called.
        at: At,
        /// The helper's name.
        helper: String,
        /// What is wrong, and what is expected.
        message: String,
    },
    /// A template includes a partial: there are none.
    #[error("{}:{}: The partial '/{name}.hbs' at '/{name}.hbs' could not be found", at.line, at.column)]
    Partial {
        /// The place of its name.
        at: At,
        /// The name.
        name: String,
    },
    /// A limit of the engine was reached.
    #[error("{}:{}: the template {limit}", at.line, at.column)]
    Limit {
        /// The place in the template at that moment.
        at: At,
        /// Which limit, with its value.
        limit: Limit,
    },
}

impl RenderError {
    /// Returns the same error at the tag that it happened in: expressions in parentheses have no
    /// separate place.
    pub(crate) fn within(self, at: At) -> Self {
        match self {
            Self::Helper { helper, message, .. } => Self::Helper { at, helper, message },
            Self::Limit { limit, .. } => Self::Limit { at, limit },
            other @ Self::Partial { .. } => other,
        }
    }
}

/// An error of a helper, before its place and name are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A message.
    Message(String),
    /// A limit of the engine.
    Limit(Limit),
    /// An error of something rendered inside the helper, which has its place already.
    Inner(RenderError),
}

impl Failure {
    /// Gives the failure its place.
    pub(crate) fn at(self, at: At, helper: &str) -> RenderError {
        match self {
            Self::Message(message) => {
                RenderError::Helper { at, helper: helper.to_owned(), message }
            }
            Self::Limit(limit) => RenderError::Limit { at, limit },
            Self::Inner(error) => error,
        }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::Message(message.to_owned())
    }
}

impl From<Limit> for Failure {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        Self::Inner(error)
    }
}
