//! What counts of the names in documents that are compared: `namespaceAwareness`.

use crate::document::xml::Reading;

/// What counts of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespaces {
    /// The namespace and what is behind the prefix.
    Strict,
    /// Of elements the default namespace and what is behind the prefix; of attributes the whole name.
    Legacy,
    /// The whole name, and declarations are attributes like others.
    Ignored,
}

impl Namespaces {
    /// Returns how documents are read for it.
    pub(super) fn reading(self) -> Reading {
        Reading { namespaces: self == Self::Strict, comments: false }
    }
}
