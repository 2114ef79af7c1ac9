//! `metadata` of objects.
//!
//! ```text
//! decoded object → [decode] (typed ObjectMeta) → the verbs set the server's fields → [validate] → 422
//! ```

mod decode;
mod owners;
mod validate;

pub(super) use decode::{coerce, drop_malformed};
pub(super) use owners::without_duplicates;
pub(super) use validate::{
    NameRule, annotation_errors, check_finalizer_names, label_errors, validate, validate_update,
};

use jiff::Timestamp;
use serde_json::{Value, json};

/// A time as the API writes it: RFC 3339, whole seconds, UTC.
pub(super) fn time_text(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A text field of `metadata`, empty when absent.
pub(super) fn text<'v>(object: &'v Value, field: &str) -> &'v str {
    object["metadata"][field].as_str().unwrap_or_default()
}

/// The finalizers.
pub(super) fn finalizers(object: &Value) -> Vec<&str> {
    let list = object["metadata"]["finalizers"].as_array();
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether the object is being deleted.
pub(super) fn is_terminating(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// Sets a field of `metadata`; a null removes it.
pub(super) fn set(object: &mut Value, field: &str, value: Value) {
    let Some(map) = object["metadata"].as_object_mut() else {
        object["metadata"] = json!({ field: value });
        return;
    };
    if value.is_null() {
        map.remove(field);
    } else {
        map.insert(field.to_owned(), value);
    }
}
