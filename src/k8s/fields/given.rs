//! Managers that a request names itself: the entries of `managedFields` that it sends
//! (`managedfields/internal/fieldmanager.go`: `decodeLiveOrNew`; `managedfields.go`: `DecodeManagedFields`).

use serde_json::Value;

use super::super::golang::quote;
use super::super::options::check_manager;
use super::super::status::FieldError;

/// The maximum length of the name of a subresource in an entry, in bytes.
const MAX_SUBRESOURCE: usize = 256;

/// The entries that an update of the main resource begins with; nothing where those of the live object count: where the
/// request sends the same, none, or entries that cannot be decoded. `[{}]` is no managers at all.
pub(super) fn sent<'v>(before: &Value, after: &'v Value) -> Option<&'v [Value]> {
    let managed = &after["metadata"]["managedFields"];
    let entries = managed.as_array().filter(|entries| !entries.is_empty())?;
    if *managed == before["metadata"]["managedFields"] {
        return None;
    }
    if is_reset(entries) {
        return Some(&[]);
    }
    let is_decoded =
        wrong_managers(managed).is_none() && entries.iter().all(|entry| is_set(&entry["fieldsV1"]));
    is_decoded.then_some(entries)
}

/// Whether the entries are one that says nothing (`isResetManagedFields`).
fn is_reset(entries: &[Value]) -> bool {
    let says_nothing = |value: &Value| value.is_null() || value == "";
    matches!(entries, [Value::Object(entry)] if entry.values().all(says_nothing))
}

/// Whether a value is a set of paths (`fieldpath.Set.FromJSON`). Kinds of steps that are not known are skipped.
fn is_set(value: &Value) -> bool {
    let is_step = |name: &str| {
        let Some((kind, rest)) = name.split_once(':') else { return name == "." };
        match kind {
            "k" => serde_json::from_str::<serde_json::Map<String, Value>>(rest).is_ok(),
            "v" => serde_json::from_str::<Value>(rest).is_ok(),
            "i" => rest.parse::<i64>().is_ok(),
            kind => kind.len() == 1,
        }
    };
    match value {
        Value::Null => true,
        Value::Object(map) => map.iter().all(|(name, inner)| is_step(name) && is_set(inner)),
        _ => false,
    }
}

/// Why entries cannot be decoded.
pub(in super::super) fn wrong_managers(managed: &Value) -> Option<String> {
    let entries = managed.as_array()?;
    entries.iter().enumerate().find_map(|(index, entry)| {
        let text = |field: &str| entry[field].as_str().unwrap_or_default();
        if !matches!(text("operation"), "Apply" | "Update") {
            return Some("operation must be `Apply` or `Update`".to_owned());
        }
        if text("apiVersion").is_empty() {
            return Some("apiVersion must not be empty".to_owned());
        }
        match text("fieldsType") {
            "FieldsV1" => None,
            "" => Some(format!("missing fieldsType in managed fields entry {index}")),
            other => {
                let other = quote(other);
                Some(format!("invalid fieldsType {other} in managed fields entry {index}"))
            }
        }
    })
}

/// The rules of entries that can be decoded (`ValidateManagedFields`).
pub(in super::super) fn check_managers(object: &Value) -> Vec<FieldError> {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    let mut errors = Vec::new();
    for (index, entry) in entries.enumerate() {
        let path = format!("metadata.managedFields[{index}]");
        let text = |field: &str| entry[field].as_str().unwrap_or_default();
        check_manager(text("manager"), &format!("{path}.manager"), &mut errors);
        if text("subresource").len() > MAX_SUBRESOURCE {
            let field = format!("{path}.subresource");
            errors.push(FieldError::too_long(field, MAX_SUBRESOURCE as u64));
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{check_managers, sent};

    fn with(managed: &Value) -> Value {
        json!({"metadata": {"managedFields": managed}})
    }

    #[test]
    fn entries_that_cannot_be_decoded_do_not_count() {
        let entry = json!({"manager": "m", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1"});
        let live = with(&json!([entry]));
        assert!(sent(&live, &live).is_none(), "the same entries");
        assert!(sent(&live, &with(&json!([]))).is_none());
        assert_eq!(sent(&live, &with(&json!([{}]))), Some(&[][..]));
        for (field, value, is_sent) in [
            ("manager", json!("other"), true),
            ("operation", json!("Bad"), false),
            ("apiVersion", json!(""), false),
            ("fieldsType", json!("X"), false),
            ("fieldsV1", json!({"f:a": {".": {}, "v:1": {}, "x:y": {}}}), true),
            ("fieldsV1", json!({"f:a": {"k:1": {}}}), false),
            ("fieldsV1", json!({"a": {}}), false),
            ("fieldsV1", json!(5), false),
        ] {
            let mut changed = entry.clone();
            changed[field] = value;
            let changed = with(&json!([changed]));
            assert_eq!(sent(&live, &changed).is_some(), is_sent, "{changed}");
        }
    }

    #[test]
    fn names_of_managers_are_bounded() {
        let object = with(&json!([{"manager": "m".repeat(129)}, {"subresource": "s".repeat(257)}]));
        let shown: Vec<String> = check_managers(&object).iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "metadata.managedFields[0].manager: Too long: may not be more than 128 bytes",
                "metadata.managedFields[1].subresource: Too long: may not be more than 256 bytes",
            ]
        );
    }
}
