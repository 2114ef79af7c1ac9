//! Postman collections 2.0 and 2.1 → stubs: each saved response (an example) of a request becomes one.
//!
//! The format: <https://schema.postman.com/json/collection/v2.1.0/docs/index.html>. As in Postman's own mock
//! servers method and path decide, then the query; the body decides between examples of one request.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::document::Node;

use super::scalar::scalar;
use super::stub::{ImportedStub, RequestPattern, Response};

/// How deep folders may be nested.
const MAX_DEPTH: usize = 64;

pub(super) fn convert(root: &Node<'_>) -> Vec<ImportedStub> {
    let Some(keys) = root.keys() else { return Vec::new() };
    let mut collection = Collection {
        variables: keys.get("variable").map(|node| variables(&node)).unwrap_or_default(),
        stubs: Vec::new(),
        patterns: HashSet::new(),
    };
    if let Some(node) = keys.get("event") {
        node.warn("scripts are not run", "write what they change as stubs");
    }
    if let Some(items) = keys.get("item") {
        collection.items(&items, "", 0);
    }
    collection.stubs
}

/// `{key, value}` pairs by their keys.
fn variables(node: &Node<'_>) -> HashMap<String, String> {
    let pairs = node.value().as_array().map(Vec::as_slice).unwrap_or_default();
    let pair = |pair: &Value| {
        let key = pair.get("key").or_else(|| pair.get("id"))?.as_str()?;
        Some((key.to_owned(), scalar(pair.get("value")?)?))
    };
    pairs.iter().filter_map(pair).collect()
}

struct Collection {
    variables: HashMap<String, String>,
    stubs: Vec<ImportedStub>,
    /// The request patterns so far, as JSON: later stubs with an equal one would never match.
    patterns: HashSet<String>,
}

impl Collection {
    fn items(&mut self, items: &Node<'_>, folder: &str, depth: usize) {
        if depth > MAX_DEPTH {
            items.warn("folders are nested too deeply; these are left out", "");
            return;
        }
        for item in items.items() {
            let Some(keys) = item.keys() else { continue };
            let name = keys.get("name").and_then(|node| scalar(node.value())).unwrap_or_default();
            let path = if folder.is_empty() { name } else { format!("{folder} / {name}") };
            if let Some(node) = keys.get("event") {
                node.warn("scripts are not run", "write what they change as stubs");
            }
            match (keys.get("item"), keys.get("request")) {
                (Some(inner), _) => self.items(&inner, &path, depth + 1),
                (None, Some(request)) => self.request(&request, keys.get("response"), &path),
                (None, None) => item.warn("the item has neither a request nor items", ""),
            }
        }
    }

    fn request(&mut self, request: &Node<'_>, responses: Option<Node<'_>>, name: &str) {
        let examples = responses.map(|list| list.items()).unwrap_or_default();
        if examples.is_empty() {
            request.warn(
                "the request has no saved response",
                "save one as an example in Postman, or write the stub",
            );
            return;
        }
        // The body decides only where method and URL do not.
        let several = examples.len() > 1;
        for example in &examples {
            let Some(keys) = example.keys() else { continue };
            let asked = keys.get("originalRequest").unwrap_or_else(|| request.clone());
            let Some(mut pattern) = self.pattern(&asked) else { continue };
            if several && let Some(body) = asked.keys().and_then(|keys| keys.get("body")) {
                add_body(&mut pattern, &body);
            }
            let title = keys.get("name").and_then(|node| scalar(node.value())).unwrap_or_default();
            if !self.patterns.insert(pattern.to_text()) {
                example.warn(
                    format!("the example {title:?} is for the same request as one before it"),
                    "stubs match by the request; use a scenario to change answers from call to call",
                );
                continue;
            }
            let title = if title.is_empty() { name.to_owned() } else { format!("{name}: {title}") };
            let Some(response) = response(example) else { continue };
            self.stubs.push(ImportedStub::new(title, pattern, response));
        }
    }

