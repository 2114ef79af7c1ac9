//! `get`: the current version of one object.

use http::StatusCode;

use super::super::golang::{self, quote};
use super::super::status::ApiError;
use super::super::store::Revision;
use super::{Call, Outcome, not_reached, object_plan, shown};

pub(super) fn run(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let output = call.negotiate()?;
    if let Some(export) = call.query.first("export")
        && !matches!(&*export.to_lowercase(), "false" | "0")
    {
        let why = "the export parameter, deprecated since v1.14, is no longer supported";
        return Err(ApiError::bad_request(why));
    }
    let asked = call.query.first("resourceVersion").unwrap_or_default();
    if !asked.is_empty() {
        let asked = golang::parse_uint(asked).map_err(|why| {
            ApiError::unclassified(format!(
                "resourceVersion: Invalid value: {}: {why}",
                quote(asked)
            ))
        })?;
        if asked > call.state.revision.0 {
            return Ok(not_reached(Revision(asked), &call.state));
        }
    }
    let object = call.find()?;
    let shown = shown(&call.served, call.conversions, object, output.shape);
    let object = shown.as_ref().unwrap_or(object);
    let plan = object_plan(&call.served, StatusCode::OK, object, output, call.now);
    Ok(Outcome::Plan(plan))
}
