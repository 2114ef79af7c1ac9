//! The value of a literal of an object (`evalObj` in `cel-go/interpreter/interpretable.go`).

use std::sync::Arc;

use ::cel::common::ast::{EntryExpr, StructExpr};

use super::evaluate::Evaluation;
use super::language::patch_types::OPERATION;
use super::value::{Literal, Outcome, Value};

/// The cost of making an object (`structCreateBaseCost`).
const COST: u64 = 40;

impl<'e, 'v> Evaluation<'e, 'v> {
    /// The value of a literal.
    pub(super) fn construct(&mut self, of: &'e StructExpr) -> Outcome<'v> {
        let name = of.type_name.trim_start_matches('.');
        let mut fields: Vec<(String, Value<'v>)> = Vec::with_capacity(of.entries.len());
        for entry in &of.entries {
            let EntryExpr::StructField(field) = &entry.expr else { continue };
            let value = self.value(&field.value)?;
            fields.retain(|(known, _)| *known != field.field);
            let value = match value {
                Value::Optional(Some(inner)) if field.optional => (*inner).clone(),
                Value::Optional(None) if field.optional => continue,
                other if field.optional => {
                    return Err(format!(
                        "cannot initialize optional entry '{}' from non-optional value {}",
                        field.field,
                        other.shown()
                    ));
                }
                value => value,
            };
            fields.push((field.field.clone(), value));
        }
        self.spend(COST)?;
        if name == OPERATION {
            check_operation(&fields)?;
        }
        Ok(Value::Literal(Arc::new(Literal { name: name.into(), fields })))
    }
}

/// `JSONPatchType.Val`.
fn check_operation(fields: &[(String, Value<'_>)]) -> Result<(), String> {
    for (name, value) in fields {
        let is_text = matches!(value, Value::String(_));
        match name.as_str() {
            "op" | "path" | "from" if !is_text => {
                return Err(format!(
                    "unexpected type {} for JSONPatchType '{name}' field",
                    go_type(value)
                ));
            }
            "op" | "path" | "from" | "value" => {}
            other => return Err(format!("unexpected JSONPatchType field: {other}")),
        }
    }
    Ok(())
}

/// The Go type of a value.
fn go_type(value: &Value<'_>) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Uint(_) => "uint64",
        Value::Double(_) => "float64",
        Value::Bytes(_) => "[]uint8",
        Value::Null => "structpb.NullValue",
        Value::List(_) => "[]ref.Val",
        Value::Items(..) => "[]interface {}",
        Value::Map(_) => "map[ref.Val]ref.Val",
        _ => "map[string]interface {}",
    }
}
