//! Sets of field paths, and their JSON form `FieldsV1`
//! (`structured-merge-diff/fieldpath`, `k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1`).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::super::golang::safe_in_html;

/// One step of a path. The JSON in keys and values is compact and sorted, so that equal values compare equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Step {
    /// A field of an object: `f:name`.
    Field(String),
    /// An item of a list by its key fields: `k:{"name":"x"}`.
    Key(String),
    /// An item of a list by its value: `v:"x"`.
    Value(String),
    /// An item of a list by its index: `i:0`.
    Index(usize),
}

/// A set of paths, as a tree of steps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldSet {
    pub(super) member: bool,
    pub(super) children: BTreeMap<Step, FieldSet>,
}

impl FieldSet {
    pub(super) fn is_empty(&self) -> bool {
        !self.member && self.children.values().all(Self::is_empty)
    }

    pub(super) fn child(&mut self, step: Step) -> &mut Self {
        self.children.entry(step).or_default()
    }

    pub(super) fn insert(&mut self, path: &[Step]) {
        let leaf = path.iter().fold(self, |node, step| node.child(step.clone()));
        leaf.member = true;
    }

    /// Removes a field and everything below it.
    pub(super) fn remove_field(&mut self, path: &[&str]) {
        match path {
            [] => {}
            [last] => drop(self.children.remove(&Step::Field((*last).to_owned()))),
            [first, rest @ ..] => {
                if let Some(child) = self.children.get_mut(&Step::Field((*first).to_owned())) {
                    child.remove_field(rest);
                }
            }
        }
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        all.member |= other.member;
        for (step, child) in &other.children {
            let merged =
                all.children.get(step).map_or_else(|| child.clone(), |own| own.union(child));
            all.children.insert(step.clone(), merged);
        }
        all
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        let children = self.children.iter().filter_map(|(step, child)| {
            let both = child.intersection(other.children.get(step)?);
            (!both.is_empty()).then(|| (step.clone(), both))
        });
        Self { member: self.member && other.member, children: children.collect() }
    }

    pub(super) fn difference(&self, other: &Self) -> Self {
        let children = self.children.iter().filter_map(|(step, child)| {
            let left = match other.children.get(step) {
                Some(other) => child.difference(other),
                None => child.clone(),
            };
            (!left.is_empty()).then(|| (step.clone(), left))
        });
        Self { member: self.member && !other.member, children: children.collect() }
    }

    /// The paths as messages show them: `.spec.tasks[name="x"].replicas`.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut all = Vec::new();
        self.collect(&mut String::new(), &mut all);
        all
    }

    fn collect(&self, path: &mut String, all: &mut Vec<String>) {
        if self.member {
            all.push(path.clone());
        }
        for (step, child) in &self.children {
            let length = path.len();
            step.show(path);
            child.collect(path, all);
            path.truncate(length);
        }
    }

    /// The set as `fieldsV1`.
    pub(super) fn to_json(&self) -> Value {
        let mut map = Map::new();
        if self.member && !self.children.is_empty() {
            map.insert(".".to_owned(), Value::Object(Map::new()));
        }
        for (step, child) in self.children.iter().filter(|(_, child)| !child.is_empty()) {
            map.insert(step.encode(), child.to_json());
        }
        map.into()
    }

    /// Parses `fieldsV1`; invalid parts are ignored.
    pub(super) fn from_json(value: &Value) -> Self {
        let mut set = Self::read(value);
        // The root is not a field.
        set.member = false;
        set
    }

    fn read(value: &Value) -> Self {
        let Some(map) = value.as_object() else {
            return Self::default();
        };
        let children =
            map.iter().filter_map(|(name, value)| Some((Step::decode(name)?, Self::read(value))));
        Self { member: map.is_empty() || map.contains_key("."), children: children.collect() }
    }
}

impl Step {
    fn encode(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(json) => format!("k:{}", safe_in_html(json)),
            Self::Value(json) => format!("v:{}", safe_in_html(json)),
            Self::Index(index) => format!("i:{index}"),
        }
    }

    fn decode(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let json = || serde_json::from_str::<Value>(rest).ok().map(|value| value.to_string());
        match kind {
            "f" => Some(Self::Field(rest.to_owned())),
            "k" => json().map(Self::Key),
            "v" => json().map(Self::Value),
            "i" => rest.parse().ok().map(Self::Index),
            _ => None,
        }
    }

    /// The step as conflict messages show it (`PathElement.String`).
    fn show(&self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = match self {
            Self::Field(name) => write!(out, ".{name}"),
            Self::Value(json) => write!(out, "[={json}]"),
            Self::Index(index) => write!(out, "[{index}]"),
            Self::Key(json) => {
                let keys: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
                let keys: Vec<String> =
                    keys.iter().map(|(name, value)| format!("{name}={value}")).collect();
                write!(out, "[{}]", keys.join(","))
            }
        };
    }
}
