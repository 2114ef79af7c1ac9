//! `equalToJson`: comparing JSON trees as `JsonUnit` does for `WireMock`.
//!
//! Numbers compare by value (`1` equals `1.0`). `ignoreArrayOrder` pairs list items in any order,
//! `ignoreExtraElements` allows fields and items that were not expected. Placeholders stand for
//! values that vary: `${json-unit.any-string}` and others.

mod equal;
mod pairing;
#[cfg(test)]
mod tests;
mod tree;

use std::cell::Cell;
use std::collections::HashMap;

use serde_json::{Map, Value};

use equal::{canonical, scalars_equal};
use pairing::Pairing;
use tree::{Item, Rules, Tree};

/// How many values one comparison may look at: pairing lists with placeholders in any order is
/// quadratic. A text counts once more for each [`BYTES_PER_STEP`] of it. What is not compared within
/// the budget counts as different.
const BUDGET: u32 = 2_000_000;

/// How much of a text is compared, or searched by a pattern, for one step.
const BYTES_PER_STEP: usize = 64;

/// Lists longer than this are paired greedily, first fit first.
const MAX_PAIRED: usize = 1_000;

/// An expected JSON tree.
#[derive(Debug)]
pub(crate) struct JsonPattern {
    /// As written, for messages.
    expected: Value,
    tree: Tree,
    ignore_array_order: bool,
    ignore_extra: bool,
}

impl JsonPattern {
    /// Prepares an expected tree. The error is the sentence for people.
    pub(crate) fn compile(
        expected: Value,
        ignore_array_order: bool,
        ignore_extra: bool,
    ) -> Result<Self, String> {
        let rules = Rules { ignore_array_order, ignore_extra };
        let tree = Tree::compile(&expected, rules)?;
        Ok(Self { expected, tree, ignore_array_order, ignore_extra })
    }

    /// Whether a value is as expected.
    pub(crate) fn matches(&self, actual: &Value) -> bool {
        self.look(&self.tree, actual, &Cell::new(BUDGET))
    }

    /// The expected tree, as written.
    pub(crate) fn expected(&self) -> &Value {
        &self.expected
    }

    /// The expected tree with everything that matches shown as it came in, so that a diff of it
    /// with the actual value shows only what is wrong.
    pub(crate) fn aligned(&self, actual: &Value) -> Value {
        self.align(&self.tree, &self.expected, actual, &Cell::new(BUDGET))
    }

    fn look(&self, tree: &Tree, actual: &Value, budget: &Cell<u32>) -> bool {
        let read = match (tree, actual) {
            (Tree::Regex(_), Value::String(text)) => text.len(),
            (Tree::Scalar(Value::String(expected)), Value::String(text))
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
            | (Tree::AnyString, Value::String(_))
            | (Tree::AnyNumber, Value::Number(_))
            | (Tree::AnyBoolean, Value::Bool(_)) => true,
            (Tree::Regex(pattern), Value::String(text)) => pattern.matches(text),
            (Tree::Scalar(expected), actual) => scalars_equal(expected, actual),
            (Tree::List(expected), Value::Array(actual)) => self.lists(expected, actual, budget),
            (Tree::Object(expected), Value::Object(actual)) => {
                self.objects(expected, actual, budget)
            }
            _ => false,
        }
    }

    fn objects(
        &self,
        expected: &[(Box<str>, Tree)],
        actual: &Map<String, Value>,
        budget: &Cell<u32>,
    ) -> bool {
        let mut found = 0;
        for (key, tree) in expected {
            match actual.get(&**key) {
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

    fn lists(&self, expected: &[Item], actual: &[Value], budget: &Cell<u32>) -> bool {
        if actual.len() < expected.len() || (!self.ignore_extra && actual.len() > expected.len()) {
            return false;
        }
        if !self.ignore_array_order {
            let mut pairs = expected.iter().zip(actual);
            return pairs.all(|(item, value)| self.look(&item.tree, value, budget));
        }
        // Items that equal one value only go first: whichever of the equal ones they take, the others
        // lose nothing by it.
        let mut left: Vec<&Value> = Vec::new();
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
                // A scalar is as wanted under the rules whatever they are; the rest only by its whole.
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

    fn align(&self, tree: &Tree, expected: &Value, actual: &Value, budget: &Cell<u32>) -> Value {
        if self.look(tree, actual, budget) {
            return actual.clone();
        }
        match (tree, expected, actual) {
            (Tree::Object(trees), Value::Object(expected), Value::Object(actual)) => {
                let mut out = Map::new();
                for (key, tree) in trees {
                    let (key, wanted) = (key.to_string(), &expected[&**key]);
                    let value = match actual.get(&key) {
                        Some(value) => self.align(tree, wanted, value, budget),
                        None => wanted.clone(),
                    };
                    out.insert(key, value);
                }
                if self.ignore_extra {
                    let extra = actual.iter().filter(|(key, _)| !expected.contains_key(*key));
                    out.extend(extra.map(|(key, value)| (key.clone(), value.clone())));
                }
                Value::Object(out)
            }
            (Tree::List(trees), Value::Array(expected), Value::Array(actual))
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
                let mut out: Vec<Value> = pairs.collect();
                if self.ignore_extra {
                    out.extend(actual.iter().skip(out.len()).cloned());
                }
                Value::Array(out)
            }
            _ => expected.clone(),
        }
    }
}
