//! Values with their types: which lists and maps are atomic, and which are granular.
//!
//! The type of a value comes from its schema (`x-kubernetes-list-type`, `-list-map-keys`, `-map-type`).
//! Without a schema it is deduced: objects are granular, lists are atomic
//! (`structured-merge-diff/typed`).

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::super::decode::normalize;
use super::super::schema::{Additional, ListType, Schema};
use super::set::{FieldSet, Step};

/// The parts of `ObjectMeta` that merging needs.
static METADATA: LazyLock<Schema> = LazyLock::new(|| {
    let text = json!({"type": "string"});
    let number = json!({"type": "integer"});
    let map = json!({"type": "object", "additionalProperties": text});
    let flag = json!({"type": "boolean"});
    let owner = json!({
        "type": "object", "x-kubernetes-map-type": "atomic",
        "properties": {
            "apiVersion": text, "kind": text, "name": text, "uid": {"type": "string", "default": ""},
            "controller": flag, "blockOwnerDeletion": flag,
        },
    });
    let owners = json!({
        "type": "array", "items": owner,
        "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["uid"],
    });
    let mut properties = json!({
        "labels": map, "annotations": map, "ownerReferences": owners,
        "finalizers": {"type": "array", "items": text, "x-kubernetes-list-type": "set"},
    });
    for name in ["name", "generateName", "namespace", "uid", "resourceVersion", "selfLink"] {
        properties[name] = text.clone();
    }
    // A time is an untyped scalar.
    let time = json!({"type": "string", "format": "date-time"});
    properties["managedFields"] = json!({
        "type": "array",
        "items": {
            "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            "properties": {
                "manager": text, "operation": text, "apiVersion": text, "fieldsType": text, "subresource": text,
                "time": time,
            },
        },
    });
    for name in ["creationTimestamp", "deletionTimestamp"] {
        properties[name] = time.clone();
    }
    for name in ["generation", "deletionGracePeriodSeconds"] {
        properties[name] = number.clone();
    }
    Schema::parse(&json!({"type": "object", "properties": properties})).unwrap_or_default()
});

/// The type of a value in an object.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Type<'s> {
    pub(super) schema: Option<&'s Schema>,
    pub(super) root: bool,
}

impl<'s> Type<'s> {
    /// The type of whole objects.
    pub(super) fn of_object(schema: Option<&'s Schema>) -> Self {
        Self { schema, root: true }
    }

    /// The type of a field, and whether the schema declares it (fields of a map are not declared).
    pub(super) fn field(&self, name: &str) -> (Self, bool) {
        let typed = |schema| Self { schema, root: false };
        if self.root && name == "metadata" {
            return (typed(Some(&METADATA)), true);
        }
        if self.root && matches!(name, "apiVersion" | "kind") {
            return (typed(None), true);
        }
        let Some(schema) = self.schema else {
            return (typed(None), false);
        };
        match (schema.properties.get(name), &schema.additional) {
            (Some(property), _) => (typed(Some(property)), true),
            (None, Additional::Schema(inner)) => (typed(Some(inner)), false),
            (None, _) => (typed(None), false),
        }
    }

    /// Whether a field is allowed there.
    pub(super) fn allows(&self, name: &str) -> bool {
        let known = |schema: &Schema| {
            schema.properties.is_empty()
                || schema.properties.contains_key(name)
                || schema.preserve_unknown
                || !matches!(schema.additional, Additional::Unsaid)
        };
        self.root && matches!(name, "apiVersion" | "kind" | "metadata")
            || self.schema.is_none_or(known)
    }

    pub(super) fn item(&self) -> Self {
        Self { schema: self.schema.and_then(|schema| schema.items.as_deref()), root: false }
    }

    /// Whether a value is granular: its parts have owners of their own.
    pub(super) fn is_granular(&self, value: &Value) -> bool {
        match value {
            Value::Object(_) => self.schema.is_none_or(|schema| !schema.atomic_map),
            Value::Array(_) => {
                self.schema.is_some_and(|schema| schema.list_type != ListType::Atomic)
            }
            _ => false,
        }
    }

