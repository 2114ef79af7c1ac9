//! `equalToJson`: comparing JSON trees as `JsonUnit` does for `WireMock`.
//!
//! Numbers compare by value (`1` equals `1.0`). `ignoreArrayOrder` pairs list items in any order,
//! `ignoreExtraElements` allows fields and items that were not expected. Placeholders stand for
//! values that vary: `${json-unit.any-string}` and others, see [`PLACEHOLDERS`].

use std::cell::Cell;

use serde_json::{Map, Number, Value};

use super::pattern::Pattern;

/// The placeholders that are known, for messages.
pub(crate) const PLACEHOLDERS: &str = "${json-unit.ignore}, ${json-unit.ignore-element}, \
     ${json-unit.any-string}, ${json-unit.any-number}, ${json-unit.any-boolean}, ${json-unit.regex}...";

/// How many values one comparison may look at: pairing long lists in any order is quadratic.
const BUDGET: u32 = 2_000_000;

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

#[derive(Debug)]
enum Tree {
    /// Anything; whether it may also be missing.
    Ignore {
        missing_too: bool,
    },
    AnyString,
    AnyNumber,
    AnyBoolean,
    Regex(Pattern),
    Scalar(Value),
    List(Vec<Tree>),
    Object(Vec<(Box<str>, Tree)>),
}

