//! The roles and bindings that every API server with RBAC has. Source: `data/bootstrap.jsonl`, made by `data/generate`
//! from `plugin/pkg/auth/authorizer/rbac/bootstrappolicy` of `k8s.io/kubernetes`.

use serde_json::Value;

/// The objects, whole.
pub(crate) fn bootstrap_objects() -> impl Iterator<Item = Value> {
    let lines = include_str!("data/bootstrap.jsonl").lines();
    // The file is part of the program.
    lines.filter_map(|line| serde_json::from_str(line).ok())
}
