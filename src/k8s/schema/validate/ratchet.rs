//! Changed objects: what has not changed need not fit (`k8s.io/apiserver/pkg/cel/common/equality.go`).

use serde_json::Value;

use super::super::{Additional, ListType, Schema};

/// A value with its counterpart in the old object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Correlation<'v> {
    schema: &'v Schema,
    new: &'v Value,
    old: &'v Value,
}

impl<'v> Correlation<'v> {
    /// That of two whole objects.
    pub(crate) fn new(schema: &'v Schema, new: &'v Value, old: &'v Value) -> Self {
        Self { schema, new, old }
    }

    /// That of a field, where both objects have it and the schema knows it.
    pub(crate) fn field(&self, name: &str) -> Option<Self> {
        let (new, old) = (self.new.as_object()?.get(name)?, self.old.as_object()?.get(name)?);
        let schema = match (self.schema.properties.get(name), &self.schema.additional) {
            (Some(property), _) => property,
            (None, Additional::Schema(inner)) => inner,
            (None, _) => return None,
        };
        Some(Self { schema, new, old })
    }

    /// That of an item: only lists that are maps have counterparts, by their keys.
    pub(crate) fn item(&self, index: usize) -> Option<Self> {
        if self.schema.list_type != ListType::Map {
            return None;
        }
        let new = self.new.as_array()?.get(index)?;
        let old = old_item(self.schema, new, self.old.as_array()?)?;
        Some(Self { schema: self.schema.items.as_deref()?, new, old })
    }

    /// Whether nothing has changed (`CachedDeepEqual`).
    pub(crate) fn is_unchanged(&self) -> bool {
        match (self.new, self.old) {
            (Value::Array(new), Value::Array(old)) => {
                if new.len() != old.len() {
                    return false;
                }
                if self.schema.list_type != ListType::Map {
                    return new == old;
                }
                (0..new.len()).all(|index| self.item(index).is_some_and(|item| item.is_unchanged()))
            }
            (Value::Object(new), Value::Object(old)) => {
                let same =
                    |name: &String| self.field(name).is_some_and(|field| field.is_unchanged());
                new.len() == old.len() && new.keys().all(same)
            }
            (new, old) => new == old,
        }
    }
}

/// The item of an old list that has the keys of a new one.
pub(crate) fn old_item<'v>(schema: &Schema, new: &Value, old: &'v [Value]) -> Option<&'v Value> {
    if !new.is_object() {
        return None;
    }
    let keys = &schema.list_map_keys;
    old.iter().find(|old| old.is_object() && keys.iter().all(|key| old.get(key) == new.get(key)))
}
