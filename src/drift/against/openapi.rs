//! An `OpenAPI` document (2.0, 3.0, 3.1), and the check of an answer against it.

use serde_json::{Map, Value, json};

use crate::recorded::{LiteralRequest, RecordedAnswer};

/// How many references are followed.
const MOST_REFERENCES: usize = 32;

/// The parts of a document that schemas refer to.
const SHARED: [&str; 2] = ["components", "definitions"];

/// A document.
#[derive(Debug)]
pub(super) struct OpenApi {
    document: Value,
    /// What paths begin with, from `servers` and `basePath`.
    bases: Vec<String>,
}

impl OpenApi {
    pub(super) fn new(document: Value) -> Self {
        let server = |server: &Value| {
            let url = server["url"].as_str()?;
            let path = match url.split_once("://") {
                Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
                None => url,
            };
            Some(path.trim_end_matches('/').to_owned())
        };
        let mut bases: Vec<String> =
            document["servers"].as_array().into_iter().flatten().filter_map(server).collect();
        if let Some(base) = document["basePath"].as_str() {
            bases.push(base.trim_end_matches('/').to_owned());
        }
        bases.push(String::new());
        Self { document, bases }
    }

    /// Returns the problems of an answer.
    ///
    /// # Errors
    /// The document has no such operation.
    pub(super) fn problems(
        &self,
        request: &LiteralRequest,
        answer: &RecordedAnswer,
    ) -> Result<Vec<String>, String> {
        let path = request.target.split('?').next().unwrap_or_default();
        let item =
            self.path_item(path).ok_or_else(|| format!("the document has no path {path}"))?;
        let method = request.method.as_str().to_ascii_lowercase();
        let operation = item.get(&method).or_else(|| item.get("get").filter(|_| method == "head"));
        let operation =
            operation.ok_or_else(|| format!("the document has no {} {path}", request.method))?;
        let status = answer.status.as_u16();
        let responses = &operation["responses"];
        let range = format!("{}XX", status / 100);
        let response =
            [status.to_string(), range.clone(), range.to_lowercase(), "default".to_owned()];
        let response = response.iter().find_map(|key| responses.get(key.as_str()));
        let Some(response) = response else {
            return Ok(vec![format!("the status {status} is not described")]);
        };
        let response = self.resolved(response);
        if answer.body.is_empty() || method == "head" {
            return Ok(Vec::new());
        }
        let media = answer.headers.get(http::header::CONTENT_TYPE);
        let media = media.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let schema = match response.get("content") {
            Some(Value::Object(content)) => {
                let Some(described) = described(content, &media) else {
                    return Ok(vec![format!("the media type {media:?} is not described")]);
                };
                described.get("schema")
            }
            _ => response.get("schema"),
        };
        let Some(schema) = schema else { return Ok(Vec::new()) };
        if !media.is_empty() && !media.contains("json") {
            return Ok(Vec::new());
        }
        match serde_json::from_slice::<Value>(&answer.body) {
            Ok(body) => Ok(self.invalid(schema, &body)),
            Err(error) => Ok(vec![format!("the body is not JSON: {error}")]),
        }
    }

    /// Returns the matching path with the most literal segments.
    fn path_item(&self, path: &str) -> Option<&Value> {
        let paths = self.document["paths"].as_object()?;
        let fits = self.bases.iter().filter_map(|base| path.strip_prefix(base.as_str()));
        let found = fits.flat_map(|rest| {
            paths.iter().filter_map(move |(template, item)| Some((likeness(template, rest)?, item)))
        });
        found.max_by_key(|(likeness, _)| *likeness).map(|(_, item)| self.resolved(item))
    }

    /// Resolves a reference.
    fn resolved<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        for _ in 0..MOST_REFERENCES {
            let Some(pointer) = value["$ref"].as_str().and_then(|text| text.strip_prefix('#'))
            else {
                break;
            };
            let Some(next) = self.document.pointer(pointer) else { break };
            value = next;
        }
        value
    }

    /// Validates a body by a schema and returns the problems.
    #[cfg(feature = "json-schema")]
    fn invalid(&self, schema: &Value, body: &Value) -> Vec<String> {
        use jsonschema::Draft;

        let version = self.document["openapi"].as_str().unwrap_or("2.0");
        let draft = if version.starts_with("3.1") { Draft::Draft202012 } else { Draft::Draft4 };
        let mut root = json!({"allOf": [schema]});
        for key in SHARED {
            if let Some(shared) = self.document.get(key) {
                root[key] = shared.clone();
            }
        }
        if draft == Draft::Draft4 {
            allow_nulls(&mut root);
        }
        require_no_written(&mut root);
        let validator = jsonschema::options().with_draft(draft).offline().build(&root);
        match validator {
            Ok(validator) => validator
                .iter_errors(body)
                .map(|error| {
                    let place = error.instance_path().to_string();
                    let place = if place.is_empty() { "the body".to_owned() } else { place };
                    format!("{place}: {error}")
                })
                .collect(),
            Err(error) => vec![format!("the schema cannot be applied: {error}")],
        }
    }

    /// Reports that this build has no schema validation.
    #[cfg(not(feature = "json-schema"))]
    fn invalid(&self, _: &Value, _: &Value) -> Vec<String> {
        let _ =
            (SHARED, [allow_nulls as fn(&mut Value), require_no_written], json!({}), &self.bases);
        vec!["this build applies no schemas; build it with the feature json-schema".to_owned()]
    }
}

