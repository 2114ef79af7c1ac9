//! `{"equalTo": "x"}` and its siblings → operators, with everything that is wrong with them.

use serde_json::Value;

use crate::document::{Keys, Node, suggest};

use super::super::json::JsonPattern;
use super::super::pattern::Pattern;
use super::super::xml::{XPathPattern, XmlPattern, is_true};
use super::StringPattern;

impl StringPattern {
    /// Decodes `{"equalTo": "x"}` and its siblings; problems are noted at the node.
    pub(crate) fn compile(node: &Node<'_>) -> Option<Self> {
        let node = node.whole();
        if !node.value().is_object() {
            no_operation(&node, &node.value().to_string());
            return None;
        }
        let keys = node.keys()?;
        let pattern = Self::compile_keys(&keys)?;
        keys.finish_ignoring();
        Some(pattern)
    }

    /// As [`Self::compile`], for an object that may have other keys as well. The first operator counts.
    pub(in crate::matching) fn compile_keys(keys: &Keys<'_>) -> Option<Self> {
        let options = Options {
            case_insensitive: keys.get("caseInsensitive"),
            ignore_array_order: keys.get("ignoreArrayOrder"),
            ignore_extra_elements: keys.get("ignoreExtraElements"),
        };
        let is_operator = |key: &&str| OPERATORS.contains(key);
        let mut written = keys.node().value().as_object().into_iter().flat_map(|map| map.keys());
        let found = written.find_map(|key| OPERATORS.iter().find(|operator| *operator == key));
        let Some(operator) = found else {
            no_operation(keys.node(), &keys.node().value().to_string());
            return None;
        };
        for other in keys.present().filter(is_operator).filter(|key| key != operator) {
            keys.node().warn(
                format!("{other:?} has no effect beside {operator:?}"),
                "combine them with \"and\": [...]",
            );
        }
        for operator in OPERATORS {
            // None of them is an unknown key.
            let _ = keys.get(operator);
        }
        let Some(operand) = keys.get(operator) else {
            no_text(keys.node(), operator, "nothing");
            return None;
        };
        options.check(operator);
        Self::of_operator(operator, &operand, &options, keys)
    }

    fn of_operator(
        operator: &str,
        operand: &Node<'_>,
        options: &Options<'_>,
        keys: &Keys<'_>,
    ) -> Option<Self> {
        let text = || match operand.value() {
            Value::String(text) => Some(Box::<str>::from(text.as_str())),
            other => {
                no_text(operand, operator, &other.to_string());
                None
            }
        };
        Some(match operator {
            "equalTo" => Self::EqualTo {
                text: text()?,
                ignore_case: Options::on(options.case_insensitive.as_ref()),
            },
            "contains" => Self::Contains(text()?),
            "doesNotContain" => Self::DoesNotContain(text()?),
            "matches" => Self::Matches(Box::new(pattern_of(operand, &text()?)?)),
            "doesNotMatch" => Self::DoesNotMatch(Box::new(pattern_of(operand, &text()?)?)),
            "absent" => {
                if operand.value() == &Value::Bool(false) {
                    operand.warn(
                        "\"absent\": false means the same as true",
                        "for a value that must be there write \"not\": {\"absent\": true}",
                    );
                }
                Self::Absent
            }
            "anything" => text().map(|_| Self::Anything)?,
            "equalToXml" => Self::EqualToXml(Box::new(XmlPattern::compile(operand, keys)?)),
            "matchesXPath" => compile_xpath(operand, keys)?,
            "equalToJson" => Self::EqualToJson(Box::new(compile_json(operand, options)?)),
            "and" => Self::And(compile_list(operand)?),
            "or" => Self::Or(compile_list(operand)?),
            _ => Self::Not(Box::new(Self::compile(operand)?)),
        })
    }
}

/// Every operator, in the order of the reference.
const OPERATORS: [&str; 13] = [
    "equalTo",
    "contains",
    "doesNotContain",
    "matches",
    "doesNotMatch",
    "absent",
    "anything",
    "equalToJson",
    "equalToXml",
    "matchesXPath",
    "and",
    "or",
    "not",
];

struct Options<'d> {
    case_insensitive: Option<Node<'d>>,
    ignore_array_order: Option<Node<'d>>,
    ignore_extra_elements: Option<Node<'d>>,
}

