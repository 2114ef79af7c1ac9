//! `patch`: JSON Patch (RFC 6902), JSON Merge Patch (RFC 7396), and for built-in types strategic merge patch,
//! applied to the current version (`k8s.io/apiserver/pkg/endpoints/handlers/patch.go`).

use std::sync::Arc;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::super::conversion;
use super::super::core::merge;
use super::super::decode::{self, Decoded};
use super::super::golang::{self, GoType, STRING, Struct, json_kind};
use super::super::json_patch::{self, Refused};
use super::super::limits::MAX_PATCH_OPERATIONS;
use super::super::options::{FieldValidation, WriteOptions};
use super::super::output::Output;
use super::super::status::ApiError;
use super::super::store::{Object, StoreChange};
use super::super::strategic;
use super::admission::Admission;
use super::admit::{self, Admitted, Patched};
use super::write::Tracking;
use super::{Call, Resolved, patch_text, validate, write, written};

/// The media types of patches of custom resources.
const PATCH_TYPES: &str =
    "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
/// The media types of patches of built-in types.
const BUILT_IN_PATCH_TYPES: &str = "application/json-patch+json, application/merge-patch+json, \
     application/strategic-merge-patch+json, application/apply-patch+yaml";

const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";

/// The errors that are a bad request, and those that cannot be processed (`interpretStrategicMergePatchError`).
/// Others have no class.
const BAD_REQUESTS: [&str; 5] = [
    "invalid JSON document",
    "invalid patch format of primitive list",
    "invalid patch format of retainKeys",
    "invalid patch format of setElementOrder list",
    "strategic merge patch format is not supported",
];

/// One operation of a JSON Patch, as strict decoding knows it.
static OPERATION_FIELDS: Struct = Struct {
    package: "handlers",
    name: "jsonPatchOp",
    fields: &[("op", STRING), ("path", STRING), ("from", STRING), ("value", GoType::Any)],
};

static OPERATION: GoType = GoType::Struct(&OPERATION_FIELDS);

/// A decoded patch.
#[derive(Debug)]
pub(super) enum Patch {
    /// With what its operations touch.
    Json(json_patch::Patch, Value),
    /// With what it touches.
    Merge(Value, Value),
    Strategic(Value),
}

pub(super) fn run(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let media =
        call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default();
    if media == "application/apply-patch+yaml" {
        return super::apply::run(call);
    }
    let built_in = call.served.of.is_built_in();
    let known = matches!(media, "application/json-patch+json" | MERGE);
    if !(known || built_in && media == STRATEGIC) {
        return Err(ApiError::unsupported_media_type(types(call)));
    }
    if call.info.name.is_empty() {
        return Err(ApiError::bad_request("name must be provided"));
    }
    let output = call.negotiate()?;
    let options = WriteOptions::parse(call.query, "PatchOptions", false)?;
    let old = call.find()?;
    let before = conversion::value(&call.served, call.conversions, old);
    let (patch, strict) = decode(call.body, media, options.validation)?;
    let (patched, patch) = apply(call, before, patch)?;
    let Admitted { value, warnings } =
        admit::admit_patched(call, patched, &patch, strict, &options)?;
    let before = warnings.clone();
    store(call, old, value, warnings, output, &options)
        .map_err(|error| error.after_warnings(before))
}

/// Stores a patched object.
fn store(
    call: &Call<'_>,
    old: &Arc<Object>,
    mut value: Value,
    mut warnings: Vec<String>,
    output: Output,
    options: &WriteOptions,
) -> Result<Resolved, ApiError> {
    admit::check_namespace(call, &value)?;
    admit::check_name(call, &value)?;
    if value["apiVersion"].as_str().is_none_or(str::is_empty) {
        let why = "Object 'apiVersion' is missing in 'object has no apiVersion field'";
        return Err(ApiError::internal(why));
    }
    warnings.extend(admit::deduplicate_owners(&mut value, true));
    let mut change = StoreChange::on(&call.state);
    let own = validate::warnings(call, &value, Some(&**old));
    let admission = Admission::of_write(call, options);
    let new = write::replace(call, &mut change, old, value, &Tracking::Update, &admission)
        .map_err(|error| error.after_warnings(warnings.clone()))?;
    warnings.extend(own);
    Ok(written::decision(call, change, new, StatusCode::OK, output, &warnings))
}

