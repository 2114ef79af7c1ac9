//! Parameters of an operation: what a request must have, and which values an example has for them.

use serde_json::{Value, json};

use super::super::scalar::scalar;
use super::super::stub::RequestPattern;
use super::reference::Document;

/// The parameters of an operation, its own before those of its path.
pub(super) struct Parameters<'d> {
    list: Vec<Parameter<'d>>,
}

struct Parameter<'d> {
    name: String,
    place: &'d str,
    required: bool,
    schema: Option<&'d Value>,
    value: &'d Value,
}

impl<'d> Parameters<'d> {
    /// Reads `parameters` of the path item and of the operation, which replaces those of the same name.
    pub(super) fn read(document: &Document<'d>, [item, operation]: [&'d Value; 2]) -> Self {
        let mut list: Vec<Parameter<'d>> = Vec::new();
        for of in [operation, item] {
            let parameters = of.get("parameters").and_then(Value::as_array);
            for value in parameters.into_iter().flatten() {
                let Some(value) = document.resolve(value) else { continue };
                let (Some(name), Some(place)) =
                    (value.get("name").and_then(scalar), value.get("in").and_then(Value::as_str))
                else {
                    continue;
                };
                if list.iter().any(|known| known.name == name && known.place == place) {
                    continue;
                }
                let required = value.get("required") == Some(&json!(true));
                let schema = value.get("schema").and_then(|schema| document.resolve(schema));
                list.push(Parameter { name, place, required, schema, value });
            }
        }
        Self { list }
    }

    /// Adds what every request must have: required query parameters and header fields.
    pub(super) fn require(&self, request: &mut RequestPattern) {
        for parameter in &self.list {
            let list = match parameter.place {
                "query" => "queryParameters",
                "header" => "headers",
                _ => continue,
            };
            if parameter.required {
                request.field(list, &parameter.name, parameter.pattern());
            }
        }
    }

    /// Adds the values that a named example has. Says whether there are any.
    pub(super) fn of_example(&self, name: &str, request: &mut RequestPattern) -> bool {
        let mut found = false;
        for parameter in &self.list {
            let pointer = format!("/examples/{}/value", name.replace('~', "~0").replace('/', "~1"));
            let Some(value) = parameter.value.pointer(&pointer).and_then(scalar) else { continue };
            let list = match parameter.place {
                "query" => "queryParameters",
                "header" => "headers",
                "path" => "pathParameters",
                "cookie" => "cookies",
                _ => continue,
            };
            request.field(list, &parameter.name, equal_to(&value));
            found = true;
        }
        found
    }
}

impl Parameter<'_> {
    /// Any value, or one of those that the schema names.
    fn pattern(&self) -> Value {
        let allowed = self.schema.and_then(|schema| schema.get("enum")).and_then(Value::as_array);
        let allowed: Vec<Value> = allowed
            .into_iter()
            .flatten()
            .filter_map(|value| Some(equal_to(&scalar(value)?)))
            .collect();
        match allowed.len() {
            0 => json!({"matches": "(?s).*"}),
            1 => allowed[0].clone(),
            _ => json!({"or": allowed}),
        }
    }
}

/// Returns the operator for exactly this text.
fn equal_to(text: &str) -> Value {
    json!({"equalTo": text})
}
