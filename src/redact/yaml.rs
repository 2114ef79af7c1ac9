//! Kubernetes Secrets written as YAML: their values have no names that tell.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use serde_json::Value;

use super::edit::Edit;
use super::pass::Pass;

impl Pass<'_> {
    /// The edits of the Secrets in a YAML text.
    pub(super) fn kubernetes_yaml(&self, text: &str) -> Vec<Edit> {
        let named = text.contains("Secret") && text.contains("kind");
        if !(named || self.of_secrets) || !(text.contains("data:") || text.contains("stringData:"))
        {
            return Vec::new();
        }
        let Ok(documents) = serde_saphyr::from_multiple::<Value>(text) else {
            return self.below_data(text);
        };
        let mut values = Vec::new();
        for document in &documents {
            collect(document, self.of_secrets, &mut values);
        }
        let mut secrets: BTreeMap<&str, String> = BTreeMap::new();
        for (value, base64) in &values {
            for line in value.lines().map(str::trim).filter(|line| !line.is_empty()) {
                secrets.entry(line).or_insert_with(|| {
                    let whole = line == value;
                    if *base64 && whole { self.hide_base64(line) } else { self.hide(line) }
                });
            }
        }
        // All at once: a Secret of many values is searched as fast as one of few.
        let Ok(search) = AhoCorasick::new(secrets.keys()) else { return self.below_data(text) };
        let new: Vec<String> = secrets.into_values().collect();
        search
            .find_overlapping_iter(text)
            .filter(|found| stands_alone(text, found.start(), found.len()))
            .map(|found| Edit {
                range: found.range(),
                text: new[found.pattern().as_usize()].clone(),
            })
            .collect()
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

/// Whether a piece of a text is not part of a longer word.
fn stands_alone(text: &str, at: usize, length: usize) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    !text[..at].chars().next_back().is_some_and(word)
        && !text[at + length..].chars().next().is_some_and(word)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::{Key, Redactor};

    fn without(text: &str) -> String {
        Redactor::new(Key::of(b"k")).pass("/x").changed(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn one_value_may_be_a_part_of_another_and_stand_more_than_once() {
        let text = "kind: Secret\nmetadata:\n  name: zq-one-all\n  note: zq one\nstringData:\n  a: zq\n  b: zq-one\n  c: |\n    zq-one\n    other-zq line\n  d: 'zq-one'\n";
        let new = without(text);
        let data = new.split_once("stringData:").unwrap().1;
        assert!(!data.contains("zq") && !data.contains("other"), "{new}");
        assert!(!new.contains("note: zq"), "a value repeated elsewhere: {new}");
        assert!(new.starts_with("kind: Secret\nmetadata:\n  name: "), "{new}");
    }

    #[test]
    fn a_large_secret_is_searched_in_one_pass() {
        let mut text = "kind: Secret\nstringData:\n".to_owned();
        for n in 0..20_000 {
            writeln!(text, "  k{n}: 'hush {n} hush'").unwrap();
        }
        let new = without(&text);
        assert!(!new.contains("hush"), "{}", &new[..200]);
        assert_eq!(new.lines().count(), text.lines().count());
        assert!(new.contains("  k19999: '"));
    }
}
