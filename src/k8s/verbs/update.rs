//! `update`: an object is replaced as a whole (PUT).

use http::StatusCode;

use super::super::options::WriteOptions;
use super::super::status::ApiError;
use super::super::store::StoreChange;
use super::admit::{self, Admitted};
use super::validate;
use super::write::Tracking;
use super::{Call, Resolved, body, write, written};

pub(super) fn run(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let output = call.negotiate()?;
    if call.info.name.is_empty() {
        return Err(ApiError::bad_request("name must be provided"));
    }
    let options = WriteOptions::parse(call.query, "UpdateOptions", false)?;
    let decoded = body::object(call)?;
    let Admitted { mut value, mut warnings } = admit::admit(call, decoded, &options)?;
    admit::check_namespace(call, &value)?;
    admit::check_name(call, &value)?;
    let old = call.find()?;
    write::check_uid(call, old, &value)?;
    warnings.extend(admit::deduplicate_owners(&mut value, false));
    let mut change = StoreChange::on(&call.state);
    let own = validate::warnings(call, &value, Some(&**old));
    let new = write::replace(call, &mut change, old, value, &Tracking::Update, options.dry_run)
        .map_err(|error| error.with_warnings(&warnings))?;
    warnings.extend(own);
    Ok(written::decision(call, change, new, StatusCode::OK, output, &warnings))
}
