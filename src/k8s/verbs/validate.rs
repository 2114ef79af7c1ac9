//! Validation of objects before they are stored: the rules of every object, and those of its type
//! (`k8s.io/apiserver/pkg/registry/rest/{create,update}.go`,
//! `k8s.io/apiextensions-apiserver/pkg/registry/customresource/validator.go`).

use serde_json::Value;

use super::super::conversion;
use super::super::golang::{plain, quote, type_name};
use super::super::meta::{self, NameRule};
use super::super::resource::split_api_version;
use super::super::schema;
use super::super::status::{ApiError, FieldError};
use super::super::store::Object;
use super::built_in::{self, built_in_rules};
use super::{Call, definition};

/// 422 for an object, with the Kind and group that it says it has.
fn invalid(call: &Call<'_>, value: &Value, errors: &[FieldError]) -> ApiError {
    let text = |field: &str| value[field].as_str().unwrap_or_default();
    let (mut group, _) = split_api_version(text("apiVersion"));
    let of = &call.served.of;
    if of.stored_as != of.group_resource {
        // Upstream names the group of its internal type.
        group = &of.stored_as.group;
    }
    ApiError::invalid(text("kind"), group, meta::text(value, "name"), errors)
}

/// The violations of `kind` and `apiVersion` of a custom resource (`ValidateTypeMeta`).
fn type_errors(call: &Call<'_>, value: &Value) -> Vec<FieldError> {
    let wanted = [("kind", &*call.served.of.kind), ("apiVersion", &*call.served.api_version)];
    let mut errors = Vec::new();
    for (field, wanted) in wanted {
        let found = value[field].as_str().unwrap_or_default();
        if found != wanted {
            errors.push(FieldError::invalid(field, quote(found), &format!("must be {wanted}")));
        }
    }
    errors
}

/// The violations of a new custom resource (`customResourceStrategy.Validate`), or of a new definition.
fn content_errors(call: &Call<'_>, value: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let version = call.served.version();
    if let Some(schema) = &version.schema {
        errors.extend(schema::validate(schema, value, ""));
    }
    errors.extend(scale_errors(call, value));
    if let Some(schema) = &version.schema {
        errors.extend(schema::embedded::validate(schema, value));
        errors.extend(schema::validate_lists(schema, value));
        errors.extend(schema::validate_rules(schema, value, None, &errors).errors);
    }
    if definition::is_definition(&call.served.of) {
        errors.extend(definition::validate(value, None));
    }
    errors
}

/// The violations of a changed custom resource (`customResourceStrategy.ValidateUpdate`), or of a changed definition.
/// What has not changed need not fit.
fn changed_errors(call: &Call<'_>, before: &Value, new: &Value) -> Vec<FieldError> {
    let of_status = call.info.subresource == "status";
    if definition::is_definition(&call.served.of) {
        return if of_status { Vec::new() } else { definition::validate(new, Some(before)) };
    }
    let mut errors = Vec::new();
    let version = call.served.version();
    let Some(schema) = version.schema.as_deref() else { return scale_errors(call, new) };
    let whole = schema::Correlation::new(schema, new, before);
    if of_status {
        // The status alone is validated, at its field.
        if let (Some(of), Some(status)) = (schema.properties.get("status"), new.get("status")) {
            let correlation = whole.field("status");
            errors.extend(schema::validate_update(of, status, correlation.as_ref(), "status"));
        }
    } else {
        errors.extend(schema::validate_update(schema, new, Some(&whole), ""));
    }
    errors.extend(scale_errors(call, new));
    if !of_status {
        errors.extend(schema::embedded::validate(schema, new));
    }
    let lists = schema::validate_lists(schema, new);
    if !lists.is_empty() && schema::validate_lists(schema, before).is_empty() {
        errors.extend(lists);
    }
    errors.extend(schema::validate_rules(schema, new, Some(before), &errors).errors);
    errors
}

/// The violations of the fields that a scale subresource reads.
fn scale_errors(call: &Call<'_>, value: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let scale = call.served.version().scale.as_ref().filter(|_| !call.served.of.is_built_in());
    let Some(scale) = scale else { return errors };
    if call.info.subresource != "status" {
        check_replicas(value, &scale.spec_replicas, &mut errors);
    }
    check_replicas(value, &scale.status_replicas, &mut errors);
    if let Some(path) = &scale.label_selector
        && let Some(found) = nested(value, path).filter(|found| !found.is_string())
    {
        let field = format!(".{}", path.join("."));
        let (shown, kind) = (plain(found), type_name(found));
        let why = format!("{field} accessor error: {shown} is of the type {kind}, expected string");
        errors.push(FieldError::invalid(field, quote(""), &why));
    }
    errors
}

/// The value at a path, if all of the path is there.
fn nested<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, step| value.as_object()?.get(step))
}

/// The rules of a number of replicas (`ValidateScaleSpec`, `ValidateScaleStatus`).
fn check_replicas(value: &Value, path: &[String], errors: &mut Vec<FieldError>) {
    let field = format!(".{}", path.join("."));
    let mut at = value;
    for step in path {
        match at.as_object().map(|map| map.get(step)) {
            Some(Some(found)) => at = found,
            // An absent number is 0.
            Some(None) => return,
            None => break,
        }
    }
    let Some(count) = at.as_i64() else {
        let (shown, kind) = (plain(at), type_name(at));
        let why = format!("{field} accessor error: {shown} is of the type {kind}, expected int64");
        errors.push(FieldError::invalid(field, 0, &why));
        return;
    };
    if count < 0 {
        errors.push(FieldError::invalid(field, count, "should be a non-negative integer"));
    } else if count > i64::from(i32::MAX) {
        let why = format!("should be less than or equal to {}", i32::MAX);
        errors.push(FieldError::invalid(field, count, &why));
    }
}

