//! The behavior of autoscalers in an annotation of `autoscaling/v1`: upstream writes its internal struct there, whose
//! fields have Go's names.

use serde_json::{Map, Value};

use super::metrics::Text;

/// The fields of the rules of one direction: in the API and in Go.
const RULES: [(&str, &str); 4] = [
    ("stabilizationWindowSeconds", "StabilizationWindowSeconds"),
    ("selectPolicy", "SelectPolicy"),
    ("policies", "Policies"),
    ("tolerance", "Tolerance"),
];

const POLICY: [(&str, &str); 3] =
    [("type", "Type"), ("value", "Value"), ("periodSeconds", "PeriodSeconds")];

const DIRECTIONS: [(&str, &str); 2] = [("scaleUp", "ScaleUp"), ("scaleDown", "ScaleDown")];

/// The text of an annotation.
pub(super) fn write(behavior: &Value) -> String {
    let mut text = Text::begin();
    for (name, shown) in DIRECTIONS {
        match &behavior[name] {
            Value::Null => text.put(shown, &Value::Null),
            rules => text.put_text(shown, &write_rules(rules)),
        }
    }
    text.end()
}

fn write_rules(rules: &Value) -> String {
    let mut text = Text::begin();
    for (name, shown) in RULES {
        match &rules[name] {
            Value::Array(policies) => {
                let policies: Vec<String> = policies.iter().map(write_policy).collect();
                text.put_text(shown, &format!("[{}]", policies.join(",")));
            }
            value => text.put(shown, value),
        }
    }
    text.end()
}

fn write_policy(policy: &Value) -> String {
    let mut text = Text::begin();
    for (name, shown) in POLICY {
        text.put(shown, &policy[name]);
    }
    text.end()
}

/// The behavior of an annotation; nothing where it says nothing.
pub(super) fn read(text: &str) -> Option<Value> {
    let found: Value = serde_json::from_str(text).ok()?;
    let mut behavior = Map::new();
    for (name, shown) in DIRECTIONS {
        if let Some(rules) = named(&found, shown).filter(|rules| rules.is_object()) {
            let mut read = fields(rules, &RULES);
            if let Some(Value::Array(policies)) = read.get_mut("policies") {
                for policy in policies {
                    *policy = fields(policy, &POLICY).into();
                }
            }
            behavior.insert(name.to_owned(), read.into());
        }
    }
    (!behavior.is_empty()).then(|| behavior.into())
}

fn fields(of: &Value, names: &[(&str, &str)]) -> Map<String, Value> {
    let found = |(name, shown): &(&str, &str)| {
        let value = named(of, shown).filter(|value| !value.is_null())?;
        Some(((*name).to_owned(), value.clone()))
    };
    names.iter().filter_map(found).collect()
}

/// A field by its name, in upper or lower case as Go finds it.
fn named<'v>(of: &'v Value, name: &str) -> Option<&'v Value> {
    let map = of.as_object()?;
    map.get(name).or_else(|| {
        map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    })
}
