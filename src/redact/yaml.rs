//! Kubernetes Secrets written as YAML: their values have no names that tell.

use serde_json::Value;

use super::edit::Edit;
use super::pass::Pass;

impl Pass<'_> {
    /// The edits of the Secrets in a YAML text.
    pub(super) fn kubernetes_yaml(&self, text: &str) -> Vec<Edit> {
        let told = text.contains("Secret") && text.contains("kind");
        if !(told || self.of_secrets) || !(text.contains("data:") || text.contains("stringData:")) {
            return Vec::new();
        }
        let Ok(documents) = serde_saphyr::from_multiple::<Value>(text) else {
            return self.below_data(text);
        };
        let mut values = Vec::new();
        for document in &documents {
            collect(document, self.of_secrets, &mut values);
        }
        let mut edits = Vec::new();
        for (value, base64) in values {
            for line in value.lines().map(str::trim).filter(|line| !line.is_empty()) {
                let whole = line == value;
                let new = if base64 && whole { self.hide_base64(line) } else { self.hide(line) };
                for (at, _) in text.match_indices(line) {
                    if stands_alone(text, at, line.len()) {
                        edits.push(Edit { range: at..at + line.len(), text: new.clone() });
                    }
                }
            }
        }
        edits
    }

    /// Of a text that cannot be read: every value below `data:` and `stringData:`.
    fn below_data(&self, text: &str) -> Vec<Edit> {
        let mut edits = Vec::new();
        let (mut start, mut inside) = (0, None);
        for line in text.split_inclusive('\n') {
            let indent = line.len() - line.trim_start().len();
            let own = line.trim();
            if inside.is_some_and(|outer| indent <= outer) && !own.is_empty() {
                inside = None;
            }
            if let (Some(_), Some((_, value))) = (inside, own.split_once(": ")) {
                let value = value.trim().trim_matches(['"', '\'']);
                if let Some(at) = line.rfind(value).filter(|_| !value.is_empty()) {
                    let range = start + at..start + at + value.len();
                    edits.push(Edit { range, text: self.hide(value) });
                }
            }
            if matches!(own, "data:" | "stringData:") {
                inside = Some(indent);
            }
            start += line.len();
        }
        edits
    }
}

/// The values of Secrets, with whether they are base64.
fn collect(value: &Value, of_secrets: bool, found: &mut Vec<(String, bool)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, of_secrets, found)),
        Value::Object(map) => {
            let kind = map.get("kind").and_then(Value::as_str);
            let items =
                kind == Some("SecretList") || of_secrets && kind.is_none_or(|kind| kind == "List");
            if kind.map_or(of_secrets, |kind| kind == "Secret") {
                for name in ["data", "stringData"] {
                    let values = map.get(name).and_then(Value::as_object).into_iter().flatten();
                    let text = |value: &Value| match value {
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    found.extend(values.map(|(_, value)| (text(value), name == "data")));
                }
            }
            map.values().for_each(|value| collect(value, items, found));
        }
        _ => {}
    }
}

/// Whether a piece of a text is no part of a longer word.
fn stands_alone(text: &str, at: usize, length: usize) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    !text[..at].chars().next_back().is_some_and(word)
        && !text[at + length..].chars().next().is_some_and(word)
}
