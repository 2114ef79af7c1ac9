//! Roles and bindings → decisions, as upstream makes them.

use serde_json::{Value, json};

use super::super::super::{HistoryLimits, Seed, SeedObject};
use super::super::user::{Attributes, User};
use super::*;
use crate::k8s::resource::GroupResource;
use crate::k8s::store::State;

fn state(own: Vec<Value>) -> State {
    let objects = bootstrap_objects().chain(own).map(|value| {
        let mut object = SeedObject::new(value);
        object.trust();
        object
    });
    let seed = Seed {
        crds: Vec::new(),
        objects: objects.collect(),
        history: HistoryLimits::default(),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    aggregated(seed.state().unwrap())
}

fn object(kind: &str, namespace: &str, name: &str, rest: Value) -> Value {
    let mut value = rest;
    value["apiVersion"] = "rbac.authorization.k8s.io/v1".into();
    value["kind"] = kind.into();
    value["metadata"]["name"] = name.into();
    if !namespace.is_empty() {
        value["metadata"]["namespace"] = namespace.into();
    }
    value
}

fn binding(kind: &str, namespace: &str, name: &str, role: (&str, &str), subject: &Value) -> Value {
    let reference = json!({"apiGroup": GROUP, "kind": role.0, "name": role.1});
    object(kind, namespace, name, json!({"roleRef": reference, "subjects": [subject]}))
}

fn user(name: &str, groups: &[&str]) -> User {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    User { name: name.to_owned(), groups, ..User::default() }
}

fn decide(state: &State, user: &User, asked: &Attributes<'_>) -> String {
    match PolicyCache::default().policy(state).decide(user, asked) {
        Ok(grant) => grant.to_string(),
        Err(reason) => reason.unwrap_or_else(|| "no".to_owned()),
    }
}

#[test]
fn rules_match_as_upstreams_do() {
    let rules = json!({"rules": [
        {"apiGroups": [""], "resources": ["pods", "pods/log", "*/status"], "verbs": ["get", "list"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["web"], "verbs": ["*"]},
        {"nonResourceURLs": ["/metrics", "/debug/*"], "verbs": ["get"]},
    ]});
    let rules = rules_of(&rules);
    let allows = |verb: &str, path: &str| {
        let mut parts = path.split(' ');
        let mut next = || parts.next().unwrap_or_default();
        let asked = if path.starts_with('/') {
            Attributes { verb, path, ..Attributes::default() }
        } else {
            let (group, resource, subresource, name) = (next(), next(), next(), next());
            Attributes { verb, resource, group, subresource, name, ..Attributes::default() }
        };
        rules.iter().any(|rule| rule.allows(&asked))
    };
    for (verb, asked, expected) in [
        ("get", " pods", true),
        ("get", " pods log", true),
        ("get", " pods exec", false),
        ("get", " nodes status", true),
        ("get", " nodes", false),
        ("delete", " pods", false),
        ("delete", "apps deployments  web", true),
        ("delete", "apps deployments  other", false),
        ("list", "apps deployments", false),
        ("get", "/metrics", true),
        ("get", "/metrics/a", false),
        ("get", "/debug/pprof", true),
        ("post", "/debug/pprof", false),
    ] {
        assert_eq!(allows(verb, asked), expected, "{verb} {asked}");
    }
}

#[test]
fn bindings_name_users_groups_and_service_accounts() {
    let account = json!({"kind": "ServiceAccount", "name": "bot"});
    let group = json!({"kind": "Group", "name": "devs", "apiGroup": GROUP});
    let state = state(vec![
        binding("RoleBinding", "a", "bots", ("ClusterRole", "view"), &account),
        binding("ClusterRoleBinding", "", "devs", ("ClusterRole", "none"), &group),
    ]);
    let list = |namespace| Attributes {
        verb: "list",
        resource: "pods",
        namespace,
        ..Attributes::default()
    };
    let bot = user("system:serviceaccount:a:bot", &["system:authenticated"]);
    assert_eq!(
        decide(&state, &bot, &list("a")),
        "RoleBinding \"bots/a\" of ClusterRole \"view\" to ServiceAccount \"bot/a\""
    );
    assert_eq!(decide(&state, &bot, &list("b")), "no");
    assert_eq!(decide(&state, &bot, &list("")), "no");
    let dev = user("dev", &["devs"]);
    assert_eq!(
        decide(&state, &dev, &list("a")),
        "RBAC: clusterrole.rbac.authorization.k8s.io \"none\" not found"
    );
    let discovery = Attributes { verb: "get", path: "/apis/x", ..Attributes::default() };
    assert!(decide(&state, &bot, &discovery).contains("system:discovery"));
}

#[test]
fn aggregating_roles_have_the_rules_of_those_they_select() {
    let labels = json!({"rbac.authorization.k8s.io/aggregate-to-view": "true"});
    let own = json!({
        "metadata": {"labels": labels},
        "rules": [{"apiGroups": ["kubeflow.org"], "resources": ["tfjobs"], "verbs": ["get"]}],
    });
    let subject = json!({"kind": "User", "name": "ann"});
    let state = state(vec![
        object("ClusterRole", "", "tfjobs-view", own),
        binding("RoleBinding", "a", "ann", ("ClusterRole", "admin"), &subject),
    ]);
    let asked = Attributes {
        verb: "get",
        group: "kubeflow.org",
        resource: "tfjobs",
        namespace: "a",
        ..Attributes::default()
    };
    // view is aggregated to edit, and edit to admin.
    assert!(decide(&state, &user("ann", &[]), &asked).starts_with("RoleBinding \"ann/a\""));
}

#[test]
fn missing_rights_are_named_once_for_each_resource() {
    let granted = rules_of(&json!({"rules": [
        {"apiGroups": ["", "apps"], "resources": ["pods"], "verbs": ["get", "list"]},
        {"apiGroups": ["apps"], "resources": ["deployments/scale"], "resourceNames": ["a"], "verbs": ["get"]},
        {"nonResourceURLs": ["/x/y"], "verbs": ["get"]},
    ]}));
    let held = rules_of(&json!({"rules": [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
        {"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["*"]},
        {"nonResourceURLs": ["/x/*"], "verbs": ["get"]},
    ]}));
    let missing = missing(&held, &granted);
    let state = state(Vec::new());
    let user = user("ann", &["devs", "system:authenticated"]);
    let held = PolicyCache::default().policy(&state).rules(&user, "");
    assert_eq!(
        describe_missing(&user, &GroupResource::new(GROUP, "roles"), &held, missing),
        "user \"ann\" (groups=[\"devs\" \"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n\
         {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\"]}\n\
         {APIGroups:[\"apps\"], Resources:[\"pods\"], Verbs:[\"get\" \"list\"]}"
    );
}

#[test]
fn a_policy_is_compiled_once_for_each_content() {
    let (state, cache) = (state(Vec::new()), PolicyCache::default());
    let first = cache.policy(&state);
    assert!(std::sync::Arc::ptr_eq(&first, &cache.policy(&state)));
}
