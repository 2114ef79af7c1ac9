//! `metadata.ownerReferences`
//! (`ValidateOwnerReferences`, and `dedupOwnerReferences` in `k8s.io/apiserver/pkg/endpoints/handlers/rest.go`).

use serde_json::Value;

use super::super::golang::{json_text, quote};
use super::super::resource::split_api_version;
use super::super::status::FieldError;

const FIELD: &str = "metadata.ownerReferences";

/// The violations of the references to owners.
pub(super) fn check(object: &Value, errors: &mut Vec<FieldError>) {
    let mut controller: Option<String> = None;
    let all = &object["metadata"]["ownerReferences"];
    for owner in all.as_array().into_iter().flatten() {
        check_one(owner, errors);
        if owner["controller"] != true {
            continue;
        }
        let text = |name: &str| owner[name].as_str().unwrap_or_default();
        let name = format!("{}/{}", text("kind"), text("name"));
        let Some(first) = &controller else {
            controller = Some(name);
            continue;
        };
        let shown: Vec<String> = all.as_array().into_iter().flatten().map(shown).collect();
        let why = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"
        );
        errors.push(FieldError::invalid(FIELD, format!("[{}]", shown.join(",")), &why));
    }
}

fn check_one(owner: &Value, errors: &mut Vec<FieldError>) {
    let text = |name: &str| owner[name].as_str().unwrap_or_default();
    let mut invalid = |name: &str, why: &str| {
        errors.push(FieldError::invalid(format!("{FIELD}.{name}"), quote(text(name)), why));
    };
    // `schema.FromAPIVersionAndKind` has no version for a text that is not a group and version.
    let api_version = text("apiVersion");
    let parts = api_version.matches('/').count() < 2;
    let (group, version) = if parts { split_api_version(api_version) } else { ("", "") };
    if version.is_empty() {
        invalid("apiVersion", "version must not be empty");
    }
    for name in ["kind", "name", "uid"] {
        if text(name).is_empty() {
            invalid(name, "must not be empty");
        }
    }
    // `BannedOwners`.
    if (group, version, text("kind")) == ("", "v1", "Event") {
        let why = "/v1, Kind=Event is disallowed from being an owner";
        errors.push(FieldError::invalid(FIELD, shown(owner), why));
    }
}

/// A reference as Go encodes it: in the order of the struct.
fn shown(owner: &Value) -> String {
    let mut fields: Vec<String> = Vec::new();
    for name in ["apiVersion", "kind", "name", "uid"] {
        let value = owner.get(name).cloned().unwrap_or_else(|| "".into());
        fields.push(format!("\"{name}\":{}", json_text(&value)));
    }
    for name in ["controller", "blockOwnerDeletion"] {
        if let Some(value) = owner.get(name) {
            fields.push(format!("\"{name}\":{value}"));
        }
    }
    format!("{{{}}}", fields.join(","))
}

/// Removes references that are the same as an earlier one. Returns the uids of the removed ones.
pub(in super::super) fn without_duplicates(object: &mut Value) -> Vec<String> {
    let mut duplicates = Vec::new();
    let owners = object.pointer_mut("/metadata/ownerReferences");
    let Some(owners) = owners.and_then(Value::as_array_mut) else {
        return duplicates;
    };
    let mut kept: Vec<Value> = Vec::with_capacity(owners.len());
    owners.retain(|owner| {
        let seen = kept.contains(owner);
        if seen {
            duplicates.push(owner["uid"].as_str().unwrap_or_default().to_owned());
        } else {
            kept.push(owner.clone());
        }
        !seen
    });
    duplicates
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(owners: &Value) -> Vec<String> {
        let mut errors = Vec::new();
        check(&json!({"metadata": {"ownerReferences": owners}}), &mut errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_violation_has_upstreams_message() {
        let pod = |name: &str, uid: &str| json!({"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid});
        assert_eq!(problems(&json!([pod("a", "1")])), [""; 0]);
        let empty = "Invalid value: \"\": must not be empty";
        assert_eq!(
            problems(&json!([{"apiVersion": "a/b/c", "kind": "X"}])),
            [
                "metadata.ownerReferences.apiVersion: Invalid value: \"a/b/c\": version must not be empty".to_owned(),
                format!("metadata.ownerReferences.name: {empty}"),
                format!("metadata.ownerReferences.uid: {empty}"),
            ]
        );
        let event = json!({"apiVersion": "v1", "kind": "Event", "name": "<", "uid": "1", "controller": false});
        assert_eq!(
            problems(&json!([event])),
            ["metadata.ownerReferences: Invalid value: {\"apiVersion\":\"v1\",\"kind\":\"Event\",\
              \"name\":\"\\u003c\",\"uid\":\"1\",\"controller\":false}: \
              /v1, Kind=Event is disallowed from being an owner"]
        );
        let controller = |name: &str, uid: &str| {
            let mut owner = pod(name, uid);
            owner["controller"] = true.into();
            owner
        };
        let two =
            problems(&json!([controller("a", "1"), controller("b", "2"), controller("c", "3")]));
        assert_eq!(two.len(), 2);
        assert!(two[1].ends_with("Found \"true\" in references for Pod/a and Pod/c"), "{two:?}");
    }

    #[test]
    fn only_equal_references_are_duplicates() {
        let mut object = json!({"metadata": {"ownerReferences": [{"uid": "1"}, {"uid": "1", "name": "x"}, {"uid": "1"}]}});
        assert_eq!(without_duplicates(&mut object), ["1"]);
        assert_eq!(object["metadata"]["ownerReferences"].as_array().map(Vec::len), Some(2));
        let mut object = json!({"metadata": {}});
        assert_eq!(without_duplicates(&mut object), [""; 0]);
        assert_eq!(object, json!({"metadata": {}}));
    }
}
