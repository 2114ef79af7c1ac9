//! The cost of a call whose values are known (`k8s.io/apiserver/pkg/cel/library/cost.go`, `CallCost`;
//! `cel-go/interpreter/runtimecost.go`).

use super::super::library::regex_size;
use super::super::value::Value;
use super::extensions;
use super::size::{REGEX, Range, TRAVERSAL};

/// The cost of asking the authorizer: two questions fit into an expression.
const CHECK: u64 = 350_000;

fn scaled(size: u64, factor: f64) -> u64 {
    Range::fixed(size).scale(factor).max
}

/// The cost of reading a value whole.
fn traversal(value: &Value<'_>) -> u64 {
    match value {
        Value::String(text) => (text.len() / 10) as u64,
        Value::Bytes(bytes) => (bytes.len() / 10) as u64,
        value => match (value.items(), value.entries()) {
            (Some(Ok(items)), _) => items.iter().map(traversal).sum(),
            (_, Some(Ok(entries))) => {
                entries.iter().map(|(key, value)| traversal(key) + traversal(value)).sum()
            }
            _ => 1,
        },
    }
}

/// The cost of a call; `overload` is empty where more than one signature fits.
pub(in super::super) fn call_cost(
    name: &str,
    overload: &str,
    args: &[Value<'_>],
    result: Option<&Value<'_>>,
) -> u64 {
    if let Some(cost) = extensions::actual(name, args, result) {
        return cost;
    }
    let size = |index: usize| args.get(index).map_or(1, Value::size);
    match name {
        "check" => CHECK,
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => {
            args.first().map_or(0, traversal)
        }
        "url"
        | "jsonpatch.escapeKey"
        | "lowerAscii"
        | "upperAscii"
        | "substring"
        | "trim"
        | "cidr"
        | "isIP"
        | "isCIDR"
        | "quantity"
        | "isQuantity"
        | "semver"
        | "isSemver" => scaled(size(0), TRAVERSAL),
        "ip" if overload == "cidr_ip" => 1,
        "ip" => scaled(size(0), TRAVERSAL),
        "replace" | "split" | "ip.isCanonical" => scaled(size(0), 2.0 * TRAVERSAL),
        "join" => scaled(result.map_or(1, Value::size), 2.0 * TRAVERSAL),
        "find" | "findAll" => scaled(size(0) + 1, TRAVERSAL) * scaled(size(1), REGEX),
        "containsIP" | "containsCIDR" => {
            let network = size(0);
            let mut cost = scaled(2 * network, TRAVERSAL);
            if name == "containsCIDR" {
                cost += scaled(network, TRAVERSAL) + 1;
            }
            if matches!(args.get(1), Some(Value::String(_))) {
                cost += scaled(size(1), TRAVERSAL);
            }
            cost
        }
        "validate" => {
            let regex = match args.first() {
                Some(Value::Format(format)) => regex_size(format),
                _ => 0,
            };
            scaled(size(1) + 1, TRAVERSAL) * scaled(regex, REGEX)
        }
        "_==_"
            if matches!(
                args.first(),
                Some(
                    Value::Quantity(_)
                        | Value::Ip(_)
                        | Value::Cidr(_)
                        | Value::Format(_)
                        | Value::Url(_)
                        | Value::Semver(_)
                )
            ) =>
        {
            1
        }
        _ => language_cost(name, overload, args),
    }
}

fn language_cost(name: &str, overload: &str, args: &[Value<'_>]) -> u64 {
    let size = |index: usize| args.get(index).map_or(1, Value::size);
    match (name, overload) {
        ("_==_" | "_!=_", _)
        | (
            _,
            "less_string"
            | "greater_string"
            | "less_equals_string"
            | "greater_equals_string"
            | "less_bytes"
            | "greater_bytes"
            | "less_equals_bytes"
            | "greater_equals_bytes",
        ) => scaled(size(0).min(size(1)), TRAVERSAL),
        (
            _,
            "starts_with_string" | "ends_with_string" | "string_to_bytes" | "bytes_to_string"
            | "strings_quote" | "string_format",
        ) => scaled(size(0), TRAVERSAL),
        (_, "in_list") => size(1),
        (_, "add_string" | "add_bytes") => scaled(size(0) + size(1), TRAVERSAL),
        (_, "matches_string") => scaled(size(0) + 1, TRAVERSAL) * scaled(size(1), REGEX),
        (_, "contains_string") => scaled(size(0), TRAVERSAL) * scaled(size(1), TRAVERSAL),
        _ => 1,
    }
}
