//! Strategic merge patch, for built-in types: lists that merge by a key, and directives
//! (`k8s.io/apimachinery/pkg/util/strategicpatch`). Custom resources do not support it, as in
//! upstream.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::core::types::GoStruct;
use super::golang::{plain, type_name};
use super::strategic_order::{patched_first, put_in_order};
use super::strategic_shape::{ListMerge, Shape};

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_VALUES: &str = "$deleteFromPrimitiveList/";
const ELEMENT_ORDER: &str = "$setElementOrder/";

/// The error about `$retainKeys` that is no list of the kept fields.
const RETAIN_FORMAT: &str = "invalid patch format of retainKeys";

/// A value as Go's `%s` shows it.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "%!s(<nil>)".to_owned(),
        Value::Bool(flag) => format!("%!s(bool={flag})"),
        Value::Number(number) if number.is_i64() => format!("%!s(int64={number})"),
        Value::Number(number) => format!("%!s(float64={number})"),
        other => plain(other),
    }
}

/// Applies a patch to an object of a type.
///
/// # Errors
/// Upstream's message for a patch that cannot be applied.
pub(super) fn apply(
    object: &Value,
    patch: &Value,
    of: Option<&'static GoStruct>,
) -> Result<Value, String> {
    let (Value::Object(original), Value::Object(patch)) = (object, patch) else {
        return Err("invalid JSON document".to_owned());
    };
    let shape = of.map_or(Shape::Unknown, Shape::Struct);
    merge_maps(original.clone(), patch, shape).map(Value::Object)
}

fn merge_maps(
    mut original: Map<String, Value>,
    patch: &Map<String, Value>,
    shape: Shape,
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
        Some(_) => {
            let shown = plain(&Value::Object(patch.clone()));
            return Err(format!("unknown patch type: {} in map: {shown}", as_text(&patch[PATCH])));
        }
    }
    if let Some(kept) = patch.get(RETAIN_KEYS) {
        let Some(kept) = kept.as_array() else {
            return Err(RETAIN_FORMAT.to_owned());
        };
        let is_kept = |name: &str| kept.iter().any(|keep| keep == name);
        let directive = |name: &str| {
            name == RETAIN_KEYS
                || name.starts_with(DELETE_VALUES)
                || name.starts_with(ELEMENT_ORDER)
        };
        let mut set = patch.iter().filter(|(name, value)| !value.is_null() && !directive(name));
        if !set.all(|(name, _)| is_kept(name)) {
            return Err(RETAIN_FORMAT.to_owned());
        }
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
            (Some(Value::Object(_)), new @ Value::Object(_)) if shape.replaces(name) => new.clone(),
            (Some(Value::Object(old)), Value::Object(new)) => {
                Value::Object(merge_maps(old, new, shape.field(name))?)
            }
            (None, new @ (Value::Object(_) | Value::Array(_))) => match without_directives(new) {
                Some(new) => new,
                None => continue,
            },
            (old, Value::Array(new)) => {
                let old = old.and_then(|old| match old {
                    Value::Array(list) => Some(list),
                    _ => None,
                });
                Value::Array(merge_lists(old.unwrap_or_default(), new, &shape.list(name))?)
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
            let key = match shape.list(field) {
                ListMerge::ByKey(key, _) => Some(key),
                _ => None,
            };
            put_in_order(list, order, key);
        }
    }
    Ok(original)
}

