//! Messages of violations, as upstream has them.

use serde_json::json;

use super::*;

fn problems(schema: &Value, value: &Value) -> Vec<String> {
    validate(&Schema::parse(schema).unwrap(), value, "spec")
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn each_violation_has_upstreams_message() {
    for (schema, value, message) in [
        (
            json!({"type": "integer"}),
            json!("two"),
            "Invalid value: \"string\": spec in body must be of type integer: \"string\"",
        ),
        (
            json!({"type": "integer", "minimum": 0}),
            json!(-1),
            "Invalid value: -1: spec in body should be greater than or equal to 0",
        ),
        (
            json!({"type": "number", "maximum": 2, "exclusiveMaximum": true}),
            json!(2),
            "Invalid value: 2: spec in body should be less than 2",
        ),
        (
            json!({"type": "string", "maxLength": 2}),
            json!("abc"),
            "Too long: may not be more than 2 bytes",
        ),
        (
            json!({"type": "string", "minLength": 2}),
            json!("a"),
            "Invalid value: \"a\": spec in body should be at least 2 chars long",
        ),
        (
            json!({"type": "string", "pattern": "^a+$"}),
            json!("b"),
            "Invalid value: \"b\": spec in body should match '^a+$'",
        ),
        (
            json!({"type": "string", "enum": ["A", "B"]}),
            json!("C"),
            "Unsupported value: \"C\": supported values: \"A\", \"B\"",
        ),
        (
            json!({"type": "array", "maxItems": 1}),
            json!([1, 2]),
            "Too many: 2: must have at most 1 item",
        ),
        (
            json!({"type": "array", "minItems": 1}),
            json!([]),
            "Invalid value: 0: spec in body should have at least 1 items",
        ),
        (
            json!({"type": "string"}),
            json!(null),
            "Invalid value: \"null\": spec in body must be of type string: \"null\"",
        ),
    ] {
        assert_eq!(problems(&schema, &value), [format!("spec: {message}")], "{schema}");
    }
    for value in [json!(1.5), json!(9_223_372_036_854_775_808_u64), json!(1e19)] {
        assert_eq!(
            problems(&json!({"type": "integer"}), &value),
            [
                "spec: Invalid value: \"number\": spec in body must be of type integer: \"number\"",
                "<nil>: Invalid value: \"\": Checked value must be of type integer (default format) in spec",
            ]
        );
    }
    assert_eq!(
        problems(&json!({"type": "integer", "format": "int32"}), &json!(2_147_483_648_u32)),
        [
            "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in spec"
        ]
    );
    assert_eq!(
        problems(&json!({"type": "object", "required": ["a"]}), &json!({})),
        ["spec.a: Required value"]
    );
}

#[test]
fn valid_values_have_no_violations() {
    for (schema, value) in [
        (json!({"type": "integer"}), json!(2.0)),
        (json!({"type": "string", "nullable": true}), json!(null)),
        (json!({"x-kubernetes-int-or-string": true}), json!("50%")),
        (json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}), json!(1)),
        (json!({"type": "object", "additionalProperties": {"type": "string"}}), json!({"a": "b"})),
    ] {
        assert_eq!(problems(&schema, &value), [""; 0], "{schema}");
    }
}

#[test]
fn combined_schemas_say_which_alternative_comes_nearest() {
    let schema = json!({"type": "object", "properties": {"a": {
        "type": "integer", "anyOf": [{"minimum": 5}, {"maximum": 2, "multipleOf": 7}],
        "oneOf": [{"minimum": 1}, {"minimum": 2}], "allOf": [{"maximum": 3}], "not": {"minimum": 4},
    }}});
    let value = json!({"a": 4});
    let found: Vec<String> = validate(&Schema::parse(&schema).unwrap(), &value, "")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        [
            "<nil>: Invalid value: \"\": \"a\" must validate at least one schema (anyOf)",
            "a: Invalid value: 4: a in body should be greater than or equal to 5",
            "<nil>: Invalid value: \"\": \"a\" must validate one and only one schema (oneOf). Found 2 valid alternatives",
            "a: Invalid value: 4: a in body should be less than or equal to 3",
            "<nil>: Invalid value: \"\": \"a\" must validate all the schemas (allOf). None validated",
            "<nil>: Invalid value: \"\": \"a\" must not validate the schema (not)",
        ]
    );
}

#[test]
fn what_has_not_changed_need_not_fit() {
    let schema = json!({"type": "object", "properties": {
        "e": {"type": "string", "enum": ["B"]}, "f": {"type": "string", "maxLength": 1},
        "m": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"],
              "items": {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "integer", "maximum": 1}}}},
        "l": {"type": "array", "items": {"type": "integer", "maximum": 1}},
    }});
    let schema = Schema::parse(&schema).unwrap();
    let old = json!({"e": "A", "f": "x", "m": [{"k": "a", "v": 5}, {"k": "b", "v": 0}], "l": [5]});
    let found = |new: &Value| -> Vec<String> {
        let correlation = Correlation::new(&schema, new, &old);
        let errors = validate_update(&schema, new, Some(&correlation), "");
        errors.iter().map(|error| error.field.clone()).collect()
    };
    let with = |field: &str, value: Value| {
        let mut new = old.clone();
        new[field] = value;
        new
    };
    assert_eq!(found(&with("f", json!("y"))), [""; 0]);
    assert_eq!(found(&with("f", json!("yy"))), ["f"]);
    assert_eq!(found(&with("e", json!("C"))), ["e"]);
    assert_eq!(found(&with("m", json!([{"k": "b", "v": 9}, {"k": "a", "v": 5}]))), ["m[0].v"]);
    assert_eq!(found(&with("l", json!([5, 0]))), ["l[0]"], "atomic lists have no counterparts");
}

#[test]
fn numbers_are_compared_as_go_compares_them() {
    for (schema, value, message) in [
        (json!({"type": "integer", "maximum": 2.5}), json!(3), "less than or equal to 2.5"),
        (json!({"type": "number", "maximum": 2.5}), json!(2.75), "less than or equal to 2.5"),
        (json!({"type": "integer", "multipleOf": 3}), json!(4), "a multiple of 3"),
        (json!({"type": "number", "multipleOf": 0.5}), json!(0.75), "a multiple of 0.5"),
    ] {
        let found = problems(&schema, &value).pop().unwrap();
        assert!(found.ends_with(&format!("spec in body should be {message}")), "{schema} {found}");
    }
    assert_eq!(
        problems(&json!({"type": "number", "multipleOf": 0.5}), &json!(1)),
        ["spec: Invalid value: 0: factor MultipleOf declared for spec must be positive: 0"]
    );
}
