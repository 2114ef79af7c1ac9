//! How the values of an object merge by a strategic merge patch: what their Go types say.

use super::core::types::{GoKind, GoStruct};

/// The type of a value in an object: it decides how lists merge.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Struct(&'static GoStruct),
    /// A map with values of a type.
    Map(&'static GoKind),
    /// A value of a type that says nothing about lists.
    Unknown,
}

/// How a list merges.
#[derive(Debug)]
pub(super) enum ListMerge {
    /// By a key of its objects.
    ByKey(&'static str, Shape),
    /// Scalars: the union.
    Union,
    /// The new list replaces the old one.
    Replace,
}

impl Shape {
    /// That of a Go type.
    pub(super) fn of(kind: &'static GoKind) -> Self {
        match kind {
            GoKind::Struct(of) => Self::Struct(of.get()),
            GoKind::Map(_, item) => Self::Map(item),
            _ => Self::Unknown,
        }
    }

    /// The type of a field that is an object.
    pub(super) fn field(self, name: &str) -> Self {
        match self {
            Self::Struct(of) => of.field(name).map_or(Self::Unknown, |field| Self::of(&field.kind)),
            Self::Map(item) => Self::of(item),
            Self::Unknown => Self::Unknown,
        }
    }

    /// Whether a patch replaces the object of a field (`mergeMapHandler`).
    pub(super) fn replaces(self, name: &str) -> bool {
        let Self::Struct(of) = self else { return false };
        let strategy = of.field(name).map_or("", |field| field.patch_strategy);
        strategy.split(',').any(|word| word == "replace")
    }

    /// How the list of a field merges (`patchStrategy` and `patchMergeKey`).
    pub(super) fn list(self, name: &str) -> ListMerge {
        let Self::Struct(of) = self else { return ListMerge::Replace };
        let Some(field) = of.field(name) else { return ListMerge::Replace };
        let GoKind::List(_, item) = &field.kind else { return ListMerge::Replace };
        if !field.patch_strategy.split(',').any(|word| word == "merge") {
            return ListMerge::Replace;
        }
        match field.merge_key {
            Some(key) => ListMerge::ByKey(key, Self::of(item)),
            None => ListMerge::Union,
        }
    }
}
