//! `patch` with `application/apply-patch+yaml`: server-side apply
//! (`k8s.io/apiserver/pkg/endpoints/handlers/patch.go`, `managedfields.FieldManager.Apply`).

use http::StatusCode;
use serde_json::{Value, json};

use super::super::fields::{self, Applied};
use super::super::meta;
use super::super::options::WriteOptions;
use super::super::status::{ApiError, Cause};
use super::super::store::StoreChange;
use super::body::Decoded;
use super::write::Tracking;
use super::{Call, Resolved, body, create, update, write, written};

pub(super) fn run(call: &Call<'_>) -> Result<Resolved, ApiError> {
    if call.info.name.is_empty() {
        return Err(ApiError::bad_request("name must be provided"));
    }
    let output = call.negotiate()?;
    let options = WriteOptions::parse(call.query, "PatchOptions", true)?;
    let configuration = configuration(call)?;
    let live = call.find();
    let before = match &live {
        Ok(live) => live.value(&call.served.api_version, &call.served.of.kind),
        // The status of an absent object cannot be applied.
        Err(error) if !call.info.subresource.is_empty() => return Err(error.clone()),
        Err(_) => json!({}),
    };
    let now = meta::time_text(call.now);
    let writer = write::writer(call, &now);
    let merged = match fields::apply(&before, &configuration, &writer, options.force) {
        Applied::Object(merged) => merged,
        Applied::Conflicts(conflicts) => return Err(conflict(&conflicts)),
        Applied::Unknown(fields) => return Err(undeclared(call, &configuration, &fields)),
    };
    let managed = merged["metadata"]["managedFields"].clone();
    // Duplicate keys were refused when the YAML was decoded.
    let decoded = Decoded { value: merged, duplicates: Vec::new() };
    let admitted = write::admit(call, decoded, &options)?;
    update::check_identity(call, &admitted.value)?;
    let (value, tracking) = (admitted.value, Tracking::Done(managed));
    let mut change = StoreChange::on(&call.state);
    let (new, status) = if let Ok(live) = live {
        let new = write::replace(call, &mut change, live, value, &tracking, options.dry_run)?;
        (new, StatusCode::OK)
    } else {
        check_uid(call, &value)?;
        let new = create::insert(call, &mut change, value, &tracking, options.dry_run)?;
        (new, StatusCode::CREATED)
    };
    Ok(written::decision(call, change, new, status, output, &admitted.warnings))
}

/// Decodes the applied configuration.
fn configuration(call: &Call<'_>) -> Result<Value, ApiError> {
    let value = body::yaml(call.body)
        .map_err(|why| ApiError::bad_request(format!("error decoding YAML: {why}")))?
        .value;
    if !value.is_object() {
        let why = "error decoding YAML: the applied configuration must be an object";
        return Err(ApiError::bad_request(why));
    }
    if value["metadata"]["managedFields"].as_array().is_some_and(|list| !list.is_empty()) {
        return Err(ApiError::bad_request("metadata.managedFields must be nil"));
    }
    let version = value["apiVersion"].as_str().unwrap_or_default();
    if version != &*call.served.api_version {
        return Err(ApiError::bad_request(format!(
            "Incorrect version specified in apply patch. Specified patch version: {version}, expected: {}",
            call.served.api_version
        )));
    }
    Ok(value)
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

fn undeclared(call: &Call<'_>, value: &Value, fields: &[String]) -> ApiError {
    let of = &call.served.of;
    let what = match fields {
        [one] => one.clone(),
        many => format!("errors:\n  {}", many.join("\n  ")),
    };
    let kind = value["kind"].as_str().unwrap_or(&of.kind);
    ApiError::unclassified(format!(
        "failed to create typed patch object ({}/{}; {}, Kind={kind}): {what}",
        call.namespace(),
        call.info.name,
        call.served.api_version,
    ))
}

/// 409 with a cause for each field of another manager (`NewConflictError`).
fn conflict(conflicts: &[(String, String)]) -> ApiError {
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
