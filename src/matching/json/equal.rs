//! Equality of JSON values: numbers compare by value, regardless of notation.

use crate::java::json::{Json, Number};

/// Returns a canonical text that equal values share: numbers by value, and lists sorted where their
/// order does not count.
pub(super) fn canonical(value: &Json, any_order: bool) -> String {
    match value {
        Json::Number(number) => number_text(number),
        Json::List(list) => {
            let mut items: Vec<String> =
                list.iter().map(|item| canonical(item, any_order)).collect();
            if any_order {
                items.sort_unstable();
            }
            format!("[{}]", items.join(","))
        }
        Json::Map(map) => {
            let mut fields: Vec<(&str, String)> =
                map.iter().map(|(key, value)| (key, canonical(value, any_order))).collect();
            fields.sort_unstable();
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
            format!("{{{}}}", fields.join(","))
        }
        scalar => scalar.to_string(),
    }
}

fn number_text(number: &Number) -> String {
    number.exact().map_or_else(|| number.as_str().to_owned(), |exact| exact.canonical())
}

pub(super) fn scalars_equal(expected: &Json, actual: &Json) -> bool {
    match (expected, actual) {
        (Json::Number(a), Json::Number(b)) => match (a.exact(), b.exact()) {
            (Some(a), Some(b)) => a.compare(&b).is_eq(),
            _ => a == b,
        },
        _ => expected == actual,
    }
}
