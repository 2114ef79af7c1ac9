//! `patch`: JSON Patch (RFC 6902), JSON Merge Patch (RFC 7396), and for built-in types strategic merge patch,
//! applied to the current version.

use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::super::json_patch::{self, Refused};
use super::super::limits::MAX_PATCH_OPERATIONS;
use super::super::meta;
use super::super::options::WriteOptions;
use super::super::status::ApiError;
use super::super::store::StoreChange;
use super::super::strategic;
use super::body::Decoded;
use super::write::Tracking;
use super::{Call, Resolved, body, update, write, written};

/// The media types of patches of custom resources.
const PATCH_TYPES: &str =
    "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
/// The media types of patches of built-in types.
const BUILT_IN_PATCH_TYPES: &str = "application/json-patch+json, application/merge-patch+json, \
     application/strategic-merge-patch+json, application/apply-patch+yaml";

const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";

enum Patch {
    Json(json_patch::Patch),
    Merge(Value),
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
        let types = if built_in { BUILT_IN_PATCH_TYPES } else { PATCH_TYPES };
        return Err(ApiError::unsupported_media_type(types));
    }
    if call.info.name.is_empty() {
        return Err(ApiError::bad_request("name must be provided"));
    }
    let output = call.negotiate()?;
    let options = WriteOptions::parse(call.query, "PatchOptions", false)?;
    let old = call.find()?;
    let before = old.value(&call.served.api_version, &call.served.of.kind);
    let patch = decode(call.body, media)?;
    let patched = apply(before, patch, &call.served.of.kind)?;
    let decoded = Decoded { value: patched, duplicates: Vec::new() };
    let admitted = write::admit(call, decoded, &options)?;
    let mut value = admitted.value;
    update::check_identity(call, &value)?;
    // A patch without a revision is for the current one.
    if meta::text(&value, "resourceVersion").is_empty() {
        meta::set(&mut value, "resourceVersion", old.meta.revision.to_string().into());
    }
    let mut change = StoreChange::on(&call.state);
    let new = write::replace(call, &mut change, old, value, &Tracking::Update, options.dry_run)?;
    Ok(written::decision(call, change, new, StatusCode::OK, output, &admitted.warnings))
}

fn decode(text: &[u8], media: &str) -> Result<Patch, ApiError> {
    if matches!(media, MERGE | STRATEGIC) {
        let value = body::json(text)
            .map_err(|why| ApiError::bad_request(format!("error decoding patch: {why}")))?
            .value;
        if !value.is_object() {
            return Err(ApiError::bad_request(
                "error decoding patch: the patch must be a JSON object",
            ));
        }
        let strategic = media == STRATEGIC;
        return Ok(if strategic { Patch::Strategic(value) } else { Patch::Merge(value) });
    }
    json_operations(text).map(Patch::Json)
}

/// The operations of a JSON Patch.
///
/// # Errors
/// 400 for a patch that is no list of operations, 413 for too many operations.
pub(super) fn json_operations(text: &[u8]) -> Result<json_patch::Patch, ApiError> {
    let failed = |why: String| ApiError::bad_request(format!("error decoding patch: {why}"));
    let value = body::json(text).map_err(failed)?.value;
    json_patch::Patch::decode(value).map_err(|refused| match refused {
        Refused::Malformed(why) => failed(why),
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

fn apply(mut value: Value, patch: Patch, kind: &str) -> Result<Value, ApiError> {
    match patch {
        Patch::Json(patch) => {
            patch.apply(&mut value).map_err(|_| ApiError::unprocessable())?;
        }
        Patch::Merge(patch) => json_patch::merge(&mut value, patch),
        Patch::Strategic(patch) => {
            value = strategic::apply(&value, &patch, kind).map_err(ApiError::bad_request)?;
        }
    }
    if value.is_object() {
        return Ok(value);
    }
    Err(ApiError::bad_request("the patched value is not an object"))
}
