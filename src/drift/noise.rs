//! Noise: insignificant differences between two answers.

use std::path::Path;

use http::HeaderName;
use serde_json::Value;
use serde_json_path::JsonPath;

use crate::document::{Decoder, Diagnostic, Diagnostics, Format, Source, disk, json_path};

/// Fields that a server, a proxy or the connection adds again to each answer.
const HEADERS: [&str; 27] = [
    "age",
    "alt-svc",
    "audit-id",
    "cf-ray",
    "connection",
    "content-length",
    "date",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "nel",
    "report-to",
    "server",
    "server-timing",
    "set-cookie",
    "traceparent",
    "transfer-encoding",
    "via",
    "x-amz-id-2",
    "x-amz-request-id",
    "x-correlation-id",
    "x-kubernetes-pf-flowschema-uid",
    "x-kubernetes-pf-prioritylevel-uid",
    "x-request-id",
    "x-runtime",
    "x-trace-id",
];

/// Fields of Kubernetes' `metadata` that change with each write, or differ between clusters.
const METADATA: [&str; 9] = [
    "continue",
    "creationTimestamp",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "remainingItemCount",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The largest file with rules, in bytes.
const MOST: u64 = 1 << 20;

/// The file with rules in a folder of fixtures.
const FILE: &str = ".standin-diff.yaml";

/// What a comparison ignores in addition to the built-in noise.
#[derive(Debug, Default)]
pub(crate) struct IgnoreRules {
    paths: Vec<JsonPath>,
    headers: Vec<HeaderName>,
}

impl IgnoreRules {
    /// Adds a rule: a JSON path (RFC 9535) into bodies, or `header NAME`.
    ///
    /// # Errors
    /// A message that says what is wrong.
    pub(crate) fn add(&mut self, rule: &str) -> Result<(), String> {
        if let Some(name) = rule.strip_prefix("header ") {
            let name = HeaderName::from_bytes(name.trim().as_bytes())
                .map_err(|_| format!("{name:?} is not the name of a header field"))?;
            self.headers.push(name);
            return Ok(());
        }
        let path = json_path::parse(rule)
            .map_err(|why| format!("{rule:?} is neither a JSON path nor \"header NAME\": {why}"))?;
        self.paths.push(path);
        Ok(())
    }

    /// Adds the rules of a file: `ignore: [$.items[*].status, header X-Version]`.
    ///
    /// # Errors
    /// Every problem of the file.
    pub(crate) fn add_file(&mut self, path: &Path) -> Result<(), Diagnostics> {
        let bytes = disk::read(path, MOST)
            .map_err(|error| Diagnostics(vec![disk::unreadable(path, &error)]))?;
        let format = Format::of(path).unwrap_or(Format::Yaml);
        let source = Source::from_bytes(path.to_path_buf(), format, bytes);
        let source = source.map_err(|problem| Diagnostics(vec![problem]))?;
        let documents = source.parse().map_err(|problem| Diagnostics(vec![problem]))?;
        let Some(document) = documents.first() else { return Ok(()) };
        let decoder = Decoder::new(&source, 0);
        if let Some(keys) = decoder.root(document).keys() {
            let rules = keys.get("ignore").map(|node| node.items()).unwrap_or_default();
            keys.finish();
            for node in &rules {
                if let Some(Err(why)) = node.text().map(|rule| self.add(rule)) {
                    node.error(why, "");
                }
            }
        }
        let problems: Vec<Diagnostic> = decoder.finish();
        if problems.is_empty() { Ok(()) } else { Err(Diagnostics(problems).sorted()) }
    }

    /// Adds the rules in the directory of the fixtures, if there are any.
    ///
    /// # Errors
    /// Every problem of the file.
    pub(crate) fn add_beside(&mut self, fixtures: &Path) -> Result<(), Diagnostics> {
        let folder = if fixtures.is_dir() { Some(fixtures) } else { fixtures.parent() };
        let file = folder.map(|folder| folder.join(FILE)).filter(|file| file.is_file());
        file.map_or(Ok(()), |file| self.add_file(&file))
    }

    /// Returns whether a header field is compared.
    pub(super) fn compares(&self, name: &HeaderName) -> bool {
        !HEADERS.contains(&name.as_str()) && !self.headers.contains(name)
    }

    /// Removes the noise from a body.
    pub(super) fn clean(&self, body: &mut Value) {
        for path in &self.paths {
            let found = path.query_located(body);
            let pointers: Vec<String> =
                found.locations().map(serde_json_path::NormalizedPath::to_json_pointer).collect();
            for pointer in pointers {
                remove(body, &pointer);
            }
        }
        kubernetes(body);
    }
}

/// Removes a member; an item of a list becomes null, so that the others keep their places.
fn remove(body: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else {
        *body = Value::Null;
        return;
    };
    let last = last.replace("~1", "/").replace("~0", "~");
    match body.pointer_mut(parent) {
        Some(Value::Object(map)) => drop(map.remove(&last)),
        Some(Value::Array(items)) => {
            if let Some(item) = last.parse().ok().and_then(|at: usize| items.get_mut(at)) {
                *item = Value::Null;
            }
        }
        _ => {}
    }
}

/// Removes the fields that Kubernetes itself changes, in objects, lists, tables and watch events.
fn kubernetes(body: &mut Value) {
    let is_object =
        |value: &Value| value.get("apiVersion").is_some() && value.get("kind").is_some();
    if is_object(body) {
        object(body);
    }
    if let Some(items) = body.get_mut("items").and_then(Value::as_array_mut) {
        items.iter_mut().for_each(object);
    }
    if body["kind"] == "Table" {
        for row in body.get_mut("rows").and_then(Value::as_array_mut).into_iter().flatten() {
            row["object"].as_object_mut().into_iter().for_each(|_| {});
            object(&mut row["object"]);
        }
    }
    if let Some(inner) = body.get_mut("object").filter(|inner| is_object(inner)) {
        object(inner);
    }
}

fn object(value: &mut Value) {
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for name in METADATA {
            metadata.remove(name);
        }
        for owner in
            metadata.get_mut("ownerReferences").and_then(Value::as_array_mut).into_iter().flatten()
        {
            owner.as_object_mut().map(|owner| owner.remove("uid"));
        }
    }
    times(value);
}

