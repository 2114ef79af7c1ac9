//! Tests of equal trees and of the bounds of the comparison.

use serde_json::json;

use super::*;
use crate::java::json::Reader;

fn compile(expected: &Value, any_order: bool, extra: bool) -> JsonPattern {
    JsonPattern::compile(Json::of(expected), any_order, extra)
}

#[test]
fn trees_compare_as_in_json_unit() {
    let table = [
        // expected, any order, extra, actual, verdict
        (json!(1), false, false, json!(1.0), true),
        (json!(9_007_199_254_740_993_u64), false, false, json!(9_007_199_254_740_992_u64), false),
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
        let pattern = compile(&expected, order, extra);
        assert_eq!(
            pattern.matches(&Json::of(&actual)),
            verdict,
            "{expected} ({order}, {extra}) on {actual}"
        );
    }
}

#[test]
fn unknown_placeholders_are_texts() {
    let text = json!({"a": "${json-unit.nope}"});
    assert!(compile(&text, false, false).matches(&Json::of(&text)));
    let broken = compile(&json!("${json-unit.regex}a("), false, false);
    assert!(!broken.matches(&Json::of(&json!("a("))));
}

#[test]
fn numbers_are_exact() {
    let read = |text| Json::read(text, Reader::Jackson).unwrap();
    let pattern = JsonPattern::compile(read("0.1000000000000000055"), false, false);
    assert!(pattern.matches(&read("0.10000000000000000550")));
    assert!(!pattern.matches(&read("0.1")));
}

#[test]
fn long_lists_in_any_order_are_compared_by_lookup() {
    let backwards: Vec<usize> = (0..20_000).rev().collect();
    let forwards: Vec<usize> = (0..20_000).collect();
    let items = |numbers: &[usize]| -> Value {
        numbers.iter().map(|n| json!({"id": n, "tags": [n, "x"]})).collect()
    };
    let pattern = compile(&json!(backwards), true, true);
    assert!(pattern.matches(&Json::of(&json!(forwards))));
    let pattern = compile(&items(&backwards), true, false);
    assert!(pattern.matches(&Json::of(&items(&forwards))));
    assert!(!pattern.matches(&Json::of(&items(&forwards[1..]))));
    let repeated = compile(&json!([1, 1.0, 2, "${json-unit.any-number}"]), true, false);
    assert!(repeated.matches(&Json::of(&json!([2, 1, 3, 1]))));
    assert!(!repeated.matches(&Json::of(&json!([2, 1, 3, 2]))));
}

#[test]
fn a_comparison_ends_with_its_budget() {
    let items = vec![json!("${json-unit.regex}a*b"); 3_000];
    let pattern = compile(&json!(items), true, false);
    let texts = vec!["a".repeat(3_000); 3_000];
    assert!(!pattern.matches(&Json::of(&json!(texts))));
}

#[test]
fn what_matches_is_aligned() {
    let expected = json!({"a": 1, "b": "${json-unit.any-string}", "c": [1, 2]});
    let pattern = compile(&expected, false, true);
    let actual = json!({"a": 1.0, "b": "x", "c": [1, 3], "d": 4});
    assert_eq!(pattern.aligned(&actual), json!({"a": 1.0, "b": "x", "c": [1, 2], "d": 4}));
}
