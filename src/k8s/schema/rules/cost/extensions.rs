//! The costs of the functions of lists and sets (`cel-go/ext/{lists,sets}.go`), estimated and in fact.

use ::cel::common::ast::{Expr, LiteralValue};

use super::super::value::Value;
use super::nodes::{Node, Sizes};
use super::size::{Range, TRAVERSAL, scale};

/// The cost of a call and of the list that it makes.
const ALLOCATION: u64 = 11;

/// Sorting and the like compare each item with each other one.
const SELF_COMPARISON: f64 = 2.0;

/// The estimated cost of a call, with the size of its result; nothing for other functions.
pub(super) fn estimated(
    sizes: Sizes<'_>,
    overload: &str,
    target: Option<&Node<'_>>,
    args: &[Node<'_>],
) -> Option<(Range, Option<Range>)> {
    let allocating = |factor: f64, size: Range| {
        Some((size.scale(factor).add(Range::fixed(ALLOCATION)), Some(size)))
    };
    let whole = || target.map(|node| sizes.size_of(node));
    let compared = |node: &Node<'_>, factor: f64| {
        let size = sizes.size_of(node);
        allocating(factor, size.times(size))
    };
    match overload {
        "list_slice" => {
            let [start, end] = args else { return None };
            let (start, end) = (number(start, 0), number(end, whole()?.max));
            allocating(1.0, Range::fixed(end.wrapping_sub(start)))
        }
        "lists_range" => allocating(1.0, Range::fixed(number(args.first()?, u64::MAX))),
        "list_reverse" => allocating(1.0, whole()?),
        "list_flatten" | "list_flatten_int" => {
            let depth = args.first().map_or(1, |depth| number(depth, u64::MAX));
            #[expect(clippy::cast_precision_loss, reason = "upstream counts in floats")]
            allocating(depth as f64, whole()?)
        }
        "list_distinct" => compared(target?, SELF_COMPARISON),
        "list_sets_contains_list" | "list_sets_intersects_list" | "list_sets_equivalent_list" => {
            let [one, other] = args else { return None };
            let factor = if overload == "list_sets_equivalent_list" { 2.0 } else { 1.0 };
            let pairs = sizes.size_of(one).times(sizes.size_of(other));
            Some((pairs.scale(factor).add(Range::fixed(1)), None))
        }
        _ if overload.ends_with("_sort") => compared(target?, factor_of(overload)),
        _ if overload.ends_with("_sortByAssociatedKeys") => {
            compared(args.first()?, factor_of(overload))
        }
        _ => None,
    }
}

/// What comparing keys costs, by the name of their type in a signature.
fn factor_of(overload: &str) -> f64 {
    let is_text = overload.starts_with("list_string_") || overload.starts_with("list_bytes_");
    SELF_COMPARISON + if is_text { TRAVERSAL } else { 0.0 }
}

/// A literal number.
fn number(node: &Node<'_>, otherwise: u64) -> u64 {
    match node.expr.map(|expr| &expr.expr) {
        Some(Expr::Literal(LiteralValue::Int(value))) => {
            u64::try_from(*value.inner()).unwrap_or_default()
        }
        _ => otherwise,
    }
}

/// The cost of a call whose values are known; nothing for other functions.
pub(super) fn actual(name: &str, args: &[Value<'_>], result: Option<&Value<'_>>) -> Option<u64> {
    let size = |index: usize| args.get(index).map_or(1, Value::size);
    let allocating = |factor: f64, size: u64| Some(floor(size, factor).saturating_add(ALLOCATION));
    let compared = |list: &Value<'_>| {
        let first = match list.items() {
            Some(Ok(items)) => items.into_iter().next(),
            _ => None,
        };
        let is_text = matches!(first, Some(Value::String(_) | Value::Bytes(_)));
        let factor = SELF_COMPARISON + if is_text { TRAVERSAL } else { 0.0 };
        allocating(factor, list.size().saturating_mul(list.size()))
    };
    match name {
        "slice" | "lists.range" => allocating(1.0, result.map_or(1, Value::size)),
        "reverse" => allocating(1.0, size(0)),
        "flatten" => match args.get(1) {
            #[expect(clippy::cast_precision_loss, reason = "upstream counts in floats")]
            Some(Value::Int(depth)) => allocating((*depth).max(0) as f64, size(0)),
            _ => allocating(1.0, size(0)),
        },
        "distinct" | "sort" => compared(args.first()?),
        "@sortByAssociatedKeys" => compared(args.get(1)?),
        "sets.contains" | "sets.intersects" => Some(size(0).saturating_mul(size(1)) + 1),
        "sets.equivalent" => Some(scale(size(0).saturating_mul(size(1)), 2.0) + 1),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "upstream counts in floats; the conversion saturates"
)]
fn floor(value: u64, factor: f64) -> u64 {
    (value as f64 * factor) as u64
}
