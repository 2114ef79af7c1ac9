//! Conditions on single parts of a request, and their conversion to a request pattern.

use serde_json::{Value, json};

use crate::document::Node;

use super::super::regex;
use super::super::stub::RequestPattern;

/// A part of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Method,
    Path,
    Body,
    /// One entry of `headers`, `queryParameters` or `formParameters`.
    Named(&'static str, String),
}

/// One condition.
#[derive(Debug, Clone)]
pub(super) struct Atom {
    pub(super) field: Field,
    /// The operator, as stubs have it.
    pub(super) pattern: Value,
    pub(super) negated: bool,
}

impl Atom {
    /// Returns the negated condition.
    pub(super) fn negated(mut self) -> Self {
        self.negated = !self.negated;
        self
    }

    fn operator(&self) -> Value {
        if self.negated { json!({"not": self.pattern}) } else { self.pattern.clone() }
    }
}

/// Reads the pattern in which all atoms hold. Returns `None`, with a warning at `node`, if a method
/// or a path has no equivalent of them.
pub(super) fn request(atoms: &[Atom], node: &Node<'_>) -> Option<RequestPattern> {
    let mut request = RequestPattern::default();
    let mut paths: Vec<(String, bool)> = Vec::new();
    let mut excluded: Vec<String> = Vec::new();
    let mut method: Option<String> = None;
    for atom in atoms {
        match &atom.field {
            Field::Method => {
                let Some(name) = atom.pattern.get("equalTo").and_then(Value::as_str) else {
                    node.warn("a method is compared with equals only", "write a stub a method");
                    return None;
                };
                let name = name.to_ascii_uppercase();
                match (atom.negated, &method) {
                    (true, _) => excluded.push(name),
                    (false, None) => method = Some(name),
                    (false, Some(known)) if *known == name => {}
                    (false, Some(_)) => {
                        node.warn("the predicates want two methods at once: never true", "");
                        return None;
                    }
                }
            }
            Field::Path => paths.push((path_expression(&atom.pattern)?, atom.negated)),
            Field::Body => request.body(atom.operator()),
            Field::Named(list, name) => request.field(list, name, atom.operator()),
        }
    }
    match method {
        Some(method) if excluded.contains(&method) => {
            node.warn("the predicates want a method and exclude it: never true", "");
            return None;
        }
        Some(method) => request.set("method", method),
        None if !excluded.is_empty() => request.set("method", json!({"noneOf": excluded})),
        None => {}
    }
    match paths.as_slice() {
        [] => {}
        [(path, false)] => request.set("urlPathPattern", path.as_str()),
        several => {
            // Each looks ahead over the whole path; what they leave open is any text.
            let ahead = |(path, negated): &(String, bool)| {
                let sign = if *negated { '!' } else { '=' };
                format!("(?{sign}(?:{path})$)")
            };
            let all: String = several.iter().map(ahead).collect();
            request.set("urlPathPattern", format!("{all}.*"));
        }
    }
    Some(request)
}

/// Returns a condition on a path as a regular expression.
fn path_expression(pattern: &Value) -> Option<String> {
    let flag = if pattern.get("caseInsensitive").is_some() { "(?i)" } else { "" };
    if let Some(text) = pattern.get("equalTo").and_then(Value::as_str) {
        return Some(format!("{flag}{}", regex::literal(text)));
    }
    if pattern.get("not").is_some() {
        // It exists: every path does.
        return Some(".*".to_owned());
    }
    if pattern.get("absent").is_some() {
        return Some("(?!)".to_owned());
    }
    pattern.get("matches").and_then(Value::as_str).map(str::to_owned)
}
