//! Extracts objects from recorded answers.

use http::Method;
use serde_json::Value;

use crate::recorded::{Answers, LiteralRequest, Recording};

use super::collection::ObjectCollection;

/// Collects the objects of a recording, and reports the answers whose objects cannot be used.
pub(crate) async fn of_recording(
    recording: &Recording,
    answers: &Answers,
) -> (ObjectCollection, Vec<String>) {
    let mut collection = ObjectCollection::default();
    let mut left_out = Vec::new();
    for stub in &recording.stubs {
        let request = LiteralRequest::of(&stub.mapping["request"]).ok();
        let Ok(answer) = answers.of(stub, request.as_ref()).await else { continue };
        if !answer.status.is_success() {
            continue;
        }
        let mut note = |why: &str| {
            left_out.push(format!("{}: {}: {why}", stub.file().display(), stub.title()));
        };
        if answer.body.starts_with(b"k8s\0") {
            note("its answer is in protobuf; ask for JSON");
            continue;
        }
        let deletes = stub.mapping["request"]["method"] == Method::DELETE.as_str();
        let values = serde_json::Deserializer::from_slice(&answer.body).into_iter::<Value>();
        for value in values.map_while(Result::ok) {
            if value["kind"] == "Table" {
                note(
                    "its answer is a Table, which has no whole objects; ask for JSON (kubectl get -o yaml)",
                );
            } else {
                take(&mut collection, value, deletes);
            }
        }
    }
    (collection, left_out)
}

/// Takes an object, the items of a list, or the object of a watch event.
fn take(collection: &mut ObjectCollection, mut value: Value, deletes: bool) {
    if let Some(items) = value.get_mut("items").map(Value::take) {
        for object in items_of(&value, items) {
            see(collection, object, deletes);
        }
        return;
    }
    if let Some(uid) = value["details"]["uid"].as_str().filter(|_| deletes) {
        // The Status of a deletion.
        collection.remove_uid(uid);
    }
    match (value["type"].as_str(), value.get("object")) {
        (Some("ADDED" | "MODIFIED"), Some(object)) => drop(collection.add(object.clone())),
        (Some("DELETED"), Some(object)) => drop(collection.remove(object.clone())),
        (Some("BOOKMARK" | "ERROR"), Some(_)) => {}
        _ => see(collection, value, deletes),
    }
}

fn see(collection: &mut ObjectCollection, object: Value, deletes: bool) {
    // One with finalizers is still there.
    let finalizers = object["metadata"]["finalizers"].as_array();
    if deletes && finalizers.is_none_or(Vec::is_empty) {
        collection.remove(object);
    } else {
        collection.add(object);
    }
}

/// Returns the items of a list, each with the type that the list declares.
pub(super) fn items_of(list: &Value, items: Value) -> Vec<Value> {
    let kind = list["kind"].as_str().unwrap_or_default();
    let kind = kind.strip_suffix("List").unwrap_or(kind).to_owned();
    let Value::Array(items) = items else { return Vec::new() };
    items
        .into_iter()
        .filter(Value::is_object)
        .map(|mut item| {
            if item.get("kind").is_none() {
                item["kind"] = kind.as_str().into();
            }
            if item.get("apiVersion").is_none() {
                item["apiVersion"] = list["apiVersion"].clone();
            }
            item
        })
        .collect()
}
