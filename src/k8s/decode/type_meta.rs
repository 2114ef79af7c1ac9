//! Version and kind of a decoded text, which are read before the rest.

use serde_json::Value;

use super::super::golang::json_kind;

/// The Go type that version and kind are read into (`SimpleMetaFactory`).
const TYPE_META: &str = "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; \
     Kind string \"json:\\\"kind,omitempty\\\"\" }";

/// Checks that version and kind can be read from a value (`SimpleMetaFactory.Interpret`).
///
/// # Errors
/// Upstream's message.
pub(in super::super) fn check_type_meta(value: &Value) -> Result<(), String> {
    let wrong = |found: &Value, target: String| {
        let found = json_kind(found);
        Err(format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {found} into {target}"
        ))
    };
    if !value.is_object() && !value.is_null() {
        return wrong(value, format!("Go value of type {TYPE_META}"));
    }
    for field in ["apiVersion", "kind"] {
        let found = &value[field];
        if !found.is_string() && !found.is_null() {
            return wrong(found, format!("Go struct field .{field} of type string"));
        }
    }
    let version = value["apiVersion"].as_str().unwrap_or_default();
    if version.matches('/').count() > 1 {
        return Err(format!("unexpected GroupVersion string: {version}"));
    }
    Ok(())
}
