use serde_json::{Value, json};

use super::super::super::auth::User;
use super::super::super::builtin;
use super::super::super::resource::Registry;
use super::super::super::store::{Object, Snapshot};
use super::super::attributes::{Operation, Versioned};
use super::*;

/// A request for a deployment in a namespace.
fn request<'a>(user: &'a User, options: &'a Value) -> Attributes<'a> {
    Attributes {
        operation: Operation::Update,
        kind: Versioned { group: "apps", version: "v1", name: "Deployment" },
        resource: Versioned { group: "apps", version: "v1", name: "deployments" },
        subresource: "",
        namespace: "n",
        name: "web",
        object: None,
        old_object: None,
        options,
        dry_run: false,
        user,
    }
}

fn rule(changes: &Value) -> Value {
    let mut rule = json!({
        "operations": ["*"], "apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"],
    });
    for (field, value) in changes.as_object().unwrap() {
        rule[field] = value.clone();
    }
    json!([rule])
}

fn found<'a>(
    request: &Attributes<'a>,
    types: &'a Registry,
    rules: &Value,
    policy: &str,
) -> Option<Match<'a>> {
    ResourceRules::new(rules, &json!(policy)).find(request, types)
}

#[test]
fn a_rule_names_operations_and_resources() {
    let (user, options, types) = (User::default(), Value::Null, builtin::registry());
    let request = request(&user, &options);
    let scaled = Attributes { subresource: "scale", ..request };
    for (changes, plain, scale) in [
        (json!({}), true, false),
        (json!({"operations": ["CREATE"]}), false, false),
        (json!({"operations": ["CREATE", "UPDATE"]}), true, false),
        (json!({"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"]}), true, false),
        (json!({"resources": ["*/*"]}), true, true),
        (json!({"resources": ["deployments/*"]}), true, true),
        (json!({"resources": ["*/scale"]}), false, true),
        (json!({"resources": ["deployments/status"]}), false, false),
        (json!({"scope": "Namespaced"}), true, false),
        (json!({"scope": "Cluster"}), false, false),
        (json!({"scope": "*"}), true, false),
        (json!({"resourceNames": ["web"]}), true, false),
        (json!({"resourceNames": ["db"]}), false, false),
    ] {
        let rules = rule(&changes);
        assert_eq!(found(&request, &types, &rules, "Exact").is_some(), plain, "{changes}");
        assert_eq!(found(&scaled, &types, &rules, "Exact").is_some(), scale, "{changes}");
    }
}

#[test]
fn a_namespace_is_cluster_scoped_though_it_is_its_own_namespace() {
    let (user, options, types) = (User::default(), Value::Null, builtin::registry());
    let kind = Versioned { group: "", version: "v1", name: "Namespace" };
    let resource = Versioned { group: "", version: "v1", name: "namespaces" };
    let request = Attributes { kind, resource, ..request(&user, &options) };
    for (scope, matches) in [("Cluster", true), ("Namespaced", false), ("*", true)] {
        let rules = rule(&json!({"apiGroups": [""], "resources": ["*"], "scope": scope}));
        assert_eq!(found(&request, &types, &rules, "Exact").is_some(), matches, "{scope}");
    }
}

#[test]
fn an_equivalent_resource_matches_in_the_version_of_the_rule() {
    let (user, options, types) = (User::default(), Value::Null, builtin::registry());
    let kind = Versioned { group: "autoscaling", version: "v1", name: "HorizontalPodAutoscaler" };
    let resource =
        Versioned { group: "autoscaling", version: "v1", name: "horizontalpodautoscalers" };
    let request = Attributes { kind, resource, ..request(&user, &options) };
    let rules =
        rule(&json!({"apiGroups": ["autoscaling"], "apiVersions": ["v2"], "resources": ["*"]}));
    assert_eq!(found(&request, &types, &rules, "Exact"), None);
    let as_second = Match {
        resource: Versioned { version: "v2", ..resource },
        kind: Versioned { version: "v2", ..kind },
    };
    assert_eq!(found(&request, &types, &rules, "Equivalent"), Some(as_second));
    // Both groups of events are the same objects.
    let kind = Versioned { group: "", version: "v1", name: "Event" };
    let resource = Versioned { group: "", version: "v1", name: "events" };
    let request = Attributes { kind, resource, ..request };
    let rules = rule(&json!({"apiGroups": ["events.k8s.io"], "resources": ["events"]}));
    let other = found(&request, &types, &rules, "Equivalent").unwrap();
    assert_eq!((other.kind.group, other.resource.name), ("events.k8s.io", "events"));
}

#[test]
fn selectors_read_the_labels_of_namespace_and_object() {
    let (user, options) = (User::default(), Value::Null);
    let mut snapshot = Snapshot::default();
    let namespace = |env: &str| json!({"metadata": {"name": "n", "labels": {"env": env}}, "kind": "Namespace", "apiVersion": "v1"});
    let resource = super::super::super::resource::GroupResource::new("", "namespaces");
    snapshot.insert(Object::render(resource.into(), namespace("prod"), &[]).into());
    let selectors = Selectors::new(&json!({
        "namespaceSelector": {"matchLabels": {"env": "prod"}},
        "objectSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]},
    }));
    let request = request(&user, &options);
    assert_eq!(selectors.select_namespace(&request, &snapshot), Ok(true));
    let elsewhere = Attributes { namespace: "gone", ..request };
    let error = selectors.select_namespace(&elsewhere, &snapshot).unwrap_err();
    assert_eq!(error.message, "namespaces \"gone\" not found");
    let cluster = Attributes { namespace: "", ..request };
    assert_eq!(selectors.select_namespace(&cluster, &snapshot), Ok(true));
    // The new labels of a namespace count, but for its deletion.
    let new = namespace("test");
    let kind = Versioned { group: "", version: "v1", name: "Namespace" };
    let resource = Versioned { group: "", version: "v1", name: "namespaces" };
    let own = Attributes { kind, resource, object: Some(&new), name: "n", ..cluster };
    assert_eq!(selectors.select_namespace(&own, &snapshot), Ok(false));
    let deleted = Attributes { operation: Operation::Delete, object: None, ..own };
    assert_eq!(selectors.select_namespace(&deleted, &snapshot), Ok(true));
    let labelled = |value: &str| json!({"metadata": {"labels": {"app": value}}});
    let (a, c) = (labelled("a"), labelled("c"));
    for (object, old, selected) in [(&a, &c, true), (&c, &a, true), (&c, &c, false)] {
        let request = Attributes { object: Some(object), old_object: Some(old), ..request };
        assert_eq!(selectors.select_object(&request), Ok(selected));
    }
    assert_eq!(selectors.select_object(&request), Ok(false));
    let unreadable = json!({"matchExpressions": [{"key": "a", "operator": "Like"}]});
    let unreadable = Selectors::new(&json!({"objectSelector": unreadable}));
    assert!(unreadable.select_object(&request).is_err());
}

#[test]
fn configurations_of_admission_are_exempt() {
    let (user, options) = (User::default(), Value::Null);
    let request = request(&user, &options);
    assert!(!is_exempt(&request));
    let group = "admissionregistration.k8s.io";
    let kind = Versioned { group, version: "v1", name: "MutatingAdmissionPolicy" };
    assert!(is_exempt(&Attributes { kind, ..request }));
}