impl Options<'_> {
    /// Notes options that the operator does not have.
    fn check(&self, operator: &str) {
        let table = [
            (&self.case_insensitive, "equalTo"),
            (&self.ignore_array_order, "equalToJson"),
            (&self.ignore_extra_elements, "equalToJson"),
        ];
        for (option, owner) in table {
            if let Some(option) = option.as_ref().filter(|_| operator != owner) {
                let key = option.key();
                option.warn(
                    format!("{key:?} goes with {owner:?} and has no effect on {operator:?}"),
                    "remove it",
                );
            }
        }
    }

    fn on(option: Option<&Node<'_>>) -> bool {
        option.is_some_and(is_true)
    }
}

/// Notes that a value is no pattern at all, in `WireMock`'s words.
pub(in crate::matching) fn no_operation(node: &Node<'_>, shown: &str) {
    let detail = format!("{shown} is not a valid match operation");
    let first = if node.value().is_object() { node.entries().into_iter().next() } else { None };
    let Some((key, first)) = first else {
        let hint = format!("one of {}", OPERATORS.join(", "));
        node.error_saying("a pattern needs an operator", hint, detail);
        return;
    };
    let known: Vec<&str> = OPERATORS.into_iter().chain(["hasExactly", "includes"]).collect();
    let (message, hint) = (format!("unknown operator {key:?}"), suggest(key, &known));
    first.error_saying_at_key(message, hint, detail);
}

/// Notes that an operand is no text.
fn no_text(node: &Node<'_>, operator: &str, shown: &str) {
    node.error_saying(
        format!("{operator:?} takes a text, not {shown:.80}"),
        "put it in quotes",
        format!("{operator} operand must be a non-null string"),
    );
}

/// `WireMock`'s words for an object without an expression.
const NO_EXPRESSION: &str = "expression is required in the advanced matchesXPath form";

/// `matchesXPath`: an expression, or one with an operator that what it finds must satisfy.
fn compile_xpath(operand: &Node<'_>, keys: &Keys<'_>) -> Option<StringPattern> {
    if operand.value().is_string() {
        let pattern = XPathPattern::compile(operand, keys)?;
        return Some(StringPattern::MatchesXPath(Box::new(pattern), None));
    }
    let Some((inside, expression)) =
        operand.value().is_object().then(|| operand.keys()).flatten().and_then(|inside| {
            let expression = inside.get("expression")?;
            Some((inside, expression))
        })
    else {
        let hint = "write {\"expression\": \"//a\", \"equalTo\": \"x\"}";
        operand.error_saying("the expression is missing", hint, NO_EXPRESSION);
        return None;
    };
    let namespaces = if keys.get("xPathNamespaces").is_some() { keys } else { &inside };
    let pattern = XPathPattern::compile(&expression, namespaces);
    let below = StringPattern::compile_keys(&inside);
    inside.finish_ignoring();
    Some(StringPattern::MatchesXPath(Box::new(pattern?), Some(Box::new(below?))))
}

/// Decodes a regular expression; a broken one is noted.
pub(in crate::matching) fn compile_pattern(node: &Node<'_>) -> Option<Pattern> {
    pattern_of(node, node.text()?)
}

fn pattern_of(node: &Node<'_>, text: &str) -> Option<Pattern> {
    Pattern::compile(text)
        .map_err(|why| {
            node.error(
                format!("not a regular expression: {why}"),
                "patterns have Java's syntax and must match the whole value",
            );
        })
        .ok()
}

fn compile_json(operand: &Node<'_>, options: &Options<'_>) -> Option<JsonPattern> {
    let expected = match operand.value() {
        // A text holds JSON; to expect a JSON string, it is quoted once more.
        Value::String(text) => serde_json::from_str(text)
            .map_err(|error| {
                operand.error(format!("not JSON: {error}"), "give JSON, or a text that holds JSON");
            })
            .ok()?,
        value => value.clone(),
    };
    let ignore_array_order = Options::on(options.ignore_array_order.as_ref());
    let ignore_extra = Options::on(options.ignore_extra_elements.as_ref());
    JsonPattern::compile(expected, ignore_array_order, ignore_extra)
        .map_err(|why| operand.error(why, ""))
        .ok()
}

fn compile_list(operand: &Node<'_>) -> Option<Vec<StringPattern>> {
    let items = operand.items();
    if items.len() < 2 {
        if operand.value().is_array() {
            operand.error_saying(
                "a list of two patterns or more is expected",
                "leave the list away",
                "Must be constructed with at least two matchers",
            );
        }
        return None;
    }
    // Not `collect` on an Option alone: every broken item is reported, not only the first.
    let patterns: Vec<_> = items.iter().map(StringPattern::compile).collect();
    patterns.into_iter().collect()
}
