use std::cell::RefCell;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::super::auth::User;
use super::super::super::builtin;
use super::super::super::fields;
use super::super::super::resource::GroupResource;
use super::super::super::schema::admission::{Action, Authority};
use super::super::super::status::ApiError;
use super::super::super::store::{History, HistoryLimits, Object, Revision, Snapshot, State};
use super::super::attributes::{Attributes, Operation, Versioned};
use super::super::forms::Forms;
use super::*;

#[derive(Debug)]
pub(super) struct Everyone;

impl Authority for Everyone {
    fn decide(&self, _action: &Action) -> (bool, String) {
        (true, String::new())
    }
}

pub(super) struct NoForms;

impl Forms for NoForms {
    fn decoded(&self, value: Value) -> Result<Value, String> {
        Ok(value)
    }

    fn in_version(&self, _value: &Value, _resource: Versioned<'_>) -> Result<Value, String> {
        Err("no".to_owned())
    }

    fn of_version(&self, value: Value, _resource: Versioned<'_>) -> Result<Value, String> {
        Ok(value)
    }

    fn decoded_strictly(&self, value: Value, _resource: Versioned<'_>) -> Result<Value, String> {
        if value["odd"].is_null() { Ok(value) } else { Err("unknown field \"odd\"".to_owned()) }
    }

    fn merged(
        &self,
        object: &Value,
        configuration: &Value,
        _resource: Versioned<'_>,
    ) -> Result<Value, String> {
        fields::merged(object, configuration, None)
    }

    fn held(&self, value: Value, _resource: Versioned<'_>) -> Result<Value, String> {
        Ok(value)
    }

    fn check_version(&self, _resource: Versioned<'_>) -> Result<(), String> {
        Ok(())
    }
}

/// A world with a namespace, parameters, and policies with their bindings.
fn state(policies: &[(&str, Value, Value)]) -> State {
    state_of("validatingadmissionpolic", policies)
}

/// As [`state`], with policies of the kind whose plural begins so.
pub(super) fn state_of(stem: &str, policies: &[(&str, Value, Value)]) -> State {
    let group = "admissionregistration.k8s.io";
    let types = Arc::new(builtin::registry());
    let mut snapshot = Snapshot::default();
    let mut add = |group: &str, resource: &str, value: Value| {
        let resource = GroupResource::new(group, resource);
        snapshot.insert(Object::render(resource.into(), value, &[]).into());
    };
    add("", "namespaces", json!({"metadata": {"name": "n", "labels": {"env": "test"}}}));
    add("", "configmaps", json!({"metadata": {"name": "p", "namespace": "n"}, "data": {"k": "2"}}));
    for (name, policy, binding) in policies {
        let mut spec = policy.clone();
        if spec["matchConstraints"].is_null() {
            spec["matchConstraints"] = json!({"resourceRules": [{
                "operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["*"],
            }]});
        }
        let policy = json!({"metadata": {"name": name}, "spec": spec});
        add(group, &format!("{stem}ies"), policy);
        let mut spec = binding.clone();
        spec["policyName"] = json!(name);
        if spec["validationActions"].is_null() {
            spec["validationActions"] = json!(["Deny"]);
        }
        let binding = json!({"metadata": {"name": format!("{name}-b")}, "spec": spec});
        add(group, &format!("{stem}ybindings"), binding);
    }
    let (revision, history) = (Revision(0), History::new(Revision(0), HistoryLimits::default()));
    State { revision, snapshot, history, types }
}

/// The refusal and the warnings for a config map whose `data.k` is 1.
fn judged(policies: &[(&str, Value, Value)]) -> (Option<ApiError>, Vec<String>) {
    let (state, cache, warnings) =
        (state(policies), PolicyCache::default(), RefCell::<Vec<String>>::default());
    let (user, options) = (User::default(), Value::Null);
    let object = json!({"metadata": {"name": "a", "namespace": "n"}, "data": {"k": "1"}});
    let request = Attributes {
        operation: Operation::Create,
        kind: Versioned { group: "", version: "v1", name: "ConfigMap" },
        resource: Versioned { group: "", version: "v1", name: "configmaps" },
        subresource: "",
        namespace: "n",
        name: "a",
        object: Some(&object),
        old_object: None,
        options: &options,
        dry_run: false,
        user: &user,
    };
    let caller = Caller {
        state: &state,
        cache: &cache,
        forms: &NoForms,
        authority: &Everyone,
        shown: &|_| json!({"operation": "CREATE"}),
        warn: &|text| warnings.borrow_mut().push(text.to_owned()),
        notes: None,
    };
    let refused = validate(&caller, &request).err();
    (refused, warnings.into_inner())
}

fn message(policy: Value, binding: Value) -> Option<String> {
    let (refused, _) = judged(&[("p", policy, binding)]);
    refused.map(|error| {
        let (_, why) = error.message.split_once(" denied request: ").unwrap();
        why.to_owned()
    })
}

fn rule(expression: &str) -> Value {
    json!({"validations": [{"expression": expression}]})
}

