//! `equalToJson`: comparing JSON trees as `JsonUnit` does for `WireMock`.
//!
//! Numbers compare by value (`1` equals `1.0`). `ignoreArrayOrder` pairs list items in any order,
//! `ignoreExtraElements` allows fields and items that were not expected. Placeholders stand for
//! values that vary: `${json-unit.any-string}` and others.

mod equal;
#[cfg(test)]
mod tests;
mod tree;

use std::cell::Cell;
use std::collections::HashMap;

use serde_json::Value;

use crate::java::json::{Json, Map};

use super::pairing::{MAX_PAIRED, Pairing};
use equal::{canonical, scalars_equal};
use tree::{Item, Rules, Tree};

/// How many values one comparison may look at: pairing lists with placeholders in any order is
/// quadratic. A text counts once more for each [`BYTES_PER_STEP`] of it. Anything beyond the budget
/// counts as different.
const BUDGET: u32 = 2_000_000;

/// How many bytes of a text are compared, or searched by a pattern, per step.
const BYTES_PER_STEP: usize = 64;

/// An expected JSON tree.
#[derive(Debug)]
pub(crate) struct JsonPattern {
    /// As written, for messages.
    expected: Json,
    tree: Tree,
    ignore_array_order: bool,
    ignore_extra: bool,
}

impl JsonPattern {
    /// Prepares an expected tree.
    pub(crate) fn compile(expected: Json, ignore_array_order: bool, ignore_extra: bool) -> Self {
        let rules = Rules { ignore_array_order, ignore_extra };
        let tree = Tree::compile(&expected, rules);
        Self { expected, tree, ignore_array_order, ignore_extra }
    }

    /// Returns whether a value equals the expected one.
    pub(crate) fn matches(&self, actual: &Json) -> bool {
        self.look(&self.tree, actual, &Cell::new(BUDGET))
    }

    /// Returns the expected tree, as written.
    pub(crate) fn expected(&self) -> &Json {
        &self.expected
    }

    /// Returns the expected tree with all matching parts replaced by the actual ones, so that a
    /// diff with the actual value shows only the mismatches.
    pub(crate) fn aligned(&self, actual: &Value) -> Value {
        let actual = Json::of(actual);
        self.align(&self.tree, &self.expected, &actual, &Cell::new(BUDGET)).to_serde()
    }

    fn look(&self, tree: &Tree, actual: &Json, budget: &Cell<u32>) -> bool {
        let read = match (tree, actual) {
            (Tree::Regex(_), Json::Text(text)) => text.len(),
            (Tree::Scalar(Json::Text(expected)), Json::Text(text))
                if expected.len() == text.len() =>
            {
                text.len()
            }
            _ => 0,
        };
        let steps = u32::try_from(1 + read / BYTES_PER_STEP).unwrap_or(u32::MAX);
        let Some(left) = budget.get().checked_sub(steps) else {
            budget.set(0);
            return false;
        };
        budget.set(left);
        match (tree, actual) {
            (Tree::Ignore { .. }, _)
            | (Tree::AnyString, Json::Text(_))
            | (Tree::AnyNumber, Json::Number(_))
            | (Tree::AnyBoolean, Json::Bool(_)) => true,
            (Tree::Regex(pattern), Json::Text(text)) => pattern.matches(text).unwrap_or(false),
            (Tree::Scalar(expected), actual) => scalars_equal(expected, actual),
            (Tree::List(expected), Json::List(actual)) => self.lists(expected, actual, budget),
            (Tree::Object(expected), Json::Map(actual)) => self.objects(expected, actual, budget),
            _ => false,
        }
    }

    fn objects(&self, expected: &[(Box<str>, Tree)], actual: &Map, budget: &Cell<u32>) -> bool {
        let mut found = 0;
        for (key, tree) in expected {
            match actual.get(key) {
                Some(value) => {
                    found += 1;
                    if !self.look(tree, value, budget) {
                        return false;
                    }
                }
                None if matches!(tree, Tree::Ignore { missing_too: true }) => {}
                None => return false,
            }
        }
        self.ignore_extra || found == actual.len()
    }

    fn lists(&self, expected: &[Item], actual: &[Json], budget: &Cell<u32>) -> bool {
        if actual.len() < expected.len() || (!self.ignore_extra && actual.len() > expected.len()) {
            return false;
        }
        if !self.ignore_array_order {
            let mut pairs = expected.iter().zip(actual);
            return pairs.all(|(item, value)| self.look(&item.tree, value, budget));
        }
        // Items that equal only one value go first: it does not matter which of the equal ones they
        // take.
        let mut left: Vec<&Json> = Vec::new();
        let mut open: Vec<&Tree> = Vec::new();
        let mut wanted: HashMap<&str, usize> = HashMap::new();
        for item in expected {
            match &item.canonical {
                Some(text) => *wanted.entry(text).or_default() += 1,
                None => open.push(&item.tree),
            }
        }
        if wanted.is_empty() {
            left.extend(actual);
        } else {
            for value in actual {
                // A scalar matches independent of the rules; other values only as a whole.
                match wanted.get_mut(&*canonical(value, true)) {
                    Some(count) if *count > 0 => *count -= 1,
                    _ => left.push(value),
                }
            }
            if wanted.values().any(|count| *count > 0) {
                return false;
            }
        }
        let mut pairing = Pairing { taken: vec![None; left.len()] };
        (0..open.len()).all(|wanted| {
            let fits = |wanted: usize, item: usize| self.look(open[wanted], left[item], budget);
            budget.get() > 0 && pairing.place(wanted, open.len() <= MAX_PAIRED, &fits)
        })
    }

    fn align(&self, tree: &Tree, expected: &Json, actual: &Json, budget: &Cell<u32>) -> Json {
        if self.look(tree, actual, budget) {
            return actual.clone();
        }
        match (tree, expected, actual) {
            (Tree::Object(trees), Json::Map(expected), Json::Map(actual)) => {
                let mut out = Map::default();
                for (key, tree) in trees {
                    let wanted = expected.get(key).unwrap_or(&Json::Null);
                    let value = match actual.get(key) {
                        Some(value) => self.align(tree, wanted, value, budget),
                        None => wanted.clone(),
                    };
                    out.insert(key.to_string(), value);
                }
                if self.ignore_extra {
                    let extra = actual.iter().filter(|(key, _)| expected.get(key).is_none());
                    extra.for_each(|(key, value)| out.insert(key.to_owned(), value.clone()));
                }
                Json::Map(out)
            }
            (Tree::List(trees), Json::List(expected), Json::List(actual))
                if !self.ignore_array_order =>
            {
                let pairs = trees.iter().zip(expected).enumerate().map(|(at, (item, wanted))| {
                    let tree = &item.tree;
                    let item = actual.get(at);
                    item.map_or_else(
                        || wanted.clone(),
                        |item| self.align(tree, wanted, item, budget),
                    )
                });
                let mut out: Vec<Json> = pairs.collect();
                if self.ignore_extra {
                    out.extend(actual.iter().skip(out.len()).cloned());
                }
                Json::List(out)
            }
            _ => expected.clone(),
        }
    }
}