    /// Method and URL of a request, which may be a URL alone.
    fn pattern(&self, node: &Node<'_>) -> Option<RequestPattern> {
        let mut pattern = RequestPattern::default();
        let (method, url) = if node.value().is_string() {
            ("GET".to_owned(), node.clone())
        } else {
            let keys = node.keys()?;
            let method = keys.get("method").and_then(|node| scalar(node.value()));
            let Some(url) = keys.get("url") else {
                node.warn("the request has no URL", "");
                return None;
            };
            (method.unwrap_or_else(|| "GET".to_owned()), url)
        };
        pattern.set("method", method.to_ascii_uppercase());
        let (path, query) = self.url(&url)?;
        let template = path.contains('{');
        pattern.set(if template { "urlPathTemplate" } else { "urlPath" }, path);
        for (name, value) in query {
            let operand = match self.resolve(&value) {
                Some(value) => json!({"equalTo": value}),
                // A variable that the collection does not define: any value.
                None => json!({"matches": ".*"}),
            };
            pattern.field("queryParameters", &name, operand);
        }
        Some(pattern)
    }

    /// Returns the path, with `{name}` for variable parts, and the query.
    fn url(&self, node: &Node<'_>) -> Option<(String, Vec<(String, String)>)> {
        if let Some(keys) = node.value().as_object() {
            let query = keys.get("query").and_then(Value::as_array).map(|list| {
                let pair = |pair: &Value| {
                    let on = pair.get("disabled") != Some(&Value::Bool(true));
                    let name = pair.get("key").and_then(scalar)?;
                    let value = pair.get("value").and_then(scalar).unwrap_or_default();
                    on.then_some((name, value))
                };
                list.iter().filter_map(pair).collect::<Vec<_>>()
            });
            let segments = match keys.get("path") {
                Some(Value::Array(list)) => {
                    let part =
                        |part: &Value| part.get("value").and_then(scalar).or_else(|| scalar(part));
                    Some(list.iter().filter_map(part).collect::<Vec<_>>().join("/"))
                }
                Some(Value::String(path)) => Some(path.clone()),
                _ => None,
            };
            if let Some(path) = segments {
                return Some((self.path(&path), query.unwrap_or_default()));
            }
            let Some(raw) = keys.get("raw").and_then(Value::as_str) else {
                node.warn("the URL has neither a path nor its raw text", "");
                return None;
            };
            let (path, of_raw) = self.raw(raw);
            return Some((path, query.unwrap_or(of_raw)));
        }
        let (path, query) = self.raw(node.text()?);
        Some((path, query))
    }

    /// Returns the parts of a URL in one text. A leading variable represents scheme and host.
    fn raw(&self, raw: &str) -> (String, Vec<(String, String)>) {
        let raw = raw.split('#').next().unwrap_or_default();
        let (front, query) = raw.split_once('?').unwrap_or((raw, ""));
        let rest = match front.split_once("://") {
            Some((_, rest)) => rest,
            None => front,
        };
        let path = match rest.find('/') {
            Some(at) => &rest[at..],
            None => "/",
        };
        // The base URL may bring its own path: `{{base}}/a` with base = http://host/v1.
        let base = front
            .strip_prefix("{{")
            .and_then(|rest| rest.split_once("}}"))
            .and_then(|(name, _)| self.variables.get(name.trim()))
            .and_then(|base| base.split_once("://"))
            .and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].trim_end_matches('/')))
            .unwrap_or_default();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |text: &str| {
                let text = text.replace('+', " ");
                percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
            };
            (decode(name), decode(value))
        };
        (self.path(&format!("{base}{path}")), pairs.map(pair).collect())
    }

    /// Returns a path: known variables are filled in, `:id` and unknown ones become `{id}`.
    fn path(&self, path: &str) -> String {
        let mut out = String::new();
        for segment in path.trim_start_matches('/').split('/') {
            out.push('/');
            if let Some(name) = segment.strip_prefix(':').filter(|name| !name.is_empty()) {
                out.push_str(&format!("{{{}}}", variable(name)));
                continue;
            }
            let mut rest = segment;
            while let Some((before, after)) = rest.split_once("{{") {
                out.push_str(before);
                let Some((name, after)) = after.split_once("}}") else {
                    rest = after;
                    break;
                };
                match self.variables.get(name.trim()) {
                    Some(value) => out.push_str(value.trim_matches('/')),
                    None => out.push_str(&format!("{{{}}}", variable(name.trim()))),
                }
                rest = after;
            }
            out.push_str(rest);
        }
        out
    }

    /// Returns a text with its variables filled in, or `None` if one is not defined.
    fn resolve(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}")?;
            out.push_str(before);
            out.push_str(self.variables.get(name.trim())?);
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }
}