/// Removes times of events: fields whose names say so (`lastTransitionTime`, `startTime`, `firstTimestamp`).
fn times(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|name, value| {
                let is_named = name.ends_with("Time") || name.ends_with("Timestamp");
                let text = value.as_str().unwrap_or_default();
                !(is_named && text.parse::<jiff::Timestamp>().is_ok())
            });
            map.values_mut().for_each(times);
        }
        Value::Array(items) => items.iter_mut().for_each(times),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cleaned(rules: &[&str], mut body: Value) -> Value {
        let mut ignore = IgnoreRules::default();
        for rule in rules {
            ignore.add(rule).unwrap();
        }
        ignore.clean(&mut body);
        body
    }

    #[test]
    fn what_kubernetes_changes_by_itself_is_noise() {
        let metadata = json!({"name": "a", "uid": "u", "resourceVersion": "7", "managedFields": [], "generation": 2});
        let status = json!({"conditions": [{"type": "Ready", "lastTransitionTime": "2026-01-01T00:00:00Z"}]});
        let pod =
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status});
        let clean = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "status": {"conditions": [{"type": "Ready"}]}});
        assert_eq!(cleaned(&[], pod.clone()), clean);
        let list = json!({"apiVersion": "v1", "kind": "PodList", "metadata": {"resourceVersion": "9"}, "items": [{"metadata": {"name": "a", "uid": "x"}}]});
        let clean_list = json!({"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": [{"metadata": {"name": "a"}}]});
        assert_eq!(cleaned(&[], list), clean_list);
        let event = json!({"type": "ADDED", "object": pod});
        assert_eq!(cleaned(&[], event), json!({"type": "ADDED", "object": clean}));
        // Elsewhere the same names mean something.
        let other = json!({"uid": "u", "generation": 2, "startTime": "2026-01-01T00:00:00Z"});
        assert_eq!(cleaned(&[], other.clone()), other);
    }

    #[test]
    fn rules_take_out_members_and_blank_items() {
        let body = json!({"a": {"b/c": 1, "d": 2}, "list": [1, 2, 3]});
        let rules = ["$.a['b/c']", "$.list[1]"];
        assert_eq!(cleaned(&rules, body), json!({"a": {"d": 2}, "list": [1, null, 3]}));
        let mut rules = IgnoreRules::default();
        rules.add("header X-Version").unwrap();
        assert!(!rules.compares(&HeaderName::from_static("x-version")));
        assert!(!rules.compares(&HeaderName::from_static("date")));
        assert!(rules.compares(&HeaderName::from_static("content-type")));
        assert!(rules.add("not a path").is_err() && rules.add("header a b").is_err());
    }

    #[test]
    fn a_file_of_rules_reports_its_problems() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(FILE);
        std::fs::write(&file, "ignore:\n- $.a\n- '$['\nignored: []\n").unwrap();
        let problems = IgnoreRules::default().add_beside(directory.path()).unwrap_err();
        let text = problems.to_string();
        assert!(text.contains(":3:3: ignore[1]") && text.contains("unknown key"), "{text}");
    }
}
