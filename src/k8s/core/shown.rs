//! What cells of tables show: values, ages, and how upstream writes selectors and lists.

use serde_json::Value;

/// What a cell shows.
#[derive(Debug, PartialEq)]
pub(super) enum Shown {
    Text(String),
    Value(Value),
    /// The time since then.
    Since(Value),
}

impl From<&str> for Shown {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Shown {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Shown {
    fn from(number: i64) -> Self {
        Self::Value(number.into())
    }
}

impl From<bool> for Shown {
    fn from(set: bool) -> Self {
        Self::Value(set.into())
    }
}

/// A value at a dotted path.
pub(super) fn at<'v>(object: &'v Value, path: &str) -> &'v Value {
    path.split('.').fold(object, |value, step| &value[step])
}

/// A text at a dotted path; empty where there is none.
pub(super) fn text<'v>(object: &'v Value, path: &str) -> &'v str {
    at(object, path).as_str().unwrap_or_default()
}

/// A text, or a word for none.
pub(super) fn or<'v>(found: &'v str, none: &'v str) -> &'v str {
    if found.is_empty() { none } else { found }
}

/// A number at a dotted path; 0 where there is none.
pub(super) fn number(object: &Value, path: &str) -> i64 {
    at(object, path).as_i64().unwrap_or_default()
}

/// The items of a list at a dotted path.
pub(super) fn list<'v>(object: &'v Value, path: &str) -> &'v [Value] {
    at(object, path).as_array().map_or(&[], Vec::as_slice)
}

/// A column that needs nothing of its type.
pub(super) fn other(object: &Value, column: &str) -> Shown {
    match column {
        "Age" => Shown::Since(object["metadata"]["creationTimestamp"].clone()),
        "Created At" => Shown::Value(object["metadata"]["creationTimestamp"].clone()),
        "Name" => text(object, "metadata.name").into(),
        _ => "<none>".into(),
    }
}

/// `metav1.FormatLabelSelector`.
pub(super) fn selector(selector: &Value) -> String {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let mut terms: Vec<String> = labels
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    for requirement in list(selector, "matchExpressions") {
        let key = text(requirement, "key");
        let mut values: Vec<&str> =
            list(requirement, "values").iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        terms.push(match text(requirement, "operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        });
    }
    terms.sort_unstable();
    or(&terms.join(","), "<none>").to_owned()
}

/// `labels.FormatLabels`.
pub(super) fn labels(labels: &Value) -> String {
    let labels = labels.as_object().into_iter().flatten();
    let terms: Vec<String> = labels
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    or(&terms.join(","), "<none>").to_owned()
}
