//! The fields of an applied configuration, checked against its schema
//! (`structured-merge-diff/typed/validate.go`).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::golang::{plain, quote, syntax, type_name};
use super::super::schema::{Kind, ListType, Schema};
use super::set::{FieldSet, Step};
use super::typed::{Type, is_nothing};

/// All fields of a value.
///
/// # Errors
/// The violations of the schema, in upstream's words.
pub(super) fn fields_of(value: &Value, of: Type<'_>) -> Result<FieldSet, Vec<String>> {
    let mut collector = Collector::default();
    let mut set = FieldSet::default();
    collector.collect(value, of, Some(&mut set));
    if collector.problems.is_empty() { Ok(set) } else { Err(collector.problems) }
}

/// Whether a value is one of a type; items of lists may occur more than once (`typed.AllowDuplicates`).
pub(super) fn is_typed(value: &Value, of: Type<'_>) -> bool {
    let mut collector = Collector { allows_duplicates: true, ..Collector::default() };
    collector.collect(value, of, None);
    collector.problems.is_empty()
}

#[derive(Default)]
struct Collector {
    path: String,
    problems: Vec<String>,
    allows_duplicates: bool,
}

impl Collector {
    fn problem(&mut self, why: &str) {
        let path = &self.path;
        self.problems.push(if path.is_empty() { why.to_owned() } else { format!("{path}: {why}") });
    }

    fn below(&mut self, step: &str, visit: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push_str(step);
        visit(self);
        self.path.truncate(length);
    }

    /// Checks a value, and adds its fields to a set; none where the value is part of an atomic one.
    fn collect(&mut self, value: &Value, of: Type<'_>, set: Option<&mut FieldSet>) {
        if let Some(why) = of.schema.filter(|_| !of.root).and_then(|schema| mismatch(schema, value))
        {
            self.problem(&why);
            return;
        }
        let granular = of.is_granular(value);
        let set = match set {
            Some(set) if !granular => {
                set.member = true;
                None
            }
            set => set,
        };
        match value {
            Value::Object(map) => self.collect_map(map, of, set),
            Value::Array(items) => self.collect_list(items, of, set, granular),
            _ => {}
        }
    }

    fn collect_map(
        &mut self,
        map: &Map<String, Value>,
        of: Type<'_>,
        mut set: Option<&mut FieldSet>,
    ) {
        for (name, value) in map {
            if !of.allows(name) {
                self.below(&format!(".{name}"), |this| {
                    this.problem("field not declared in schema");
                });
                // Upstream goes on with the next object.
                return;
            }
            let (field, declared) = of.field(name);
            let mut child = set.as_deref_mut().map(|set| set.child(Step::Field(name.clone())));
            self.below(&format!(".{name}"), |this| {
                this.collect(value, field, child.as_deref_mut());
            });
            if let Some(child) = child {
                child.member |= !declared || is_nothing(value);
            }
        }
    }

    fn collect_list(
        &mut self,
        items: &[Value],
        of: Type<'_>,
        mut set: Option<&mut FieldSet>,
        granular: bool,
    ) {
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let mut step = Step::Index(index);
            if granular {
                if let Some(why) = of.schema.and_then(|schema| not_an_item(schema, item)) {
                    self.problem(&format!("element {index}: {why}"));
                    return;
                }
                step = of.step(item, index);
                if !self.allows_duplicates && !seen.insert(step.clone()) {
                    self.problem(&format!("duplicate entries for key {}", shown(&step)));
                }
            }
            let path = shown(&step);
            let mut child = set.as_deref_mut().map(|set| set.child(step));
            self.below(&path, |this| this.collect(item, of.item(), child.as_deref_mut()));
            if let Some(child) = child {
                child.member = true;
            }
        }
    }
}

/// Why a value is not of its schema's type (`validateScalar`, `listValue`, `mapValue`).
fn mismatch(schema: &Schema, value: &Value) -> Option<String> {
    if value.is_null() || schema.int_or_string {
        return None;
    }
    let why = match (schema.kind?, value) {
        (Kind::Object, Value::Object(_))
        | (Kind::Array, Value::Array(_))
        | (Kind::String, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Integer | Kind::Number, Value::Number(_)) => return None,
        // A text with a format is an untyped scalar.
        (Kind::String, value) if schema.format.is_some() => {
            if value.is_array() || value.is_object() {
                format!("expected any scalar, got &{{{}}}", plain(value))
            } else {
                return None;
            }
        }
        (Kind::Object, value) => format!("expected map, got &{{{}}}", plain(value)),
        (Kind::Array, value) => format!("expected list, got &{{{}}}", plain(value)),
        (Kind::String, value) => {
            format!("expected string, got &value.valueUnstructured{{Value:{}}}", syntax(value))
        }
        (Kind::Boolean, value) => format!("expected boolean, got &{{{}}}", plain(value)),
        (Kind::Integer | Kind::Number, value) => {
            format!("expected numeric (int or float), got {}", type_name(value))
        }
    };
    Some(why)
}