/// Returns how many segments of a path a template has literally, or `None` if it is not for the
/// path.
fn likeness(template: &str, path: &str) -> Option<usize> {
    let mut same = 0;
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(same),
            (Some(wanted), Some(given)) if wanted == given => same += 1,
            (Some(wanted), Some(given)) if wanted.contains('{') && !given.is_empty() => {}
            _ => return None,
        }
    }
}

/// Returns the description of a media type, or of a range that has it.
fn described<'a>(content: &'a Map<String, Value>, media: &str) -> Option<&'a Value> {
    let kind = media.split('/').next().unwrap_or_default();
    let range = format!("{kind}/*");
    let name = |key: &str| key.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    [media, range.as_str(), "*/*"]
        .into_iter()
        .find_map(|wanted| content.iter().find(|(key, _)| name(key) == wanted))
        .map(|(_, described)| described)
}

/// Drops `writeOnly` properties from `required`: they are required in requests only.
fn require_no_written(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(require_no_written),
        Value::Object(map) => {
            map.values_mut().for_each(require_no_written);
            let written = |name: &Value, properties: &Value| {
                let property = name.as_str().and_then(|name| properties.get(name));
                property.is_some_and(|property| property["writeOnly"] == true)
            };
            if let Some(properties) = map.get("properties").cloned()
                && let Some(Value::Array(required)) = map.get_mut("required")
            {
                required.retain(|name| !written(name, &properties));
                // An empty list is invalid in older drafts.
                if required.is_empty() {
                    map.remove("required");
                }
            }
        }
        _ => {}
    }
}

/// Converts `nullable` of versions before 3.1 to a JSON Schema that allows null.
fn allow_nulls(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(allow_nulls),
        Value::Object(map) => {
            map.values_mut().for_each(allow_nulls);
            if map.get("nullable") == Some(&Value::Bool(true)) {
                map.remove("nullable");
                let inner = Value::Object(std::mem::take(map));
                map.insert("anyOf".to_owned(), json!([{"enum": [null]}, inner]));
            }
        }
        _ => {}
    }
}

#[cfg(all(test, feature = "json-schema"))]
mod tests {
    use bytes::Bytes;
    use http::StatusCode;
    use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

    use super::*;

    fn problems(
        document: &OpenApi,
        target: &str,
        status: u16,
        body: &Value,
    ) -> Result<Vec<String>, String> {
        let request = LiteralRequest::of(&json!({"method": "GET", "url": target})).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        let body = Bytes::from(body.to_string());
        let status = StatusCode::from_u16(status).unwrap();
        document.problems(&request, &RecordedAnswer { status, headers, body })
    }

    #[test]
    fn answers_are_held_against_their_operation() {
        let document = OpenApi::new(json!({
            "openapi": "3.0.3",
            "servers": [{"url": "https://x.example/v1"}],
            "paths": {
                "/pets/{id}": {"get": {"responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
                    "4XX": {"$ref": "#/components/responses/Problem"},
                }}},
                "/pets/mine": {"get": {"responses": {"default": {"description": "any"}}}},
            },
            "components": {
                "schemas": {"Pet": {"type": "object", "required": ["name", "pin"], "properties": {
                    "name": {"type": "string"}, "pin": {"type": "string", "writeOnly": true}, "owner": {"type": "string", "nullable": true},
                    "parent": {"$ref": "#/components/schemas/Pet"}}}},
                "responses": {"Problem": {"content": {"application/*": {"schema": {"type": "object"}}}}},
            },
        }));
        let ok = Ok(Vec::new());
        assert_eq!(
            problems(&document, "/v1/pets/1?x=y", 200, &json!({"name": "a", "owner": null})),
            ok
        );
        assert_eq!(problems(&document, "/pets/1", 200, &json!({"name": "a"})), ok);
        let wrong =
            problems(&document, "/v1/pets/1", 200, &json!({"parent": {"name": 7}})).unwrap();
        assert!(
            wrong.len() == 2 && wrong.iter().any(|line| line.starts_with("/parent/name: ")),
            "{wrong:?}"
        );
        assert_eq!(problems(&document, "/v1/pets/1", 404, &json!({})), ok);
        assert_eq!(problems(&document, "/v1/pets/1", 404, &json!([])).unwrap().len(), 1);
        let status = problems(&document, "/v1/pets/1", 500, &json!({})).unwrap();
        assert_eq!(status, ["the status 500 is not described"]);
        assert_eq!(problems(&document, "/v1/pets/mine", 500, &json!([])), ok);
        assert!(problems(&document, "/v1/cats", 200, &json!({})).is_err());
    }
}
