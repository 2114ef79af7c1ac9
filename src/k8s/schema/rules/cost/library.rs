//! The estimated costs of the functions of Kubernetes and of extensions
//! (`k8s.io/apiserver/pkg/cel/library/cost.go`, `EstimateCallCost`).

use ::cel::common::ast::{Expr, LiteralValue};

use super::super::language::types::Type;
use super::nodes::{Node, Sizes, items};
use super::size::{REGEX, Range, TRAVERSAL};

/// The size of a regular expression of a named format.
const FORMAT_REGEX: f64 = 128.0;
/// The longest name of a format.
const FORMAT_SIZE: u64 = 64;

/// The cost of a call, with the size of its result; `None` for a function that is costed as the language does.
pub(super) fn library_cost(
    sizes: Sizes<'_>,
    name: &str,
    overload: &str,
    target: Option<&Node<'_>>,
    args: &[Node<'_>],
) -> Option<(Range, Option<Range>)> {
    let size = |node: &Node<'_>| sizes.size_of(node);
    let first = || args.first().map(size);
    let constant = Some((Range::fixed(1), None));
    match name {
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => {
            let target = target?;
            let Some(item) = items(target) else {
                return Some((size(target).scale(TRAVERSAL), None));
            };
            let mut cost = Range::fixed(1);
            if matches!(item.of, Type::String | Type::Bytes) {
                cost = cost.add(size(&item).scale(TRAVERSAL));
            }
            Some((size(target).times(cost), None))
        }
        "url" => first().map(|size| (size.scale(TRAVERSAL), Some(size))),
        "lowerAscii" | "upperAscii" | "substring" | "trim" => {
            target.map(size).map(|size| (size.scale(TRAVERSAL), Some(size)))
        }
        "replace" => {
            let [old, new, ..] = args else { return None };
            let text = size(target?);
            Some((text.scale(2.0 * TRAVERSAL), Some(replaced(text, size(old), size(new)))))
        }
        "split" => {
            let text = size(target?);
            let limit = args.get(1).and_then(|arg| match &arg.expr?.expr {
                Expr::Literal(LiteralValue::Int(limit)) => Some(limit.inner().cast_unsigned()),
                _ => None,
            });
            Some((text.scale(2.0 * TRAVERSAL), Some(Range::new(0, limit.unwrap_or(text.max)))))
        }
        "join" => {
            let list = target?;
            let count = size(list);
            let mut total = items(list).map_or(Range::fixed(0), |item| count.times(size(&item)));
            if let Some(separator) = args.first().map(size) {
                let separators =
                    Range::new(count.min.saturating_sub(1), count.max.saturating_sub(1));
                total = total.add(separator.times(separators));
            }
            Some((total.scale(TRAVERSAL), Some(total)))
        }
        "find" | "findAll" => {
            let text = size(target?);
            let cost = text.add(Range::fixed(1)).scale(TRAVERSAL).times(first()?.scale(REGEX));
            Some((cost, Some(Range::new(0, text.max))))
        }
        "ip" if overload == "cidr_ip" => constant,
        "cidr" | "isIP" | "isCIDR" | "ip" | "quantity" | "isQuantity" | "semver" | "isSemver" => {
            first().map(|size| (size.scale(TRAVERSAL), None))
        }
        "ip.isCanonical" => first().map(|size| (size.scale(2.0 * TRAVERSAL), None)),
        "masked"
        | "prefixLength"
        | "family"
        | "isUnspecified"
        | "isLoopback"
        | "isLinkLocalMulticast"
        | "isLinkLocalUnicast"
        | "isGlobalUnicast"
        | "format.named"
        | "sign"
        | "asInteger"
        | "isInteger"
        | "asApproximateFloat"
        | "isGreaterThan"
        | "isLessThan"
        | "compareTo"
        | "add"
        | "sub"
        | "major"
        | "minor"
        | "patch"
        | "getScheme"
        | "getHostname"
        | "getHost"
        | "getPort"
        | "getEscapedPath"
        | "getQuery" => constant,
        "containsIP" | "containsCIDR" => {
            let address = Range::new(4, 16);
            let mut cost = address.add(address).scale(TRAVERSAL);
            if name == "containsCIDR" {
                cost = cost.add(address.scale(TRAVERSAL)).add(Range::fixed(1));
            }
            if matches!(overload, "cidr_contains_ip_string" | "cidr_contains_cidr_string") {
                cost = cost.add(first()?.scale(TRAVERSAL));
            }
            Some((cost, None))
        }
        "validate" => first().map(|size| (size.scale(TRAVERSAL).scale(FORMAT_REGEX * REGEX), None)),
        "_==_" => match args {
            [left, right] if left.of == right.of => equality(&left.of, right),
            _ => None,
        },
        _ => None,
    }
}

/// The size of a text after `replace`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "upstream counts in floats; the conversion saturates"
)]
fn replaced(text: Range, old: Range, new: Range) -> Range {
    let (mut count, mut kept) = (Range::fixed(0), Range::fixed(0));
    let times = |text: u64, old: u64| (text as f64 / old as f64).ceil() as u64;
    if old.min == 0 {
        count.max = text.max.saturating_add(1);
        kept.max = text.max;
    } else if new.max <= old.min {
        kept.max = text.max;
    } else {
        count.max = times(text.max, old.min);
    }
    if old.max == 0 {
        count.min = text.min.saturating_add(1);
        kept.min = text.min;
    } else if old.max <= new.min {
        kept.min = text.min;
    } else {
        count.min = times(text.min, old.max);
    }
    count.times(new).add(kept)
}

/// The cost of comparing values of the types of Kubernetes.
fn equality(of: &Type, right: &Node<'_>) -> Option<(Range, Option<Range>)> {
    let Type::Opaque(name) = of else { return None };
    let cost = match *name {
        "kubernetes.NamedFormat" => Range::new(1, FORMAT_SIZE).scale(TRAVERSAL),
        "kubernetes.URL" => Range::new(1, right.size.map_or(1, |size| size.max)).scale(TRAVERSAL),
        _ => Range::fixed(1),
    };
    Some((cost, None))
}
