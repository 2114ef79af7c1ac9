//! `namespaceAwareness`: which parts of names are compared.

use crate::document::xml::Reading;

/// Which parts of a name are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Namespaces {
    /// The namespace and the local name.
    Strict,
    /// For elements the default namespace and the local name; for attributes the whole name.
    Legacy,
    /// The whole name, and declarations are attributes like others.
    Ignored,
}

impl Namespaces {
    /// Returns the parser options for it.
    pub(super) fn reading(self) -> Reading {
        Reading { namespaces: self == Self::Strict, comments: false }
    }
}
