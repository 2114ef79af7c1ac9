#![expect(clippy::needless_pass_by_value, reason = "values are written where they are passed")]

use serde_json::{Value, json};

use super::super::{Schema, validate_rules};
use super::*;

/// The violations of an object, with its state before a change.
fn violations(schema: Value, new: Value, old: Option<Value>) -> Vec<String> {
    let schema = Schema::parse(&schema).unwrap();
    let errors = validate_rules(&schema, &new, old.as_ref(), &[]);
    errors.iter().map(ToString::to_string).collect()
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
        json!({"type": "object", "properties": {"kind": kind, "other": {"type": "integer"}}})
    };
    let immutable = || json!({"rule": "self == oldSelf", "message": "it is immutable"});
    let (a, b) = (json!({"kind": "a"}), json!({"kind": "b"}));
    assert_eq!(violations(kind(immutable()), a.clone(), None), [""; 0]);
    assert_eq!(violations(kind(immutable()), a.clone(), Some(json!({}))), [""; 0]);
    assert_eq!(violations(kind(immutable()), a.clone(), Some(a.clone())), [""; 0]);
    assert_eq!(
        violations(kind(immutable()), b.clone(), Some(a.clone())),
        ["kind: Invalid value: \"b\": it is immutable"]
    );
    // What has not changed need not fit.
    let short = || json!({"rule": "self.size() > 1"});
    assert_eq!(
        violations(kind(short()), json!({"kind": "a", "other": 1}), Some(a.clone())),
        [""; 0]
    );
    assert_eq!(violations(kind(short()), b, Some(a.clone())).len(), 1);
    let optional = || json!({"rule": "oldSelf.hasValue() || self == 'a'", "optionalOldSelf": true, "message": "m"});
    assert_eq!(violations(kind(optional()), json!({"kind": "c"}), None).len(), 1);
    assert_eq!(violations(kind(optional()), json!({"kind": "c"}), Some(a)), [""; 0]);
}

#[test]
fn values_have_the_types_of_the_schema() {
    let properties = || {
        json!({
            "a-b": {"type": "number"}, "list": {"type": "array", "items": {"type": "string"}},
            "map": {"type": "object", "additionalProperties": {"type": "integer"}},
        })
    };
    let object = json!({"spec": {"a-b": 1, "list": ["x", "y"], "map": {"k-1": 2}}});
    for (rule, expected) in [
        ("self.a__dash__b == 1.0", true),
        ("self.list.all(x, x.size() == 1) && self.list.join('-') == 'x-y'", true),
        ("self.map['k-1'] == 2 && self.map.all(k, k.matches('^k-[0-9]$'))", true),
        ("has(self.list) && !has(self.other)", true),
        ("self.list.exists(x, x == 'z')", false),
        // It is not evaluated.
        ("self.list[0].unknown()", true),
    ] {
        let found = violations(spec(properties(), json!({"rule": rule})), object.clone(), None);
        assert_eq!(found.is_empty(), expected, "{rule}: {found:?}");
    }
}

#[test]
fn the_syntax_of_expressions_is_checked() {
    assert_eq!(syntax_errors("self.a > 1 && has(self.b)"), None);
    let errors = syntax_errors("self >").unwrap();
    assert!(errors.starts_with("ERROR: <input>:1:7: Syntax error: "), "{errors}");
    assert!(errors.ends_with("\n | self >\n | ......^"), "{errors}");
    assert!(uses_old_self("self == oldSelf") && !uses_old_self("self.oldSelf == 1"));
}

#[test]
fn an_invalid_object_is_not_evaluated() {
    let schema = Schema::parse(&spec(json!({}), json!({"rule": "false"}))).unwrap();
    let found = [FieldError::required("spec.a", "")];
    let errors = validate_rules(&schema, &json!({"spec": {}}), None, &found);
    assert_eq!(
        errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation"
        ]
    );
}
