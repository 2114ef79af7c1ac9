//! JSON Patch and JSON Merge Patch as upstream's library applies them
//! (`gopkg.in/evanphx/json-patch.v4`, which is more lenient than RFC 6902 and RFC 7396 in places). The result
//! is bounded: it is not nested deeper than [`MAX_DEPTH`], and copies add at most [`MAX_COPY_BYTES`].

use std::io;

use serde_json::{Map, Value};

use super::golang::json_kind;
use super::limits::{MAX_COPY_BYTES, MAX_DEPTH, MAX_PATCH_OPERATIONS};

/// Why a patch is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// The text is not a list of operations; Go's message.
    Malformed(String),
    /// It has more operations than are allowed.
    TooMany(usize),
    /// An operation cannot be applied to this value.
    NotApplicable,
}

/// A list of operations.
#[derive(Debug)]
pub(super) struct Patch(Vec<Map<String, Value>>);

impl Patch {
    /// Decodes the operations of a JSON value. An operation is checked when it is applied.
    ///
    /// # Errors
    /// [`Refused::Malformed`] and [`Refused::TooMany`].
    pub(super) fn decode(value: Value) -> Result<Self, Refused> {
        let wrong = |value: &Value, of: &str| {
            let found = json_kind(value);
            let why =
                format!("json: cannot unmarshal {found} into Go value of type jsonpatch.{of}");
            Refused::Malformed(why)
        };
        let items = match value {
            Value::Array(items) => items,
            Value::Null => Vec::new(),
            other => return Err(wrong(&other, "Patch")),
        };
        let operations: Vec<_> = items
            .into_iter()
            .map(|item| match item {
                Value::Object(map) => Ok(map),
                Value::Null => Ok(Map::new()),
                other => Err(wrong(&other, "Operation")),
            })
            .collect::<Result<_, _>>()?;
        if operations.len() > MAX_PATCH_OPERATIONS {
            return Err(Refused::TooMany(operations.len()));
        }
        Ok(Self(operations))
    }

    /// Applies the operations in order. On an error the value is changed in part.
    ///
    /// # Errors
    /// [`Refused::NotApplicable`], also where the result would exceed the bounds.
    pub(super) fn apply(self, root: &mut Value) -> Result<(), Refused> {
        let mut copied = 0;
        for operation in self.0 {
            run(root, operation, &mut copied).ok_or(Refused::NotApplicable)?;
        }
        Ok(())
    }
}

/// Applies one operation; `None` when it cannot be applied.
fn run(root: &mut Value, mut operation: Map<String, Value>, copied: &mut usize) -> Option<()> {
    let value = operation.remove("value").unwrap_or_default();
    let pointer = |name: &str| operation.get(name).and_then(Value::as_str);
    let path = pointer("path");
    match operation.get("op")?.as_str()? {
        "add" => add(root, path?, value),
        "remove" => remove(root, path?).map(drop),
        "replace" => replace(root, path?, value),
        "move" => {
            let value = remove(root, pointer("from")?)?;
            add(root, path?, value)
        }
        "test" => {
            let path = path?;
            let holds = if path.is_empty() { *root == value } else { *get(root, path)? == value };
            holds.then_some(())
        }
        "copy" => {
            let found = get(root, pointer("from")?)?;
            // An absent member is copied as null.
            *copied += if found.is_null() { 0 } else { size(found) };
            if *copied > MAX_COPY_BYTES {
                return None;
            }
            let value = found.clone();
            add(root, path?, value)
        }
        _ => None,
    }
}

/// The parent of the value at a pointer, the last step, and the number of steps to the parent.
fn container<'v>(root: &'v mut Value, path: &str) -> Option<(&'v mut Value, String, usize)> {
    // The text before the first slash is ignored.
    let (_, steps) = path.split_once('/')?;
    let mut steps: Vec<String> = steps.split('/').map(unescape).collect();
    let count = steps.len();
    let last = steps.pop()?;
    let mut at = root;
    for step in steps {
        at = match at {
            Value::Object(map) => map.get_mut(&step)?,
            Value::Array(list) => {
                let index = index(&step, list.len())?;
                list.get_mut(index)?
            }
            _ => return None,
        };
    }
    (at.is_object() || at.is_array()).then_some((at, last, count))
}

fn unescape(step: &str) -> String {
    if step.contains('~') { step.replace("~1", "/").replace("~0", "~") } else { step.to_owned() }
}

/// An index as Go's `Atoi` parses it; a negative index counts from the end.
fn index(step: &str, length: usize) -> Option<usize> {
    let number: isize = step.parse().ok()?;
    if number < 0 { length.checked_add_signed(number) } else { usize::try_from(number).ok() }
}

/// The value at a pointer. An absent member reads as null.
fn get<'v>(root: &'v mut Value, path: &str) -> Option<&'v Value> {
    static NOTHING: Value = Value::Null;
    match container(root, path)? {
        (Value::Object(map), key, _) => Some(map.get(&key).unwrap_or(&NOTHING)),
        (Value::Array(list), key, _) => list.get(index(&key, list.len())?),
        _ => None,
    }
}

