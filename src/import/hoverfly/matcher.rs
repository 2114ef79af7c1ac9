//! Hoverfly's field matchers → operators of stubs.

use serde_json::{Value, json};

use crate::document::Node;

use super::super::regex;

/// What the matchers look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// A header or query value.
    Value,
    Body,
    /// A host, perhaps with a port.
    Host,
}

/// Reads the matchers of one field: a list, or one as older schemas have it.
pub(super) fn list<'d>(node: &Node<'d>) -> Vec<Node<'d>> {
    if node.value().is_array() { node.items() } else { vec![node.clone()] }
}

/// Returns the matchers without places.
pub(super) fn list_of(matchers: &Value) -> &[Value] {
    matchers.as_array().map_or(std::slice::from_ref(matchers), Vec::as_slice)
}

/// Returns the kind of a matcher, and its value. Schemas up to 3 name the kind in the key:
/// `{"exactMatch": "a"}`.
pub(super) fn parts(matcher: &Value) -> (&str, &Value) {
    if matcher.is_string() {
        return ("exact", matcher);
    }
    if let Some((key, value)) = older(matcher) {
        return (key, value);
    }
    let kind = matcher.get("matcher").and_then(Value::as_str).unwrap_or("exact");
    (kind, matcher.get("value").unwrap_or(&Value::Null))
}

/// Returns the same of an older form, if it is one.
pub(super) fn older(matcher: &Value) -> Option<(&'static str, &Value)> {
    const KEYS: [(&str, &str); 8] = [
        ("exactMatch", "exact"),
        ("globMatch", "glob"),
        ("regexMatch", "regex"),
        ("xmlMatch", "xml"),
        ("xpathMatch", "xpath"),
        ("jsonMatch", "json"),
        ("jsonPathMatch", "jsonpath"),
        ("jsonPartialMatch", "jsonpartial"),
    ];
    KEYS.iter().find_map(|(key, kind)| Some((*kind, matcher.get(*key)?)))
}

/// Reads the operator for all matchers of one field, or `None` if one of them has no equivalent.
pub(super) fn pattern(matchers: &[Node<'_>], subject: Subject) -> Option<Value> {
    // Header fields of older schemas are lists of values.
    if matchers.len() > 1 && matchers.iter().all(|matcher| matcher.value().is_string()) {
        let each: Vec<Value> =
            matchers.iter().map(|matcher| json!({"equalTo": matcher.value()})).collect();
        return Some(json!({"includes": each}));
    }
    let mut all: Vec<Value> = Vec::new();
    for matcher in matchers {
        all.extend(one(matcher, subject)?);
    }
    Some(match all.len() {
        0 => json!({"anything": "anything"}),
        1 => all.swap_remove(0),
        _ => json!({"and": all}),
    })
}

/// Returns the methods that a regular expression lists: `GET|POST`, perhaps in parentheses or with
/// anchors.
pub(super) fn methods(regex: &str) -> Option<Vec<&str>> {
    let regex = regex.trim_start_matches('^').trim_end_matches('$');
    let list = regex.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(regex);
    let methods: Vec<&str> = list.split('|').collect();
    let is_method = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase());
    methods.iter().all(is_method).then_some(methods)
}

/// Reads the regular expression for a path.
pub(super) fn regex_of(matchers: &[Node<'_>]) -> Option<String> {
    let [matcher] = matchers else {
        if let Some(first) = matchers.first() {
            first.warn("several matchers of one path are not converted", "write one pattern");
        }
        return None;
    };
    let (kind, value) = parts(matcher.value());
    match (kind, value.as_str()) {
        ("glob", Some(text)) => Some(regex::glob(text, false)),
        ("regex", Some(text)) => Some(regex::anywhere(text)),
        _ => {
            no_equivalent(matcher);
            None
        }
    }
}

fn one(matcher: &Node<'_>, subject: Subject) -> Option<Vec<Value>> {
    let (kind, value) = parts(matcher.value());
    let text = value.as_str().map(str::to_owned);
    let host = |text: String| match (subject, text.rsplit_once(':')) {
        (Subject::Host, Some((host, _))) => host.to_owned(),
        _ => text,
    };
    let mut all = vec![match (kind, text) {
        ("exact", Some(text)) => json!({"equalTo": host(text)}),
        ("glob", Some(text)) => json!({"matches": regex::glob(&host(text), false)}),
        ("regex", Some(text)) => json!({"matches": regex::anywhere(&text)}),
        ("negate" | "negation", Some(text)) => json!({"not": {"equalTo": text}}),
        ("json" | "jsonpartial" | "jsonPartial", Some(text)) if !is_json(&text) => {
            no_equivalent(matcher);
            return None;
        }
        ("json", Some(text)) => json!({"equalToJson": text, "ignoreArrayOrder": false}),
        ("jsonpartial" | "jsonPartial", Some(text)) => {
            json!({"equalToJson": text, "ignoreArrayOrder": true, "ignoreExtraElements": true})
        }
        ("jsonpath" | "jsonPath", Some(text)) => {
            match matcher.keys().and_then(|keys| keys.get("doMatch")) {
                Some(inner) => {
                    let mut operand = pattern(&[inner], Subject::Value)?;
                    operand["expression"] = json!(text);
                    return Some(vec![json!({"matchesJsonPath": operand})]);
                }
                None => json!({"matchesJsonPath": text}),
            }
        }
        ("xml", Some(text)) => json!({"equalToXml": text}),
        ("xmltemplated" | "xmlTemplated", Some(text)) => {
            json!({"equalToXml": text, "enablePlaceholders": true,
                "placeholderOpeningDelimiterRegex": "\\{\\{", "placeholderClosingDelimiterRegex": "\\}\\}"})
        }
        ("xpath", Some(text)) => json!({"matchesXPath": text}),
        ("array", None) => {
            let items = value.as_array()?;
            let config = matcher.value().get("config").and_then(Value::as_object);
            let on = |key: &str| config.is_some_and(|config| config.get(key) == Some(&json!(true)));
            let each: Vec<Value> = items.iter().map(|item| json!({"equalTo": item})).collect();
            let list = if on("ignoreUnknown") { "includes" } else { "hasExactly" };
            if on("ignoreOccurrences") {
                matcher.warn("ignoreOccurrences has no equivalent", "each value counts once");
            }
            json!({list: each})
        }
        _ => {
            no_equivalent(matcher);
            return None;
        }
    }];
    let keys = matcher.value().is_object().then(|| matcher.keys()).flatten();
    let chained = keys.and_then(|keys| keys.get("doMatch"));
    if let Some(node) = chained {
        node.warn("doMatch is only converted after a jsonpath matcher", "write the stub");
        all.clear();
        return None;
    }
    Some(all)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn no_equivalent(matcher: &Node<'_>) {
    let (kind, _) = parts(matcher.value());
    matcher.warn(
        format!("the matcher {kind:?} has no equivalent here; the pair is left out"),
        "write the stub",
    );
}
