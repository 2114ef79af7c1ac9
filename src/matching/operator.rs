//! Operators: what a stub may say about one value of a request.
//!
//! `WireMock` calls them string value patterns (`StringValuePatternJsonDeserializer`); the names and
//! their semantics are its own. A value that is not there is `None` to them: only `absent`,
//! `anything`, `doesNotContain`, `doesNotMatch` and `not` can match it.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use serde_json::Value;

use crate::document::{Keys, Node};

use super::json::JsonPattern;
use super::pattern::Pattern;

/// What one value must be like.
#[derive(Debug)]
pub(crate) enum StringPattern {
    EqualTo { text: Box<str>, ignore_case: bool },
    Contains(Box<str>),
    DoesNotContain(Box<str>),
    Matches(Pattern),
    DoesNotMatch(Pattern),
    Absent,
    Anything,
    EqualToJson(Box<JsonPattern>),
    And(Vec<StringPattern>),
    Or(Vec<StringPattern>),
    Not(Box<StringPattern>),
}

/// One value of a request, or its absence; parsed as JSON at most once.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    text: Option<Cow<'a, str>>,
    json: OnceCell<Option<Value>>,
}

impl<'a> Subject<'a> {
    /// A header, parameter or cookie.
    pub(crate) fn new(text: Option<&'a str>) -> Self {
        Self { text: text.map(Cow::Borrowed), json: OnceCell::new() }
    }

    /// A body: an empty one counts as absent, bytes that are not UTF-8 are replaced.
    pub(crate) fn body(bytes: &'a [u8]) -> Self {
        let text = (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes));
        Self { text, json: OnceCell::new() }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    pub(crate) fn json(&self) -> Option<&Value> {
        let parse = || serde_json::from_str(self.text.as_deref()?).ok();
        self.json.get_or_init(parse).as_ref()
    }
}

impl StringPattern {
    /// Whether the value is as wanted.
    pub(crate) fn matches(&self, subject: &Subject<'_>) -> bool {
        let text = subject.text();
        match self {
            Self::EqualTo { text: wanted, ignore_case: false } => text == Some(&**wanted),
            Self::EqualTo { text: wanted, ignore_case: true } => {
                text.is_some_and(|text| equal_ignoring_case(text, wanted))
            }
            Self::Contains(part) => text.is_some_and(|text| text.contains(&**part)),
            Self::DoesNotContain(part) => text.is_none_or(|text| !text.contains(&**part)),
            Self::Matches(pattern) => text.is_some_and(|text| pattern.matches(text)),
            Self::DoesNotMatch(pattern) => text.is_none_or(|text| !pattern.matches(text)),
            Self::Absent => text.is_none(),
            Self::Anything => true,
            Self::EqualToJson(pattern) => subject.json().is_some_and(|json| pattern.matches(json)),
            Self::And(all) => all.iter().all(|pattern| pattern.matches(subject)),
            Self::Or(any) => any.iter().any(|pattern| pattern.matches(subject)),
            Self::Not(pattern) => !pattern.matches(subject),
        }
    }

