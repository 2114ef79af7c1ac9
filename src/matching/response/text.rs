//! A text of a response: the seam between stubs and templates.

use std::borrow::Cow;

use super::ResponseContext;

/// A text of a response, with which all of them are the same or each has its own.
#[derive(Debug)]
pub(super) enum Text {
    /// As it is written.
    Plain(Box<str>),
}

impl Text {
    /// A text, which is a template if the stub's texts are templates.
    ///
    /// # Errors
    /// What is wrong with the template.
    #[expect(clippy::unnecessary_wraps, reason = "templates can be wrong")]
    pub(super) fn new(text: &str, _templated: bool) -> Result<Self, String> {
        Ok(Self::Plain(text.into()))
    }

    /// The text, where it is the same for every request.
    pub(super) fn as_plain(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
        }
    }

    /// The text for a request.
    ///
    /// # Errors
    /// Why a template has none.
    #[expect(clippy::unnecessary_wraps, reason = "templates can fail")]
    pub(super) fn render(&self, _: &mut ResponseContext<'_>) -> Result<Cow<'_, str>, String> {
        match self {
            Self::Plain(text) => Ok(Cow::Borrowed(text)),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Plain(text.into())
    }
}
