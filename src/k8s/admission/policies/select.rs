//! What a request is to a policy or a binding, and what expressions see of it (`policy/matching/matching.go`,
//! `cel/activation.go`).

use std::sync::LazyLock;

use serde_json::Value;

use super::super::super::audit::AuditNotes;
use super::super::super::resource::GroupResource;
use super::super::super::schema::admission::Authority;
use super::super::super::status::ApiError;
use super::super::super::store::State;
use super::super::attributes::{Attributes, Versioned};
use super::super::forms::Forms;
use super::super::matching::Match;
use super::cache::PolicyCache;
use super::compiled::Constraints;

/// What policies need besides the request.
#[derive(Clone, Copy)]
pub(in super::super::super) struct Caller<'a> {
    /// The state of the request.
    pub(in super::super::super) state: &'a State,
    /// The compiled policies.
    pub(in super::super::super) cache: &'a PolicyCache,
    /// The forms of the objects.
    pub(in super::super::super) forms: &'a dyn Forms,
    /// Whom expressions ask about actions.
    pub(in super::super::super) authority: &'a dyn Authority,
    /// The request as expressions see it.
    pub(in super::super::super) shown: &'a dyn Fn(&Match<'_>) -> Value,
    /// Takes warnings.
    pub(in super::super::super) warn: &'a dyn Fn(&str),
    /// What is noted for the audit, where the request is audited.
    pub(in super::super::super) notes: Option<&'a AuditNotes>,
}

static NAMESPACES: LazyLock<GroupResource> = LazyLock::new(|| GroupResource::new("", "namespaces"));

/// What a request is to constraints (`Matcher.Matches` in `policy/matching/matching.go`).
pub(super) fn matches<'r>(
    constraints: &Constraints,
    caller: &Caller<'r>,
    request: &Attributes<'r>,
) -> Result<Option<Match<'r>>, String> {
    let in_namespace = constraints.selectors.select_namespace(request, &caller.state.snapshot);
    let of_object = constraints.selectors.select_object(request);
    if matches!(in_namespace, Ok(false)) || matches!(of_object, Ok(false)) {
        return Ok(None);
    }
    let types = &caller.state.types;
    if constraints.excluded.find(request, types).is_some() {
        return Ok(None);
    }
    let found = if constraints.rules.is_empty() {
        Some(Match { resource: request.resource, kind: request.kind })
    } else {
        constraints.rules.find(request, types)
    };
    if found.is_some() {
        in_namespace.map_err(|error| error.message)?;
        of_object.map_err(|error| error.message)?;
    }
    Ok(found)
}

/// The objects of a request in the version that a policy is for.
pub(super) fn converted(
    caller: &Caller<'_>,
    request: &Attributes<'_>,
    found: &Match<'_>,
) -> Result<(Value, Value), String> {
    let shown = |value: Option<&Value>| match value {
        Some(value) if found.resource != request.resource => {
            caller.forms.in_version(value, found.resource)
        }
        value => Ok(value.cloned().unwrap_or_default()),
    };
    Ok((shown(request.object)?, shown(request.old_object)?))
}

/// The namespace of a request as expressions see it (`CreateNamespaceObject`); null for cluster-scoped objects.
pub(super) fn namespace(caller: &Caller<'_>, request: &Attributes<'_>) -> Result<Value, ApiError> {
    let is_namespace = request.kind == Versioned { group: "", version: "v1", name: "Namespace" };
    if request.namespace.is_empty() || is_namespace {
        return Ok(Value::Null);
    }
    let found = caller.state.snapshot.get(&NAMESPACES, request.namespace);
    let found = found.ok_or_else(|| ApiError::not_found(&NAMESPACES, request.namespace))?;
    let mut value = found.value("v1", "Namespace");
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|name, _| matches!(name.as_str(), "metadata" | "spec" | "status"));
    }
    if let Some(metadata) = value["metadata"].as_object_mut() {
        metadata.remove("managedFields");
        metadata.remove("ownerReferences");
    }
    Ok(value)
}
