//! The types of the patches of mutating policies (`k8s.io/apiserver/pkg/cel/mutation`).

use super::types::Type;

/// The type of objects.
pub(in super::super) const OBJECT: &str = "Object";
/// The type of operations of a JSON Patch.
pub(in super::super) const OPERATION: &str = "JSONPatch";

/// The function that only patches have.
pub(super) const ESCAPE: &str = "jsonpatch.escapeKey";

/// The type of patches with a name: every name below `Object` is one (`DynamicTypeResolver.Resolve`).
pub(in super::super) fn patch_type(name: &str) -> Option<Type> {
    let is_object = name == OBJECT || name.starts_with("Object.");
    (is_object || name == OPERATION).then(|| Type::Patch(name.into()))
}

/// Whether a type has a field: objects have every field.
pub(super) fn has_field(name: &str, field: &str) -> bool {
    name != OPERATION || matches!(field, "op" | "path" | "from" | "value")
}

/// The type of a field.
pub(super) fn field_type(name: &str, field: &str) -> Type {
    match (name, field) {
        (OPERATION, "op" | "path" | "from") => Type::String,
        _ => Type::Dyn,
    }
}
