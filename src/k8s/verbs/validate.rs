//! Validation of objects before they are stored: the rules of every object, and those of its type
//! (`k8s.io/apiserver/pkg/registry/rest/{create,update}.go`,
//! `k8s.io/apiextensions-apiserver/pkg/registry/customresource/validator.go`).

use serde_json::Value;

use super::super::conversion;
use super::super::core::rules::{MetadataRules, Rules, Step};
use super::super::golang::{plain, quote, type_name};
use super::super::meta::{self, NameRule};
use super::super::resource::split_api_version;
use super::super::schema;
use super::super::status::{ApiError, FieldError};
use super::super::store::Object;
use super::built_in::{self, built_in_rules};
use super::{Call, definition};

/// 422 for an object, with the Kind and group that it says it has.
pub(super) fn invalid(call: &Call<'_>, value: &Value, errors: &[FieldError]) -> ApiError {
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
/// What has not changed need not fit: what violates a rule as it did before is a warning (`shouldRatchetError`).
fn changed_errors(
    call: &Call<'_>,
    before: &Value,
    new: &Value,
    warnings: &mut Vec<String>,
) -> Vec<FieldError> {
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
    let found = schema::validate_rules(schema, new, Some(before), &errors);
    warnings.extend(found.warnings.iter().map(ToString::to_string));
    errors.extend(found.errors);
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
    if let Some(path) = &scale.label_selector {
        let field = dotted(path);
        let why = match nested(value, path) {
            Ok(None | Some(Value::String(_))) => return errors,
            Ok(Some(found)) => not_of_type(path, found, "string"),
            Err(why) => why,
        };
        errors.push(FieldError::invalid(field, quote(""), &why));
    }
    errors
}

fn dotted(path: &[String]) -> String {
    format!(".{}", path.join("."))
}

/// The message about a value of another type at a path.
fn not_of_type(path: &[String], found: &Value, wanted: &str) -> String {
    let (field, shown, kind) = (dotted(path), plain(found), type_name(found));
    format!("{field} accessor error: {shown} is of the type {kind}, expected {wanted}")
}

/// The value at a path, if it is there (`unstructured.NestedFieldNoCopy`).
///
/// # Errors
/// Upstream's message about a value on the way that is not an object.
fn nested<'v>(value: &'v Value, path: &[String]) -> Result<Option<&'v Value>, String> {
    let mut at = value;
    for (index, step) in path.iter().enumerate() {
        let found = match at {
            Value::Null => None,
            Value::Object(map) => map.get(step),
            other => {
                return Err(not_of_type(&path[..=index], other, "map[string]interface{}"));
            }
        };
        match found {
            Some(found) => at = found,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// The rules of a number of replicas (`ValidateScaleSpec`, `ValidateScaleStatus`).
fn check_replicas(value: &Value, path: &[String], errors: &mut Vec<FieldError>) {
    let field = dotted(path);
    let found = match nested(value, path) {
        // An absent number is 0.
        Ok(None) => return,
        Ok(Some(found)) => found.as_i64().ok_or_else(|| not_of_type(path, found, "int64")),
        Err(why) => Err(why),
    };
    let count = match found {
        Ok(count) => count,
        Err(why) => {
            errors.push(FieldError::invalid(field, 0, &why));
            return;
        }
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
        let of_metadata = rules.map_or(MetadataRules::Generic, |rules| rules.metadata);
        // The rules of a definition begin with those of its metadata.
        if of_metadata != MetadataRules::None && !definition::is_definition(&call.served.of) {
            errors = meta::validate(value, rules.map_or(NameRule::Subdomain, |rules| rules.name));
        }
        match rules {
            Some(rules) => {
                if of_metadata == MetadataRules::Core {
                    errors.extend(meta::check_finalizer_names(value));
                }
                let checked = conversion::checked(&call.served, value);
                let checked = checked.as_ref().unwrap_or(value);
                let own = rules.check_created(checked);
                errors = with_own(call, errors, own, || rules.count_of_version(checked));
            }
            None => errors.extend(content_errors(call, value)),
        }
    }
    if errors.is_empty() {
        errors = meta::validate(value, NameRule::PathSegment);
    }
    if errors.is_empty() { Ok(()) } else { Err(invalid(call, value, &errors)) }
}

/// The violations of the metadata and of the rules of a new object's type, in upstream's order. Those of events have
/// their own (`ValidateEventCreate`): of the older version the rules alone, of the newer one first those that the older one has.
fn with_own(
    call: &Call<'_>,
    metadata: Vec<FieldError>,
    mut own: Vec<FieldError>,
    of_version: impl Fn() -> usize,
) -> Vec<FieldError> {
    let of = &call.served.of;
    let before = match (of.group(), of.plural()) {
        ("", "events") => return own,
        ("events.k8s.io", "events") => of_version(),
        _ => 0,
    };
    own.splice(before..before, metadata);
    own
}

/// The violations of a changed object of a built-in type: the steps of its type, or those of a subresource.
fn built_in_errors(
    call: &Call<'_>,
    rules: &Rules,
    before: &Value,
    new: &Value,
    update: &[FieldError],
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let of = |value| conversion::checked(&call.served, value);
    let (new_checked, old_checked) = (of(new), of(before));
    let checked = new_checked.as_ref().unwrap_or(new);
    let old = old_checked.as_ref().unwrap_or(before);
    let finalizers = || match rules.metadata {
        MetadataRules::Core => meta::check_finalizer_names(new),
        MetadataRules::Generic | MetadataRules::None => Vec::new(),
    };
    if !call.info.subresource.is_empty() {
        errors.extend_from_slice(update);
        errors.extend(finalizers());
        errors.extend(rules.check_subresource(&call.info.subresource, checked, old));
        return errors;
    }
    for step in rules.steps {
        match step {
            Step::Metadata => {
                errors.extend(meta::validate(new, rules.name));
                errors.extend(finalizers());
            }
            Step::MetadataChange => {
                errors.extend_from_slice(update);
                errors.extend(finalizers());
            }
            Step::Version => errors.extend(rules.check_version(checked, old)),
            Step::Change => errors.extend(rules.check_change(checked, old)),
        }
    }
    errors
}

/// Validates a changed object before it is stored (`rest.BeforeUpdate`): the rules of every object, then
/// those of its type, which begin with the rules of every update. Returns warnings.
pub(super) fn validate_changed(
    call: &Call<'_>,
    before: &Value,
    new: &Value,
) -> Result<Vec<String>, ApiError> {
    if new["apiVersion"].as_str().is_none_or(str::is_empty) {
        let why = "Object 'apiVersion' is missing in 'object has no apiVersion field'";
        return Err(ApiError::internal(why));
    }
    let mut warnings = Vec::new();
    let mut errors = meta::validate(new, NameRule::PathSegment);
    let update = meta::validate_update(new, before);
    errors.extend(update.iter().cloned());
    let types = type_errors(call, new);
    if types.is_empty() {
        if let Some(rules) = built_in_rules(call) {
            errors.extend(built_in_errors(call, rules, before, new, &update));
        } else {
            errors.extend(update);
            errors.extend(changed_errors(call, before, new, &mut warnings));
        }
    } else {
        errors.extend(types);
    }
    if errors.is_empty() { Ok(warnings) } else { Err(invalid(call, new, &errors)) }
}

/// The warnings about a new or changed object: about formats of a definition, and about the finalizers that an object
/// has and its previous version had not (`validateKubeFinalizerName`).
pub(super) fn warnings(call: &Call<'_>, new: &Value, old: Option<&Object>) -> Vec<String> {
    let of = &call.served.of;
    if definition::is_definition(of) {
        let old = old.map(|old| old.value(&call.served.api_version, &of.kind));
        return definition::warnings(new, old.as_ref());
    }
    if of.is_built_in() {
        let old = old.map(|old| conversion::value(&call.served, call.conversions, old));
        return built_in::warnings(call, new, old.as_ref());
    }
    let mut added = meta::finalizers(new);
    if added.is_empty() {
        return Vec::new();
    }
    let before = old.map(|old| conversion::value(&call.served, call.conversions, old));
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
    unqualified.map(warning).collect()
}