/// Validates a new object before it is stored (`rest.BeforeCreate`): the rules of its type, then those of
/// every object.
pub(super) fn validate_new(call: &Call<'_>, value: &Value) -> Result<(), ApiError> {
    let mut errors = type_errors(call, value);
    if errors.is_empty() {
        let rules = built_in_rules(call);
        errors = meta::validate(value, rules.map_or(NameRule::Subdomain, |rules| rules.name));
        match rules {
            Some(rules) => {
                errors.extend(meta::check_finalizer_names(value));
                let checked = conversion::checked(&call.served, value);
                errors.extend(rules.check_created(checked.as_ref().unwrap_or(value)));
            }
            None => errors.extend(content_errors(call, value)),
        }
    }
    if errors.is_empty() {
        errors = meta::validate(value, NameRule::PathSegment);
    }
    if errors.is_empty() { Ok(()) } else { Err(invalid(call, value, &errors)) }
}

/// Whether the validation of an update of a built-in type checks the metadata as that of a new object, besides what
/// every update checks: it calls the validation of new objects, before or after the rest
/// (`Validate*Update` in `k8s.io/kubernetes/pkg/apis/{core,rbac}/validation`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum MetadataAgain {
    Never,
    First,
    Last,
}

impl MetadataAgain {
    fn of(call: &Call<'_>) -> Self {
        let of = &call.served.of;
        match (of.group(), of.plural()) {
            _ if !call.info.subresource.is_empty() => Self::Never,
            ("rbac.authorization.k8s.io", _) => Self::First,
            ("", "configmaps" | "secrets" | "pods" | "services") => Self::Last,
            _ => Self::Never,
        }
    }
}

/// Validates a changed object before it is stored (`rest.BeforeUpdate`): the rules of every object, then
/// those of its type, which begin with the rules of every update.
pub(super) fn validate_changed(
    call: &Call<'_>,
    before: &Value,
    new: &Value,
) -> Result<(), ApiError> {
    if new["apiVersion"].as_str().is_none_or(str::is_empty) {
        let why = "Object 'apiVersion' is missing in 'object has no apiVersion field'";
        return Err(ApiError::internal(why));
    }
    let mut errors = meta::validate(new, NameRule::PathSegment);
    let update = meta::validate_update(new, before);
    errors.extend(update.iter().cloned());
    let types = type_errors(call, new);
    if types.is_empty() {
        let rules = built_in_rules(call);
        let own = |of_rule: Option<NameRule>| {
            let mut errors = of_rule.map_or_else(Vec::new, |rule| meta::validate(new, rule));
            errors.extend(meta::check_finalizer_names(new));
            errors
        };
        let again = rules.map_or(MetadataAgain::Never, |_| MetadataAgain::of(call));
        let rule = rules.map_or(NameRule::Subdomain, |rules| rules.name);
        if again == MetadataAgain::First {
            errors.extend(own(Some(rule)));
        }
        errors.extend(update);
        if rules.is_some() {
            errors.extend(own(None));
        }
        if again == MetadataAgain::Last {
            errors.extend(own(Some(rule)));
        }
        match rules {
            Some(rules) => {
                let of = |value| conversion::checked(&call.served, value);
                let (new_checked, old_checked) = (of(new), of(before));
                let new = new_checked.as_ref().unwrap_or(new);
                let before = old_checked.as_ref().unwrap_or(before);
                errors.extend(rules.check_subresource(&call.info.subresource, new, before));
            }
            None => errors.extend(changed_errors(call, before, new)),
        }
    } else {
        errors.extend(types);
    }
    if errors.is_empty() { Ok(()) } else { Err(invalid(call, new, &errors)) }
}

/// The warnings about a new or changed object: about formats of a definition, and about the finalizers that an object
/// has and its previous version had not (`validateKubeFinalizerName`), and about rules that it violated before.
pub(super) fn warnings(call: &Call<'_>, new: &Value, old: Option<&Object>) -> Vec<String> {
    let of = &call.served.of;
    if definition::is_definition(of) {
        let old = old.map(|old| old.value(&call.served.api_version, &of.kind));
        return definition::warnings(new, old.as_ref());
    }
    if of.is_built_in() {
        return built_in::warnings(call, new, old.is_none());
    }
    let mut added = meta::finalizers(new);
    let before = old.map(|old| old.value(&call.served.api_version, &call.served.of.kind));
    let unchanged = unchanged_violations(call, new, before.as_ref());
    if added.is_empty() {
        return unchanged;
    }
    let had = before.as_ref().map(meta::finalizers).unwrap_or_default();
    added.retain(|name| !had.contains(name));
    added.sort_unstable();
    added.dedup();
    let unqualified = added.into_iter().filter(|name| {
        !name.contains('/') && !matches!(*name, "orphan" | "foregroundDeletion" | "kubernetes")
    });
    let warning = |name: &str| {
        let path = if name.contains('.') { " including a path (/)" } else { "" };
        format!(
            "metadata.finalizers: {}: prefer a domain-qualified finalizer name{path} to avoid accidental conflicts \
             with other finalizer writers",
            quote(name)
        )
    };
    unqualified.map(warning).chain(unchanged).collect()
}

/// What violates a rule, as it did before: a warning (`shouldRatchetError`).
fn unchanged_violations(call: &Call<'_>, new: &Value, old: Option<&Value>) -> Vec<String> {
    let (Some(schema), Some(old)) = (&call.served.version().schema, old) else { return Vec::new() };
    let found = schema::validate_rules(schema, new, Some(old), &[]);
    found.warnings.iter().map(ToString::to_string).collect()
}
