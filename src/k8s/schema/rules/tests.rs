#![expect(clippy::needless_pass_by_value, reason = "values are written where they are passed")]

use serde_json::{Value, json};

use super::super::super::status::FieldError;
use super::super::{Schema, compile_rules, validate_rules};

/// The violations of an object, with its state before a change.
fn violations(schema: Value, new: Value, old: Option<Value>) -> Vec<String> {
    let schema = Schema::parse(&schema).unwrap();
    let found = validate_rules(&schema, &new, old.as_ref(), &[]);
    found.errors.iter().map(ToString::to_string).collect()
}

fn spec(properties: Value, rule: Value) -> Value {
    let spec =
        json!({"type": "object", "properties": properties, "x-kubernetes-validations": [rule]});
    json!({"type": "object", "properties": {"spec": spec}})
}

#[test]
fn a_violated_rule_says_its_message() {
    let range = || json!({"min": {"type": "integer"}, "max": {"type": "integer"}});
    let object = |min: i64, max: i64| json!({"spec": {"min": min, "max": max}});
    let rule = json!({"rule": "self.min <= self.max", "message": " min is larger "});
    assert_eq!(violations(spec(range(), rule.clone()), object(1, 5), None), [""; 0]);
    assert_eq!(
        violations(spec(range(), rule.clone()), object(5, 1), None),
        ["spec: Invalid value: min is larger"]
    );
    assert_eq!(
        violations(spec(range(), rule), json!({"spec": {"min": 1}}), None),
        ["spec: Invalid value: \"object\": no such key: max evaluating rule: min is larger"]
    );
    let rule = json!({"rule": "self.min <= self.max"});
    assert_eq!(
        violations(spec(range(), rule), object(5, 1), None),
        ["spec: Invalid value: failed rule: self.min <= self.max"]
    );
    let rule = json!({
        "rule": "self.min <= self.max", "reason": "FieldValueForbidden", "fieldPath": ".min",
        "messageExpression": "'at most ' + string(self.max)",
    });
    assert_eq!(
        violations(spec(range(), rule), object(5, 1), None),
        ["spec.min: Forbidden: at most 1"]
    );
}

#[test]
fn changes_are_compared_with_the_old_object() {
    let kind = |rule: Value| {
        let kind = json!({"type": "string", "x-kubernetes-validations": [rule]});
        json!({"type": "object", "properties": {"mode": kind, "other": {"type": "integer"}}})
    };
    let immutable = || json!({"rule": "self == oldSelf", "message": "it is immutable"});
    let (a, b) = (json!({"mode": "a"}), json!({"mode": "b"}));
    assert_eq!(violations(kind(immutable()), a.clone(), None), [""; 0]);
    assert_eq!(violations(kind(immutable()), a.clone(), Some(json!({}))), [""; 0]);
    assert_eq!(violations(kind(immutable()), a.clone(), Some(a.clone())), [""; 0]);
    assert_eq!(
        violations(kind(immutable()), b.clone(), Some(a.clone())),
        ["mode: Invalid value: \"b\": it is immutable"]
    );
    // What has not changed need not fit.
    let short = || json!({"rule": "self.size() > 1"});
    assert_eq!(
        violations(kind(short()), json!({"mode": "a", "other": 1}), Some(a.clone())),
        [""; 0]
    );
    assert_eq!(violations(kind(short()), b, Some(a.clone())).len(), 1);
    let optional = || json!({"rule": "oldSelf.hasValue() || self == 'a'", "optionalOldSelf": true, "message": "m"});
    assert_eq!(violations(kind(optional()), json!({"mode": "c"}), None).len(), 1);
    assert_eq!(violations(kind(optional()), json!({"mode": "c"}), Some(a)), [""; 0]);
}

#[test]
fn values_have_the_types_of_the_schema() {
    let properties = || {
        json!({
            "a-b": {"type": "number"}, "list": {"type": "array", "items": {"type": "string"}},
            "none": {"type": "string"}, "map": {"type": "object", "additionalProperties": {"type": "integer"}},
        })
    };
    let object = json!({"spec": {"a-b": 1, "list": ["x", "y"], "map": {"k-1": 2}}});
    for (rule, expected) in [
        ("self.a__dash__b == 1.0", true),
        ("self.list.all(x, x.size() == 1) && self.list.join('-') == 'x-y'", true),
        ("self.map['k-1'] == 2 && self.map.all(k, k.matches('^k-[0-9]$'))", true),
        ("has(self.list) && !has(self.none)", true),
        ("self.list.exists(x, x == 'z')", false),
        ("self.map == {'k-1': 2}", true),
        ("type(self.list) == list && self.map.exists(k, v, k == 'k-1' && v == 2)", true),
    ] {
        let found = violations(spec(properties(), json!({"rule": rule})), object.clone(), None);
        assert_eq!(found.is_empty(), expected, "{rule}: {found:?}");
    }
}

