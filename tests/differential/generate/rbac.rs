//! Roles and bindings, and what they allow: reviews, impersonated requests, and the checks of escalation.
//!
//! Only where the real server has RBAC among its modes.

use serde_json::{Value, json};

use crate::draw::Draw;
use crate::kinds::Kind;
use crate::step::Step;

const ROOT: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/@ns@";
const REVIEWS: &str = "/apis/authorization.k8s.io/v1";
const GROUP: &str = "rbac.authorization.k8s.io";

const USERS: &[&str] = &["ann", "bob", "system:serviceaccount:@ns@:bot", "system:anonymous", "a b"];
const GROUPS: &[&str] = &["devs", "system:serviceaccounts:@ns@", "system:authenticated", "ops"];
const VERBS: &[&str] = &[
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "*",
    "deletecollection",
    "bind",
    "escalate",
    "impersonate",
    "Get",
];
const RESOURCES: &[&str] = &[
    "pods",
    "pods/log",
    "pods/*",
    "configmaps",
    "secrets",
    "deployments",
    "deployments/scale",
    "*",
    "*/scale",
    "roles",
    "rolebindings",
    "widgets",
    "serviceaccounts",
    "users",
];
const API_GROUPS: &[&str] = &["", "", "apps", "*", GROUP, "differential.example"];
const NAMES: &[&str] = &["one", "two", ""];

/// Roles that every cluster has, but for the aggregated ones: a controller fills these, which the real server lacks.
const CLUSTER_ROLES: &[&str] = &[
    "system:aggregate-to-view",
    "system:aggregate-to-edit",
    "cluster-admin",
    "system:discovery",
    "missing",
];

pub(super) fn steps(draw: &mut Draw, _: &Kind) -> Vec<Step> {
    let mut steps = Vec::new();
    for name in ["first", "second"].iter().take(1 + draw.below(2)) {
        steps.push(Step::new("POST", format!("{ROOT}/roles")).body(role(draw, name)));
        steps.push(Step::new("POST", format!("{ROOT}/rolebindings")).body(binding(draw, name)));
    }
    steps.extend(draw.some(2, 6, |draw| match draw.below(10) {
        0..=2 => subject_review(draw),
        3 => local_review(draw),
        4 => own_review(draw),
        5 => rules_review(draw),
        6 => escalation(draw),
        _ => request(draw),
    }));
    steps
}