    /// The step to an item of a granular list.
    pub(super) fn step(&self, item: &Value, index: usize) -> Step {
        let Some(schema) = self.schema else {
            return Step::Index(index);
        };
        if schema.list_type == ListType::Set {
            let mut item = item.clone();
            normalize(&mut item);
            return Step::Value(item.to_string());
        }
        let default = |name: &String| schema.items.as_ref()?.properties.get(name)?.default.clone();
        let keys = schema.list_map_keys.iter().filter_map(|name| {
            let value = item.get(name).cloned().or_else(|| default(name))?;
            Some((name.clone(), value))
        });
        let mut keys = Value::Object(keys.collect());
        normalize(&mut keys);
        Step::Key(keys.to_string())
    }
}

pub(super) fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

/// Whether two values are the same: numbers by what they are, however they are written (`value.Equals`).
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || (one.is_f64() || other.is_f64()) && one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        (one, other) => one == other,
    }
}

/// The differences between two values.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) added: FieldSet,
    pub(super) modified: FieldSet,
    pub(super) removed: FieldSet,
}

/// Compares two versions of an object.
pub(super) fn compare(before: &Value, after: &Value, of: Type<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    compare_at(Some(before), Some(after), of, &mut Vec::new(), &mut comparison);
    comparison
}

fn compare_at(
    before: Option<&Value>,
    after: Option<&Value>,
    of: Type<'_>,
    path: &mut Vec<Step>,
    found: &mut Comparison,
) {
    let empty = |value: Option<&Value>| match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        Some(_) => false,
    };
    // Null is a list, or a map, without anything.
    let granular =
        |value: Option<&Value>| value.is_none_or(|value| value.is_null() || of.is_granular(value));
    let alike = match (before, after) {
        (Some(Value::Null), _) | (_, Some(Value::Null)) => true,
        (Some(before), Some(after)) => before.is_object() == after.is_object(),
        _ => true,
    };
    let both_empty = empty(before) && empty(after);
    if granular(before) && granular(after) && alike && !both_empty {
        for (step, before, after, of) in parts(before, after, of) {
            path.push(step);
            compare_at(before, after, of, path, found);
            path.pop();
        }
        match (before, after) {
            (None, _) => found.added.insert(path),
            (_, None) => found.removed.insert(path),
            _ => {}
        }
        return;
    }
    match (before, after) {
        (None, Some(_)) => found.added.insert(path),
        (Some(_), None) => found.removed.insert(path),
        (Some(before), Some(after)) if !same(before, after) => found.modified.insert(path),
        _ => {}
    }
}

/// A part of two values: its path, the old value, the new value, its type.
type Part<'v, 's> = (Step, Option<&'v Value>, Option<&'v Value>, Type<'s>);

/// The parts of two values, paired.
fn parts<'v, 's>(
    before: Option<&'v Value>,
    after: Option<&'v Value>,
    of: Type<'s>,
) -> Vec<Part<'v, 's>> {
    let (before, after) = (before.filter(|one| !one.is_null()), after.filter(|one| !one.is_null()));
    if let Some(Value::Object(_)) = before.or(after) {
        let map = |value: Option<&'v Value>| value.and_then(Value::as_object);
        let (before, after) = (map(before), map(after));
        let names: BTreeSet<&String> =
            before.into_iter().chain(after).flat_map(Map::keys).collect();
        let part = |name: &String| {
            let get = |map: Option<&'v Map<String, Value>>| map.and_then(|map| map.get(name));
            (Step::Field(name.clone()), get(before), get(after), of.field(name).0)
        };
        return names.into_iter().map(part).collect();
    }
    let (before, after) = (indexed(before, of), indexed(after, of));
    let mut steps: Vec<&Step> = before.0.iter().collect();
    steps.extend(after.0.iter().filter(|step| !before.1.contains_key(step)));
    let part = |step: &Step| {
        (step.clone(), before.1.get(step).copied(), after.1.get(step).copied(), of.item())
    };
    steps.into_iter().map(part).collect()
}

/// The items of a granular list by their steps, with the order of the steps.
fn indexed<'v>(list: Option<&'v Value>, of: Type<'_>) -> (Vec<Step>, HashMap<Step, &'v Value>) {
    let (mut order, mut items) = (Vec::new(), HashMap::new());
    let list = list.and_then(Value::as_array).into_iter().flatten();
    for (index, item) in list.enumerate() {
        let step = of.step(item, index);
        if items.insert(step.clone(), item).is_none() {
            order.push(step);
        }
    }
    (order, items)
}