/// What is wrong with a rule, or what it costs at most.
fn compiled(properties: Value, rule: &str) -> Result<u64, String> {
    let schema = spec(properties, json!({"rule": rule}));
    let schema = Schema::parse(&schema["properties"]["spec"]).unwrap();
    let (mut rules, _) = compile_rules(&schema, false).unwrap();
    let rule = rules.remove(0);
    rule.error.map_or(Ok(rule.max_cost), Err)
}

#[test]
fn the_types_of_expressions_are_checked() {
    let properties = || {
        json!({
            "i": {"type": "integer"}, "s": {"type": "string"}, "t": {"type": "string", "maxLength": 5},
            "l": {"type": "array", "items": {"type": "string"}}, "x": {"x-kubernetes-int-or-string": true},
            "if": {"type": "boolean"}, "a.b": {"type": "boolean"}, "at": {"type": "string", "format": "date-time"},
        })
    };
    for right in [
        "self.i > 1 && self.s == 'a'",
        "self.x > 1 || self.x == 'a'",
        "self.__if__ && self.a__dot__b",
        "self.at < timestamp('2024-01-01T00:00:00Z')",
        "self.?t.orValue('a') in self.l",
        "self == oldSelf",
    ] {
        assert!(
            compiled(properties(), right).is_ok(),
            "{right}: {:?}",
            compiled(properties(), right)
        );
    }
    for (wrong, place, why) in [
        ("self.x2 == 1", 5, "undefined field 'x2'"),
        ("self.i == 'a'", 8, "found no matching overload for '_==_' applied to '(int, string)'"),
        ("self.i.size() > 1", 12, "found no matching overload for 'size' applied to 'int.()'"),
        ("nosuch(self.i)", 7, "undeclared reference to 'nosuch' (in container '')"),
        ("self.s.matches('(')", 16, "invalid matches argument"),
        ("self.at > timestamp('x')", 21, "invalid timestamp argument"),
        (
            "'%d'.format(['a']) == ''",
            14,
            "error during formatting: decimal clause can only be used on integers, was given string",
        ),
    ] {
        let dots = ".".repeat(place - 1);
        let expected =
            format!("compilation failed: ERROR: <input>:1:{place}: {why}\n | {wrong}\n | {dots}^");
        assert_eq!(compiled(properties(), wrong), Err(expected));
    }
    assert_eq!(
        compiled(properties(), "self.i"),
        Err("cel expression must evaluate to a bool".to_owned())
    );
    let syntax = compiled(properties(), "self >").unwrap_err();
    assert!(
        syntax.starts_with("compilation failed: ERROR: <input>:1:7: Syntax error: "),
        "{syntax}"
    );
}

#[test]
fn costs_follow_from_the_limits_of_a_schema() {
    let list = |limit: Value| {
        let mut list = json!({"type": "array", "items": {"type": "string", "maxLength": 10}});
        list["maxItems"] = limit;
        json!({"l": list})
    };
    let rule = "self.l.all(x, x == 'a')";
    let few = compiled(list(json!(10)), rule).unwrap();
    let more = compiled(list(json!(100)), rule).unwrap();
    let unbounded = compiled(list(Value::Null), rule).unwrap();
    assert!(few < 100 && more > 5 * few && unbounded > 1_000_000, "{few} {more} {unbounded}");
}

#[test]
fn an_evaluation_has_a_bound() {
    let list = json!({"type": "array", "items": {"type": "integer"}});
    let rule = json!({"rule": "self.l.all(x, self.l.all(y, x + y >= 0))"});
    let numbers: Vec<u32> = (0..1_000).collect();
    let found = violations(spec(json!({"l": list}), rule), json!({"spec": {"l": numbers}}), None);
    assert_eq!(
        found,
        [
            "spec: Invalid value: \"object\": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: self.l.all(x, self.l.all(y, x + y >= 0))"
        ]
    );
}

#[test]
fn an_invalid_object_is_not_evaluated() {
    let schema = Schema::parse(&spec(json!({}), json!({"rule": "false"}))).unwrap();
    let found = [FieldError::required("spec.a", "")];
    let found = validate_rules(&schema, &json!({"spec": {}}), None, &found);
    assert_eq!(
        found.errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
        ]
    );
}