/// Why a value cannot be an item of a granular list (`listItemToPathElement`).
fn not_an_item(schema: &Schema, item: &Value) -> Option<String> {
    let why = match (schema.list_type, item) {
        (ListType::Set, Value::Object(_)) => {
            "associative list without keys has an element that's a map type"
        }
        (ListType::Set, Value::Array(_)) => {
            "not supported: associative list with lists as elements"
        }
        (ListType::Set, Value::Null) => {
            "associative list without keys has an element that's an explicit null"
        }
        (ListType::Map, Value::Null) => "associative list with keys may not have a null element",
        (ListType::Map, Value::Object(map)) => {
            let keys = &schema.list_map_keys;
            let default = |key: &String| {
                let items = schema.items.as_ref();
                items.is_some_and(|items| {
                    items.properties.get(key).is_some_and(|key| key.default.is_some())
                })
            };
            if keys.iter().any(|key| map.contains_key(key) || default(key)) {
                return None;
            }
            let keys: Vec<String> = keys.iter().map(|key| quote(key)).collect();
            return Some(format!(
                "associative list with keys has an element that omits all key fields [{}] (and doesn't have default \
                 values for any key fields)",
                keys.join(" ")
            ));
        }
        (ListType::Map, _) => "associative list with keys may not have non-map elements",
        _ => return None,
    };
    Some(why.to_owned())
}

/// A step as paths show it (`PathElement.String`).
fn shown(step: &Step) -> String {
    match step {
        Step::Field(name) => format!(".{name}"),
        Step::Value(value) => format!("[={value}]"),
        Step::Index(index) => format!("[{index}]"),
        Step::Key(keys) => {
            let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
            let keys: Vec<String> =
                keys.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("[{}]", keys.join(","))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(value: &Value) -> Vec<String> {
        let schema = Schema::parse(&json!({"type": "object", "properties": {"spec": {
            "type": "object",
            "properties": {
                "count": {"type": "integer"}, "word": {"type": "string"}, "yes": {"type": "boolean"},
                "port": {"x-kubernetes-int-or-string": true}, "when": {"type": "string", "format": "date-time"},
                "parts": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}},
                    "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
            },
        }}}))
        .unwrap();
        fields_of(value, Type::of_object(Some(&schema))).err().unwrap_or_default()
    }

    #[test]
    fn values_of_other_types_are_named() {
        for (value, problem) in [
            (json!({"spec": "x"}), ".spec: expected map, got &{x}"),
            (
                json!({"spec": {"count": "x"}}),
                ".spec.count: expected numeric (int or float), got string",
            ),
            (
                json!({"spec": {"count": [1]}}),
                ".spec.count: expected numeric (int or float), got []interface {}",
            ),
            (
                json!({"spec": {"word": true}}),
                ".spec.word: expected string, got &value.valueUnstructured{Value:true}",
            ),
            (json!({"spec": {"yes": "x"}}), ".spec.yes: expected boolean, got &{x}"),
            (json!({"spec": {"parts": {}}}), ".spec.parts: expected list, got &{map[]}"),
            (json!({"spec": {"nope": 1}}), ".spec.nope: field not declared in schema"),
            (json!({"metadata": {"labels": ["x"]}}), ".metadata.labels: expected map, got &{[x]}"),
            (
                json!({"metadata": {"finalizers": [1]}}),
                ".metadata.finalizers[=1]: expected string, got &value.valueUnstructured{Value:1}",
            ),
            (
                json!({"metadata": {"finalizers": ["a", "a"]}}),
                ".metadata.finalizers: duplicate entries for key [=\"a\"]",
            ),
            (
                json!({"spec": {"parts": [{"name": "a"}, {"name": "a"}]}}),
                ".spec.parts: duplicate entries for key [name=\"a\"]",
            ),
        ] {
            assert_eq!(problems(&value), [problem], "{value}");
        }
        let fine =
            json!({"spec": {"count": null, "port": "x", "when": 5, "parts": [{"name": "a"}]}});
        assert_eq!(problems(&fine), [""; 0]);
    }
}
