//! JSON Patch (RFC 6902) as upstream's library applies it (`gopkg.in/evanphx/json-patch.v4`).

use json_patch::{Patch, PatchError, PatchOperation, TestOperation};
use serde_json::Value;

/// Applies a patch, operation by operation. On `Err` the value is worth nothing.
///
/// # Errors
/// The operation that cannot be done.
pub(super) fn apply(value: &mut Value, patch: &Patch) -> Result<(), PatchError> {
    for operation in &patch.0 {
        match operation {
            PatchOperation::Test(test) if is_absent(value, test) => {}
            operation => json_patch::patch(value, std::slice::from_ref(operation))?,
        }
    }
    Ok(())
}

/// Unlike the RFC, upstream holds `null` true of a member that is not there: clients say so that nobody
/// else has set it (finalizers of kube-rs, say).
fn is_absent(value: &Value, test: &TestOperation) -> bool {
    test.value.is_null()
        && test.path.parent().is_some_and(|parent| {
            matches!(value.pointer(parent.as_str()), Some(Value::Object(_)))
                && value.pointer(test.path.as_str()).is_none()
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(patch: Value) -> Option<Value> {
        let mut value = json!({"metadata": {"name": "a", "nothing": null}, "list": [1]});
        let patch = serde_json::from_value(patch).unwrap();
        apply(&mut value, &patch).ok().map(|()| value)
    }

    #[test]
    fn null_is_true_of_what_is_not_there() {
        let test = |path: &str, value: Value| json!([{"op": "test", "path": path, "value": value}]);
        for (patch, holds) in [
            (test("/metadata/finalizers", Value::Null), true),
            (test("/metadata/nothing", Value::Null), true),
            (test("/metadata/name", Value::Null), false),
            (test("/metadata/name", json!("a")), true),
            (test("/metadata/finalizers", json!([])), false),
            (test("/absent/finalizers", Value::Null), false),
            (test("/list/7", Value::Null), false),
        ] {
            assert_eq!(patched(patch.clone()).is_some(), holds, "{patch}");
        }
        let patch = json!([
            {"op": "test", "path": "/metadata/finalizers", "value": null},
            {"op": "add", "path": "/metadata/finalizers", "value": ["f"]},
        ]);
        assert_eq!(patched(patch).unwrap()["metadata"]["finalizers"], json!(["f"]));
    }
}
