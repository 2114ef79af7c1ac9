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

/// The matchers of one field: a list, or one as older schemas have it.
pub(super) fn list<'d>(node: &Node<'d>) -> Vec<Node<'d>> {
    if node.value().is_array() { node.items() } else { vec![node.clone()] }
}

/// The operator for all matchers of one field; nothing if one of them has no equivalent.
pub(super) fn pattern(matchers: &[Node<'_>], subject: Subject) -> Option<Value> {
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

/// The regular expression for a path.
pub(super) fn regex_of(matchers: &[Node<'_>]) -> Option<String> {
    let [matcher] = matchers else {
        if let Some(first) = matchers.first() {
            first.warn("several matchers of one path are not converted", "write one pattern");
        }
        return None;
    };
    let text = matcher.value().get("value").and_then(Value::as_str);
    match (matcher.value().get("matcher").and_then(Value::as_str), text) {
        (Some("glob"), Some(text)) => Some(regex::glob(text, false)),
        (Some("regex"), Some(text)) => Some(regex::anywhere(text)),
        _ => {
            no_equivalent(matcher);
            None
        }
    }
}

fn one(matcher: &Node<'_>, subject: Subject) -> Option<Vec<Value>> {
    let (kind, value) = match matcher.value() {
        Value::String(text) => ("exact", json!(text)),
        map => {
            let kind = map.get("matcher").and_then(Value::as_str).unwrap_or("exact");
            (kind, map.get("value").cloned().unwrap_or_default())
        }
    };
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
    let chained = matcher.keys().and_then(|keys| keys.get("doMatch"));
    if let Some(node) = chained {
        node.warn("doMatch is converted behind a jsonpath matcher only", "write the stub");
        all.clear();
        return None;
    }
    Some(all)
}

fn no_equivalent(matcher: &Node<'_>) {
    let kind = matcher.value().get("matcher").and_then(Value::as_str).unwrap_or("exact");
    matcher.warn(
        format!("the matcher {kind:?} has no equivalent here; the pair is left out"),
        "write the stub",
    );
}
