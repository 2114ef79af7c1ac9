//! Values of a stage file: JSON with placeholders that are filled in when the stage is due.
//!
//! ```text
//! "{{now}}"                            the time, RFC 3339
//! "{{$.spec.minAvailable}}"            the value at a JSONPath (RFC 9535) in the object
//! "{{sum $.spec.tasks[*].replicas}}"   the sum of the numbers at a JSONPath
//! "TFJob {{$.metadata.name}} is done"  a placeholder inside a text
//! ```
//!
//! A key whose value does not exist is omitted, and so is a map that becomes empty.

use serde_json::{Map, Number, Value};
use serde_json_path::JsonPath;

use crate::document::json_path;

/// A value with placeholders.
#[derive(Debug, Clone)]
pub(super) enum Template {
    /// A value without placeholders.
    Literal(Value),
    /// One placeholder alone: the value keeps its JSON type.
    Alone(Placeholder),
    /// A text with placeholders.
    Text(Vec<Part>),
    List(Vec<Template>),
    Map(Vec<(String, Template)>),
}

#[derive(Debug, Clone)]
pub(super) enum Part {
    Text(String),
    Placeholder(Placeholder),
}

/// What is filled in for a placeholder.
#[derive(Debug, Clone)]
pub(super) enum Placeholder {
    Now,
    Path(Box<JsonPath>),
    Sum(Box<JsonPath>),
}

impl Template {
    /// Parses a value of the file.
    ///
    /// # Errors
    /// Why a placeholder is invalid.
    pub(super) fn parse(value: &Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => Self::text(text)?,
            Value::Array(list) => {
                Self::List(list.iter().map(Self::parse).collect::<Result<_, _>>()?)
            }
            Value::Object(map) if !map.is_empty() => {
                let entry =
                    |(key, value): (&String, &Value)| Ok((key.clone(), Self::parse(value)?));
                Self::Map(map.iter().map(entry).collect::<Result<_, String>>()?)
            }
            value => Self::Literal(value.clone()),
        })
    }

    /// Parses a text.
    pub(super) fn text(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (inside, after) =
                after.split_once("}}").ok_or_else(|| format!("{text:?} has {{{{ without }}}}"))?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Placeholder(Placeholder::parse(inside.trim())?));
            rest = after;
        }
        if parts.is_empty() {
            return Ok(Self::Literal(text.into()));
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(match <[Part; 1]>::try_from(parts) {
            Ok([Part::Placeholder(placeholder)]) => Self::Alone(placeholder),
            Ok(parts) => Self::Text(parts.into()),
            Err(parts) => Self::Text(parts),
        })
    }

    /// The value for an object at a time; `None` where it does not exist.
    pub(super) fn fill(&self, object: &Value, now: &str) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value.clone()),
            Self::Alone(placeholder) => placeholder.fill(object, now),
            Self::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Text(part) => text.push_str(part),
                        Part::Placeholder(placeholder) => match placeholder.fill(object, now)? {
                            Value::String(filled) => text.push_str(&filled),
                            filled => text.push_str(&filled.to_string()),
                        },
                    }
                }
                Some(text.into())
            }
            Self::List(list) => {
                Some(list.iter().filter_map(|item| item.fill(object, now)).collect())
            }
            Self::Map(entries) => {
                let filled: Map<String, Value> = entries
                    .iter()
                    .filter_map(|(key, value)| Some((key.clone(), value.fill(object, now)?)))
                    .collect();
                (!filled.is_empty()).then_some(Value::Object(filled))
            }
        }
    }
}

impl Placeholder {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "now" {
            return Ok(Self::Now);
        }
        let (sum, path) = match text.strip_prefix("sum ") {
            Some(path) => (true, path.trim()),
            None => (false, text),
        };
        if !path.starts_with('$') {
            return Err(format!(
                "{{{{{text}}}}} is not a placeholder: write now, a JSONPath such as $.metadata.name, or sum and a JSONPath"
            ));
        }
        let path = json_path::parse(path).map_err(|error| format!("{{{{{text}}}}}: {error}"))?;
        Ok(if sum { Self::Sum(path.into()) } else { Self::Path(path.into()) })
    }

    fn fill(&self, object: &Value, now: &str) -> Option<Value> {
        match self {
            Self::Now => Some(now.into()),
            Self::Path(path) => path.query(object).first().cloned(),
            Self::Sum(path) => {
                let found = path.query(object);
                let whole: Option<i64> = found.iter().map(|value| value.as_i64()).sum();
                whole.map(|sum| Value::Number(Number::from(sum)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn placeholders_are_filled_in_and_absent_values_are_omitted() {
        let object =
            json!({"metadata": {"name": "a"}, "spec": {"n": 3, "tasks": [{"r": 1}, {"r": 2}]}});
        for (template, filled) in [
            (json!("{{now}}"), Some(json!("T"))),
            (json!("{{ $.spec.n }}"), Some(json!(3))),
            (json!("{{sum $.spec.tasks[*].r}}"), Some(json!(3))),
            (json!("{{sum $.spec.nothing[*].r}}"), Some(json!(0))),
            (json!("{{$.metadata.name}} of {{$.spec.n}}"), Some(json!("a of 3"))),
            (json!("{{$.absent}}"), None),
            (json!("a {{$.absent}}"), None),
            (json!({"x": {"y": "{{$.absent}}"}, "z": {}}), Some(json!({"z": {}}))),
            (json!({"x": "{{$.absent}}"}), None),
            (json!([1, "{{$.absent}}", null]), Some(json!([1, null]))),
            (json!(true), Some(json!(true))),
        ] {
            assert_eq!(
                Template::parse(&template).unwrap().fill(&object, "T"),
                filled,
                "{template}"
            );
        }
    }

    #[test]
    fn invalid_placeholders_are_reported() {
        for (text, words) in
            [("{{later}}", "is not a placeholder"), ("{{now", "without }}"), ("{{$.[}}", "{{$.[}}")]
        {
            let error = Template::text(text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
