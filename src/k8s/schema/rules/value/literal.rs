//! Objects of literals: `Object{..}` and `JSONPatch{..}` (`k8s.io/apiserver/pkg/cel/mutation/dynamic/objects.go`,
//! `mutation/jsonpatch.go`).

use std::sync::Arc;

use super::super::language::patch_types::OPERATION;
use super::Value;

/// An object of a literal.
#[derive(Debug)]
pub(in super::super) struct Literal<'v> {
    /// The name of its type.
    pub(in super::super) name: Arc<str>,
    /// Its fields, in the order of the literal; each name once.
    pub(in super::super) fields: Vec<(String, Value<'v>)>,
}

impl<'v> Literal<'v> {
    /// The value of a field; nothing where the literal has none.
    pub(in super::super) fn get(&self, name: &str) -> Option<&Value<'v>> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Whether a field counts: operations have their texts always, which are empty.
    fn is_set(&self, name: &str, value: &Value<'_>) -> bool {
        let is_empty = matches!(value, Value::String(text) if text.is_empty());
        *self.name != *OPERATION || name == "value" || !is_empty
    }

    /// Whether the fields of this one are those of another one too.
    fn is_within(&self, other: &Self) -> bool {
        let mut set = self.fields.iter().filter(|(name, value)| self.is_set(name, value));
        set.all(|(name, value)| other.get(name).is_some_and(|other| value.equals(other)))
    }

    /// Whether both are of the same type and have the same fields.
    pub(super) fn equals(&self, other: &Self) -> bool {
        self.name == other.name && self.is_within(other) && other.is_within(self)
    }
}
