//! The body of a request that sends an object of another built-in type than that of its path, such as an eviction of a
//! pod: decoded, defaulted, and with the warnings about it (`createHandler` in
//! `k8s.io/apiserver/pkg/endpoints/handlers/create.go`).

use serde_json::Value;

use super::super::core::decode::{self as typed, From};
use super::super::core::{self, types};
use super::super::decode;
use super::super::options::{FieldValidation, WriteOptions};
use super::super::resource::split_api_version;
use super::super::status::ApiError;
use super::{Call, body};

/// The object of a body of a kind in an `apiVersion`, with its defaults, and the warnings about it.
///
/// # Errors
/// 415 for an unsupported media type, 400 for a body of another kind, for values of the wrong type, and for unknown or
/// duplicate fields when the client requests `fieldValidation=Strict`.
pub(super) fn read(
    call: &Call<'_>,
    kind: &str,
    api_version: &str,
    options: &WriteOptions,
) -> Result<(Value, Vec<String>), ApiError> {
    let mut decoded = body::of_kind(call, kind, api_version)?;
    let (group, version) = split_api_version(api_version);
    let cannot = |why: &str| {
        let version = super::super::golang::quote(version);
        let why = format!("{kind} in version {version} cannot be handled as a {kind}: {why}");
        ApiError::bad_request(why)
    };
    if let Some(why) = decoded.invalid {
        return Err(cannot(&why));
    }
    let mut strict = decoded.strict;
    // A version that is only accepted has the fields of the published one.
    if let Some(go) = types::of_kind(group, "v1", kind) {
        let unknown = typed::decode(&mut decoded.value, go, From::Json)
            .map_err(|problems| cannot(&problems.first(Some(call.body))))?;
        core::apply_defaults(&mut decoded.value, go);
        strict.extend(typed::unknown_fields(&unknown));
    }
    decode::in_text_order(&mut strict, call.body);
    let warnings = match options.validation {
        FieldValidation::Strict if !strict.is_empty() => {
            return Err(cannot(&format!("strict decoding error: {}", strict.join(", "))));
        }
        FieldValidation::Warn => decode::warnings(strict),
        _ => Vec::new(),
    };
    Ok((decoded.value, warnings))
}