impl JsonPattern {
    /// Prepares an expected tree. The error is the sentence for people.
    pub(crate) fn compile(
        expected: Value,
        ignore_array_order: bool,
        ignore_extra: bool,
    ) -> Result<Self, String> {
        let tree = Tree::compile(&expected)?;
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
        let Some(left) = budget.get().checked_sub(1) else {
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

    fn lists(&self, expected: &[Tree], actual: &[Value], budget: &Cell<u32>) -> bool {
        if actual.len() < expected.len() || (!self.ignore_extra && actual.len() > expected.len()) {
            return false;
        }
        if !self.ignore_array_order {
            return expected.iter().zip(actual).all(|(tree, item)| self.look(tree, item, budget));
        }
        let mut pairing = Pairing { taken: vec![None; actual.len()] };
        (0..expected.len()).all(|wanted| {
            let fits =
                |wanted: usize, item: usize| self.look(&expected[wanted], &actual[item], budget);
            pairing.place(wanted, expected.len() <= MAX_PAIRED, &fits)
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
                let pairs = trees.iter().zip(expected).enumerate().map(|(at, (tree, wanted))| {
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

/// Pairs expected items with different actual ones (Kuhn's augmenting paths).
struct Pairing {
    /// Which expected item holds each actual one.
    taken: Vec<Option<usize>>,
}

impl Pairing {
    fn place(
        &mut self,
        wanted: usize,
        move_others: bool,
        fits: &impl Fn(usize, usize) -> bool,
    ) -> bool {
        // Most lists are in order already: the same position first.
        if self.taken[wanted].is_none() && fits(wanted, wanted) {
            self.taken[wanted] = Some(wanted);
            return true;
        }
        let mut seen = vec![false; self.taken.len()];
        self.augment(wanted, move_others, fits, &mut seen)
    }

    fn augment(
        &mut self,
        wanted: usize,
        move_others: bool,
        fits: &impl Fn(usize, usize) -> bool,
        seen: &mut [bool],
    ) -> bool {
        for item in 0..self.taken.len() {
            let holder = self.taken[item];
            if seen[item] || (holder.is_some() && !move_others) || !fits(wanted, item) {
                continue;
            }
            seen[item] = true;
            let free = match holder {
                None => true,
                Some(holder) => self.augment(holder, move_others, fits, seen),
            };
            if free {
                self.taken[item] = Some(wanted);
                return true;
            }
        }
        false
    }
}

impl Tree {
    fn compile(expected: &Value) -> Result<Self, String> {
        Ok(match expected {
            Value::String(text) => match placeholder(text) {
                Some(name) => Self::placeholder(name, text)?,
                None => Self::Scalar(expected.clone()),
            },
            Value::Array(list) => {
                Self::List(list.iter().map(Self::compile).collect::<Result<_, _>>()?)
            }
            Value::Object(map) => {
                let fields =
                    map.iter().map(|(key, value)| Ok((key.as_str().into(), Self::compile(value)?)));
                Self::Object(fields.collect::<Result<_, String>>()?)
            }
            scalar => Self::Scalar(scalar.clone()),
        })
    }

    fn placeholder(name: &str, text: &str) -> Result<Self, String> {
        Ok(match name {
            "ignore}" => Self::Ignore { missing_too: false },
            "ignore-element}" => Self::Ignore { missing_too: true },
            "any-string}" => Self::AnyString,
            "any-number}" => Self::AnyNumber,
            "any-boolean}" => Self::AnyBoolean,
            _ => match name.strip_prefix("regex}") {
                Some(pattern) => Self::Regex(
                    Pattern::compile(pattern)
                        .map_err(|why| format!("the pattern of {text:?} is broken: {why}"))?,
                ),
                None => return Err(format!("unknown placeholder {text:?}; known: {PLACEHOLDERS}")),
            },
        })
    }
}

/// What follows `json-unit.` in a placeholder; `JsonUnit` takes `#` as well as `$`.
fn placeholder(text: &str) -> Option<&str> {
    text.strip_prefix("${json-unit.").or_else(|| text.strip_prefix("#{json-unit."))
}

fn scalars_equal(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Number(a), Value::Number(b)) => numbers_equal(a, b),
        _ => expected == actual,
    }
}

/// Compares by value, without losing the low digits of large whole numbers.
fn numbers_equal(a: &Number, b: &Number) -> bool {
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a.as_f64() == b.as_f64(),
        _ => false,
    }
}

fn whole(number: &Number) -> Option<i128> {
    if let Some(number) = number.as_i64() {
        return Some(number.into());
    }
    if let Some(number) = number.as_u64() {
        return Some(number.into());
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and within i128 by the check in front"
    )]
    number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 1e38).map(|f| f as i128)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn trees_compare_as_in_json_unit() {
        let table = [
            // expected, any order, extra, actual, verdict
            (json!(1), false, false, json!(1.0), true),
            (
                json!(9_007_199_254_740_993_u64),
                false,
                false,
                json!(9_007_199_254_740_992_u64),
                false,
            ),
            (json!(0.5), false, false, json!(0.25), false),
            (json!(null), false, false, json!(null), true),
            (json!({"a": null}), false, false, json!({}), false),
            (json!({"a": 1}), false, false, json!({"a": 1, "b": 2}), false),
            (json!({"a": 1}), false, true, json!({"a": 1, "b": 2}), true),
            (json!([1, 2]), false, false, json!([2, 1]), false),
            (json!([1, 2]), true, false, json!([2, 1]), true),
            (json!([1, 1]), true, false, json!([1, 2]), false),
            (json!([1, 2]), false, true, json!([1, 2, 3]), true),
            (json!([1, 3]), false, true, json!([1, 2, 3]), false),
            (json!([3, 1]), true, true, json!([1, 2, 3]), true),
            (json!([1, 2]), true, true, json!([1]), false),
            (json!("${json-unit.any-string}"), false, false, json!("x"), true),
            (json!("${json-unit.any-string}"), false, false, json!(1), false),
            (json!("#{json-unit.any-number}"), false, false, json!(1), true),
            (json!("${json-unit.any-boolean}"), false, false, json!(true), true),
            (json!("${json-unit.regex}[a-z]+"), false, false, json!("abc"), true),
            (json!("${json-unit.regex}[a-z]+"), false, false, json!("ABC"), false),
            (json!({"a": "${json-unit.ignore}"}), false, false, json!({"a": [1]}), true),
            (json!({"a": "${json-unit.ignore}"}), false, false, json!({}), false),
            (json!({"a": "${json-unit.ignore-element}"}), false, false, json!({}), true),
            // The first fit is wrong for the second: items must be moved.
            (json!(["${json-unit.any-number}", 1]), true, false, json!([1, 2]), true),
        ];
        for (expected, order, extra, actual, verdict) in table {
            let pattern = JsonPattern::compile(expected.clone(), order, extra).unwrap();
            assert_eq!(
                pattern.matches(&actual),
                verdict,
                "{expected} ({order}, {extra}) on {actual}"
            );
        }
    }

    #[test]
    fn unknown_placeholders_are_refused() {
        let error = JsonPattern::compile(json!({"a": "${json-unit.matches:x}"}), false, false);
        assert!(
            error
                .unwrap_err()
                .starts_with("unknown placeholder \"${json-unit.matches:x}\"; known: ")
        );
    }

    #[test]
    fn long_lists_in_any_order_end() {
        let backwards: Vec<usize> = (0..20_000).rev().collect();
        let pattern = JsonPattern::compile(json!(backwards), true, false).unwrap();
        let forwards: Vec<usize> = (0..20_000).collect();
        assert!(!pattern.matches(&json!(forwards)), "past the budget it counts as different");
    }

    #[test]
    fn what_matches_is_aligned() {
        let expected = json!({"a": 1, "b": "${json-unit.any-string}", "c": [1, 2]});
        let pattern = JsonPattern::compile(expected, false, true).unwrap();
        let actual = json!({"a": 1.0, "b": "x", "c": [1, 3], "d": 4});
        assert_eq!(pattern.aligned(&actual), json!({"a": 1.0, "b": "x", "c": [1, 2], "d": 4}));
    }
}
