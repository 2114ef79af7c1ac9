//! Tests of operators: their verdicts, and the diagnostics for unknown ones.

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
fn what_wiremock_refuses_is_refused() {
    let table = [
        (
            json!({"equalsTo": "a"}),
            "equalsTo: ",
            "unknown operator \"equalsTo\"; did you mean \"equalTo\"?",
        ),
        (json!({"equalTo": 7}), "equalTo: ", "\"equalTo\" takes a text, not 7; put it in quotes"),
        (
            json!({"equalTo": null}),
            "equalTo: ",
            "\"equalTo\" takes a text, not null; put it in quotes",
        ),
        (
            json!({"matches": "a("}),
            "matches: ",
            "not a regular expression: Unclosed group near index 2; patterns have Java's syntax and must match the whole value",
        ),
        (
            json!({"equalToJson": "{"}),
            "equalToJson: ",
            "not JSON: the text ends where a name in quotes is expected; give JSON, or a text that holds JSON",
        ),
        (
            json!({"and": [{"equalTo": "a"}]}),
            "and: ",
            "a list of two patterns or more is expected; give two patterns or more, or take one out of the list",
        ),
        (json!({"or": "x"}), "or: ", "\"or\" takes a list of patterns; give two patterns or more"),
        (
            json!({"before": 5}),
            "before: ",
            "a date is expected; give a date, or an offset such as \"now +3 days\"",
        ),
        (
            json!({"matchesJsonPath": {"equalTo": "a"}}),
            "matchesJsonPath: ",
            "the expression is missing; write {\"expression\": \"$.a\", \"equalTo\": \"x\"}",
        ),
        (
            json!({"anything": true}),
            "anything: ",
            "\"anything\" takes a text, not true; put it in quotes",
        ),
    ];
    for (pattern, key, message) in table {
        let (compiled, problems) = with_node(&pattern, StringPattern::compile);
        let texts: Vec<String> =
            problems.iter().map(|p| p.to_string().split_once(": ").unwrap().1.to_owned()).collect();
        assert_eq!(texts, [format!("{key}{message}")], "{pattern}");
        assert!(compiled.is_none());
    }
}

#[test]
fn other_keys_are_options_or_nothing() {
    let table = [
        (json!({"equalTo": "a", "foo": 1}), "a", true),
        (json!({"equalTo": "b", "contains": "a"}), "ab", true),
        (json!({"absent": null}), "a", false),
        (json!({"equalTo": "a", "caseInsensitive": "true"}), "A", true),
        // An option is looked for in the operand as well.
        (
            json!({"equalToJson": {"ignoreArrayOrder": true, "l": [1, 2]}}),
            "{\"ignoreArrayOrder\": true, \"l\": [2, 1]}",
            true,
        ),
    ];
    for (pattern, value, verdict) in table {
        let (compiled, _) = with_node(&pattern, StringPattern::compile);
        assert_eq!(compiled.unwrap().matches(&Subject::new(Some(value))), verdict, "{pattern}");
    }
}

#[test]
fn dates_lie_before_after_or_at_others() {
    let now = "2021-06-15T10:00:00Z".parse().unwrap();
    let table = [
        (json!({"before": "2021-06-01T12:00:00Z"}), "2021-06-01T13:30:00+02:00", true),
        (json!({"before": "2021-06-01T12:00:00"}), "2021-07-01T00:00:00Z", false),
        (json!({"before": "2021-06-15T00:00:00Z"}), "2021-06", true),
        (json!({"before": "2021-06-01T12:00:00Z"}), "Mon, 31 May 2021 10:00:00 GMT", true),
        (json!({"before": "2021-06-01T12:00:00Z"}), "Tue, 31 May 2021 10:00:00 GMT", false),
        (json!({"before": "2021-06-01T12:00:00Z"}), "mon, 31 may 2021 10:00:00 gmt", true),
        (json!({"equalToDateTime": "2021-06-01"}), "2021-06-01T00:00", true),
        (json!({"after": "junk"}), "2021-06-01", false),
        (json!({"before": "2021-06-15", "actualFormat": "dd/MM/yyyy"}), "14/06/2021", true),
        (json!({"after": "2021-06-15T00:00:00Z", "actualFormat": "unix"}), "1623801600", true),
        (json!({"equalToDateTime": "now +3 days"}), "2021-06-18T10:00:00Z", true),
        (json!({"equalToDateTime": "-5 hours"}), "2021-06-15T05:00:00Z", true),
        (
            json!({"equalToDateTime": "now", "truncateExpected": "first day of month", "expectedOffset": 20,
                "expectedOffsetUnit": "days"}),
            "2021-06-21T00:00:00Z",
            true,
        ),
        (
            json!({"equalToDateTime": "now", "truncateExpected": "first day of month", "expectedOffset": 20,
                "expectedOffsetUnit": "days", "applyTruncationLast": true}),
            "2021-07-01T00:00:00Z",
            true,
        ),
        (
            json!({"equalToDateTime": "2021-06-01T00:00:00Z", "truncateActual": "first day of month"}),
            "2021-06-17T10:11:12Z",
            true,
        ),
    ];
    for (pattern, value, verdict) in table {
        let (compiled, _) = with_node(&pattern, StringPattern::compile);
        let subject = Subject::new(Some(value)).at(Some(now));
        assert_eq!(compiled.unwrap().matches(&subject), verdict, "{pattern} on {value}");
    }
}