/// A value of a patch for what is not there yet: nothing of it where it has a directive (`removeDirectives`).
fn without_directives(value: &Value) -> Option<Value> {
    match value {
        Value::Object(map) if map.contains_key(PATCH) => None,
        Value::Object(map) => {
            let kept =
                map.iter().filter(|(name, value)| !value.is_null() && !name.starts_with('$'));
            let kept =
                kept.filter_map(|(name, value)| Some((name.clone(), without_directives(value)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(items) => Some(items.iter().filter_map(without_directives).collect()),
        other => Some(other.clone()),
    }
}

/// The error about a list of lists (`mergepatch.ErrNoListOfLists`).
pub(super) const NO_LIST_OF_LISTS: &str = "lists of lists are not supported";

/// Checks that the items of lists that merge are of one type, which is not a list (`sliceElementType`).
fn check_item_types(original: &[Value], patch: &[Value]) -> Result<(), String> {
    let mut all = original.iter().chain(patch).filter(|item| !item.is_null());
    let Some(first) = all.next() else { return Ok(()) };
    if first.is_array() {
        return Err(NO_LIST_OF_LISTS.to_owned());
    }
    if all.all(|item| type_name(item) == type_name(first)) {
        return Ok(());
    }
    let shown = plain(&Value::from(vec![original.to_vec(), patch.to_vec()]));
    Err(format!("list element types are not identical: {shown}"))
}

fn merge_lists(
    mut original: Vec<Value>,
    patch: &[Value],
    how: &ListMerge,
) -> Result<Vec<Value>, String> {
    if matches!(how, ListMerge::Union | ListMerge::ByKey(..)) {
        check_item_types(&original, patch)?;
    }
    let (key, shape) = match how {
        ListMerge::Union => {
            let order: Vec<String> = original.iter().map(Value::to_string).collect();
            let mut known: HashSet<String> = order.iter().cloned().collect();
            original.extend(patch.iter().filter(|item| known.insert(item.to_string())).cloned());
            return Ok(patched_first(original, patch, &order, None));
        }
        ListMerge::ByKey(key, shape) if patch.iter().all(Value::is_object) => (*key, *shape),
        _ => return Ok(patch.to_vec()),
    };
    let directive = |item: &Value| item[PATCH].as_str().map(str::to_owned);
    if patch.iter().any(|item| directive(item).as_deref() == Some("replace")) {
        // The item with the directive is not an item of the list; the others are the new list.
        let rest = patch.iter().filter(|item| directive(item).is_none());
        return Ok(rest.cloned().collect());
    }
    let order: Vec<String> =
        original.iter().filter_map(|item| item.get(key)).map(Value::to_string).collect();
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
            let shown = plain(item);
            return Err(format!("map: {shown} does not contain declared merge key: {key}"));
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
        let merged = Value::Object(merge_maps(old, &new, shape)?);
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
    Ok(patched_first(original, patch, &order, Some(key)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::core::types;
    use super::*;

    fn apply_to_pod(object: &Value, patch: &Value) -> Result<Value, String> {
        apply(object, patch, types::of_kind("", "v1", "Pod"))
    }

    #[test]
    fn the_selector_of_a_budget_is_replaced() {
        let budget = json!({"spec": {"selector": {"matchLabels": {"a": "b"}}, "minAvailable": 1}});
        let patch = json!({"spec": {"selector": {"matchLabels": {"c": "d"}}}});
        let of = types::of_kind("policy", "v1", "PodDisruptionBudget");
        let patched = apply(&budget, &patch, of).unwrap();
        assert_eq!(patched["spec"]["selector"], json!({"matchLabels": {"c": "d"}}));
        assert_eq!(patched["spec"]["minAvailable"], 1);
    }

    #[test]
    fn items_of_merged_lists_are_of_one_type() {
        let pod = json!({"spec": {"containers": [{"name": "c"}]}});
        assert_eq!(
            apply_to_pod(&pod, &json!({"spec": {"containers": ["x"]}})).unwrap_err(),
            "list element types are not identical: [[map[name:c]] [x]]"
        );
        assert_eq!(
            apply_to_pod(
                &json!({"metadata": {"finalizers": [["a"]]}}),
                &json!({"metadata": {"finalizers": ["x"]}})
            ),
            Err(NO_LIST_OF_LISTS.to_owned())
        );
    }

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
                json!(["x/c", "x/a", "x/b"]),
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
                    {"name": "one", "image": "i", "env": [{"name": "F", "value": "2"}, {"name": "E", "value": "1"}]},
                    {"name": "three"}, {"name": "two"},
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
            let patched = apply_to_pod(&pod, &patch).unwrap();
            assert_eq!(patched.pointer(pointer), Some(&expected), "{patch}");
        }
    }

    #[test]
    fn patches_that_cannot_be_applied_are_refused() {
        let pod = json!({"spec": {"containers": []}});
        let error =
            apply_to_pod(&pod, &json!({"spec": {"containers": [{"image": "i"}]}})).unwrap_err();
        assert_eq!(error, "map: map[image:i] does not contain declared merge key: name");
        let error = apply_to_pod(&pod, &json!({"spec": {"$patch": "frob"}})).unwrap_err();
        assert_eq!(error, "unknown patch type: frob in map: map[$patch:frob]");
    }
}
