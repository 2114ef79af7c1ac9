//! Texts that stand in for files: given to the library, or put by the admin API.

use super::{Format, Source};

/// A text with a name, in the form of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InlineText {
    /// What diagnostics call it, in place of a path.
    pub(crate) name: String,
    pub(crate) text: String,
}

impl InlineText {
    /// As the source of a file. JSON is YAML too.
    pub(crate) fn source(&self) -> Source {
        let format = match self.text.trim_start().as_bytes().first() {
            Some(b'{' | b'[') => Format::Json,
            _ => Format::Yaml,
        };
        Source { path: self.name.as_str().into(), format, text: self.text.clone() }
    }
}
