//! Query parameters as Go converts them (`k8s.io/apimachinery/pkg/runtime/conversion.go`), and those that
//! belong to no verb.

use std::borrow::Cow;

use crate::message::{Query, RequestInfo};

use super::super::golang::{self, json_text, quote};
use super::super::status::{ApiError, FieldError};

/// An integer (`Convert_Slice_string_To_int64`): the first value counts, and an empty one is not a number.
pub(super) fn integer(query: &Query<'_>, name: &str) -> Result<Option<i64>, ApiError> {
    let value = query.first(name).map(golang::parse_int).transpose();
    value.map_err(ApiError::bad_request)
}

/// Whether `dryRun` was sent (`ValidateDryRun`): with another value than `All` it is an error.
pub(super) fn check_dry_run(values: &[Cow<'_, str>], errors: &mut Vec<FieldError>) -> bool {
    if values.iter().any(|value| value != "All") {
        let shown =
            json_text(&values.iter().map(|value| serde_json::Value::from(&**value)).collect());
        errors.push(FieldError::not_supported("dryRun", shown, &["All".to_owned()]));
    }
    !values.is_empty()
}

/// The subresources whose requests run long (`LongRunningFunc` in `pkg/controlplane/apiserver/config.go`).
const LONG_SUBRESOURCES: [&str; 5] = ["attach", "exec", "proxy", "log", "portforward"];

/// Whether a request has no deadline (`BasicLongRunningRequestCheck`).
fn runs_long(info: &RequestInfo<'_>) -> bool {
    let of_long = |subresource: &str| LONG_SUBRESOURCES.contains(&subresource);
    matches!(&*info.verb, "watch" | "proxy")
        || info.resource.as_ref().is_some_and(|of| of_long(&of.subresource))
}

/// Validates `?timeout=`: the deadline of a request that does not run long, a Go duration
/// (`k8s.io/apiserver/pkg/endpoints/filters/request_deadline.go`).
///
/// # Errors
/// 400 with upstream's message.
pub(in super::super) fn check_timeout(
    info: &RequestInfo<'_>,
    query: &Query<'_>,
) -> Result<(), ApiError> {
    if runs_long(info) {
        return Ok(());
    }
    let Some(text) = query.first("timeout").filter(|text| !text.is_empty()) else {
        return Ok(());
    };
    let failed = |why: String| {
        ApiError::bad_request(format!("invalid timeout specified in the request URL - {why}"))
    };
    golang::parse_duration(text).map_err(failed)?;
    Ok(())
}

/// `includeObject` of a Table (`ValidateTableOptions`): empty where it was not sent.
///
/// # Errors
/// 400 for another word than `None`, `Metadata` and `Object`.
pub(in super::super) fn include_object<'q>(query: &'q Query<'_>) -> Result<&'q str, ApiError> {
    let policy = query.first("includeObject").unwrap_or_default();
    if matches!(policy, "" | "None" | "Metadata" | "Object") {
        return Ok(policy);
    }
    let why = "must be 'Metadata', 'Object', 'None', or empty";
    let error = FieldError::invalid("includeObject", quote(policy), why);
    Err(ApiError::bad_request(format!("Unable to convert to Table as requested: {error}")))
}
