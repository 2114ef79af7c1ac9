//! In-memory files: texts given to the library or sent to the admin API.

use serde::{Deserialize, Serialize};

use super::{Format, Source};

/// A text with a name, in the form of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InlineText {
    /// The name in diagnostics, in place of a path.
    pub(crate) name: String,
    pub(crate) text: String,
}

impl InlineText {
    /// Returns the text as a source. JSON is YAML too.
    pub(crate) fn source(&self) -> Source {
        let format = match self.text.trim_start().as_bytes().first() {
            Some(b'{' | b'[') => Format::Json,
            _ => Format::Yaml,
        };
        Source { path: self.name.as_str().into(), format, text: self.text.clone() }
    }
}
