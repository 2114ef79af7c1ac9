//! The metadata of a converted object: a webhook may change labels and annotations alone
//! (`validateConvertedObject` and `restoreObjectMeta`).

use serde_json::{Map, Value};

use super::super::golang::type_name;
use super::super::meta;

/// Checks that a converted object is the same one.
///
/// # Errors
/// Upstream's message.
pub(super) fn check_identity(original: &Value, converted: &Value) -> Result<(), String> {
    for (what, field) in [("name", "name"), ("namespace", "namespace"), ("UID", "uid")] {
        let (own, other) = (meta::text(original, field), meta::text(converted, field));
        if own != other {
            return Err(format!("must have the same {what}: {own} != {other}"));
        }
    }
    Ok(())
}

/// Restores the metadata of the original, apart from labels and annotations.
///
/// # Errors
/// Upstream's message.
pub(super) fn restore(original: &Value, converted: &mut Value) -> Result<(), String> {
    let answered = match converted.get("metadata") {
        None => return Err("missing metadata in converted object".to_owned()),
        Some(Value::Object(answered)) => answered.clone(),
        Some(other) => {
            let kind = type_name(other);
            return Err(format!("invalid metadata of type {kind} in converted object"));
        }
    };
    let mut restored = original["metadata"].as_object().cloned().unwrap_or_default();
    for field in ["labels", "annotations"] {
        restore_field(&mut restored, &answered, field)?;
    }
    converted["metadata"] = restored.into();
    Ok(())
}

fn restore_field(
    restored: &mut Map<String, Value>,
    answered: &Map<String, Value>,
    field: &str,
) -> Result<(), String> {
    let found = match answered.get(field) {
        None | Some(Value::Null) => {
            restored.remove(field);
            return Ok(());
        }
        Some(Value::Object(found)) => found,
        Some(other) => {
            let kind = type_name(other);
            return Err(format!("invalid metadata.{field} of type {kind} in converted object"));
        }
    };
    if let Some((key, value)) = found.iter().find(|(_, value)| !value.is_string()) {
        let kind = type_name(value);
        return Err(format!(
            "metadata.{field}[{key}] must be a string, but is {kind} in converted object"
        ));
    }
    if restored.get(field).and_then(Value::as_object) != Some(found) {
        let errors = if field == "labels" {
            meta::label_errors(found, "metadata.labels")
        } else {
            meta::annotation_errors(found, "metadata.annotation")
        };
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        match errors.as_slice() {
            [] => {}
            [one] => return Err(one.clone()),
            many => return Err(format!("[{}]", many.join(", "))),
        }
    }
    restored.insert(field.to_owned(), found.clone().into());
    Ok(())
}
