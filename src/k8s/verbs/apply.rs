//! `patch` with `application/apply-patch+yaml`: server-side apply
//! (`k8s.io/apiserver/pkg/endpoints/handlers/patch.go`, `managedfields.FieldManager.Apply`).

use http::StatusCode;
use serde_json::{Value, json};

use super::super::conversion;
use super::super::core::decode::From;
use super::super::decode::{self, Decoded};
use super::super::fields::{self, Applied};
use super::super::golang::json_kind;
use super::super::meta;
use super::super::options::{FieldValidation, WriteOptions};
use super::super::output::Output;
use super::super::resource::split_api_version;
use super::super::status::{ApiError, Cause};
use super::super::store::StoreChange;
use super::admission::Admission;
use super::write::Tracking;
use super::{Call, Resolved, admit, create, validate, write, written};

pub(super) fn run(call: &Call<'_>) -> Result<Resolved, ApiError> {
    if call.info.name.is_empty() {
        return Err(ApiError::bad_request("name must be provided"));
    }
    let output = call.negotiate()?;
    let options = WriteOptions::parse(call.query, "PatchOptions", true)?;
    let (configuration, strict) = configuration(call)?;
    let live = call.find();
    let before = match &live {
        Ok(live) => conversion::value(&call.served, call.conversions, live),
        // The status of an absent object cannot be applied.
        Err(error) if !call.info.subresource.is_empty() => return Err(error.clone()),
        Err(_) => json!({}),
    };
    let now = meta::time_text(call.now);
    let writer = write::writer(call, &now);
    let merged = match fields::apply(&before, &configuration, &writer, options.force) {
        Applied::Object(merged) => merged,
        Applied::Conflicts(conflicts) => return Err(conflict(&conflicts)),
        Applied::Malformed(problems) => return Err(malformed(call, &configuration, &problems)),
    };
    let warnings = match options.validation {
        FieldValidation::Strict if !strict.is_empty() => {
            let why = strict.join(", ");
            return Err(ApiError::bad_request(format!("error strict decoding YAML: {why}")));
        }
        FieldValidation::Warn => decode::warnings(strict),
        _ => Vec::new(),
    };
    let before = warnings.clone();
    store(call, merged, &configuration, warnings, output, &options)
        .map_err(|error| error.after_warnings(before))
}

/// Stores an object that a configuration was merged into.
fn store(
    call: &Call<'_>,
    mut value: Value,
    configuration: &Value,
    mut warnings: Vec<String>,
    output: Output,
    options: &WriteOptions,
) -> Result<Resolved, ApiError> {
    let live = call.find();
    let managed = value["metadata"]["managedFields"].clone();
    if !call.served.of.is_built_in() {
        meta::drop_malformed(&mut value);
    }
    // Unknown fields were refused above.
    admit::coerce(call, &mut value, From::Map, None)
        .map_err(|why| cannot_convert(call, configuration, why))?;
    if live.is_err() {
        check_uid(call, &value)?;
        // The revision of an object to create has to be a number, which does not count.
        write::named_revision(&value)?;
        meta::set(&mut value, "resourceVersion", Value::Null);
    }
    admit::check_namespace(call, &value)?;
    admit::check_name(call, &value)?;
    warnings.extend(admit::deduplicate_owners(&mut value, true));
    let old = live.as_ref().ok().map(|live| &***live);
    warnings.extend(validate::warnings(call, &value, old));
    let tracking = Tracking::Done(managed);
    let mut change = StoreChange::on(&call.state);
    let admission = Admission::of_write(call, options);
    let (new, status) = if let Ok(live) = live {
        let new = write::replace(call, &mut change, live, value, &tracking, &admission)?;
        (new, StatusCode::OK)
    } else {
        let (value, tracking) = create::mutated(&admission, call, &mut change, value, tracking)?;
        let new = create::insert(call, &mut change, value, &tracking, &admission)?;
        (new, StatusCode::CREATED)
    };
    Ok(written::decision(call, change, new, status, output, &warnings))
}

/// Decodes the applied configuration, with the errors of strict decoding.
fn configuration(call: &Call<'_>) -> Result<(Value, Vec<String>), ApiError> {
    configuration_of(call, &call.served.of.kind, &call.served.api_version)
}

