//! Reads operators: `{"equalTo": "x"}` and the like, with all their problems
//! (`C/matching/StringValuePatternJsonDeserializer.java`).

use serde_json::Value;

use crate::document::jayway::Query;
use crate::document::{Keys, Node, suggest};
use crate::java;
use crate::java::decimal::Decimal;

use super::super::json::JsonPattern;
use super::super::operator_names::OPERATORS;
use super::super::pattern::Pattern;
use super::super::template::Template;
use super::super::xml::{XPathPattern, XmlPattern};
use super::StringPattern;
use super::date::DatePattern;
use super::json_path::JsonPathPattern;
use super::number::NumberPattern;
use super::operand::{Options, as_bool, as_written, json_operand};
use super::schema::SchemaPattern;

impl StringPattern {
    /// Decodes `{"equalTo": "x"}` and the like. Problems are reported at the node.
    pub(crate) fn compile(node: &Node<'_>) -> Option<Self> {
        Self::compile_with(node, |key| key != "binaryEqualTo" && OPERATORS.contains(&key))
    }

    /// Decodes a pattern of a body, which may compare bytes too (`C/matching/ContentPatternDeserialiser.java`).
    pub(crate) fn compile_content(node: &Node<'_>) -> Option<Self> {
        Self::compile_with(node, |key| OPERATORS.contains(&key))
    }

    fn compile_with(node: &Node<'_>, is_operator: impl Fn(&str) -> bool) -> Option<Self> {
        let node = node.whole();
        if !node.value().is_object() {
            no_operation(&node, &as_written(&node));
            return None;
        }
        Self::compile_entries(&node, is_operator)
    }

    /// Compiles the first known operator; other keys are its options or ignored.
    fn compile_entries(node: &Node<'_>, is_operator: impl Fn(&str) -> bool) -> Option<Self> {
        let entries = node.entries();
        let known: Vec<&(&str, Node<'_>)> =
            entries.iter().filter(|(key, _)| is_operator(key)).collect();
        let first = match known.as_slice() {
            [] => {
                no_operation(node, &as_written(node));
                return None;
            }
            [one] => one,
            // Only the text knows which was written first.
            several => several
                .iter()
                .min_by_key(|(_, node)| node.place().map(|place| (place.line, place.column)))?,
        };
        let options = Options::of(node.value());
        Self::of_operator(first.0, &first.1, &options, &node.keys()?)
    }

    fn of_operator(
        operator: &str,
        operand: &Node<'_>,
        options: &Options<'_>,
        keys: &Keys<'_>,
    ) -> Option<Self> {
        let text = || operand_text(operator, operand).map(Box::<str>::from);
        Some(match operator {
            "equalTo" => Self::EqualTo {
                text: (&*text()?).into(),
                ignore_case: options.get("caseInsensitive").is_some_and(as_bool),
            },
            "contains" => Self::Contains(text()?),
            "doesNotContain" => Self::DoesNotContain(text()?),
            "matches" => Self::Matches(Box::new(regex(operator, operand)?)),
            "doesNotMatch" => Self::DoesNotMatch(Box::new(regex(operator, operand)?)),
            "absent" => {
                if operand.value() == &Value::Bool(false) {
                    operand.warn(
                        "\"absent\": false means the same as true",
                        "for a value that must be there write \"not\": {\"absent\": true}",
                    );
                }
                Self::Absent
            }
            "anything" => {
                text()?;
                Self::Anything
            }
            "equalToJson" => Self::EqualToJson(Box::new(json(operand, options)?)),
            "matchesJsonPath" => compile_json_path(operand)?,
            "matchesJsonSchema" => {
                Self::MatchesJsonSchema(Box::new(SchemaPattern::compile(operand, options)?))
            }
            "matchesPathTemplate" => {
                let text = text()?;
                Self::MatchesPathTemplate(Box::new(Template::compile(operand, &text)?))
            }
            "before" | "after" | "equalToDateTime" => {
                Self::Date(Box::new(DatePattern::compile(operator, operand, options)?))
            }
            "binaryEqualTo" => {
                let decode = |why: String| {
                    let hint = "give the bytes in standard base64";
                    operand.error_saying(format!("not base64: {why}"), hint, why);
                };
                let bytes = java::base64::decode(&text()?).map_err(decode).ok()?;
                Self::BinaryEqualTo(bytes.into())
            }
            "equalToXml" => Self::EqualToXml(Box::new(XmlPattern::compile(operand, keys)?)),
            "matchesXPath" => compile_xpath(operand, keys)?,
            "and" => Self::And(list(operand)?),
            "or" => Self::Or(list(operand)?),
            "not" => Self::Not(Box::new(Self::compile(operand)?)),
            _ => Self::Number(Box::new(number(operator, operand)?)),
        })
    }
}

/// Reports that a value is not a pattern at all, in `WireMock`'s words.
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

fn operand_text<'d>(operator: &str, operand: &Node<'d>) -> Option<&'d str> {
    let text = operand.value().as_str();
    if text.is_none() {
        operand.error_saying(
            format!("{operator:?} takes a text, not {:.80}", operand.value().to_string()),
            "put it in quotes",
            format!("{operator} operand must be a non-null string"),
        );
    }
    text
}