#[test]
fn a_validation_that_is_false_refuses() {
    let policy = json!({"validations": [
        {"expression": "object.data.k == '2'", "message": " two ", "reason": "Forbidden"},
        {"expression": "false"},
    ]});
    let (refused, _) = judged(&[("p", policy, json!({}))]);
    let error = refused.unwrap();
    let why = "ValidatingAdmissionPolicy 'p' with binding 'p-b' denied request: two";
    assert_eq!(error.message, format!("configmaps \"a\" is forbidden: {why}"));
    assert_eq!((error.code.as_u16(), &*error.reason), (403, "Forbidden"));
    assert_eq!(error.details.unwrap().causes[0].message, why);
    let (refused, _) = judged(&[("p", rule("object.data.k == '2'"), json!({}))]);
    assert_eq!(refused.map(|error| error.code.as_u16()), Some(422));
    assert_eq!(message(rule("object.data.k == '1'"), json!({})), None);
    assert_eq!(judged(&[]).0, None);
}

#[test]
fn actions_say_what_an_objection_does() {
    let warn = json!({"validationActions": ["Warn", "Audit"]});
    let (refused, warnings) = judged(&[("p", rule("false"), warn)]);
    assert_eq!(refused, None);
    let wanted = "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p-b': failed expression: false";
    assert_eq!(warnings, [wanted]);
    let audit = json!({"validationActions": ["Audit"]});
    assert_eq!(judged(&[("p", rule("false"), audit)]), (None, Vec::new()));
}

#[test]
fn messages_are_evaluated() {
    for (fields, wanted) in [
        (json!({"messageExpression": "'k is ' + variables.k"}), "k is 1"),
        (json!({"messageExpression": "object.data.none", "message": "m"}), "m"),
        (json!({"messageExpression": "'a\\nb'"}), "failed expression: false"),
        (json!({"messageExpression": "namespaceObject.metadata.labels.env"}), "test"),
    ] {
        let mut validation = fields;
        validation["expression"] = json!("false");
        let policy = json!({
            "variables": [{"name": "k", "expression": "object.data.k"}],
            "validations": [validation],
        });
        assert_eq!(message(policy, json!({})).as_deref(), Some(wanted));
    }
}

#[test]
fn errors_count_by_the_failure_policy() {
    let mut policy = rule("object.data.none == '1'");
    let why = "expression 'object.data.none == '1'' resulted in error: no such key: none";
    assert_eq!(message(policy.clone(), json!({})).as_deref(), Some(why));
    policy["failurePolicy"] = json!("Ignore");
    assert_eq!(message(policy, json!({})), None);
    let mut policy = rule("true");
    policy["auditAnnotations"] =
        json!([{"key": "a", "valueExpression": "string(object.data.none)"}]);
    let audit = json!({"validationActions": ["Audit"]});
    let why = "expression 'string(object.data.none)' resulted in error: no such key: none";
    assert_eq!(message(policy, audit).as_deref(), Some(why));
}

#[test]
fn parameters_are_found() {
    let with = |mut policy: Value| {
        policy["paramKind"] = json!({"apiVersion": "v1", "kind": "ConfigMap"});
        policy
    };
    let by = |reference: Value| json!({"paramRef": reference});
    let same = || with(rule("object.data.k == params.data.k"));
    let deny = |name: &str| by(json!({"name": name, "parameterNotFoundAction": "Deny"}));
    let failed = "failed expression: object.data.k == params.data.k";
    assert_eq!(message(same(), deny("p")).as_deref(), Some(failed));
    let missing = "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction";
    assert_eq!(message(same(), deny("none")).as_deref(), Some(missing));
    let allow = by(json!({"name": "none", "parameterNotFoundAction": "Allow"}));
    assert_eq!(message(same(), allow), None);
    assert_eq!(message(same(), by(json!({"selector": {}}))).as_deref(), Some(failed));
    assert_eq!(message(with(rule("params == null")), json!({})), None);
    let mut unknown = rule("true");
    unknown["paramKind"] = json!({"apiVersion": "x.y/v1", "kind": "Nope"});
    let why = "failed to configure policy: failed to find resource referenced by paramKind: 'x.y/v1, Kind=Nope'";
    assert_eq!(message(unknown, deny("p")).as_deref(), Some(why));
}

#[test]
fn constraints_say_which_requests_are_judged() {
    let rules = |extra: Value| {
        let mut constraints = json!({"resourceRules": [{
            "operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"],
        }]});
        for (field, value) in extra.as_object().unwrap() {
            constraints[field] = value.clone();
        }
        constraints
    };
    let other = json!({"namespaceSelector": {"matchLabels": {"env": "prod"}}});
    let excluded = json!({"excludeResourceRules": rules(json!({}))["resourceRules"]});
    for (constraints, resources, judges) in [
        (rules(json!({})), Value::Null, true),
        (rules(other.clone()), Value::Null, false),
        (rules(excluded), Value::Null, false),
        (rules(json!({})), rules(other), false),
    ] {
        let mut policy = rule("false");
        policy["matchConstraints"] = constraints;
        let found = message(policy, json!({"matchResources": resources}));
        assert_eq!(found.is_some(), judges);
    }
    let mut policy = rule("false");
    policy["matchConditions"] = json!([{"name": "a", "expression": "object.data.k == '2'"}]);
    assert_eq!(message(policy, json!({})), None);
}

#[test]
fn a_policy_is_compiled_once() {
    let (state, cache) = (state(&[("p", rule("true"), json!({}))]), PolicyCache::default());
    let (first, second) = (cache.validating(&state.snapshot), cache.validating(&state.snapshot));
    assert!(Arc::ptr_eq(&first.unwrap(), &second.unwrap()));
    assert!(!has_validating(&Snapshot::default()));
}
