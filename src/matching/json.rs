//! `equalToJson`: comparing JSON trees as `JsonUnit` does for `WireMock`.
//!
//! Numbers compare by value (`1` equals `1.0`). `ignoreArrayOrder` pairs list items in any order,
//! `ignoreExtraElements` allows fields and items that were not expected. Placeholders stand for
//! values that vary: `${json-unit.any-string}` and others, see [`PLACEHOLDERS`].

use std::cell::Cell;
use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use super::pattern::Pattern;

/// The placeholders that are known, for messages.
pub(crate) const PLACEHOLDERS: &str = "${json-unit.ignore}, ${json-unit.ignore-element}, \
     ${json-unit.any-string}, ${json-unit.any-number}, ${json-unit.any-boolean}, ${json-unit.regex}...";

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
    List(Vec<Item>),
    Object(Vec<(Box<str>, Tree)>),
}

/// An expected item of a list.
#[derive(Debug)]
struct Item {
    tree: Tree,
    /// The canonical text of all values that it equals, where that is one text: it is looked up then,
    /// and not compared with each actual item.
    canonical: Option<Box<str>>,
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
    fn compile(expected: &Value, rules: Rules) -> Result<Self, String> {
        Ok(match expected {
            Value::String(text) => match placeholder(text) {
                Some(name) => Self::placeholder(name, text)?,
                None => Self::Scalar(expected.clone()),
            },
            Value::Array(list) => Self::List(
                list.iter().map(|item| Item::compile(item, rules)).collect::<Result<_, _>>()?,
            ),
            Value::Object(map) => {
                let fields = map
                    .iter()
                    .map(|(key, value)| Ok((key.as_str().into(), Self::compile(value, rules)?)));
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

/// What a comparison leaves out.
#[derive(Debug, Clone, Copy)]
struct Rules {
    ignore_array_order: bool,
    ignore_extra: bool,
}

impl Item {
    fn compile(expected: &Value, rules: Rules) -> Result<Self, String> {
        let tree = Tree::compile(expected, rules)?;
        let scalar = matches!(tree, Tree::Scalar(_));
        let whole = scalar || !rules.ignore_extra && tree.is_literal();
        let canonical =
            (rules.ignore_array_order && whole).then(|| canonical(expected, true).into());
        Ok(Self { tree, canonical })
    }
}

impl Tree {
    /// Whether no placeholder stands in it.
    fn is_literal(&self) -> bool {
        match self {
            Self::Scalar(_) => true,
            Self::List(items) => items.iter().all(|item| item.tree.is_literal()),
            Self::Object(fields) => fields.iter().all(|(_, tree)| tree.is_literal()),
            _ => false,
        }
    }
}

/// A text that is the same for values that are equal: numbers by value, and lists in one order where
/// their order does not count.
fn canonical(value: &Value, any_order: bool) -> String {
    match value {
        Value::Number(number) => match whole(number) {
            Some(whole) => whole.to_string(),
            None => format!("{:?}", number.as_f64()),
        },
        Value::Array(list) => {
            let mut items: Vec<String> =
                list.iter().map(|item| canonical(item, any_order)).collect();
            if any_order {
                items.sort_unstable();
            }
            format!("[{}]", items.join(","))
        }
        Value::Object(map) => {
            let mut fields: Vec<(&String, String)> =
                map.iter().map(|(key, value)| (key, canonical(value, any_order))).collect();
            fields.sort_unstable();
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
            format!("{{{}}}", fields.join(","))
        }
        scalar => scalar.to_string(),
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
    fn long_lists_in_any_order_are_compared_by_lookup() {
        let backwards: Vec<usize> = (0..20_000).rev().collect();
        let forwards: Vec<usize> = (0..20_000).collect();
        let items = |numbers: &[usize]| -> Value {
            numbers.iter().map(|n| json!({"id": n, "tags": [n, "x"]})).collect()
        };
        let pattern = JsonPattern::compile(json!(backwards), true, true).unwrap();
        assert!(pattern.matches(&json!(forwards)));
        let pattern = JsonPattern::compile(items(&backwards), true, false).unwrap();
        assert!(pattern.matches(&items(&forwards)));
        assert!(!pattern.matches(&items(&forwards[1..])));
        let repeated =
            JsonPattern::compile(json!([1, 1.0, 2, "${json-unit.any-number}"]), true, false);
        let repeated = repeated.unwrap();
        assert!(repeated.matches(&json!([2, 1, 3, 1])));
        assert!(!repeated.matches(&json!([2, 1, 3, 2])));
    }

    #[test]
    fn a_comparison_ends_with_its_budget() {
        let items = vec![json!("${json-unit.regex}a*b"); 3_000];
        let pattern = JsonPattern::compile(json!(items), true, false).unwrap();
        let texts = vec!["a".repeat(3_000); 3_000];
        assert!(!pattern.matches(&json!(texts)));
    }

    #[test]
    fn what_matches_is_aligned() {
        let expected = json!({"a": 1, "b": "${json-unit.any-string}", "c": [1, 2]});
        let pattern = JsonPattern::compile(expected, false, true).unwrap();
        let actual = json!({"a": 1.0, "b": "x", "c": [1, 3], "d": 4});
        assert_eq!(pattern.aligned(&actual), json!({"a": 1.0, "b": "x", "c": [1, 2], "d": 4}));
    }
}
