//! Collects the newest state of each object.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What identifies an object: `apiVersion`, `kind`, namespace, name.
type Id = (String, String, String, String);

/// Kinds of answers that are not stored objects.
const NOT_STORED: [&str; 9] = [
    "APIResourceList",
    "APIVersions",
    "DeleteOptions",
    "Eviction",
    "PartialObjectMetadata",
    "Scale",
    "Status",
    "Table",
    "WatchEvent",
];

/// Objects, each in its newest state by `resourceVersion`, regardless of the order in which they
/// were added.
#[derive(Debug, Default)]
pub(crate) struct ObjectCollection {
    objects: BTreeMap<Id, Seen>,
    /// The uids of objects that were deleted: no other object ever has one of them.
    deleted: BTreeSet<String>,
}

#[derive(Debug)]
struct Seen {
    version: u64,
    /// `None` if it was deleted.
    object: Option<Value>,
}

impl ObjectCollection {
    /// Adds an object, unless a newer state of it is known. Returns whether its kind is stored.
    pub(crate) fn add(&mut self, object: Value) -> bool {
        self.see(object, false)
    }

    /// Records that an object was deleted in this state.
    pub(crate) fn remove(&mut self, object: Value) -> bool {
        self.see(object, true)
    }

    /// Records that the object with this uid was deleted.
    pub(crate) fn remove_uid(&mut self, uid: &str) {
        self.deleted.insert(uid.to_owned());
    }

    fn see(&mut self, mut object: Value, deleted: bool) -> bool {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &object["metadata"];
        let id = (
            text(&object["apiVersion"]),
            text(&object["kind"]),
            text(&metadata["namespace"]),
            text(&metadata["name"]),
        );
        let is_review = id.1.ends_with("Review") || id.1 == "TokenRequest";
        if id.0.is_empty() || id.3.is_empty() || is_review || NOT_STORED.contains(&&*id.1) {
            return false;
        }
        let version = metadata["resourceVersion"].as_str().and_then(|text| text.parse().ok());
        let version = version.unwrap_or_default();
        strip(&mut object);
        let seen = Seen { version, object: (!deleted).then_some(object) };
        match self.objects.get(&id) {
            Some(known) if known.version > version => {}
            // Of one revision the deletion is the last thing.
            Some(known) if known.version == version && known.object.is_none() => {}
            _ => drop(self.objects.insert(id, seen)),
        }
        true
    }

    /// Returns the existing objects, sorted by type, namespace and name.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &Value> {
        let is_deleted = |object: &Value| {
            object["metadata"]["uid"].as_str().is_some_and(|uid| self.deleted.contains(uid))
        };
        let there = self.objects.values().filter_map(|seen| seen.object.as_ref());
        there.filter(move |object| !is_deleted(object))
    }
}

/// Removes fields that a server maintains for itself.
fn strip(object: &mut Value) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
        metadata.remove("selfLink");
    }
    if object["kind"] == "CustomResourceDefinition"
        && let Some(definition) = object.as_object_mut()
    {
        definition.remove("status");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(name: &str, version: &str, label: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "d",
            "resourceVersion": version, "labels": {"l": label}, "managedFields": [{}]}})
    }

    #[test]
    fn the_newest_state_counts_in_any_order() {
        let steps: Vec<(bool, Value)> = vec![
            (false, pod("a", "5", "old")),
            (false, pod("a", "9", "new")),
            (false, pod("b", "6", "x")),
            (true, pod("b", "8", "x")),
            (false, pod("c", "7", "x")),
        ];
        for turn in 0..steps.len() {
            let mut collection = ObjectCollection::default();
            let (after, before) = steps.split_at(turn);
            for (deleted, object) in before.iter().chain(after).cloned() {
                assert!(if deleted { collection.remove(object) } else { collection.add(object) });
            }
            let shown: Vec<_> = collection
                .objects()
                .map(|pod| {
                    (
                        pod["metadata"]["name"].as_str().unwrap(),
                        pod["metadata"]["labels"]["l"].as_str().unwrap(),
                    )
                })
                .collect();
            assert_eq!(shown, [("a", "new"), ("c", "x")]);
            assert!(collection.objects().all(|pod| pod["metadata"].get("managedFields").is_none()));
        }
    }

    #[test]
    fn a_deleted_uid_never_comes_back() {
        let mut collection = ObjectCollection::default();
        let mut object = pod("a", "5", "x");
        object["metadata"]["uid"] = "u".into();
        collection.remove_uid("u");
        collection.add(object.clone());
        assert_eq!(collection.objects().count(), 0);
        object["metadata"]["uid"] = "v".into();
        object["metadata"]["resourceVersion"] = "6".into();
        collection.add(object);
        assert_eq!(collection.objects().count(), 1);
    }

    #[test]
    fn answers_that_are_no_state_are_passed_over() {
        let mut collection = ObjectCollection::default();
        for kind in ["Status", "Table", "SubjectAccessReview", "PartialObjectMetadata"] {
            let object = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}});
            assert!(!collection.add(object), "{kind}");
        }
        assert!(!collection.add(json!({"a": 1})));
    }
}
