//! `update`: an object is replaced as a whole (PUT).

use http::StatusCode;

use super::super::meta;
use super::super::options::WriteOptions;
use super::super::status::ApiError;
use super::super::store::StoreChange;
use super::write::Tracking;
use super::{Call, Resolved, body, write, written};

pub(super) fn run(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let output = call.negotiate()?;
    if call.info.name.is_empty() {
        return Err(ApiError::bad_request("name must be provided"));
    }
    let options = WriteOptions::parse(call.query, "UpdateOptions", false)?;
    let decoded = body::object(call)?;
    let admitted = write::admit(call, decoded, &options)?;
    check_identity(call, &admitted.value)?;
    let mut change = StoreChange::on(&call.state);
    let (value, tracking) = (admitted.value, Tracking::Update);
    let new = write::replace(call, &mut change, call.find()?, value, &tracking, options.dry_run)?;
    Ok(written::decision(call, change, new, StatusCode::OK, output, &admitted.warnings))
}

/// Checks that name and namespace of the object are those of the path.
pub(super) fn check_identity(call: &Call<'_>, value: &serde_json::Value) -> Result<(), ApiError> {
    let (name, namespace) = (meta::text(value, "name"), meta::text(value, "namespace"));
    if name.is_empty() {
        return Err(ApiError::bad_request("name must be provided"));
    }
    if name != &*call.info.name {
        let why = format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            call.info.name
        );
        return Err(ApiError::bad_request(why));
    }
    if call.served.of.namespaced && !namespace.is_empty() && namespace != &*call.info.namespace {
        let why = format!(
            "the namespace of the object ({namespace}) does not match the namespace on the URL ({})",
            call.info.namespace
        );
        return Err(ApiError::bad_request(why));
    }
    Ok(())
}
