//! Operators: their verdicts, and what is said about those that are not known.

use serde_json::{Value, json};

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
        (json!({"equalsTo": "a"}), "unknown operator \"equalsTo\"; did you mean \"equalTo\"?"),
        (json!({"equalTo": 7}), "equalTo: \"equalTo\" takes a text, not 7; put it in quotes"),
        (
            json!({"equalTo": "a", "contains": "b"}),
            "warning: \"equalTo\" has no effect beside \"contains\"; combine them with \"and\": [...]",
        ),
        (
            json!({"contains": "b", "caseInsensitive": true}),
            "warning: caseInsensitive: \"caseInsensitive\" goes with \"equalTo\" and has no effect on \"contains\"; remove it",
        ),
        (
            json!({"equalTo": "a", "negate": true}),
            "warning: negate: \"negate\" has no effect here; known here: absent, and, anything, caseInsensitive, contains, doesNotContain, doesNotMatch, equalTo, equalToJson, equalToXml, ignoreArrayOrder, ignoreExtraElements, matches, matchesXPath, not, or",
        ),
        (
            json!({"equalToJson": "{"}),
            "equalToJson: not JSON: EOF while parsing an object at line 1 column 1; give JSON, or a text that holds JSON",
        ),
        (
            json!({"and": []}),
            "and: a list of two patterns or more is expected; leave the list away",
        ),
        (
            json!({"equalToXml": "<a>"}),
            "equalToXml: not XML: an element has no end; give a well-formed document",
        ),
        (
            json!({"matchesXPath": "//a["}),
            "warning: matchesXPath: this never matches: not an XPath expression: a step is expected, not the end; expressions are XPath 1.0",
        ),
        (
            json!("a"),
            "a pattern needs an operator; one of equalTo, contains, doesNotContain, matches, doesNotMatch, absent, anything, equalToJson, equalToXml, matchesXPath, and, or, not",
        ),
    ];
    for (pattern, message) in table {
        let (_, problems) = with_node(&pattern, StringPattern::compile);
        let texts: Vec<String> =
            problems.iter().map(|p| p.to_string().split_once(": ").unwrap().1.to_owned()).collect();
        assert_eq!(texts, [message], "{pattern}");
    }
    let (pattern, problems) = with_node(&json!({}), StringPattern::compile);
    assert!(pattern.is_none());
    assert!(problems[0].message.contains("needs an operator"), "{problems:?}");
}
