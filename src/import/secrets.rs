//! Removes secrets from stub mappings of other tools: answers get pseudonyms, and patterns match
//! any value in place of a secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use serde_json::{Map, Value, json};

use crate::redact::{MARK, Media, Pass, Redacted, Redactor};

/// Removes the secrets of the stubs of one file.
#[derive(Debug)]
pub(crate) struct StubSecrets {
    redactor: Redactor,
    marks: Pass<'static>,
}

/// The parts of a request pattern with matchers by name.
const NAMED: [&str; 5] =
    ["headers", "queryParameters", "cookies", "formParameters", "pathParameters"];

/// The operators of matchers whose text is what a request has.
const TEXTS: [&str; 8] = [
    "equalTo",
    "contains",
    "doesNotContain",
    "equalToXml",
    "binaryEqualTo",
    "equalToIgnoreCase",
    "before",
    "after",
];

impl StubSecrets {
    /// Creates a remover with a redactor.
    pub(crate) fn new(redactor: Redactor) -> Self {
        Self { redactor, marks: Redactor::marks("") }
    }

    /// Removes the secrets of a mapping; returns whether it had any.
    pub(crate) fn remove(&self, mapping: &mut Value) -> bool {
        let before = mapping.clone();
        let Some(stub) = mapping.as_object_mut() else { return false };
        if let Some(Value::Object(request)) = stub.get_mut("request") {
            self.request(request);
        }
        if let Some(Value::Object(response)) = stub.get_mut("response") {
            self.response(response);
        }
        for (key, value) in stub.iter_mut() {
            // Numbers of scenarios, names, webhooks.
            if !matches!(key.as_str(), "request" | "response" | "id" | "uuid") {
                self.value(value);
            }
        }
        *mapping != before
    }

    /// Returns a body file without its secrets, or `None` if none is found.
    pub(crate) fn body(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self.redactor.pass("").body(&Media::default(), bytes) {
            Redacted::Changed(new) => Some(new),
            Redacted::Same | Redacted::Opaque(_) => None,
        }
    }

    fn response(&self, response: &mut Map<String, Value>) {
        let pass = self.redactor.pass("");
        if let Some(Value::Object(headers)) = response.get_mut("headers") {
            for (name, value) in headers.iter_mut() {
                let Ok(name) = HeaderName::try_from(name.as_str()) else { continue };
                each_text(value, &|text| pass.header(&name, text));
            }
        }
        if let Some(Value::String(text)) = response.get_mut("base64Body")
            && let Ok(bytes) = STANDARD.decode(&*text)
            && let Some(new) = self.body(&bytes)
        {
            *text = STANDARD.encode(new);
        }
        for (key, value) in response.iter_mut() {
            if !matches!(key.as_str(), "headers" | "base64Body" | "bodyFileName") {
                self.value(value);
            }
        }
    }

    /// Redacts a value of any form: strings are scanned as JSON.
    fn value(&self, value: &mut Value) {
        let pass = self.redactor.pass("");
        if let Value::String(text) = value {
            if let Some(new) = pass.changed(text) {
                *text = new;
            }
        } else if let Some(new) = pass.changed(&value.to_string())
            && let Ok(new) = serde_json::from_str(&new)
        {
            *value = new;
        }
    }

    fn request(&self, request: &mut Map<String, Value>) {
        for (exact, pattern) in [("url", "urlPattern"), ("urlPath", "urlPathPattern")] {
            if let Some(Value::String(text)) = request.get(exact) {
                let marked = self.marks.target(text);
                if marked.contains(MARK) {
                    request.remove(exact);
                    request.insert(pattern.to_owned(), any_at_marks(&marked, "[^/?&]+").into());
                }
            }
        }
        for part in NAMED {
            if let Some(Value::Object(matchers)) = request.get_mut(part) {
                for (name, matcher) in matchers.iter_mut() {
                    self.named(part, name, matcher);
                }
            }
        }
        for key in ["basicAuth", "basicAuthCredentials"] {
            if request.remove(key).is_some() {
                let headers = request.entry("headers").or_insert_with(|| json!({}));
                headers["Authorization"] = json!({"matches": "Basic .+"});
            }
        }
        for key in ["bodyPatterns", "multipartPatterns"] {
            if let Some(patterns) = request.get_mut(key) {
                self.body_patterns(patterns);
            }
        }
    }

    /// Redacts the matcher of a named field: one with a value that is secret under this name
    /// matches any value.
    fn named(&self, part: &str, name: &str, matcher: &mut Value) {
        match matcher {
            Value::Array(matchers) => {
                for matcher in matchers {
                    self.named(part, name, matcher);
                }
            }
            Value::Object(map) => {
                let found = map.iter().find_map(|(operator, value)| {
                    let text = value.as_str().filter(|_| TEXTS.contains(&operator.as_str()))?;
                    let marked = self.marked(part, name, text);
                    marked.contains(MARK).then(|| (operator.clone(), marked))
                });
                if let Some((operator, marked)) = found {
                    map.remove(&operator);
                    map.remove("caseInsensitive");
                    map.insert("matches".to_owned(), any_at_marks(&marked, ".+").into());
                }
                for key in ["hasExactly", "includes", "and", "or", "not"] {
                    if let Some(inner) = map.get_mut(key) {
                        self.named(part, name, inner);
                    }
                }
            }
            _ => {}
        }
    }

