//! `OpenAPI` 3.0 and 3.1 documents → stubs.
//!
//! The format: <https://spec.openapis.org/oas/v3.1.1.html>. Each operation answers with the example of its success
//! response, or with one made from its schema. Other responses and named examples are chosen by the client
//! with the header `Prefer: code=404` or `Prefer: example=NAME` (RFC 7240), as other mock servers have it.

mod example;
mod media;
mod parameter;
mod reference;
mod response;

use serde_json::Value;

use crate::document::{Keys, Node};

use super::scalar::scalar;
use super::stub::ImportedStub;
use parameter::Parameters;
use reference::Document;
use response::Operation;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

pub(super) fn convert(root: &Node<'_>) -> Vec<ImportedStub> {
    let Some(keys) = root.keys() else { return Vec::new() };
    if let Some(node) = keys.get("swagger") {
        node.error(
            "this is Swagger 2.0; OpenAPI 3.0 and 3.1 are read",
            "convert it first, for instance with swagger2openapi",
        );
        return Vec::new();
    }
    if let Some(node) = keys.get("webhooks") {
        node.warn("webhooks are not converted", "a webhook is a serveEventListener");
    }
    let document = Document::new(root.value());
    let base = base_path(&keys);
    let mut stubs = Vec::new();
    let Some(paths) = keys.get("paths") else { return stubs };
    for (path, item) in paths.entries() {
        if !path.starts_with('/') {
            continue;
        }
        let Some(item_value) = document.resolve(item.value()) else {
            item.warn("the reference leads to nothing in this file", "put it into the document");
            continue;
        };
        for (method, node) in item.entries() {
            if !METHODS.contains(&method) {
                continue;
            }
            let parameters = Parameters::read(&document, [item_value, node.value()]);
            if node.value().get("callbacks").is_some() {
                node.warn("callbacks are not converted", "a webhook is a serveEventListener");
            }
            let operation = Operation {
                document: &document,
                node: &node,
                method: method.to_ascii_uppercase(),
                path: format!("{base}{path}"),
                parameters: &parameters,
                name: name(method, path, node.value()),
            };
            stubs.extend(operation.stubs());
        }
    }
    stubs
}

/// Returns the operation's id, else its method and path.
fn name(method: &str, path: &str, operation: &Value) -> String {
    let id = operation.get("operationId").and_then(scalar);
    id.unwrap_or_else(|| format!("{} {path}", method.to_ascii_uppercase()))
}

/// Reads the path of the first server's URL, its variables filled in by their defaults.
fn base_path(keys: &Keys<'_>) -> String {
    let servers = keys.get("servers");
    let Some(server) = servers.as_ref().and_then(|node| node.value().get(0)) else {
        return String::new();
    };
    let mut url = server.get("url").and_then(scalar).unwrap_or_default();
    let variables = server.get("variables").and_then(Value::as_object);
    for (name, variable) in variables.into_iter().flatten() {
        let default = variable.get("default").and_then(scalar).unwrap_or_default();
        url = url.replace(&format!("{{{name}}}"), &default);
    }
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => &url,
    };
    let path = path.trim_end_matches('/');
    if path.is_empty() || path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}
