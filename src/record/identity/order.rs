//! The order of what a request has several of: values of a parameter or field, and parts.
//!
//! It tells requests apart only where they were seen to differ in it: a client that sends a set has another order in
//! each run.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::headers::Field;

/// The name under which the order stands among the fields that tell variants of a request apart. No header field has
/// such a name.
pub(in crate::record) const ORDER: &str = ":order";

/// The pattern with such lists sorted: the same for each order.
pub(super) fn sorted(pattern: &Map<String, Value>) -> Map<String, Value> {
    let mut pattern = pattern.clone();
    for list in lists(&mut pattern) {
        list.sort_by_cached_key(Value::to_string);
    }
    pattern
}

/// The order of such lists, as a digest; nothing where each order is the same.
pub(super) fn of(pattern: &Map<String, Value>) -> Option<Field> {
    let mut pattern = pattern.clone();
    let mut text = String::new();
    for list in lists(&mut pattern) {
        if list.iter().any(|item| *item != list[0]) {
            text.push_str(&Value::Array(std::mem::take(list)).to_string());
        }
    }
    let digest = Uuid::new_v5(&Uuid::NAMESPACE_URL, text.as_bytes()).simple().to_string();
    (!text.is_empty()).then(|| Field(digest[..8].into()))
}

fn lists(pattern: &mut Map<String, Value>) -> Vec<&mut Vec<Value>> {
    let mut found = Vec::new();
    for (key, value) in pattern {
        match (key.as_str(), value) {
            ("multipartPatterns", Value::Array(list)) => found.push(list),
            ("queryParameters" | "formParameters", Value::Object(names)) => {
                let lists = names.values_mut().filter_map(|values| values.get_mut("hasExactly"));
                found.extend(lists.filter_map(Value::as_array_mut));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pattern(query: &Value, parts: &Value) -> Map<String, Value> {
        let pattern =
            json!({"queryParameters": {"a": {"hasExactly": query}}, "multipartPatterns": parts});
        pattern.as_object().unwrap().clone()
    }

    #[test]
    fn an_order_is_there_where_another_one_would_be_another() {
        let none = json!([]);
        let base = pattern(&json!([1, 2]), &none);
        for (query, parts, same_request, same_order) in [
            (json!([2, 1]), none.clone(), true, false),
            (json!([1, 2]), none.clone(), true, true),
            (json!([1, 3]), none.clone(), false, false),
            (json!([1, 2]), json!([1]), false, true),
        ] {
            let other = pattern(&query, &parts);
            assert_eq!(sorted(&other) == sorted(&base), same_request, "{other:?}");
            assert_eq!(of(&other) == of(&base), same_order, "{other:?}");
        }
        assert_eq!(of(&pattern(&json!([1, 1]), &none)), None);
        assert!(of(&pattern(&json!([1, 1]), &json!([1, 2]))).is_some());
    }
}
