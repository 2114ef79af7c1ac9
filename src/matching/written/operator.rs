//! Operators (`C/matching/StringValuePatternJsonDeserializer.java`): the first known key decides
//! which one it is.

use super::super::operator_names::OPERATORS;
use super::super::raw::{Raw, pretty};
use super::object::{self, Fields, Object, quoted};

/// Returns a pattern of a parameter that may have several values.
pub(super) fn multi(raw: Raw<'_>) -> String {
    let fields = Fields::of(raw);
    for key in ["hasExactly", "includes"] {
        if let Some(patterns) = fields.get(key) {
            let mut object = Object::default();
            object.set(key, object::list(patterns.items().into_iter().map(pattern)));
            return object.json();
        }
    }
    pattern(raw)
}

/// Returns a pattern of one value.
pub(super) fn pattern(raw: Raw<'_>) -> String {
    let mut object = Object::default();
    add(&mut object, raw, 0);
    object.json()
}

/// How deep operators nest.
const DEEPEST: usize = 64;

fn nested(raw: Raw<'_>, depth: usize) -> String {
    let mut object = Object::default();
    add(&mut object, raw, depth + 1);
    object.json()
}

/// Adds the operator of an object with its options.
fn add(to: &mut Object, raw: Raw<'_>, depth: usize) {
    let raw = &Fields::of(raw);
    let Some((key, operand)) = raw.first_of(&OPERATORS).filter(|_| depth < DEEPEST) else { return };
    match key {
        "binaryEqualTo" => to.set(key, object::base64(operand)),
        "absent" => to.set(key, "true".to_owned()),
        "anything" => to.set(key, quoted("anything")),
        "and" | "or" => {
            let patterns = operand.items().into_iter().map(|item| nested(item, depth));
            to.set(key, object::list(patterns));
        }
        "not" => to.set(key, nested(operand, depth)),
        "matchesJsonPath" | "matchesXPath" if operand.is_object() => {
            let mut object = Object::default();
            object.text(&Fields::of(operand), "expression");
            add(&mut object, operand, depth + 1);
            to.set(key, object.json());
            if key == "matchesXPath" {
                let inside = Fields::of(operand).get("xPathNamespaces");
                namespaces(to, raw.get("xPathNamespaces").or(inside));
            }
        }
        "matchesXPath" => {
            to.set(key, operand.as_str().to_owned());
            namespaces(to, raw.get("xPathNamespaces"));
        }
        "matchesJsonSchema" => {
            let text = match operand.string() {
                Some(text) => text,
                None => pretty(operand.as_str()).unwrap_or_else(|| operand.text()),
            };
            to.set(key, quoted(&text));
            to.set("schemaVersion", quoted("V202012"));
            to.text(raw, "schemaVersion");
        }
        "before" | "after" | "equalToDateTime" => {
            to.set(key, date(raw, operand));
            to.string(raw, "actualFormat");
            for option in ["truncateExpected", "truncateActual"] {
                // A Java constant, in words.
                if let Some(name) = raw.get(option).and_then(Raw::string) {
                    to.set(option, quoted(&name.to_lowercase().replace('_', " ")));
                }
            }
            let last = raw.get("applyTruncationLast");
            if last.is_some_and(|last| last.as_str() == "true") {
                to.set("applyTruncationLast", "true".to_owned());
            }
        }
        _ => to.set(key, operand.as_str().to_owned()),
    }
    for option in options(key) {
        match *option {
            "exemptedComparisons" => {
                if let Some(list) = raw.get(option).filter(|value| value.is_list()) {
                    to.set(option, list.as_str().to_owned());
                }
            }
            "namespaceAwareness"
            | "placeholderOpeningDelimiterRegex"
            | "placeholderClosingDelimiterRegex" => to.text(raw, option),
            _ => to.flag(raw, option),
        }
    }
}

/// Sets the namespaces of an XPath beside it, where there are any. What is no text is null.
fn namespaces(to: &mut Object, written: Option<Raw<'_>>) {
    let Some(namespaces) = written.filter(|namespaces| !namespaces.entries().is_empty()) else {
        return;
    };
    let name = |name: Raw<'_>| name.string().map_or("null".to_owned(), |name| quoted(&name));
    to.set("xPathNamespaces", object::map(namespaces, name));
}

fn options(operator: &str) -> &'static [&'static str] {
    match operator {
        "equalTo" => &["caseInsensitive"],
        "equalToJson" => &["ignoreArrayOrder", "ignoreExtraElements"],
        "equalToXml" => &[
            "enablePlaceholders",
            "placeholderOpeningDelimiterRegex",
            "placeholderClosingDelimiterRegex",
            "exemptedComparisons",
            "ignoreOrderOfSameNode",
            "namespaceAwareness",
        ],
        _ => &[],
    }
}

/// Returns the expected date; `now` with its offset, which is not an option of other dates.
fn date(raw: &Fields<'_>, expected: Raw<'_>) -> String {
    if expected.string().as_deref() != Some("now") {
        return expected.as_str().to_owned();
    }
    let amount: i64 = raw
        .get("expectedOffset")
        .and_then(|offset| object::integer(offset).parse().ok())
        .unwrap_or_default();
    let unit = raw.get("expectedOffsetUnit").filter(|_| amount != 0);
    let unit = unit.map_or_else(|| "seconds".to_owned(), |unit| unit.text().to_lowercase());
    quoted(&format!("now {amount:+} {unit}"))
}
