//! The stub mappings that importers make.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

/// A converted stub.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ImportedStub {
    /// Its display name, which also determines the name of its file.
    pub(crate) name: String,
    /// The directory below the target that it belongs to: imposters have each their own.
    pub(crate) folder: Option<String>,
    /// `WireMock`'s stub mapping.
    pub(crate) mapping: Value,
    /// The body that is a file: its path, relative to the imported file and to the folder of bodies.
    pub(crate) body_file: Option<PathBuf>,
}

impl ImportedStub {
    pub(super) fn new(
        name: impl Into<String>,
        request: RequestPattern,
        response: Response,
    ) -> Self {
        let name = name.into();
        let mapping = json!({
            "name": name,
            "request": Value::Object(request.0),
            "response": Value::Object(response.0),
        });
        Self { name, folder: None, mapping, body_file: None }
    }

    /// Sets a key of the mapping.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.mapping[key] = value.into();
    }

    /// Returns the stem of its file's name: letters, digits, dots and dashes of the stub's name.
    pub(crate) fn file_stem(&self) -> String {
        const LONGEST: usize = 80;
        let mut stem = String::new();
        for c in self.name.chars() {
            let part = c.is_ascii_alphanumeric() || c == '.' && !stem.is_empty();
            if part {
                stem.push(c.to_ascii_lowercase());
            } else if !stem.ends_with('-') && !stem.is_empty() {
                stem.push('-');
            }
            if stem.len() >= LONGEST {
                break;
            }
        }
        let stem = stem.trim_end_matches(['-', '.']);
        if stem.is_empty() { "stub".to_owned() } else { stem.to_owned() }
    }
}

/// Gives the stubs the priorities of a list in which the first that fits answers.
pub(super) fn first_wins(stubs: &mut [ImportedStub]) {
    for (at, stub) in stubs.iter_mut().enumerate() {
        stub.set("priority", at + 1);
    }
}

/// The `request` of a mapping.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RequestPattern(Map<String, Value>);

impl RequestPattern {
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    /// Adds a condition on a header, query parameter, form parameter, path parameter or cookie.
    /// Several conditions on the same one must all hold.
    pub(super) fn field(&mut self, list: &str, name: &str, pattern: Value) {
        let fields = self.0.entry(list).or_insert_with(|| json!({}));
        let Some(fields) = fields.as_object_mut() else { return };
        let both = match fields.remove(name) {
            Some(mut known) => match known.get_mut("and").and_then(Value::as_array_mut) {
                Some(all) => {
                    all.push(pattern);
                    known
                }
                None => json!({"and": [known, pattern]}),
            },
            None => pattern,
        };
        fields.insert(name.to_owned(), both);
    }

    /// Adds a condition on the body.
    pub(super) fn body(&mut self, pattern: Value) {
        let list = self.0.entry("bodyPatterns").or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(pattern);
        }
    }

    /// Returns a canonical text: equal patterns have equal texts.
    pub(super) fn to_text(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    #[cfg(test)]
    fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }
}

/// The `response` of a mapping.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Response(Map<String, Value>);

impl Response {
    pub(super) fn status(status: u16) -> Self {
        let mut response = Self::default();
        response.set("status", status);
        response
    }

    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    #[cfg(test)]
    fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Adds a header field; several values of one name become a list. Fields about framing and
    /// coding are ignored: the server sets them itself.
    pub(super) fn header(&mut self, name: &str, value: &str) {
        const FRAMING: [&str; 4] =
            ["content-length", "transfer-encoding", "content-encoding", "connection"];
        if FRAMING.contains(&name.to_ascii_lowercase().as_str()) {
            return;
        }
        let headers = self.0.entry("headers").or_insert_with(|| json!({}));
        let Some(headers) = headers.as_object_mut() else { return };
        let key = headers.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
        let key = key.unwrap_or_else(|| name.to_owned());
        let values = match headers.remove(&key) {
            None => json!(value),
            Some(Value::Array(mut list)) => {
                list.push(json!(value));
                list.into()
            }
            Some(one) => json!([one, value]),
        };
        headers.insert(key, values);
    }

    /// Returns whether it names a header field.
    pub(super) fn has_header(&self, name: &str) -> bool {
        let headers = self.0.get("headers").and_then(Value::as_object);
        headers.is_some_and(|headers| headers.keys().any(|key| key.eq_ignore_ascii_case(name)))
    }
}

/// Returns stubs that answer in sequence: each response as often as its count, then from the start
/// again, or the last one forever.
pub(super) fn in_turn(
    name: &str,
    request: &RequestPattern,
    responses: &[(Response, usize)],
    again: bool,
) -> Vec<ImportedStub> {
    let steps: Vec<&Response> = responses
        .iter()
        .flat_map(|(response, times)| std::iter::repeat_n(response, *times))
        .collect();
    let state = |at: usize| if at == 0 { "Started".to_owned() } else { format!("step {}", at + 1) };
    let one = steps.len() == 1;
    let step = |(at, response): (usize, &&Response)| {
        let title = if one { name.to_owned() } else { format!("{name} ({})", at + 1) };
        let mut stub = ImportedStub::new(title, request.clone(), (*response).clone());
        if !one {
            stub.set("scenarioName", name);
            stub.set("requiredScenarioState", state(at));
            let next = if at + 1 < steps.len() { Some(at + 1) } else { again.then_some(0) };
            if let Some(next) = next {
                stub.set("newScenarioState", state(next));
            }
        }
        stub
    };
    steps.iter().enumerate().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_condition_holds_as_well() {
        let mut request = RequestPattern::default();
        for text in ["a", "b", "c"] {
            request.field("headers", "X", json!({"contains": text}));
        }
        let all = json!([{"contains": "a"}, {"contains": "b"}, {"contains": "c"}]);
        assert_eq!(request.get("headers"), Some(&json!({"X": {"and": all}})));
    }

    #[test]
    fn repeated_header_fields_become_lists_and_framing_is_left_to_the_server() {
        let mut response = Response::status(200);
        for (name, value) in [("Set-Cookie", "a"), ("set-cookie", "b"), ("Content-Length", "3")] {
            response.header(name, value);
        }
        assert_eq!(response.get("headers"), Some(&json!({"Set-Cookie": ["a", "b"]})));
    }

    #[test]
    fn names_of_files_are_plain() {
        for (name, stem) in [
            ("GET /a/{id}?x=1", "get-a-id-x-1"),
            ("../../etc", "etc"),
            ("日本", "stub"),
            ("a.b", "a.b"),
        ] {
            let stub = ImportedStub::new(name, RequestPattern::default(), Response::default());
            assert_eq!(stub.file_stem(), stem);
        }
    }

    #[test]
    fn answers_in_turn_are_a_scenario() {
        let answers = [(Response::status(200), 2), (Response::status(500), 1)];
        let stubs = in_turn("s", &RequestPattern::default(), &answers, true);
        let states: Vec<_> = stubs
            .iter()
            .map(|stub| {
                let part = |key: &str| stub.mapping[key].as_str().unwrap_or("").to_owned();
                (part("requiredScenarioState"), part("newScenarioState"))
            })
            .collect();
        let text = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            states,
            [text("Started", "step 2"), text("step 2", "step 3"), text("step 3", "Started")]
        );
    }
}
