//! Strategic merge patch, for built-in types: lists that merge by a key, and directives
//! (`k8s.io/apimachinery/pkg/util/strategicpatch`). Custom resources do not support it, as in
//! upstream.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

/// Lists of objects that merge, with their keys (`patchMergeKey` in `k8s.io/api`).
const MERGED_LISTS: &[(&str, &str)] = &[
    ("addresses", "type"),
    ("conditions", "type"),
    ("containers", "name"),
    ("env", "name"),
    ("ephemeralContainers", "name"),
    ("hostAliases", "ip"),
    ("hostIPs", "ip"),
    ("imagePullSecrets", "name"),
    ("initContainers", "name"),
    ("ownerReferences", "uid"),
    ("podIPs", "ip"),
    ("resourceClaims", "name"),
    ("secrets", "name"),
    ("topologySpreadConstraints", "topologyKey"),
    ("volumeDevices", "devicePath"),
    ("volumeMounts", "mountPath"),
    ("volumes", "name"),
];

/// Lists of scalars that merge.
const MERGED_VALUES: [&str; 1] = ["finalizers"];

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_VALUES: &str = "$deleteFromPrimitiveList/";
const ELEMENT_ORDER: &str = "$setElementOrder/";

/// The key by which a list of objects merges. Ports of a service have another key than ports of a container.
fn merge_key(field: &str, kind: &str) -> Option<&'static str> {
    if field == "ports" {
        return Some(if kind == "Service" { "port" } else { "containerPort" });
    }
    MERGED_LISTS.iter().find(|(name, _)| *name == field).map(|(_, key)| *key)
}

/// Applies a patch to an object of a kind.
///
/// # Errors
/// Upstream's message for a patch that cannot be applied.
pub(super) fn apply(object: &Value, patch: &Value, kind: &str) -> Result<Value, String> {
    let (Value::Object(original), Value::Object(patch)) = (object, patch) else {
        return Err("invalid JSON document".to_owned());
    };
    merge_maps(original.clone(), patch, kind).map(Value::Object)
}

fn merge_maps(
    mut original: Map<String, Value>,
    patch: &Map<String, Value>,
    kind: &str,
) -> Result<Map<String, Value>, String> {
    match patch.get(PATCH).map(Value::as_str) {
        None => {}
        Some(Some("replace")) => {
            let mut whole = patch.clone();
            whole.remove(PATCH);
            return Ok(whole);
        }
        Some(Some("delete")) => return Ok(Map::new()),
        Some(Some("merge")) => {}
        Some(other) => {
            let other = other.unwrap_or_default();
            return Err(format!("unknown patch type found: {other}"));
        }
    }
    if let Some(kept) = patch.get(RETAIN_KEYS) {
        let Some(kept) = kept.as_array() else {
            return Err("invalid patch format of retainKeys".to_owned());
        };
        original.retain(|name, _| kept.iter().any(|keep| keep == name.as_str()));
    }
    for (name, value) in patch {
        if let Some(field) = name.strip_prefix(DELETE_VALUES) {
            let gone = value.as_array().ok_or("invalid patch format of primitive list")?;
            if let Some(Value::Array(list)) = original.get_mut(field) {
                let gone: HashSet<String> = gone.iter().map(Value::to_string).collect();
                list.retain(|item| !gone.contains(&item.to_string()));
            }
        }
    }
    for (name, value) in patch.iter().filter(|(name, _)| !name.starts_with('$')) {
        if value.is_null() {
            original.remove(name);
            continue;
        }
        let merged = match (original.remove(name), value) {
            (Some(Value::Object(old)), Value::Object(new)) => {
                Value::Object(merge_maps(old, new, kind)?)
            }
            (None, Value::Object(new)) => Value::Object(merge_maps(Map::new(), new, kind)?),
            (old, Value::Array(new)) => {
                let old = old.and_then(|old| match old {
                    Value::Array(list) => Some(list),
                    _ => None,
                });
                Value::Array(merge_lists(old.unwrap_or_default(), new, name, kind)?)
            }
            (_, other) => other.clone(),
        };
        original.insert(name.clone(), merged);
    }
    for (name, order) in patch {
        if let Some(field) = name.strip_prefix(ELEMENT_ORDER)
            && let (Some(Value::Array(list)), Some(order)) =
                (original.get_mut(field), order.as_array())
        {
            put_in_order(list, order, merge_key(field, kind));
        }
    }
    Ok(original)
}