/// The live value merged with the applied one.
pub(super) fn merge(live: &Value, applied: &Value, of: Type<'_>) -> Value {
    match (live, applied) {
        (Value::Object(old), Value::Object(new)) if of.is_granular(applied) => {
            let mut merged = old.clone();
            for (name, value) in new {
                let value = match old.get(name) {
                    Some(live) => merge(live, value, of.field(name).0),
                    None => value.clone(),
                };
                merged.insert(name.clone(), value);
            }
            merged.into()
        }
        (Value::Array(_), Value::Array(_)) if of.is_granular(applied) => {
            merge_lists(live, applied, of)
        }
        // A null has no parts to put in the place of others (`emptyPromoteToLeaf`).
        (Value::Object(old), Value::Null) if !old.is_empty() && of.is_granular(live) => {
            live.clone()
        }
        (Value::Array(old), Value::Null) if !old.is_empty() && of.is_granular(live) => live.clone(),
        _ => applied.clone(),
    }
}

/// Keeps the order of the applied items, and puts items that are only live where they were
/// (`mergingWalker.visitListItems`).
fn merge_lists(live: &Value, applied: &Value, of: Type<'_>) -> Value {
    let (old_order, old) = indexed(Some(live), of);
    let (new_order, new) = indexed(Some(applied), of);
    let merged = |step: &Step| match (old.get(step), new.get(step)) {
        (Some(old), Some(new)) => merge(old, new, of.item()),
        (Some(one), None) | (None, Some(one)) => (*one).clone(),
        (None, None) => Value::Null,
    };
    let mut shared = new_order.iter().filter(|step| old.contains_key(step));
    let mut next_shared = shared.next();
    let (mut out, mut done): (Vec<Value>, BTreeSet<&Step>) = (Vec::new(), BTreeSet::new());
    let (mut left, mut right) = (old_order.iter().peekable(), new_order.iter().peekable());
    while left.peek().is_some() || right.peek().is_some() {
        if let (Some(&ours), Some(&theirs)) = (left.peek(), right.peek()) {
            if ours == theirs {
                done.insert(ours);
                out.push(merged(ours));
                left.next();
                right.next();
                next_shared = shared.next();
                continue;
            }
            if new.contains_key(ours) && next_shared.is_some_and(|next| next != ours) {
                left.next();
                continue;
            }
        }
        if let Some(&ours) = left.peek() {
            if !new.contains_key(ours) {
                out.push(merged(ours));
                left.next();
                continue;
            }
            if done.contains(ours) {
                left.next();
            }
        }
        if let Some(theirs) = right.next() {
            done.insert(theirs);
            out.push(merged(theirs));
            if next_shared == Some(theirs) {
                next_shared = shared.next();
            }
        }
    }
    out.into()
}

/// A value without the fields of a set. An object that loses its last field is removed.
pub(super) fn without(value: &Value, of: Type<'_>, set: &FieldSet) -> Value {
    match value {
        Value::Object(map) if of.is_granular(value) => {
            let kept = map.iter().filter_map(|(name, value)| {
                let Some(child) = set.children.get(&Step::Field(name.clone())) else {
                    return Some((name.clone(), value.clone()));
                };
                if child.member {
                    return None;
                }
                let left = without(value, of.field(name).0, child);
                (!is_nothing(&left) || is_nothing(value)).then(|| (name.clone(), left))
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) if of.is_granular(value) => {
            let kept = items.iter().enumerate().filter_map(|(index, item)| {
                match set.children.get(&of.step(item, index)) {
                    None => Some(item.clone()),
                    Some(child) if child.member => None,
                    Some(child) => Some(without(item, of.item(), child)),
                }
            });
            kept.collect()
        }
        value => value.clone(),
    }
}
