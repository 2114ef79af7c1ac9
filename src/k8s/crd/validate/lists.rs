//! The rules of lists that are sets or maps.

use serde_json::Value;

use super::super::super::golang::{json_text, quote};
use super::super::super::status::FieldError;

fn text<'v>(schema: &'v Value, field: &str) -> &'v str {
    schema[field].as_str().unwrap_or_default()
}

/// The items of a set are atomic.
pub(super) fn atomic_item(items: &Value, path: &str) -> Option<FieldError> {
    let why = "must be atomic as item of a list with x-kubernetes-list-type=set";
    let list_type = &items["x-kubernetes-list-type"];
    match text(items, "type") {
        "array" if !(list_type.is_null() || list_type == "atomic") => {
            let path = format!("{path}.items.x-kubernetes-list-type");
            Some(FieldError::invalid(path, json_text(list_type), why))
        }
        "object" if items["x-kubernetes-map-type"] != "atomic" => {
            // Upstream shows the type of the list here.
            let path = format!("{path}.items.x-kubernetes-map-type");
            Some(FieldError::invalid(path, json_text(list_type), why))
        }
        _ => None,
    }
}

/// The rules of lists that are maps.
pub(super) fn list_map(
    schema: &Value,
    items: Option<&Value>,
    list_type: Option<&str>,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let keys =
        schema["x-kubernetes-list-map-keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !keys.is_empty() && list_type != Some("map") {
        let why = "must be map if x-kubernetes-list-map-keys is non-empty";
        let path = format!("{path}.x-kubernetes-list-type");
        errors.push(match list_type {
            None => FieldError::required(path, why),
            Some(found) => FieldError::invalid(path, quote(found), why),
        });
    }
    if list_type != Some("map") {
        return;
    }
    let at_keys = format!("{path}.x-kubernetes-list-map-keys");
    if keys.is_empty() {
        errors.push(FieldError::required(
            &at_keys,
            "must not be empty if x-kubernetes-list-type is map",
        ));
    }
    let Some(items) = items else {
        let path = format!("{path}.items");
        errors.push(match schema.get("items") {
            None => {
                FieldError::required(path, "must have a schema if x-kubernetes-list-type is map")
            }
            Some(list) => {
                let why = "must only have a single schema if x-kubernetes-list-type is map";
                FieldError::invalid(path, json_text(list), why)
            }
        });
        return;
    };
    let kind = text(items, "type");
    if kind != "object" {
        let why = "must be object if parent array's x-kubernetes-list-type is map";
        errors.push(FieldError::invalid(format!("{path}.items.type"), quote(kind), why));
        return;
    }
    let shown = json_text(&schema["x-kubernetes-list-map-keys"]);
    for (index, key) in keys.iter().enumerate() {
        let name = key.as_str().unwrap_or_default();
        match items["properties"].get(name) {
            Some(property) if matches!(text(property, "type"), "array" | "object") => {
                let why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                let path = format!("{path}.items.properties[{name}].type");
                errors.push(FieldError::invalid(path, quote(kind), why));
            }
            Some(_) => {}
            None => {
                let why = "entries must all be names of item properties";
                errors.push(FieldError::invalid(&at_keys, &shown, why));
            }
        }
        if keys[..index].contains(key) {
            errors.push(FieldError::invalid(
                &at_keys,
                &shown,
                "must not contain duplicate entries",
            ));
        }
    }
}

/// `validateMapListKeysMapSet`.
pub(super) fn map_list_keys(schema: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let list_type = text(schema, "x-kubernetes-list-type");
    let Some(items) =
        schema.get("items").filter(|items| items.is_object() && matches!(list_type, "set" | "map"))
    else {
        return errors;
    };
    if items["nullable"] == true {
        let why = format!("cannot be nullable when x-kubernetes-list-type is {list_type}");
        errors.push(FieldError::forbidden(format!("{path}.items.nullable"), &why));
    }
    if list_type == "set" {
        return errors;
    }
    for key in schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten() {
        let name = key.as_str().unwrap_or_default();
        let Some(property) = items["properties"].get(name) else { continue };
        let required = items["required"].as_array().is_some_and(|list| list.contains(key));
        let path = format!("{path}.items.properties[{name}]");
        if !required && property.get("default").is_none() {
            let why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
            errors.push(FieldError::required(format!("{path}.default"), why));
        }
        if property["nullable"] == true {
            let why = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
            errors.push(FieldError::forbidden(format!("{path}.nullable"), why));
        }
    }
    errors
}