/// The media types of patches of the call's type.
pub(super) fn types(call: &Call<'_>) -> &'static str {
    if call.served.of.is_built_in() { BUILT_IN_PATCH_TYPES } else { PATCH_TYPES }
}

/// Whether a patch of a built-in type has a media type that its route takes (go-restful's `matchesContentType`).
pub(super) fn is_consumed(call: &Call<'_>) -> bool {
    let text = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let text = text.filter(|text| !text.is_empty()).unwrap_or("application/octet-stream");
    let known = |media: &str| BUILT_IN_PATCH_TYPES.split(", ").any(|own| own == media);
    text.split(',')
        .map(|part| part.split(';').next().unwrap_or_default().trim_matches(' '))
        .any(known)
}

/// Decodes a patch, with the errors of strict decoding.
pub(super) fn decode(
    text: &[u8],
    media: &str,
    validation: FieldValidation,
) -> Result<(Patch, Vec<String>), ApiError> {
    let failed = |why: String| {
        // A strategic patch is read elsewhere, without these words.
        let context = if media == STRATEGIC { "" } else { "error decoding patch: " };
        ApiError::bad_request(format!("{context}{why}"))
    };
    // Without validation the text is read by the library of merge patches alone.
    let unread = media == MERGE && validation == FieldValidation::Ignore;
    let Decoded { value, strict, invalid } = decode::patch(text).map_err(|why| {
        if unread { ApiError::bad_request("Invalid JSON Patch") } else { failed(why) }
    })?;
    let mut invalid = invalid.map(failed);
    if matches!(media, MERGE | STRATEGIC)
        && let Some(error) = invalid.take()
    {
        return Err(error);
    }
    if matches!(media, MERGE | STRATEGIC) {
        return match value {
            Value::Object(_) if media == STRATEGIC => Ok((Patch::Strategic(value), strict)),
            Value::Object(_) => {
                let touched = patch_text::of_merge(&golang::readable(text));
                Ok((Patch::Merge(value, touched), strict))
            }
            // Nothing is changed.
            Value::Null if media == STRATEGIC => {
                Ok((Patch::Strategic(Value::Object(Map::new())), strict))
            }
            Value::Null => Err(ApiError::bad_request("Invalid JSON Patch")),
            _ if validation == FieldValidation::Ignore && !value.is_array() => {
                Err(ApiError::bad_request("Invalid JSON Patch"))
            }
            other => Err(failed(format!(
                "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                json_kind(&other)
            ))),
        };
    }
    let mut strict: Vec<String> = strict.iter().map(|why| format!("json patch {why}")).collect();
    if validation != FieldValidation::Ignore {
        let unknown = golang::decode_list(&mut value.clone(), &OPERATION);
        let unknown = unknown.map_err(failed)?;
        strict.extend(
            unknown.iter().map(|path| format!("json patch unknown field {}", golang::quote(path))),
        );
    }
    if let Some(error) = invalid {
        return Err(error);
    }
    let touched = patch_text::of_operations(&golang::readable(text));
    Ok((Patch::Json(operations(value)?, touched), strict))
}

/// The operations of a JSON Patch.
///
/// # Errors
/// 400 for a patch that is not a list of operations, 413 for too many operations.
pub(super) fn operations(value: Value) -> Result<json_patch::Patch, ApiError> {
    json_patch::Patch::decode(value).map_err(|refused| match refused {
        Refused::Malformed(why) => ApiError::bad_request(why),
        Refused::TooMany(count) => {
            let mut error = ApiError::too_large(MAX_PATCH_OPERATIONS);
            error.message = format!(
                "The allowed maximum operations in a JSON patch is {MAX_PATCH_OPERATIONS}, got {count}"
            );
            error
        }
        Refused::NotApplicable => ApiError::unprocessable(),
    })
}

/// Applies a patch to an object.
///
/// # Errors
/// 400, 422 or 500 for a patch that cannot be applied.
pub(super) fn apply(
    call: &Call<'_>,
    mut value: Value,
    patch: Patch,
) -> Result<(Value, Patched), ApiError> {
    let patched = match patch {
        Patch::Json(patch, touched) => {
            patch.apply(&mut value).map_err(|_| ApiError::unprocessable())?;
            Patched::Json(touched)
        }
        Patch::Merge(patch, touched) => {
            json_patch::merge(&mut value, patch);
            Patched::Json(touched)
        }
        Patch::Strategic(mut patch) => {
            let of = merge::go_struct(&call.served);
            let merged = strategic::apply(&value, &patch, of).map_err(|why| {
                if BAD_REQUESTS.contains(&&*why) {
                    ApiError::bad_request(why)
                } else if why == strategic::NO_LIST_OF_LISTS {
                    ApiError::unprocessable()
                } else {
                    ApiError::unclassified(why)
                }
            })?;
            discard_unmatched_nulls(&value, &mut patch);
            value = merged;
            Patched::Strategic(patch)
        }
    };
    Ok((value, patched))
}

/// Takes the nulls out of what a patch adds: its objects where the original has none (`discardNullValuesFromPatch`).
/// Errors show the patch without them.
fn discard_unmatched_nulls(original: &Value, patch: &mut Value) {
    let (Value::Object(original), Value::Object(patch)) = (original, patch) else { return };
    for (name, value) in patch.iter_mut().filter(|(_, value)| !value.is_null()) {
        match (original.get(name), &*value) {
            (Some(old @ Value::Object(_)), Value::Object(_)) => {
                discard_unmatched_nulls(old, value);
            }
            (Some(Value::Array(_)), Value::Array(_)) => {}
            _ => discard_nulls(value),
        }
    }
}

fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(discard_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}