fn merge_lists(
    mut original: Vec<Value>,
    patch: &[Value],
    field: &str,
    kind: &str,
) -> Result<Vec<Value>, String> {
    if MERGED_VALUES.contains(&field) {
        let mut known: HashSet<String> = original.iter().map(Value::to_string).collect();
        original.extend(patch.iter().filter(|item| known.insert(item.to_string())).cloned());
        return Ok(original);
    }
    let Some(key) = merge_key(field, kind).filter(|_| patch.iter().all(Value::is_object)) else {
        return Ok(patch.to_vec());
    };
    let directive = |item: &Value| item[PATCH].as_str().map(str::to_owned);
    if patch.iter().any(|item| directive(item).as_deref() == Some("replace")) {
        // The item with the directive is not an item of the list; the others are the new list.
        let rest = patch.iter().filter(|item| directive(item).is_none());
        return Ok(rest.cloned().collect());
    }
    // Items by their keys; the first of a key counts. Deleted items leave a gap, removed at the end.
    let mut places: HashMap<String, usize> = HashMap::new();
    for (at, item) in original.iter().enumerate() {
        if let Some(found) = item.get(key) {
            places.entry(found.to_string()).or_insert(at);
        }
    }
    let mut deleted = HashSet::new();
    for item in patch {
        let Some(wanted) = item.get(key) else {
            return Err(format!("map: {item} does not contain declared merge key: {key}"));
        };
        let wanted = wanted.to_string();
        if directive(item).as_deref() == Some("delete") {
            places.remove(&wanted);
            deleted.insert(wanted);
            continue;
        }
        let found = places.get(&wanted).copied();
        let old = match found.map(|at| original[at].take()) {
            Some(Value::Object(old)) => old,
            _ => Map::new(),
        };
        let new = item.as_object().cloned().unwrap_or_default();
        let merged = Value::Object(merge_maps(old, &new, kind)?);
        if let Some(at) = found {
            original[at] = merged;
        } else {
            deleted.remove(&wanted);
            places.insert(wanted, original.len());
            original.push(merged);
        }
    }
    if !deleted.is_empty() {
        let gone =
            |item: &Value| item.get(key).is_some_and(|key| deleted.contains(&key.to_string()));
        original.retain(|item| !gone(item));
    }
    Ok(original)
}

/// Orders a list: the items that the order names first, in that order, then the others in their own order.
fn put_in_order(list: &mut [Value], order: &[Value], key: Option<&str>) {
    let of = |item: &Value| key.map_or(Some(item), |key| item.get(key)).map(Value::to_string);
    let mut places: HashMap<Option<String>, usize> = HashMap::new();
    for (at, wanted) in order.iter().enumerate() {
        places.entry(of(wanted)).or_insert(at);
    }
    list.sort_by_cached_key(|item| places.get(&of(item)).copied().unwrap_or(order.len()));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_merge_by_their_key_and_directives_apply() {
        let pod = json!({
            "metadata": {"labels": {"a": "1", "b": "2"}, "finalizers": ["x/a", "x/b"]},
            "spec": {
                "containers": [{"name": "one", "image": "i", "env": [{"name": "E", "value": "1"}]}, {"name": "two"}],
                "tolerations": [{"key": "t"}],
                "volumes": [{"name": "v", "emptyDir": {}}],
            },
        });
        let table = [
            (
                json!({"metadata": {"labels": {"a": null, "c": "3"}}}),
                "/metadata/labels",
                json!({"b": "2", "c": "3"}),
            ),
            (
                json!({"metadata": {"labels": {"$patch": "replace", "z": "0"}}}),
                "/metadata/labels",
                json!({"z": "0"}),
            ),
            (
                json!({"metadata": {"finalizers": ["x/c"]}}),
                "/metadata/finalizers",
                json!(["x/a", "x/b", "x/c"]),
            ),
            (
                json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["x/a"]}}),
                "/metadata/finalizers",
                json!(["x/b"]),
            ),
            (
                json!({"spec": {"containers": [{"name": "one", "env": [{"name": "F", "value": "2"}]}, {"name": "three"}]}}),
                "/spec/containers",
                json!([
                    {"name": "one", "image": "i", "env": [{"name": "E", "value": "1"}, {"name": "F", "value": "2"}]},
                    {"name": "two"}, {"name": "three"},
                ]),
            ),
            (
                json!({"spec": {"containers": [{"name": "one", "$patch": "delete"}]}}),
                "/spec/containers",
                json!([{"name": "two"}]),
            ),
            (
                json!({"spec": {"containers": [{"$patch": "replace"}, {"name": "new"}]}}),
                "/spec/containers",
                json!([{"name": "new"}]),
            ),
            (
                json!({"spec": {"$setElementOrder/containers": [{"name": "two"}, {"name": "one"}], "containers": [{"name": "two", "image": "j"}]}}),
                "/spec/containers",
                json!([{"name": "two", "image": "j"}, {"name": "one", "image": "i", "env": [{"name": "E", "value": "1"}]}]),
            ),
            (
                json!({"spec": {"tolerations": [{"key": "u"}]}}),
                "/spec/tolerations",
                json!([{"key": "u"}]),
            ),
            (
                json!({"spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "secret"], "secret": {}}]}}),
                "/spec/volumes",
                json!([{"name": "v", "secret": {}}]),
            ),
        ];
        for (patch, pointer, expected) in table {
            let patched = apply(&pod, &patch, "Pod").unwrap();
            assert_eq!(patched.pointer(pointer), Some(&expected), "{patch}");
        }
    }

    #[test]
    fn patches_that_cannot_be_applied_are_refused() {
        let pod = json!({"spec": {"containers": []}});
        let error =
            apply(&pod, &json!({"spec": {"containers": [{"image": "i"}]}}), "Pod").unwrap_err();
        assert_eq!(error, "map: {\"image\":\"i\"} does not contain declared merge key: name");
        let error = apply(&pod, &json!({"spec": {"$patch": "frob"}}), "Pod").unwrap_err();
        assert_eq!(error, "unknown patch type found: frob");
    }
}
