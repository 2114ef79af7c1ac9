//! `NAME?resource=R&namespace=N&verb=V`: narrows a scenario to some of its requests.
//!
//! A rule that matches these requests among others is limited to them, a rule for other requests is
//! dropped, and objects of other resource types are not generated. Rules for paths outside of the
//! Kubernetes API stay.

use globset::GlobBuilder;
use serde_json::{Map, Value};

/// The keys of a `match` that narrow.
const KEYS: [&str; 3] = ["resource", "namespace", "verb"];

/// What rules are narrowed to, as keys of a `match` with their values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Narrowing(Vec<(&'static str, String)>);

impl Narrowing {
    /// Splits the name of a scenario from its narrowing.
    ///
    /// # Errors
    /// A message that says what is wrong with it.
    pub(super) fn split(name: &str) -> Result<(&str, Self), String> {
        let Some((bare, query)) = name.split_once('?') else { return Ok((name, Self::default())) };
        let mut keys: Vec<(&'static str, String)> = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let Some(key) = KEYS.into_iter().find(|known| *known == key) else {
                return Err(format!("a scenario is not narrowed by {key:?}"));
            };
            if value.is_empty() || value.contains(['*', '?', '[', '{', '\\']) {
                return Err(format!("{key}={value} is not one value"));
            }
            if keys.iter().any(|(known, _)| *known == key) {
                return Err(format!("{key} is given twice"));
            }
            keys.push((key, value.to_owned()));
        }
        Ok((bare, Self(keys)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the narrowing as it is written after the name of a scenario.
    pub(super) fn suffix(&self) -> String {
        let keys: Vec<String> =
            self.0.iter().map(|(key, value)| format!("{key}={value}")).collect();
        if keys.is_empty() { String::new() } else { format!("?{}", keys.join("&")) }
    }

    /// Narrows the document of a scenario.
    ///
    /// # Errors
    /// No rule matches such requests.
    pub(super) fn apply(&self, document: &mut Value) -> Result<(), String> {
        let Some(scenario) = document.as_object_mut() else { return Ok(()) };
        let (had, mut left) = (count(scenario), 0);
        left += self.rules(scenario);
        let phases = scenario.get_mut("timeline").and_then(|timeline| timeline.get_mut("phases"));
        for phase in phases.and_then(Value::as_array_mut).into_iter().flatten() {
            left += phase.as_object_mut().map_or(0, |phase| self.rules(phase));
        }
        if let Some(resource) = self.value("resource") {
            if let Some(list) = scenario.get_mut("generate").and_then(Value::as_array_mut) {
                list.retain(|entry| entry["resource"].as_str().is_none_or(|of| of == resource));
            }
            remove_empty(scenario, "generate");
        }
        if had > 0 && left == 0 {
            let keys: Vec<String> =
                self.0.iter().map(|(key, value)| format!("the {key} {value}")).collect();
            return Err(format!("none of its rules is about {}", keys.join(" and ")));
        }
        Ok(())
    }

    fn value(&self, wanted: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| *key == wanted).map(|(_, value)| value.as_str())
    }

    /// Narrows the rules of a scenario or of a phase. Returns how many are left.
    fn rules(&self, of: &mut Map<String, Value>) -> usize {
        let Some(rules) = of.get_mut("rules").and_then(Value::as_array_mut) else { return 0 };
        rules.retain_mut(|rule| self.rule(rule));
        let left = rules.len();
        remove_empty(of, "rules");
        left
    }

    /// Narrows a rule; returns `false` if it matches other requests only.
    fn rule(&self, rule: &mut Value) -> bool {
        let Some(rule) = rule.as_object_mut() else { return true };
        let matching = rule.entry("match").or_insert_with(|| Map::new().into());
        let Some(matching) = matching.as_object_mut() else { return true };
        if let Some(path) = matching.get("path").and_then(Value::as_str)
            && !path.starts_with("/api")
            && !path.trim_start_matches('/').starts_with('*')
        {
            return true;
        }
        for (key, value) in &self.0 {
            let fits = match matching.get(*key) {
                None => true,
                Some(Value::String(glob)) => matches(glob, value),
                // The compiler of the rule reports it.
                Some(_) => continue,
            };
            if !fits {
                return false;
            }
            matching.insert((*key).to_owned(), value.as_str().into());
        }
        true
    }
}

fn matches(glob: &str, value: &str) -> bool {
    // An invalid glob is reported where rules are compiled.
    GlobBuilder::new(glob).build().is_ok_and(|glob| glob.compile_matcher().is_match(value))
}

fn remove_empty(of: &mut Map<String, Value>, key: &str) {
    if of.get(key).and_then(Value::as_array).is_some_and(Vec::is_empty) {
        of.remove(key);
    }
}

/// Returns how many rules a scenario has.
fn count(scenario: &Map<String, Value>) -> usize {
    let rules = |of: &Value| of["rules"].as_array().map_or(0, Vec::len);
    let phases = scenario.get("timeline").and_then(|timeline| timeline["phases"].as_array());
    let own = scenario.get("rules").and_then(Value::as_array).map_or(0, Vec::len);
    own + phases.into_iter().flatten().map(rules).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn narrowed(query: &str, mut document: Value) -> Result<Value, String> {
        let name = format!("s?{query}");
        let (name, narrowing) = Narrowing::split(&name)?;
        assert_eq!(name, "s");
        assert_eq!(narrowing.suffix(), format!("?{query}"));
        narrowing.apply(&mut document).map(|()| document)
    }

    #[test]
    fn rules_keep_what_they_have_in_common() {
        let document = json!({
            "generate": [{"resource": "a.g", "count": 1}, {"resource": "b.g", "count": 1}],
            "rules": [
                {"match": {"verb": "list", "resource": "{a.g,b.g}"}, "page_size": 2},
                {"match": {"resource": "c.g"}, "then": {"status": 500}},
                {"match": {"path": "/token"}, "then": {"status": 503}},
                {"match": {"path": "/api*/**", "namespace": "*"}, "delay": "1s"},
                {"then": {"status": 429}},
            ],
            "timeline": {"phases": [{"for": "1s", "rules": [{"match": {"resource": "c.g"}, "delay": "1s"}]}]},
        });
        let expected = json!({
            "generate": [{"resource": "b.g", "count": 1}],
            "rules": [
                {"match": {"verb": "list", "resource": "b.g", "namespace": "n"}, "page_size": 2},
                {"match": {"path": "/token"}, "then": {"status": 503}},
                {"match": {"path": "/api*/**", "namespace": "n", "resource": "b.g"}, "delay": "1s"},
                {"match": {"resource": "b.g", "namespace": "n"}, "then": {"status": 429}},
            ],
            "timeline": {"phases": [{"for": "1s"}]},
        });
        assert_eq!(narrowed("resource=b.g&namespace=n", document), Ok(expected));
    }

    #[test]
    fn what_narrows_to_nothing_is_an_error() {
        let document = json!({"rules": [{"match": {"verb": "list"}, "delay": "1s"}]});
        let error = narrowed("verb=create", document.clone()).unwrap_err();
        assert_eq!(error, "none of its rules is about the verb create");
        for wrong in ["s?path=/x", "s?resource=", "s?resource=a*", "s?verb=a&verb=b"] {
            assert!(Narrowing::split(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Narrowing::split("a/b").unwrap(), ("a/b", Narrowing::default()));
    }
}