fn rule(draw: &mut Draw) -> Value {
    let mut texts = |of: &[&'static str], most: usize| draw.some(1, most, |draw| draw.one(of));
    let (groups, resources, verbs) = (texts(API_GROUPS, 2), texts(RESOURCES, 3), texts(VERBS, 3));
    let mut rule = json!({"apiGroups": groups, "resources": resources, "verbs": verbs});
    if draw.chance(25) {
        rule["resourceNames"] = json!([draw.one(&["one", "two"])]);
    }
    if draw.chance(3) {
        drop(rule.as_object_mut().map(|rule| rule.remove("verbs")));
    }
    rule
}

fn role(draw: &mut Draw, name: &str) -> Value {
    let rules = draw.some(0, 3, rule);
    let rules = if rules.is_empty() { Value::Null } else { rules.into() };
    json!({"metadata": {"name": name}, "rules": rules})
}

fn subject(draw: &mut Draw) -> Value {
    match draw.below(3) {
        0 => json!({"kind": "User", "apiGroup": GROUP, "name": draw.one(USERS)}),
        1 => json!({"kind": "Group", "apiGroup": GROUP, "name": draw.one(GROUPS)}),
        _ => json!({"kind": "ServiceAccount", "name": "bot", "namespace": "@ns@"}),
    }
}

fn binding(draw: &mut Draw, name: &str) -> Value {
    let role = if draw.chance(65) {
        json!({"apiGroup": GROUP, "kind": "Role", "name": draw.one(&["first", "second"])})
    } else {
        json!({"apiGroup": GROUP, "kind": "ClusterRole", "name": draw.one(CLUSTER_ROLES)})
    };
    json!({"metadata": {"name": name}, "roleRef": role, "subjects": draw.some(1, 3, subject)})
}

fn attributes(draw: &mut Draw) -> Value {
    if draw.chance(10) {
        let path = draw.one(&["/healthz", "/version", "/metrics", "/x", "/api/*"]);
        return json!({"nonResourceAttributes": {"path": path, "verb": draw.one(&["get", "*", "post"])}});
    }
    let mut asked = json!({
        "group": draw.one(API_GROUPS), "verb": draw.one(VERBS), "name": draw.one(NAMES),
        "namespace": draw.one(&["@ns@", "@ns@", "@ns@", "default", ""]),
    });
    let resource = draw.one(RESOURCES);
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    (asked["resource"], asked["subresource"]) = (resource.into(), subresource.into());
    json!({"resourceAttributes": asked})
}

fn review_of(draw: &mut Draw) -> Value {
    let mut spec = attributes(draw);
    if draw.chance(90) {
        spec["user"] = draw.one(USERS).into();
    }
    if draw.chance(50) {
        spec["groups"] = json!(draw.some(1, 2, |draw| draw.one(GROUPS)));
    }
    json!({"spec": spec})
}

fn subject_review(draw: &mut Draw) -> Step {
    Step::new("POST", format!("{REVIEWS}/subjectaccessreviews")).body(review_of(draw))
}

fn local_review(draw: &mut Draw) -> Step {
    let path = format!("{REVIEWS}/namespaces/@ns@/localsubjectaccessreviews");
    let mut review = review_of(draw);
    review["metadata"] = json!({"namespace": "@ns@"});
    Step::new("POST", path).body(review)
}

fn own_review(draw: &mut Draw) -> Step {
    let path = format!("{REVIEWS}/selfsubjectaccessreviews");
    let step = Step::new("POST", path).body(json!({"spec": attributes(draw)}));
    impersonated(draw, step)
}

fn rules_review(draw: &mut Draw) -> Step {
    let path = format!("{REVIEWS}/selfsubjectrulesreviews");
    let step = Step::new("POST", path).body(json!({"spec": {"namespace": "@ns@"}}));
    impersonated(draw, step)
}

fn impersonated(draw: &mut Draw, mut step: Step) -> Step {
    step = step.header("Impersonate-User", draw.one(USERS));
    for _ in 0..draw.below(3) {
        step = step.header("Impersonate-Group", draw.one(GROUPS));
    }
    if draw.chance(5) {
        step = step.header("Impersonate-Extra-Scopes", "view");
    }
    step
}

/// A role or a binding that is made by somebody who may not have its rights.
fn escalation(draw: &mut Draw) -> Step {
    let (plural, body) = if draw.chance(50) {
        ("roles", role(draw, "third"))
    } else {
        ("rolebindings", binding(draw, "third"))
    };
    impersonated(draw, Step::new("POST", format!("{ROOT}/{plural}")).body(body))
}

fn request(draw: &mut Draw) -> Step {
    let paths = [
        "/api/v1/namespaces/@ns@/pods",
        "/api/v1/namespaces/@ns@/pods/one",
        "/api/v1/namespaces/@ns@/configmaps",
        "/api/v1/namespaces/@ns@/configmaps/one",
        "/apis/apps/v1/namespaces/@ns@/deployments",
        "/apis/apps/v1/namespaces/@ns@/deployments/one/scale",
        "/apis/differential.example/v1/namespaces/@ns@/widgets",
        "/api/v1/nodes",
        "/healthz",
        "/metrics/x",
    ];
    let path = draw.one(&paths);
    let of_object = path.ends_with("/one") || path.ends_with("/scale");
    let step = match draw.below(4) {
        0 if path.ends_with("configmaps") => {
            Step::new("POST", path).body(json!({"metadata": {"name": "one"}}))
        }
        1 if of_object => Step::new("DELETE", path),
        2 if of_object => Step::new("PATCH", path)
            .header("content-type", "application/merge-patch+json")
            .body(r#"{"metadata":{"annotations":{"p":"q"}}}"#),
        _ => Step::get(path),
    };
    impersonated(draw, step)
}