fn add(root: &mut Value, path: &str, value: Value) -> Option<()> {
    let (holder, key, steps) = container(root, path)?;
    if !fits(&value, MAX_DEPTH.checked_sub(steps)?) {
        return None;
    }
    match holder {
        Value::Object(map) => drop(map.insert(key, value)),
        Value::Array(list) if key == "-" => list.push(value),
        Value::Array(list) => {
            let at = index(&key, list.len() + 1).filter(|at| *at <= list.len())?;
            list.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(root: &mut Value, path: &str) -> Option<Value> {
    match container(root, path)? {
        (Value::Object(map), key, _) => map.remove(&key),
        (Value::Array(list), key, _) => {
            let at = index(&key, list.len()).filter(|at| *at < list.len())?;
            Some(list.remove(at))
        }
        _ => None,
    }
}

/// An absent member is added: upstream requires presence only in lists.
fn replace(root: &mut Value, path: &str, value: Value) -> Option<()> {
    if path.is_empty() {
        let whole = (value.is_object() || value.is_array()) && fits(&value, MAX_DEPTH);
        *root = value;
        return whole.then_some(());
    }
    let (holder, key, steps) = container(root, path)?;
    if !fits(&value, MAX_DEPTH.checked_sub(steps)?) {
        return None;
    }
    match holder {
        Value::Object(map) => drop(map.insert(key, value)),
        Value::Array(list) => {
            let at = index(&key, list.len())?;
            *list.get_mut(at)? = value;
        }
        _ => return None,
    }
    Some(())
}

/// Whether a value has at most `depth` levels; recursion ends there.
pub(super) fn fits(value: &Value, depth: usize) -> bool {
    match value {
        Value::Object(map) => depth > 0 && map.values().all(|value| fits(value, depth - 1)),
        Value::Array(list) => depth > 0 && list.iter().all(|value| fits(value, depth - 1)),
        _ => true,
    }
}

/// The bytes of a value as compact JSON.
pub(super) fn size(value: &Value) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting cannot fail, and every value has a JSON text.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

/// Applies a merge patch. Nulls below lists are removed as well, unlike in RFC 7396.
pub(super) fn merge(target: &mut Value, patch: Value) {
    let (Value::Object(map), true) = (&mut *target, patch.is_object()) else {
        *target = patch;
        prune(target);
        return;
    };
    let Value::Object(patch) = patch else { return };
    for (name, mut value) in patch {
        if value.is_null() {
            map.remove(&name);
            continue;
        }
        match map.get_mut(&name) {
            Some(old) if !old.is_null() => merge(old, value),
            _ => {
                prune(&mut value);
                map.insert(name, value);
            }
        }
    }
}

/// Removes the members that are null from every object in a value.
fn prune(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(prune);
        }
        Value::Array(list) => list.iter_mut().for_each(prune),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn patched(patch: &Value) -> Option<Value> {
        let mut value = json!({"metadata": {"name": "a", "nothing": null}, "list": [1, 2, {"k": []}], "a/b": 1, "m~n": 2});
        let patch = Patch::decode(patch.clone()).ok()?;
        patch.apply(&mut value).ok().map(|()| value)
    }

    #[test]
    fn a_test_for_null_holds_for_absent_members() {
        let test = |path: &str, value: Value| json!([{"op": "test", "path": path, "value": value}]);
        for (patch, holds) in [
            (test("/metadata/finalizers", Value::Null), true),
            (test("/metadata/nothing", Value::Null), true),
            (test("/metadata/name", Value::Null), false),
            (test("/metadata/name", json!("a")), true),
            (test("/metadata/finalizers", json!([])), false),
            (test("/absent/finalizers", Value::Null), false),
            (test("/list/7", Value::Null), false),
            (test("/list/-1/k", json!([])), true),
            (test("/a~1b", json!(1)), true),
            (test("/m~0n", json!(2)), true),
            (json!([{"op": "test", "path": "/metadata/finalizers"}]), true),
        ] {
            assert_eq!(patched(&patch).is_some(), holds, "{patch}");
        }
    }

    #[test]
    fn operations_are_as_lenient_as_upstreams() {
        let after = |patch: Value, pointer: &str| patched(&patch)?.pointer(pointer).cloned();
        let set = json!([{"op": "replace", "path": "/metadata/new", "value": 1}]);
        assert_eq!(after(set, "/metadata/new"), Some(json!(1)));
        let copied = json!([{"op": "copy", "from": "/metadata/absent", "path": "/metadata/x"}]);
        assert_eq!(after(copied, "/metadata/x"), Some(Value::Null));
        let moved = json!([{"op": "move", "from": "/list/0", "path": "/list/-"}]);
        assert_eq!(after(moved, "/list"), Some(json!([2, {"k": []}, 1])));
        let inserted = json!([{"op": "add", "path": "/list/-1", "value": 9}]);
        assert_eq!(after(inserted, "/list"), Some(json!([1, 2, {"k": []}, 9])));
        for refused in [
            json!([{"op": "replace", "path": "/list/3", "value": 1}]),
            json!([{"op": "add", "path": "/list/4", "value": 1}]),
            json!([{"op": "add", "path": "", "value": {}}]),
            json!([{"op": "remove", "path": "/metadata/absent"}]),
            json!([{"op": "remove", "path": "/metadata/name/x"}]),
            json!([{"op": "move", "from": "/metadata", "path": "/metadata/x"}]),
            json!([{"op": "replace", "path": "", "value": 1}]),
            json!([{"op": "frob", "path": "/list"}]),
            json!([{"path": "/list"}]),
            json!([null]),
        ] {
            assert_eq!(patched(&refused), None, "{refused}");
        }
    }

    #[test]
    fn copies_are_bounded_in_bytes_and_in_depth() {
        let mut nested = vec![json!({"op": "add", "path": "/x", "value": {"a": {}}})];
        let mut steps = 1;
        for _ in 0..12 {
            let path = format!("/x{}/a", "/a".repeat(steps));
            nested.push(json!({"op": "copy", "from": "/x", "path": path}));
            steps = steps * 2 + 1;
        }
        assert_eq!(patched(&json!(nested)), None);
        let mut doubled = vec![json!({"op": "add", "path": "/x", "value": {"a": "x".repeat(64)}})];
        for copy in 0..30 {
            doubled.push(json!({"op": "copy", "from": "/x", "path": format!("/x/b{copy}")}));
        }
        assert_eq!(patched(&json!(doubled)), None);
        assert!(patched(&json!(doubled[..12])).is_some());
        let many = vec![json!({"op": "test", "path": "/a", "value": null}); 10_001];
        assert_eq!(Patch::decode(json!(many)).unwrap_err(), Refused::TooMany(10_001));
        assert!(patched(&json!(many[1..])).is_some());
    }

    #[test]
    fn a_patch_that_is_no_list_of_operations_has_gos_message() {
        for (patch, found) in [
            (json!({}), "object into Go value of type jsonpatch.Patch"),
            (json!([1]), "number into Go value of type jsonpatch.Operation"),
            (json!([[]]), "array into Go value of type jsonpatch.Operation"),
        ] {
            let why = format!("json: cannot unmarshal {found}");
            assert_eq!(Patch::decode(patch).unwrap_err(), Refused::Malformed(why));
        }
    }

    #[test]
    fn nulls_of_a_merge_patch_remove_members_at_any_depth() {
        let mut value = json!({"a": {"b": 1, "c": 2}, "list": [1], "n": null});
        let patch = json!({"a": {"b": null}, "list": [{"x": null, "y": 1}, null], "n": {"z": null}, "new": {"q": null}});
        merge(&mut value, patch);
        assert_eq!(value, json!({"a": {"c": 2}, "list": [{"y": 1}, null], "n": {}, "new": {}}));
    }

    /// Few names, so that paths often exist.
    fn path() -> impl Strategy<Value = String> {
        let step = prop_oneof!["[abx]", "[0-3]", Just("-".to_owned()), Just("-1".to_owned())];
        prop::collection::vec(step, 0..6)
            .prop_map(|steps| steps.iter().fold(String::new(), |path, step| path + "/" + step))
    }

    fn operation() -> impl Strategy<Value = Value> {
        let word = prop::sample::select(vec!["add", "remove", "replace", "move", "copy", "test"]);
        let value = prop_oneof![
            Just(json!({"a": {}, "b": [0, {}]})),
            Just(json!([1, [2]])),
            Just(json!("x")),
            Just(Value::Null),
        ];
        (word, path(), path(), value).prop_map(
            |(op, path, from, value)| json!({"op": op, "path": path, "from": from, "value": value}),
        )
    }

    proptest! {
        #[test]
        fn no_patch_leaves_the_bounds(operations in prop::collection::vec(operation(), 0..60)) {
            let mut value = json!({"a": {"a": {}}, "b": [{}, []], "x": 1});
            let patch = Patch::decode(json!(operations)).unwrap();
            let applied = patch.apply(&mut value).is_ok();
            prop_assert!(fits(&value, MAX_DEPTH), "applied: {applied}");
            prop_assert!(size(&value) <= MAX_COPY_BYTES + 60 * 64);
        }

        #[test]
        fn operations_that_change_one_member_agree_with_the_rfc(
            key in "[a-c]", value in any::<u32>(), there in any::<bool>(),
        ) {
            let mut document = if there { json!({(&*key): 0, "z": [1]}) } else { json!({"z": [1]}) };
            let path = format!("/{key}");
            let patch = json!([{"op": "add", "path": path, "value": value}, {"op": "test", "path": path, "value": value}]);
            Patch::decode(patch).unwrap().apply(&mut document).unwrap();
            prop_assert_eq!(document, json!({(&*key): value, "z": [1]}));
        }
    }
}
