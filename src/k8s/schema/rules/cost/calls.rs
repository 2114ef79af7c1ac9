//! The cost of a call whose function the language defines (`functionCost`).

use super::estimate::{Call, Coster};
use super::extensions;
use super::library::library_cost;
use super::size::{REGEX, Range, TRAVERSAL};

impl Coster<'_> {
    /// The cost of one signature of a call, with the size of its result (`functionCost`).
    pub(super) fn function(&mut self, call: &Call<'_>, costs: &[Range]) -> (Range, Option<Range>) {
        let arguments = costs.iter().fold(Range::fixed(0), |sum, cost| sum.add(*cost));
        let args = call.args;
        let own = extensions::estimated(self.sizes_of, call.overload, call.target, args);
        if let Some((cost, size)) = own {
            return (cost.add(arguments), size);
        }
        if let Some((cost, size)) =
            library_cost(self.sizes_of, call.name, call.overload, call.target, args)
        {
            return (cost.add(arguments), size);
        }
        let sized =
            |index: usize| args.get(index).and_then(|arg| arg.size).unwrap_or(Range::UNKNOWN);
        let target = call.target.map(|target| target.size.unwrap_or(Range::UNKNOWN));
        let plain = |cost: Range| (cost.add(arguments), None);
        match call.overload {
            "string_format" => plain(target.unwrap_or(Range::UNKNOWN).scale(TRAVERSAL)),
            "string_to_bytes" => {
                let size = sized(0);
                let result = Range::new(size.min, size.max.wrapping_mul(4));
                (size.scale(TRAVERSAL).add(arguments), Some(result))
            }
            "bytes_to_string" => {
                let size = sized(0);
                (size.scale(TRAVERSAL).add(arguments), Some(Range::new(size.min / 4, size.max)))
            }
            "strings_quote" => {
                let size = sized(0);
                let result = Range::new(size.min + 2, size.max.wrapping_mul(2).wrapping_add(2));
                (size.scale(TRAVERSAL).add(arguments), Some(result))
            }
            "starts_with_string" | "ends_with_string" => plain(sized(0).scale(TRAVERSAL)),
            "in_list" => plain(sized(1).scale(1.0)),
            "matches_string" => {
                let text = target.unwrap_or(Range::UNKNOWN).add(Range::fixed(1)).scale(TRAVERSAL);
                plain(text.times(sized(0).scale(REGEX)))
            }
            "contains_string" => plain(
                target.unwrap_or(Range::UNKNOWN).scale(TRAVERSAL).times(sized(0).scale(TRAVERSAL)),
            ),
            "logical_or" | "logical_and" => {
                (Range::new(costs[0].min, costs[0].add(costs[1]).max), None)
            }
            "conditional" => {
                let size = sized(1).union(sized(2));
                let entry = |index: usize| args[index].expr.and_then(|expr| self.entry(expr));
                if let (Some(yes), Some(no)) = (entry(1), entry(2)) {
                    self.entries.insert(call.expr.id, yes.union(no));
                }
                (costs[0].add(costs[1].union(costs[2])), Some(size))
            }
            "add_string" | "add_bytes" | "add_list" => {
                let size = sized(0).add(sized(1));
                let entry = |index: usize| args[index].expr.and_then(|expr| self.entry(expr));
                if let (Some(left), Some(right)) = (entry(0), entry(1)) {
                    self.entries.insert(call.expr.id, left.union(right));
                }
                let cost = if call.overload == "add_list" {
                    Range::fixed(1)
                } else {
                    size.scale(TRAVERSAL)
                };
                (cost.add(arguments), Some(size))
            }
            "less_string"
            | "greater_string"
            | "less_equals_string"
            | "greater_equals_string"
            | "less_bytes"
            | "greater_bytes"
            | "less_equals_bytes"
            | "greater_equals_bytes"
            | "equals"
            | "not_equals" => {
                let smallest = sized(0).max.min(sized(1).max);
                plain(Range::new(u64::from(smallest > 0), smallest).scale(TRAVERSAL))
            }
            _ => plain(Range::fixed(1)),
        }
    }
}
