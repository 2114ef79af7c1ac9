//! Roles and bindings: nobody grants rights that they do not hold (`k8s.io/kubernetes/pkg/registry/rbac`,
//! `policybased` storage of each type).

use serde_json::Value;

use super::super::auth::Attributes;
use super::super::auth::rbac::{
    GROUP, Policy, RoleRef, Rule, describe_missing, full_authority, missing, rules_of,
};
use super::super::golang::quote;
use super::super::status::ApiError;
use super::Call;

/// Checks that the sender may write a role or binding; `old` is the one that it replaces.
///
/// # Errors
/// 403 with upstream's message, 404 for a binding to a role that is not there.
pub(super) fn check(call: &Call<'_>, new: &Value, old: Option<&Value>) -> Result<(), ApiError> {
    let of = &call.served.of;
    if of.group() != GROUP || !of.is_built_in() || call.user.groups.iter().any(|one| one == MASTERS)
    {
        return Ok(());
    }
    match of.plural() {
        "roles" | "clusterroles" => role(call, new, old),
        "rolebindings" | "clusterrolebindings" => binding(call, new, old),
        _ => Ok(()),
    }
}

const MASTERS: &str = "system:masters";

fn role(call: &Call<'_>, new: &Value, old: Option<&Value>) -> Result<(), ApiError> {
    let authorizer = call.authorizer();
    let info = call.info;
    let asked = Attributes {
        verb: "escalate",
        group: &info.group,
        version: &info.version,
        resource: &info.resource,
        name: &info.name,
        namespace: &info.namespace,
        ..Attributes::default()
    };
    if authorizer.allows(call.user, &asked) || old.is_some_and(|old| is_same(new, old)) {
        return Ok(());
    }
    let policy = authorizer.policy();
    confirm(call, new, &policy, &rules_of(new))?;
    let aggregates = |role: &Value| {
        let selectors = role["aggregationRule"]["clusterRoleSelectors"].as_array();
        selectors.is_some_and(|selectors| !selectors.is_empty())
    };
    if aggregates(new) || old.is_some_and(aggregates) {
        confirm(call, new, &policy, &full_authority()).map_err(|_| {
            forbidden(call, new, "must have cluster-admin privileges to use the aggregationRule")
        })?;
    }
    Ok(())
}

fn binding(call: &Call<'_>, new: &Value, old: Option<&Value>) -> Result<(), ApiError> {
    if old.is_some_and(|old| is_same(new, old)) {
        return Ok(());
    }
    let authorizer = call.authorizer();
    let role = RoleRef::of(new);
    let resource = match &*role.kind {
        "ClusterRole" => "clusterroles",
        "Role" => "roles",
        _ => "",
    };
    let namespace = call.namespace();
    let asked = Attributes {
        verb: "bind",
        group: &role.group,
        resource,
        name: &role.name,
        namespace,
        ..Attributes::default()
    };
    if !resource.is_empty() && authorizer.allows(call.user, &asked) {
        return Ok(());
    }
    let policy = authorizer.policy();
    let Some(rules) = policy.role(&role, namespace) else {
        if resource.is_empty() {
            let kind = quote(&role.kind);
            return Err(ApiError::unclassified(format!("unsupported role reference kind: {kind}")));
        }
        // Upstream names the resource of the request, not that of the role.
        return Err(ApiError::not_found(&call.served.of.group_resource, &role.name));
    };
    confirm(call, new, &policy, rules)
}

/// Checks that the sender holds all rights of rules (`ConfirmNoEscalation`).
fn confirm(
    call: &Call<'_>,
    object: &Value,
    policy: &Policy,
    granted: &[Rule],
) -> Result<(), ApiError> {
    let held = policy.rules(call.user, call.namespace());
    let missing = missing(&held.rules, granted);
    if missing.is_empty() {
        return Ok(());
    }
    let resource = &call.served.of.group_resource;
    Err(forbidden(call, object, &describe_missing(call.user, resource, &held, missing)))
}

fn forbidden(call: &Call<'_>, object: &Value, why: &str) -> ApiError {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    ApiError::forbidden(&call.served.of.group_resource, name, why)
}

/// Whether a change is one of fields that the garbage collector sets (`IsOnlyMutatingGCFields`).
fn is_same(new: &Value, old: &Value) -> bool {
    let without = |object: &Value| {
        let mut object = object.clone();
        if let Some(metadata) = object["metadata"].as_object_mut() {
            for field in ["ownerReferences", "finalizers", "selfLink", "managedFields"] {
                metadata.remove(field);
            }
        }
        object
    };
    without(new) == without(old)
}
