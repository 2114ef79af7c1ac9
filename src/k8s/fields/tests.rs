//! Ownership over several writes, as `kubectl get --show-managed-fields` shows it.

use serde_json::{Value, json};

use super::*;
use crate::k8s::schema::Schema;

fn schema() -> Schema {
    let task = json!({
        "type": "object", "required": ["name"],
        "properties": {"name": {"type": "string"}, "replicas": {"type": "integer"}, "image": {"type": "string"}},
    });
    Schema::parse(&json!({
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": {
                "queue": {"type": "string"},
                "tasks": {"type": "array", "items": task, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
                "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                "args": {"type": "array", "items": {"type": "string"}},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            }},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        },
    }))
    .unwrap()
}

fn writer<'a>(manager: &'a str, schema: &'a Schema) -> FieldWriter<'a> {
    FieldWriter {
        manager,
        api_version: "g/v1",
        subresource: "",
        schema: Some(schema),
        status_apart: true,
        resets: None,
        now: "2026-01-01T00:00:00Z",
    }
}

fn applied(live: &Value, spec: &Value, manager: &str, force: bool) -> Result<Value, Vec<String>> {
    let schema = schema();
    let configuration =
        json!({"apiVersion": "g/v1", "kind": "K", "metadata": {"name": "a"}, "spec": spec});
    match apply(live, &configuration, &writer(manager, &schema), force) {
        Applied::Object(object) => Ok(object),
        Applied::Conflicts(conflicts) => {
            Err(conflicts.into_iter().map(|(manager, path)| format!("{manager} {path}")).collect())
        }
        Applied::Malformed(problems) => Err(problems),
    }
}

fn owned(object: &Value) -> Vec<(String, Value)> {
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let entry = |entry: &Value| {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        (format!("{} {}", text("manager"), text("operation")), entry["fieldsV1"].clone())
    };
    entries.iter().map(entry).collect()
}

#[test]
fn lists_merge_by_key_and_by_value_and_dropped_items_are_removed() {
    let first = json!({"queue": "q", "tasks": [{"name": "a", "replicas": 1}, {"name": "b"}], "tags": ["x"], "args": ["1"]});
    let live = applied(&json!({}), &first, "one", false).unwrap();
    let second = json!({"tasks": [{"name": "c"}, {"name": "a", "image": "i"}], "tags": ["y"], "args": ["1"]});
    let live = applied(&live, &second, "two", false).unwrap();
    assert_eq!(
        live["spec"],
        json!({
            "queue": "q", "tags": ["x", "y"], "args": ["1"],
            "tasks": [{"name": "c"}, {"name": "a", "replicas": 1, "image": "i"}, {"name": "b"}],
        })
    );
    // "one" drops its items: what "two" owns as well stays, and so does the item that holds it.
    let live = applied(&live, &json!({"queue": "q"}), "one", false).unwrap();
    assert_eq!(
        live["spec"],
        json!({"queue": "q", "tags": ["y"], "args": ["1"], "tasks": [{"name": "c"}, {"name": "a", "image": "i"}]})
    );
    assert_eq!(
        owned(&live),
        [
            ("one Apply".to_owned(), json!({"f:spec": {"f:queue": {}}})),
            (
                "two Apply".to_owned(),
                json!({"f:spec": {
                    "f:args": {}, "f:tags": {"v:\"y\"": {}},
                    "f:tasks": {
                        "k:{\"name\":\"a\"}": {".": {}, "f:image": {}, "f:name": {}},
                        "k:{\"name\":\"c\"}": {".": {}, "f:name": {}},
                    },
                }})
            ),
        ]
    );
}

#[test]
fn changing_a_field_of_another_manager_conflicts_unless_it_is_forced() {
    let live = applied(&json!({}), &json!({"queue": "q", "args": ["1"]}), "one", false).unwrap();
    assert!(
        applied(&live, &json!({"queue": "q"}), "two", false).is_ok(),
        "the same value is shared"
    );
    let conflicts =
        applied(&live, &json!({"queue": "r", "args": ["2"]}), "two", false).unwrap_err();
    assert_eq!(conflicts, ["\"one\" .spec.args", "\"one\" .spec.queue"]);
    let forced = applied(&live, &json!({"queue": "r"}), "two", true).unwrap();
    assert_eq!(forced["spec"]["queue"], "r");
    assert_eq!(
        owned(&forced),
        [
            ("one Apply".to_owned(), json!({"f:spec": {"f:args": {}}})),
            ("two Apply".to_owned(), json!({"f:spec": {"f:queue": {}}})),
        ]
    );
    let unknown = applied(&live, &json!({"nothing": 1}), "two", false).unwrap_err();
    assert_eq!(unknown, [".spec.nothing: field not declared in schema"]);
}

#[test]
fn an_update_owns_what_it_changes() {
    let schema = schema();
    let live = applied(&json!({}), &json!({"queue": "q"}), "one", false).unwrap();
    let mut new = live.clone();
    new["spec"] = json!({"queue": "r", "free": {"a": {}}, "tasks": [{"name": "t", "replicas": 2}]});
    new["metadata"]["labels"] = json!({"l": "v"});
    new["status"] = json!({"ignored": true});
    new["metadata"]["managedFields"] = track_update(&live, &new, &writer("editor", &schema));
    assert_eq!(
        owned(&new),
        [(
            "editor Update".to_owned(),
            json!({
                "f:metadata": {"f:labels": {".": {}, "f:l": {}}},
                "f:spec": {
                    "f:queue": {}, "f:free": {".": {}, "f:a": {}},
                    "f:tasks": {".": {}, "k:{\"name\":\"t\"}": {".": {}, "f:name": {}, "f:replicas": {}}},
                },
            })
        )]
    );
    let conflicts =
        applied(&new, &json!({"tasks": [{"name": "t", "replicas": 3}]}), "one", false).unwrap_err();
    assert_eq!(conflicts, ["\"editor\" using g/v1 .spec.tasks[name=\"t\"].replicas"]);
    // Without a change no ownership changes.
    let again = track_update(&new, &new, &writer("somebody", &schema));
    assert_eq!(again, new["metadata"]["managedFields"]);
    // The manager that writes the status subresource owns the status.
    let status = FieldWriter { subresource: "status", ..writer("controller", &schema) };
    let mut reported = new.clone();
    reported["status"] = json!({"phase": "Running"});
    reported["metadata"]["managedFields"] = track_update(&new, &reported, &status);
    assert_eq!(
        owned(&reported)[0],
        ("controller Update".to_owned(), json!({"f:status": {"f:phase": {}}}))
    );
}

#[test]
fn fields_set_before_tracking_belong_to_before_first_apply() {
    let live = json!({"metadata": {"name": "a", "uid": "u"}, "spec": {"queue": "q"}});
    let conflicts = applied(&live, &json!({"queue": "r"}), "one", false).unwrap_err();
    assert_eq!(conflicts, ["\"before-first-apply\" using g/v1 .spec.queue"]);
}