/// Returns a name as templates of paths have it.
fn variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn add_body(pattern: &mut RequestPattern, body: &Node<'_>) {
    let Some(keys) = body.value().as_object() else { return };
    match keys.get("mode").and_then(Value::as_str) {
        Some("raw") => {
            let text = keys.get("raw").and_then(Value::as_str).unwrap_or_default();
            if text.contains("{{") || text.is_empty() {
                return;
            }
            let json = serde_json::from_str::<Value>(text).is_ok();
            pattern.body(if json {
                json!({"equalToJson": text})
            } else {
                json!({"equalTo": text})
            });
        }
        Some("urlencoded") => {
            let pairs = keys.get("urlencoded").and_then(Value::as_array);
            for pair in pairs.into_iter().flatten() {
                let on = pair.get("disabled") != Some(&Value::Bool(true));
                let (name, value) = (pair.get("key").and_then(scalar), pair.get("value"));
                if let (true, Some(name), Some(value)) = (on, name, value.and_then(scalar)) {
                    pattern.field("formParameters", &name, json!({"equalTo": value}));
                }
            }
        }
        Some("graphql") => {
            let query = keys.get("graphql").and_then(|graphql| graphql.get("query"));
            if let Some(query) = query.and_then(Value::as_str) {
                let expression = json!({"expression": "$.query", "equalTo": query});
                pattern.body(json!({"matchesJsonPath": expression}));
            }
        }
        Some(mode @ ("formdata" | "file")) => body.warn(
            format!("a body of the mode {mode:?} does not decide between examples"),
            "write multipartPatterns or binaryEqualTo into the stub",
        ),
        _ => {}
    }
}

fn response(example: &Node<'_>) -> Option<Response> {
    let keys = example.keys()?;
    let status = keys.get("code").and_then(|node| node.value().as_u64()).unwrap_or(200);
    let Some(status) = u16::try_from(status).ok().filter(|code| (100..1000).contains(code)) else {
        example.warn(format!("{status} is not a status code"), "");
        return None;
    };
    let mut response = Response::status(status);
    match keys.get("header").as_ref().map(Node::value) {
        Some(Value::Array(fields)) => {
            for field in fields {
                let part = |key: &str| field.get(key).and_then(scalar);
                if let (Some(name), Some(value)) = (part("key"), part("value")) {
                    response.header(&name, &value);
                }
            }
        }
        Some(Value::String(lines)) => {
            for line in lines.lines() {
                if let Some((name, value)) = line.split_once(':') {
                    response.header(name.trim(), value.trim());
                }
            }
        }
        _ => {}
    }
    if let Some(body) = keys.get("body").as_ref().map(Node::value).and_then(Value::as_str)
        && !body.is_empty()
    {
        response.set("body", body);
        let language = keys.get("_postman_previewlanguage");
        let json = language.is_some_and(|node| node.value() == "json");
        if json && !response.has_header("Content-Type") {
            response.header("Content-Type", "application/json");
        }
    }
    Some(response)
}
