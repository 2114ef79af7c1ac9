//! Literals of objects: `Object{..}` and `JSONPatch{..}` of mutating policies (`checkCreateStruct` in
//! `cel-go/checker/checker.go`, `k8s.io/apiserver/pkg/cel/mutation`). No other type has literals.

use ::cel::common::ast::{EntryExpr, StructExpr};

use super::check::Checker;
use super::functions::{self, Overload};
use super::patch_types::{ESCAPE, field_type, has_field};
use super::types::Type;

impl Checker {
    /// The signatures of a function.
    pub(super) fn overloads(&self, name: &str) -> Option<&'static [Overload]> {
        if name == ESCAPE && !self.patches {
            return None;
        }
        functions::overloads(name)
    }

    /// The type of a literal of an object.
    pub(super) fn construct(&mut self, id: u64, of: &StructExpr) -> Type {
        let name = of.type_name.trim_start_matches('.');
        let found = match self.lookup(name) {
            None => return self.undeclared(id, &of.type_name),
            Some(Type::Type(Some(found))) => (*found).clone(),
            Some(Type::Type(None)) => Type::Dyn,
            Some(other) => {
                self.violation(id, format!("'{}' is not a type", other.name()));
                Type::Error
            }
        };
        let is_patch = matches!(found, Type::Patch(_));
        let is_message = is_patch || matches!(found, Type::Timestamp | Type::Duration);
        if !is_message && !matches!(found, Type::Error) {
            self.violation(id, format!("'{}' is not a message type", found.name()));
        }
        for entry in &of.entries {
            let EntryExpr::StructField(field) = &entry.expr else { continue };
            let mut value = self.check(&field.value);
            if field.optional {
                value = self.unwrap(field.value.id, value);
            }
            let wanted = if is_patch { field_type(name, &field.field) } else { Type::Error };
            let is_known = !is_patch || has_field(name, &field.field);
            let shown = if is_known { wanted.to_string() } else { String::new() };
            let fits =
                self.mapping.assign(&wanted, &value) && (is_known || value.is_dyn_or_error());
            if !fits {
                let value = self.mapping.substitute(&value, true);
                let why = format!(
                    "expected type of field '{}' is '{shown}' but provided type is '{value}'",
                    field.field
                );
                self.violation(entry.id, why);
            }
        }
        if is_message { found } else { Type::Error }
    }
}
