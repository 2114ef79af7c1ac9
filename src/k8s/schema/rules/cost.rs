//! What a rule may cost, in steps, before it is evaluated: as upstream bounds it
//! (`k8s.io/apiserver/pkg/apis/cel/config.go`), but by an estimate, as the crate `cel` does not count.

use serde_json::Value;

/// The most steps of one rule (`PerCallLimit`).
const OF_ONE_RULE: u64 = 1_000_000;

/// The most steps of all rules of an object (`RuntimeCELCostBudget`).
const OF_ALL_RULES: u64 = 10_000_000;

/// Macros that evaluate their argument for each item.
const LOOPS: [&str; 9] = [
    ".all",
    ".exists",
    ".exists_one",
    ".existsOne",
    ".map",
    ".filter",
    ".transformList",
    ".transformMap",
    ".sortBy",
];

/// Why a rule is not evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exceeded {
    OneRule,
    AllRules,
}

/// The steps that the rules of an object may still take.
#[derive(Debug)]
pub(super) struct Budget(u64);

impl Budget {
    pub(super) fn new() -> Self {
        Self(OF_ALL_RULES)
    }

    /// Takes the steps of a rule whose loops are nested `depth` times, over collections of these sizes.
    pub(super) fn take(&mut self, depth: usize, sizes: &[u64]) -> Result<(), Exceeded> {
        let steps = sizes.iter().take(depth).fold(1_u64, |steps, size| steps.saturating_mul(*size));
        if steps > OF_ONE_RULE {
            return Err(Exceeded::OneRule);
        }
        self.0 = self.0.checked_sub(steps).ok_or(Exceeded::AllRules)?;
        Ok(())
    }
}

/// How deep the loops of an expression are nested.
pub(super) fn depth(expression: &str) -> usize {
    let mut open = Vec::new();
    let (mut depth, mut deepest) = (0, 0);
    for (at, character) in expression.char_indices() {
        match character {
            '(' => {
                let before = expression[..at].trim_end();
                let is_loop = LOOPS.iter().any(|name| before.ends_with(name));
                depth += usize::from(is_loop);
                deepest = deepest.max(depth);
                open.push(is_loop);
            }
            ')' => depth -= usize::from(open.pop().unwrap_or_default()),
            _ => {}
        }
    }
    deepest
}

/// The sizes of the lists and maps in a value, the largest first, none of them 0. A text counts with its length: a rule
/// may split it.
pub(super) fn sizes(value: &Value) -> Vec<u64> {
    let mut sizes = Vec::new();
    collect(value, &mut sizes);
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    sizes
}

fn collect(value: &Value, sizes: &mut Vec<u64>) {
    let size = match value {
        Value::Array(list) => {
            for item in list {
                collect(item, sizes);
            }
            list.len()
        }
        Value::Object(map) => {
            for item in map.values() {
                collect(item, sizes);
            }
            map.len()
        }
        Value::String(text) => text.len(),
        _ => 0,
    };
    if size > 0 {
        sizes.push(size as u64);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn loops_are_counted_where_they_are_nested() {
        for (expression, expected) in [
            ("self.a == 1", 0),
            ("self.all(x, x > 0) && self.exists(x, x == 3)", 1),
            ("self.a.all(x, self.b.exists (y, y == x))", 2),
            ("self.a.all(x, size(x) > 0 && self.b.map(y, y.filter(z, z)).size() > (1))", 3),
            ("self.overall(x)) || (", 0),
        ] {
            assert_eq!(depth(expression), expected, "{expression}");
        }
    }

    #[test]
    fn what_costs_too_much_is_refused() {
        let value = json!({"a": vec![1; 2_000], "b": vec![2; 1_000], "c": {}});
        let sizes = sizes(&value);
        assert_eq!(sizes, [2_000, 1_000, 3]);
        let mut budget = Budget::new();
        assert_eq!(budget.take(1, &sizes), Ok(()));
        assert_eq!(budget.take(2, &sizes), Err(Exceeded::OneRule));
        assert_eq!(budget.take(2, &[1_000, 1_000]), Ok(()));
        let taken = (0..20).take_while(|_| budget.take(2, &[1_000, 1_000]).is_ok()).count();
        assert_eq!(taken, 8);
        assert_eq!(budget.take(2, &[1_000, 1_000]), Err(Exceeded::AllRules));
    }
}