fn regex(operator: &str, operand: &Node<'_>) -> Option<Pattern> {
    operand_text(operator, operand)?;
    compile_pattern(operand)
}

/// Decodes a regular expression; a broken one is reported.
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

fn json(operand: &Node<'_>, options: &Options<'_>) -> Option<JsonPattern> {
    let expected = json_operand(operand)?;
    let ignore_array_order = options.get("ignoreArrayOrder").is_some_and(as_bool);
    let ignore_extra = options.get("ignoreExtraElements").is_some_and(as_bool);
    Some(JsonPattern::compile(expected, ignore_array_order, ignore_extra))
}

/// Compiles `matchesJsonPath`: a path, optionally with an operator for its results.
fn compile_json_path(operand: &Node<'_>) -> Option<StringPattern> {
    let (text, below) = match operand.value() {
        Value::String(text) => (text.as_str(), None),
        Value::Object(map) if map.contains_key("expression") => {
            let Some(text) = map["expression"].as_str() else {
                let text = "'matchesJsonPath' expected value cannot be null";
                operand.error_saying("expression must be a JSON path", "put it in quotes", text);
                return None;
            };
            (text, Some(Box::new(StringPattern::compile(operand)?)))
        }
        _ => {
            operand.error_saying(
                "the expression is missing",
                "write {\"expression\": \"$.a\", \"equalTo\": \"x\"}",
                "expression is required in the advanced matchesJsonPath form",
            );
            return None;
        }
    };
    Query::parse(text)
        .map(|query| {
            StringPattern::MatchesJsonPath(Box::new(JsonPathPattern::new(text, query)), below)
        })
        .map_err(|why| {
            operand.error_saying(&why, "paths have the syntax of Jayway's JsonPath", &why);
        })
        .ok()
}

const NO_EXPRESSION: &str = "expression is required in the advanced matchesXPath form";

/// Compiles `matchesXPath`: an expression, optionally with an operator for its results.
fn compile_xpath(operand: &Node<'_>, keys: &Keys<'_>) -> Option<StringPattern> {
    if operand.value().is_string() {
        let pattern = XPathPattern::compile(operand, keys)?;
        return Some(StringPattern::MatchesXPath(Box::new(pattern), None));
    }
    let inside = operand.value().is_object().then(|| operand.keys()).flatten();
    let is_null = operand.value().get("expression").is_some_and(Value::is_null);
    let expression = inside.as_ref().and_then(|inside| inside.get("expression"));
    let expression = expression.or_else(|| is_null.then(|| operand.clone()));
    let (Some(inside), Some(expression)) = (inside, expression) else {
        let hint = "write {\"expression\": \"//a\", \"equalTo\": \"x\"}";
        operand.error_saying("the expression is missing", hint, NO_EXPRESSION);
        return None;
    };
    let namespaces = if keys.get("xPathNamespaces").is_some() { keys } else { &inside };
    let pattern = XPathPattern::compile(&expression, namespaces);
    let below = StringPattern::compile(operand);
    Some(StringPattern::MatchesXPath(Box::new(pattern?), Some(Box::new(below?))))
}

fn number(operator: &str, operand: &Node<'_>) -> Option<NumberPattern> {
    let operator = NumberPattern::OPERATORS.into_iter().find(|known| *known == operator)?;
    let number = match operand.value() {
        Value::Number(number) => Decimal::parse(&number.to_string()),
        Value::String(text) => Decimal::parse(text.trim()),
        _ => None,
    };
    if number.is_none() {
        operand.error(format!("{operator} operand must be a number"), "");
    }
    Some(NumberPattern { operator, number: number? })
}

fn list(operand: &Node<'_>) -> Option<Vec<StringPattern>> {
    if !operand.value().is_array() {
        operand.error_saying(
            format!("{:?} takes a list of patterns", operand.key()),
            "give two patterns or more",
            // WireMock says "and" of both.
            "and field must be an array of matchers",
        );
        return None;
    }
    let items: Vec<Node<'_>> = operand.items().iter().map(Node::part).collect();
    // A null is no pattern, and no mistake.
    let items: Vec<Node<'_>> = items.into_iter().filter(|item| !item.value().is_null()).collect();
    // Not `collect` on an Option alone: every broken item is reported, not only the first.
    let patterns: Vec<_> = items.iter().map(StringPattern::compile).collect();
    let patterns: Vec<StringPattern> = patterns.into_iter().collect::<Option<_>>()?;
    if patterns.len() < 2 {
        operand.error_saying(
            "a list of two patterns or more is expected",
            "give two patterns or more, or take one out of the list",
            "Must be constructed with at least two matchers",
        );
        return None;
    }
    Some(patterns)
}