    /// Whether the search of one of its regular expressions ends at a limit.
    pub(super) fn gives_up_on(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::Matches(pattern) | Self::DoesNotMatch(pattern) => {
                subject.text().is_some_and(|text| pattern.gives_up_on(text))
            }
            Self::And(all) | Self::Or(all) => {
                all.iter().any(|pattern| pattern.gives_up_on(subject))
            }
            Self::Not(pattern) => pattern.gives_up_on(subject),
            _ => false,
        }
    }

    /// Decodes `{"equalTo": "x"}` and its siblings; problems are noted at the node.
    pub(crate) fn compile(node: &Node<'_>) -> Option<Self> {
        let keys = node.keys()?;
        let pattern = Self::compile_keys(&keys);
        keys.finish_with("unknown operator");
        pattern
    }

    /// As [`Self::compile`], for an object that may have other keys as well.
    pub(super) fn compile_keys(keys: &Keys<'_>) -> Option<Self> {
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
            "matches" => Self::Matches(compile_pattern(operand)?),
            "doesNotMatch" => Self::DoesNotMatch(compile_pattern(operand)?),
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

    /// The JSON tree that is wanted, when this is about one.
    pub(crate) fn as_json(&self) -> Option<&JsonPattern> {
        match self {
            Self::EqualToJson(pattern) => Some(pattern),
            _ => None,
        }
    }

    /// The whole text that is wanted, when this is about one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::EqualTo { text, .. } => Some(text),
            _ => None,
        }
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
pub(super) fn compile_pattern(node: &Node<'_>) -> Option<Pattern> {
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

fn equal_ignoring_case(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
        || a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
}

impl fmt::Display for StringPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, patterns: &[Self], word: &str| {
            for (at, pattern) in patterns.iter().enumerate() {
                if at > 0 {
                    write!(f, " {word} ")?;
                }
                write!(f, "{pattern}")?;
            }
            Ok(())
        };
        match self {
            Self::EqualTo { text, ignore_case: false } => write!(f, "[equalTo] {text}"),
            Self::EqualTo { text, ignore_case: true } => write!(f, "[equalTo, any case] {text}"),
            Self::Contains(text) => write!(f, "[contains] {text}"),
            Self::DoesNotContain(text) => write!(f, "[doesNotContain] {text}"),
            Self::Matches(pattern) => write!(f, "[matches] {}", pattern.as_str()),
            Self::DoesNotMatch(pattern) => write!(f, "[doesNotMatch] {}", pattern.as_str()),
            Self::Absent => f.write_str("[absent]"),
            Self::Anything => f.write_str("[anything]"),
            Self::EqualToJson(pattern) => write!(f, "[equalToJson] {}", pattern.expected()),
            Self::And(all) => list(f, all, "and"),
            Self::Or(any) => list(f, any, "or"),
            Self::Not(pattern) => write!(f, "[not] {pattern}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::matching::testing::with_node;

    fn compile(value: &Value) -> StringPattern {
        let (pattern, problems) = with_node(value, StringPattern::compile);
        assert!(problems.is_empty(), "{problems:?}");
        pattern.unwrap()
    }

    #[test]
    fn operators_judge_values() {
        let table = [
            (json!({"equalTo": "a"}), Some("a"), true),
            (json!({"equalTo": "a"}), Some("A"), false),
            (json!({"equalTo": "a"}), None, false),
            (json!({"equalTo": "É", "caseInsensitive": true}), Some("é"), true),
            (json!({"contains": "b"}), Some("abc"), true),
            (json!({"contains": "B"}), Some("abc"), false),
            (json!({"contains": "b"}), None, false),
            (json!({"doesNotContain": "b"}), Some("ac"), true),
            (json!({"doesNotContain": "b"}), Some("abc"), false),
            (json!({"doesNotContain": "b"}), None, true),
            (json!({"matches": "a.*"}), Some("abc"), true),
            (json!({"matches": "b"}), Some("abc"), false),
            (json!({"matches": ".*"}), None, false),
            (json!({"doesNotMatch": "b"}), Some("abc"), true),
            (json!({"doesNotMatch": "b"}), None, true),
            (json!({"doesNotMatch": "a.*"}), Some("abc"), false),
            (json!({"absent": true}), None, true),
            (json!({"absent": "(absent)"}), Some(""), false),
            (json!({"anything": "(always)"}), None, true),
            (json!({"equalToJson": {"a": 1}}), Some("{\"a\": 1.0}"), true),
            (json!({"equalToJson": "{\"a\": 1}"}), Some("{\"a\": 2}"), false),
            (json!({"equalToJson": "{\"a\": 1}"}), Some("{"), false),
            (json!({"equalToJson": [1, 2], "ignoreArrayOrder": true}), Some("[2, 1]"), true),
            (json!({"equalToJson": {}, "ignoreExtraElements": true}), Some("{\"a\": 1}"), true),
            (json!({"and": [{"contains": "a"}, {"contains": "b"}]}), Some("ab"), true),
            (json!({"and": [{"contains": "a"}, {"contains": "b"}]}), Some("a"), false),
            (json!({"or": [{"equalTo": "a"}, {"absent": true}]}), None, true),
            (json!({"or": [{"equalTo": "a"}, {"absent": true}]}), Some("b"), false),
            (json!({"not": {"equalTo": "a"}}), Some("b"), true),
            (json!({"not": {"equalTo": "a"}}), None, true),
        ];
        for (pattern, value, verdict) in table {
            assert_eq!(
                compile(&pattern).matches(&Subject::new(value)),
                verdict,
                "{pattern} on {value:?}"
            );
        }
    }

    #[test]
    fn an_empty_body_counts_as_absent() {
        assert!(compile(&json!({"absent": true})).matches(&Subject::body(b"")));
        assert!(!compile(&json!({"equalTo": ""})).matches(&Subject::body(b"")));
        assert!(compile(&json!({"contains": "\u{fffd}"})).matches(&Subject::body(b"a\xff")));
    }

    #[test]
    fn what_is_not_known_is_told() {
        let table = [
            (
                json!({"matchesXPath": "//a"}),
                "matchesXPath: unknown operator \"matchesXPath\"; known here: absent, and, anything, \
                 caseInsensitive, contains, doesNotContain, doesNotMatch, equalTo, equalToJson, \
                 ignoreArrayOrder, ignoreExtraElements, matches, not, or",
            ),
            (
                json!({"equalsTo": "a"}),
                "equalsTo: unknown operator \"equalsTo\"; did you mean \"equalTo\"?",
            ),
            (json!({"equalTo": 7}), "equalTo: expected a text, found the number 7"),
            (
                json!({"matches": "a("}),
                "matches: not a regular expression: unclosed group; patterns have Java's syntax and must match the whole value",
            ),
            (
                json!({"equalTo": "a", "contains": "b"}),
                "contains: \"equalTo\" and \"contains\" stand in one pattern; combine them with \"and\": [...]",
            ),
            (
                json!({"contains": "b", "caseInsensitive": true}),
                "caseInsensitive: \"caseInsensitive\" goes with \"equalTo\", not with \"contains\"; remove it",
            ),
            (
                json!({"equalToJson": "{"}),
                "equalToJson: not JSON: EOF while parsing an object at line 1 column 1; give JSON, or a text that holds JSON",
            ),
            (json!({"and": []}), "and: the list of patterns is empty; give two patterns or more"),
            (json!("a"), "expected an object, found the text \"a\""),
        ];
        for (pattern, message) in table {
            let (_, problems) = with_node(&pattern, StringPattern::compile);
            let texts: Vec<String> = problems
                .iter()
                .map(|p| p.to_string().split_once(": ").unwrap().1.to_owned())
                .collect();
            assert_eq!(texts, [message], "{pattern}");
        }
        let (pattern, problems) = with_node(&json!({}), StringPattern::compile);
        assert!(pattern.is_none());
        assert!(problems[0].message.contains("needs an operator"), "{problems:?}");
    }
}
