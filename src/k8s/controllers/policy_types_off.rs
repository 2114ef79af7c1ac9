//! Without the feature `cel` no types are checked.

use serde_json::Value;

use super::super::resource::Registry;

/// No warnings.
pub(super) fn warnings(_types: &Registry, _policy: &Value) -> Vec<(String, String)> {
    Vec::new()
}
