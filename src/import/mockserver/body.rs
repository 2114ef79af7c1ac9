//! Bodies of expectations: texts, JSON, or objects that name their type.

use serde_json::{Value, json};

use crate::document::Node;

use super::super::scalar::scalar;
use super::super::stub::{RequestPattern, Response};
use super::field::fields;

/// Adds the condition on a request's body.
pub(super) fn add(node: &Node<'_>, request: &mut RequestPattern) -> Option<()> {
    let value = node.value();
    let Some(kind) = value.get("type").and_then(Value::as_str) else {
        request.body(match value {
            Value::String(text) => json!({"equalTo": text}),
            json => partial(json),
        });
        return Some(());
    };
    let part = |key: &str| value.get(key);
    let text = |key: &str| part(key).and_then(scalar);
    let pattern = match kind.to_ascii_uppercase().as_str() {
        "STRING" if part("subString") == Some(&json!(true)) => json!({"contains": text("string")?}),
        "STRING" => json!({"equalTo": text("string")?}),
        "REGEX" => json!({"matches": text("regex")?}),
        "JSON" if part("matchType") == Some(&json!("STRICT")) => {
            json!({"equalToJson": part("json")?})
        }
        "JSON" => partial(part("json")?),
        "JSON_SCHEMA" => json!({"matchesJsonSchema": part("jsonSchema")?}),
        "JSON_PATH" => json!({"matchesJsonPath": text("jsonPath")?}),
        "XML" => json!({"equalToXml": text("xml")?}),
        "XPATH" => json!({"matchesXPath": text("xpath")?}),
        "BINARY" => json!({"binaryEqualTo": text("base64Bytes")?}),
        "PARAMETERS" => {
            let list = node.keys().and_then(|keys| keys.get("parameters"))?;
            return fields(&list, "formParameters", request);
        }
        _ => {
            node.warn(format!("a body of the type {kind:?} has no equivalent"), "write the stub");
            return None;
        }
    };
    let negated = part("not") == Some(&json!(true));
    if negated && pattern.get("binaryEqualTo").is_some() {
        node.warn("binary bodies are not negated", "");
        return None;
    }
    request.body(if negated { json!({"not": pattern}) } else { pattern });
    Some(())
}

/// Returns the operator for JSON that must be contained.
fn partial(json: &Value) -> Value {
    json!({"equalToJson": json, "ignoreArrayOrder": true, "ignoreExtraElements": true})
}

/// Sets the body of an answer.
pub(super) fn answer(node: &Node<'_>, response: &mut Response) -> Option<()> {
    let value = node.value();
    let Some(kind) = value.get("type").and_then(Value::as_str) else {
        match value {
            Value::String(text) => response.set("body", text.as_str()),
            json => json_body(json, response),
        }
        return Some(());
    };
    let content_type = value.get("contentType").and_then(Value::as_str);
    if let Some(media) = content_type
        && !response.has_header("Content-Type")
    {
        response.header("Content-Type", media);
    }
    match kind.to_ascii_uppercase().as_str() {
        "STRING" => response.set("body", scalar(value.get("string")?)?),
        "XML" => response.set("body", scalar(value.get("xml")?)?),
        "BINARY" => response.set("base64Body", scalar(value.get("base64Bytes")?)?),
        "JSON" => match value.get("json")? {
            // JSON in a text, as MockServer writes it.
            Value::String(text) => match serde_json::from_str::<Value>(text) {
                Ok(json) => json_body(&json, response),
                Err(_) => response.set("body", text.as_str()),
            },
            json => json_body(json, response),
        },
        _ => {
            node.warn(format!("a body of the type {kind:?} has no equivalent"), "write the stub");
            return None;
        }
    }
    Some(())
}

fn json_body(json: &Value, response: &mut Response) {
    response.set("jsonBody", json.clone());
    if !response.has_header("Content-Type") {
        response.header("Content-Type", "application/json");
    }
}