    fn marked(&self, part: &str, name: &str, text: &str) -> String {
        match (part, HeaderName::try_from(name)) {
            ("headers", Ok(name)) => self.marks.header(&name, text),
            ("cookies", _) => MARK.to_string(),
            _ => self.marks.parameter(name, text),
        }
    }

    fn body_patterns(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.body_patterns(item)),
            Value::Object(map) => {
                if let Some(json) = map.get_mut("equalToJson") {
                    self.json_pattern(json);
                }
                if let Some(Value::Object(path)) = map.get_mut("matchesJsonPath") {
                    let expression =
                        path.get("expression").and_then(Value::as_str).unwrap_or_default();
                    let last = expression.rsplit(['.', '\'', '"', '[']).find(|part| part.len() > 1);
                    let name = last.unwrap_or_default().trim_end_matches([']', ')']).to_owned();
                    let mut matcher = Value::Object(std::mem::take(path));
                    self.named("json", &name, &mut matcher);
                    if let Value::Object(new) = matcher {
                        *path = new;
                    }
                }
                for operator in ["equalTo", "contains", "equalToXml"] {
                    let Some(Value::String(text)) = map.get(operator) else { continue };
                    let Some(marked) = self.marks.changed(text) else { continue };
                    let mut pattern = any_at_marks(&marked, r"[\s\S]*");
                    if operator == "contains" {
                        pattern = format!(r"[\s\S]*{pattern}[\s\S]*");
                    }
                    map.remove(operator);
                    map.remove("caseInsensitive");
                    map.insert("matches".to_owned(), pattern.into());
                }
                for (key, inner) in map.iter_mut() {
                    if matches!(key.as_str(), "and" | "or" | "not" | "bodyPatterns") {
                        self.body_patterns(inner);
                    } else if key == "headers"
                        && let Value::Object(matchers) = inner
                    {
                        for (name, matcher) in matchers.iter_mut() {
                            self.named("headers", name, matcher);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Replaces secrets in JSON by placeholders for any value.
    fn json_pattern(&self, json: &mut Value) {
        let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
        let Some(marked) = self.marks.changed(&text) else { return };
        let Ok(mut new) = serde_json::from_str::<Value>(&marked) else { return };
        each_text(&mut new, &|text| {
            if text.contains(MARK) { "${json-unit.ignore}".to_owned() } else { text.to_owned() }
        });
        *json = if json.is_string() { new.to_string().into() } else { new };
    }
}

/// Applies a function to every string in a value.
fn each_text(value: &mut Value, change: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(map) => map.values_mut().for_each(|item| each_text(item, change)),
        _ => {}
    }
}

/// Returns a regular expression for a text with marks: at each mark it allows `anything`.
fn any_at_marks(marked: &str, anything: &str) -> String {
    marked.split(MARK).map(regex::escape).collect::<Vec<_>>().join(anything)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Key;

    #[test]
    fn a_mapping_loses_its_secrets_and_matches_any_in_their_place() {
        let mut mapping = json!({
            "request": {
                "url": "/login?access_token=zq8Secret1xY",
                "headers": {"Authorization": {"equalTo": "Bearer zq8Secret2xY"}, "Accept": {"equalTo": "a/b"}},
                "queryParameters": {"api_key": {"contains": "zq8Secret3xY"}, "page": {"equalTo": "2"}},
                "cookies": {"sid": {"equalTo": "zq8Secret4xY"}},
                "basicAuthCredentials": {"username": "u", "password": "zq8Secret5xY"},
                "bodyPatterns": [
                    {"equalToJson": {"password": "zq8Secret6xY", "user": "u"}},
                    {"matchesJsonPath": {"expression": "$.client.secret", "equalTo": "zq8Secret7xY"}},
                    {"contains": "password=zq8Secret8xY"},
                ],
            },
            "response": {
                "headers": {"Set-Cookie": ["a=zq8Secret9xY; Path=/"], "Content-Type": "text/plain"},
                "jsonBody": {"token": "zq8Secret10xY", "n": 1},
                "body": "{{randomValue}} password={{request.body}}",
            },
            "serveEventListeners": [{"name": "webhook", "parameters": {"headers": {"X-Api-Key": "zq8Secret11xY"}}}],
        });
        let secrets = StubSecrets::new(Redactor::new(Key::of(b"k")));
        assert!(secrets.remove(&mut mapping));
        let text = mapping.to_string();
        assert!(!text.contains("Secret"), "{text}");
        let request = &mapping["request"];
        assert_eq!(request["urlPattern"], r"/login\?access_token=[^/?&]+");
        assert_eq!(request["headers"]["Accept"], json!({"equalTo": "a/b"}));
        assert_eq!(request["headers"]["Authorization"], json!({"matches": "Basic .+"}));
        assert_eq!(request["queryParameters"]["page"], json!({"equalTo": "2"}));
        assert_eq!(request["bodyPatterns"][0]["equalToJson"]["password"], "${json-unit.ignore}");
        assert_eq!(request["bodyPatterns"][1]["matchesJsonPath"]["matches"], ".+");
        assert_eq!(mapping["response"]["body"], "{{randomValue}} password={{request.body}}");
        let mut plain = json!({"request": {"url": "/a"}, "response": {"body": "b"}});
        assert!(!secrets.remove(&mut plain));
    }
}
