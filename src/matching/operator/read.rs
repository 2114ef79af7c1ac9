//! `{"equalTo": "x"}` and its siblings → operators, with everything that is wrong with them.

use serde_json::Value;

use crate::document::{Keys, Node};

use super::super::json::JsonPattern;
use super::super::pattern::Pattern;
use super::StringPattern;

impl StringPattern {
    /// Decodes `{"equalTo": "x"}` and its siblings; problems are noted at the node.
    pub(crate) fn compile(node: &Node<'_>) -> Option<Self> {
        let keys = node.keys()?;
        let pattern = Self::compile_keys(&keys);
        keys.finish_with("unknown operator");
        pattern
    }

    /// As [`Self::compile`], for an object that may have other keys as well.
    pub(in crate::matching) fn compile_keys(keys: &Keys<'_>) -> Option<Self> {
        let options = Options {
            case_insensitive: keys.get("caseInsensitive"),
            ignore_array_order: keys.get("ignoreArrayOrder"),
            ignore_extra_elements: keys.get("ignoreExtraElements"),
        };
        let mut found: Option<(&str, Node<'_>)> = None;
        for operator in OPERATORS {
            if let Some(operand) = keys.get(operator) {
                if let Some((first, _)) = found {
                    operand.error_at_key(
                        format!("{first:?} and {operator:?} stand in one pattern"),
                        "combine them with \"and\": [...]",
                    );
                    return None;
                }
                found = Some((operator, operand));
            }
        }
        let Some((operator, operand)) = found else {
            // Unknown operators are reported by name when the keys are finished.
            if keys.present().all(|key| OPTIONS.contains(&key)) {
                keys.node().error(
                    "a pattern needs an operator",
                    format!("one of {}", OPERATORS.join(", ")),
                );
            }
            return None;
        };
        options.check(operator);
        Self::of_operator(operator, &operand, &options)
    }

    fn of_operator(operator: &str, operand: &Node<'_>, options: &Options<'_>) -> Option<Self> {
        let text = || operand.text().map(Box::<str>::from);
        Some(match operator {
            "equalTo" => Self::EqualTo {
                text: text()?,
                ignore_case: Options::on(options.case_insensitive.as_ref())?,
            },
            "contains" => Self::Contains(text()?),
            "doesNotContain" => Self::DoesNotContain(text()?),
            "matches" => Self::Matches(Box::new(compile_pattern(operand)?)),
            "doesNotMatch" => Self::DoesNotMatch(Box::new(compile_pattern(operand)?)),
            "absent" => {
                if operand.value() == &Value::Bool(false) {
                    operand.warn(
                        "\"absent\": false means the same as true",
                        "for a value that must be there write \"not\": {\"absent\": true}",
                    );
                }
                Self::Absent
            }
            "anything" => Self::Anything,
            "equalToJson" => Self::EqualToJson(Box::new(compile_json(operand, options)?)),
            "and" => Self::And(compile_list(operand)?),
            "or" => Self::Or(compile_list(operand)?),
            _ => Self::Not(Box::new(Self::compile(operand)?)),
        })
    }
}

/// Every operator, in the order of the reference.
const OPERATORS: [&str; 11] = [
    "equalTo",
    "contains",
    "doesNotContain",
    "matches",
    "doesNotMatch",
    "absent",
    "anything",
    "equalToJson",
    "and",
    "or",
    "not",
];

const OPTIONS: [&str; 3] = ["caseInsensitive", "ignoreArrayOrder", "ignoreExtraElements"];

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
                option.error_at_key(
                    format!("{key:?} goes with {owner:?}, not with {operator:?}"),
                    "remove it",
                );
            }
        }
    }

    fn on(option: Option<&Node<'_>>) -> Option<bool> {
        option.map_or(Some(false), Node::bool)
    }
}

/// Decodes a regular expression; a broken one is noted.
pub(in crate::matching) fn compile_pattern(node: &Node<'_>) -> Option<Pattern> {
    let text = node.text()?;
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
    let ignore_array_order = Options::on(options.ignore_array_order.as_ref())?;
    let ignore_extra = Options::on(options.ignore_extra_elements.as_ref())?;
    JsonPattern::compile(expected, ignore_array_order, ignore_extra)
        .map_err(|why| operand.error(why, ""))
        .ok()
}

fn compile_list(operand: &Node<'_>) -> Option<Vec<StringPattern>> {
    let items = operand.items();
    if items.is_empty() {
        if operand.value().is_array() {
            operand.error("the list of patterns is empty", "give two patterns or more");
        }
        return None;
    }
    // Not `collect` on an Option alone: every broken item is reported, not only the first.
    let patterns: Vec<_> = items.iter().map(StringPattern::compile).collect();
    patterns.into_iter().collect()
}
