use serde_json::{Value, json};

use super::super::super::auth::User;
use super::super::super::status::ApiError;
use super::super::attributes::{Attributes, Operation, Versioned};
use super::super::turns::Turns;
use super::tests::{Everyone, NoForms, state_of};
use super::*;

/// A policy that applies objects and JSON Patches.
fn policy(mutations: &[&str]) -> Value {
    let mutation = |text: &&str| {
        if text.trim_start().starts_with("Object") {
            json!({"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": text}})
        } else {
            json!({"patchType": "JSONPatch", "jsonPatch": {"expression": text}})
        }
    };
    let mutations: Vec<Value> = mutations.iter().map(mutation).collect();
    json!({"mutations": mutations, "reinvocationPolicy": "Never"})
}

/// The object after all turns of the policies.
fn mutated(policies: &[(&str, Value, Value)]) -> Result<Value, ApiError> {
    let (state, cache) = (state_of("mutatingadmissionpolic", policies), PolicyCache::default());
    let (user, options) = (User::default(), Value::Null);
    let mut object = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "n"}, "data": {"k": "1"},
    });
    let request = Attributes {
        operation: Operation::Create,
        kind: Versioned { group: "", version: "v1", name: "ConfigMap" },
        resource: Versioned { group: "", version: "v1", name: "configmaps" },
        subresource: "",
        namespace: "n",
        name: "a",
        object: None,
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
        warn: &|_| {},
        notes: None,
    };
    let mut turns = Turns::default();
    loop {
        mutate(&caller, &request, &mut object, &mut turns)?;
        if !turns.has_another() {
            return Ok(object);
        }
    }
}

fn data(policies: &[(&str, Value, Value)]) -> Value {
    mutated(policies).unwrap()["data"].clone()
}

fn refused(policy: Value) -> (String, String) {
    let error = mutated(&[("p", policy, json!({}))]).unwrap_err();
    (error.reason.to_string(), error.message)
}

#[test]
fn patches_are_applied_in_the_order_of_policies_and_mutations() {
    let mut first = policy(&[
        "Object{data: {'x': variables.k + '!'}}",
        "[JSONPatch{op: 'copy', from: '/data/x', path: '/data/y'}]",
    ]);
    first["variables"] = json!([{"name": "k", "expression": "object.data.k"}]);
    let second = policy(&[
        "[JSONPatch{op: 'add', path: '/data/' + jsonpatch.escapeKey('a/b~c'), value: string(object.data.size())}]",
    ]);
    let found = data(&[("b", second, json!({})), ("a", first, json!({}))]);
    assert_eq!(found, json!({"k": "1", "x": "1!", "y": "1!", "a/b~c": "3"}));
    assert_eq!(data(&[]), json!({"k": "1"}));
}

#[test]
fn a_test_that_fails_leaves_the_object() {
    let found = data(&[(
        "p",
        policy(&[
            "[JSONPatch{op: 'remove', path: '/data/k'}, JSONPatch{op: 'test', path: '/kind', value: 'x'}]",
            "[JSONPatch{op: 'test', path: '/kind', value: object.kind}, JSONPatch{op: 'add', path: '/data/n', value: 'y'}]",
        ]),
        json!({}),
    )]);
    assert_eq!(found, json!({"k": "1", "n": "y"}));
}

#[test]
fn errors_refuse_by_the_failure_policy_and_the_other_mutations_go_on() {
    let by = "policy 'p' with binding 'p-b' denied request: ";
    for (expression, why) in [
        (
            "Object{data: {'x': object.data.no}}",
            "expression 'Object{data: {'x': object.data.no}}' resulted in error: no such key: no",
        ),
        (
            "Object{metadata: Object.wrong{labels: {}}}",
            "type mismatch: unexpected type name \"Object.wrong\", expected \"Object.metadata\", which matches field \
             name path from root Object type",
        ),
        (
            "[JSONPatch{op: 'remove', path: '/data/none'}]",
            "JSON Patch: error in remove for path: '/data/none': Unable to remove nonexistent key: none: missing value",
        ),
        (
            "Object{metadata: Object.metadata{managedFields: []}}",
            "error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .metadata.managedFields",
        ),
    ] {
        assert_eq!(refused(policy(&[expression])), ("Invalid".to_owned(), format!("{by}{why}")));
        let mut lenient = policy(&[expression, "Object{data: {'x': 'y'}}"]);
        lenient["failurePolicy"] = json!("Ignore");
        assert_eq!(data(&[("p", lenient, json!({}))]), json!({"k": "1", "x": "y"}));
    }
}

#[test]
fn an_object_that_cannot_be_decoded_is_an_error_of_the_server() {
    let mut odd = policy(&["[JSONPatch{op: 'add', path: '/odd', value: 1}]"]);
    odd["failurePolicy"] = json!("Ignore");
    let why = "Internal error occurred: unknown field \"odd\"".to_owned();
    assert_eq!(refused(odd), ("InternalError".to_owned(), why));
}

#[test]
fn policies_that_ask_for_it_have_a_second_turn() {
    let append = |letter: &str, again: &str| {
        let text =
            format!("[JSONPatch{{op: 'add', path: '/data/k', value: object.data.k + '{letter}'}}]");
        let mut policy = policy(&[&text]);
        policy["reinvocationPolicy"] = json!(again);
        policy
    };
    for (first, second, wanted) in [
        ("Never", "Never", "1ab"),
        ("IfNeeded", "Never", "1aba"),
        ("Never", "IfNeeded", "1abb"),
        ("IfNeeded", "IfNeeded", "1abab"),
    ] {
        let (first, second) = (append("a", first), append("b", second));
        let found = data(&[("a", first, json!({})), ("b", second, json!({}))]);
        assert_eq!(found["k"], wanted);
    }
}

#[test]
fn bindings_give_parameters() {
    let mut policy = policy(&["Object{data: {'p': params.data.k}}"]);
    policy["paramKind"] = json!({"apiVersion": "v1", "kind": "ConfigMap"});
    let by = |name: &str| json!({"paramRef": {"name": name, "parameterNotFoundAction": "Deny"}});
    assert_eq!(data(&[("p", policy.clone(), by("p"))]), json!({"k": "1", "p": "2"}));
    let error = mutated(&[("p", policy.clone(), by("none"))]).unwrap_err();
    let why = "policy 'p' with binding 'p-b' denied request: failed to configure binding: no params found for policy \
               binding with `Deny` parameterNotFoundAction";
    assert_eq!((&*error.message, &*error.reason), (why, "Forbidden"));
    policy["paramKind"] = json!({"apiVersion": "x.y/v1", "kind": "Nope"});
    let error = mutated(&[("p", policy, by("p"))]).unwrap_err();
    let why = "policy \"p\" denied request: failed to configure policy: failed to find resource referenced by \
               paramKind: 'x.y/v1, Kind=Nope'";
    assert_eq!(error.message, why);
}

#[test]
fn conditions_say_which_requests_are_changed() {
    for (condition, wanted) in [
        ("object.data.k == '1'", json!({"k": "1", "x": "y"})),
        ("object.data.k == '2'", json!({"k": "1"})),
    ] {
        let mut policy = policy(&["Object{data: {'x': 'y'}}"]);
        policy["matchConditions"] = json!([{"name": "c", "expression": condition}]);
        assert_eq!(data(&[("p", policy, json!({}))]), wanted);
    }
}