/// A null document has no paths, not even absent ones; a null among other values matches nothing.
#[test]
fn paths_into_null() {
    let holds = |pattern: Value, value: &str| {
        let (compiled, _) = with_node(&pattern, StringPattern::compile);
        compiled.unwrap().matches(&Subject::new(Some(value)))
    };
    let absent = |path: &str| json!({"matchesJsonPath": {"expression": path, "absent": true}});
    for path in ["$.a", "$", "$.*", "$[0]"] {
        assert!(!holds(absent(path), "null"), "{path}");
    }
    assert!(holds(absent("$.a"), r#"{"a": null}"#));
    assert!(holds(absent("$.a"), r#"{"b": 1}"#));
    let any = json!({"matchesJsonPath": {"expression": "$.*", "doesNotMatch": "[0-9]"}});
    assert!(!holds(any.clone(), r#"[null, "a"]"#));
    assert!(holds(any, r#"["1", "a"]"#));
}

#[cfg(feature = "json-schema")]
#[test]
fn schemas_are_bounded_and_never_broken() {
    let holds = |pattern: Value, value: &str| {
        let (compiled, _) = with_node(&pattern, StringPattern::compile);
        compiled.unwrap().matches(&Subject::new(Some(value)))
    };
    assert!(holds(json!({"matchesJsonSchema": {"type": "string"}}), "plain"));
    assert!(holds(json!({"matchesJsonSchema": {"type": "string"}}), "5"));
    assert!(!holds(json!({"matchesJsonSchema": {"type": 5}}), "5"));
    assert!(holds(json!({"matchesJsonSchema": {"type": "string", "nullable": true}}), "null"));
    // A value that is not a schema has no keywords.
    for schema in [json!([]), json!([{"type": "string"}]), json!(1), json!("1"), json!(null)] {
        assert!(holds(json!({"matchesJsonSchema": schema}), "5"), "{schema}");
    }
    assert!(!holds(json!({"matchesJsonSchema": false}), "5"));
    // Recorded from WireMock: the verdicts of keywords with invalid values, for 5 and for {"a": 1}.
    for (schema, number, object) in [
        (json!({"type": "obect"}), false, false),
        (json!({"type": []}), false, false),
        (json!({"type": "any"}), true, true),
        (json!({"type": ["string", "foo"]}), true, false),
        (json!({"properties": {"a": {"type": "nope"}}}), true, false),
        (json!({"oneOf": [{"type": "obect"}, {"type": "object"}]}), false, true),
        (json!({"multipleOf": 0}), true, true),
        (json!({"minLength": "2"}), true, true),
        (json!({"required": "b"}), true, true),
        (json!({"required": [1]}), true, false),
        (json!({"properties": {"a": "x"}}), true, true),
        (json!({"pattern": 5}), true, true),
        (json!({"anyOf": []}), true, true),
        (json!({"oneOf": []}), false, false),
        (json!({"anyOf": [5]}), true, true),
        (json!({"not": 5}), false, false),
        (json!({"additionalProperties": "x"}), true, false),
        (json!({"dependentRequired": {"a": "b"}}), true, true),
        (json!({"minimum": "3"}), false, false),
        (json!({"enum": "a"}), false, false),
        (json!({"items": [{"type": "string"}]}), false, false),
        (json!({"patternProperties": {"(": {}}}), false, false),
        (json!({"$ref": "#/nope"}), false, false),
    ] {
        assert_eq!(holds(json!({"matchesJsonSchema": schema}), "5"), number, "{schema} for 5");
        let object_holds = holds(json!({"matchesJsonSchema": schema}), r#"{"a": 1}"#);
        assert_eq!(object_holds, object, "{schema} for an object");
    }
    assert!(!holds(json!({"matchesJsonSchema": {"$ref": "https://example.com/x"}}), "5"));
    let mut definitions = serde_json::Map::new();
    for n in 0..40 {
        let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
        definitions.insert(format!("d{n}"), json!({"allOf": [next, next]}));
    }
    definitions.insert("d40".to_owned(), json!(true));
    let schema = json!({"$ref": "#/$defs/d0", "$defs": definitions});
    assert!(!holds(json!({"matchesJsonSchema": schema}), "5"));
}