/// Decodes an applied configuration of a type, with the errors of strict decoding.
///
/// # Errors
/// 400 for a text that is not an object of this type.
pub(super) fn configuration_of(
    call: &Call<'_>,
    kind: &str,
    api_version: &str,
) -> Result<(Value, Vec<String>), ApiError> {
    let failed = |why: String| ApiError::bad_request(format!("error decoding YAML: {why}"));
    let Decoded { mut value, strict, .. } = decode::yaml(call.body)
        .map_err(|why| failed(format!("error converting YAML to JSON: {why}")))?;
    if value.is_null() {
        value = json!({});
    }
    let Value::Object(map) = &mut value else {
        return Err(failed(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type \
             map[string]interface {{}}",
            json_kind(&value)
        )));
    };
    // A null object is an empty one.
    if map.get("metadata").is_some_and(Value::is_null) {
        map.remove("metadata");
    }
    check_type(&value, kind, api_version)?;
    // Entries that cannot be decoded are not seen; the schema refuses what is not an entry.
    let managed = value["metadata"]["managedFields"].as_array();
    if managed
        .is_some_and(|entries| entries.iter().all(|entry| entry.is_object() && is_entry(entry)))
    {
        return Err(ApiError::bad_request("metadata.managedFields must be nil"));
    }
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut)
        && metadata.get("managedFields").is_some_and(|managed| {
            let entries = managed.as_array();
            managed.is_null() || entries.is_some_and(|entries| entries.iter().all(Value::is_null))
        })
    {
        metadata.remove("managedFields");
    }
    let strict = strict.iter().map(|why| format!("error converting YAML to JSON: {why}")).collect();
    Ok((value, strict))
}

/// Whether a value is an entry of `managedFields` that can be decoded.
fn is_entry(value: &Value) -> bool {
    let mut object = serde_json::Map::new();
    object.insert("metadata".to_owned(), json!({"managedFields": [value]}));
    meta::coerce(&mut object).is_ok()
}

/// The error about a merged object that its type does not hold (`structuredMergeManager.Apply`).
fn cannot_convert(call: &Call<'_>, configuration: &Value, why: String) -> ApiError {
    if !call.served.of.is_built_in() {
        return ApiError::unclassified(why);
    }
    let name = meta::text(configuration, "name");
    let namespace = meta::text(configuration, "namespace");
    let kind = format!("{}, Kind={}", group_version(call), call.served.of.kind);
    ApiError::unclassified(format!(
        "failed to convert new object ({namespace}/{name}; {kind}) to proper version: unable to convert unstructured \
         object to {kind}: {why}"
    ))
}

/// `group/version`, also for the core group.
fn group_version(call: &Call<'_>) -> String {
    format!("{}/{}", call.served.of.group(), call.served.version().name)
}

/// Checks the kind and version of the configuration (`versionCheckManager.Apply`).
fn check_type(value: &Value, own_kind: &str, own_version: &str) -> Result<(), ApiError> {
    let text = |field: &str| value[field].as_str().unwrap_or_default();
    let (kind, api_version) = (text("kind"), text("apiVersion"));
    if kind == own_kind && api_version == own_version {
        return Ok(());
    }
    // A version that cannot be parsed leaves nothing of the kind.
    let (kind, (group, version)) = if api_version.matches('/').count() > 1 {
        ("", ("", ""))
    } else {
        (kind, split_api_version(api_version))
    };
    Err(ApiError::bad_request(format!("invalid object type: {group}/{version}, Kind={kind}")))
}

/// An apply with a uid cannot create an object.
fn check_uid(call: &Call<'_>, value: &Value) -> Result<(), ApiError> {
    let uid = meta::text(value, "uid");
    if uid.is_empty() {
        return Ok(());
    }
    let why = format!(
        "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
    );
    Err(ApiError::conflict_because(&call.served.of.group_resource, &call.info.name, &why))
}

/// 500 for a configuration that violates its schema.
fn malformed(call: &Call<'_>, value: &Value, problems: &[String]) -> ApiError {
    let kind = format!("{}, Kind={}", group_version(call), call.served.of.kind);
    malformed_as(&kind, value, problems)
}

/// As [`malformed`], of a version and kind.
pub(super) fn malformed_as(kind: &str, value: &Value, problems: &[String]) -> ApiError {
    let what = match problems {
        [one] => one.clone(),
        many => format!("errors:\n  {}", many.join("\n  ")),
    };
    // Name and namespace are those of the configuration.
    let text = |field: &str| meta::text(value, field);
    ApiError::unclassified(format!(
        "failed to create typed patch object ({}/{}; {kind}): {what}",
        text("namespace"),
        text("name"),
    ))
}

/// 409 with a cause for each field of another manager (`NewConflictError`).
pub(super) fn conflict(conflicts: &[(String, String)]) -> ApiError {
    let message = match conflicts {
        [(manager, path)] => format!("1 conflict: conflict with {manager}: {path}"),
        many => {
            let mut lines: Vec<String> = Vec::new();
            let mut last = "";
            for (manager, path) in many {
                if manager != last {
                    lines.push(format!("conflicts with {manager}:"));
                    last = manager;
                }
                lines.push(format!("- {path}"));
            }
            format!("{} conflicts: {}", many.len(), lines.join("\n"))
        }
    };
    let causes = conflicts.iter().map(|(manager, path)| Cause {
        reason: "FieldManagerConflict",
        message: format!("conflict with {manager}"),
        field: path.clone(),
    });
    ApiError::apply_conflict(format!("Apply failed with {message}"), causes.collect())
}
