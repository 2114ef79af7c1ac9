//! `update`: an object is replaced as a whole (PUT).

use http::StatusCode;
use serde_json::Value;

use super::super::options::WriteOptions;
use super::super::output::Output;
use super::super::status::ApiError;
use super::super::store::StoreChange;
use super::admission::Admission;
use super::admit::{self, Admitted};
use super::validate;
use super::write::Tracking;
use super::{Call, Resolved, body, create, write, written};

/// The built-in types whose objects an update creates (`AllowCreateOnUpdate`).
const CREATED: [(&str, &str); 11] = [
    ("", "endpoints"),
    ("", "events"),
    ("", "limitranges"),
    ("", "services"),
    ("coordination.k8s.io", "leasecandidates"),
    ("coordination.k8s.io", "leases"),
    ("node.k8s.io", "runtimeclasses"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("rbac.authorization.k8s.io", "roles"),
];

pub(super) fn run(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let output = call.negotiate()?;
    if call.info.name.is_empty() {
        return Err(ApiError::bad_request("name must be provided"));
    }
    let options = WriteOptions::parse(call.query, "UpdateOptions", false)?;
    let decoded = body::object(call, options.validation)?;
    let Admitted { value, warnings } = admit::admit(call, decoded, &options)?;
    call.note_object(&value);
    let before = warnings.clone();
    put(call, value, warnings, output, &options).map_err(|error| error.after_warnings(before))
}

/// Replaces the object of the path, or creates it.
fn put(
    call: &Call<'_>,
    mut value: Value,
    mut warnings: Vec<String>,
    output: Output,
    options: &WriteOptions,
) -> Result<Resolved, ApiError> {
    admit::check_namespace(call, &value)?;
    admit::check_name(call, &value)?;
    warnings.extend(admit::deduplicate_owners(&mut value, false));
    let old = match call.find() {
        Err(error) if error.code == StatusCode::NOT_FOUND && is_created(call) => {
            return create_instead(call, value, output, options, warnings);
        }
        found => found.map_err(|error| error.after_warnings(warnings.clone()))?,
    };
    write::check_uid(call, old, &value, options.dry_run)?;
    let mut change = StoreChange::on(&call.state);
    let own = validate::warnings(call, &value, Some(&**old));
    let admission = Admission::of_write(call, options);
    let new = write::replace(call, &mut change, old, value, &Tracking::Update, &admission)
        .map_err(|error| error.after_warnings(warnings.clone()))?;
    warnings.extend(own);
    Ok(written::decision(call, change, new, StatusCode::OK, output, &warnings))
}

/// Whether an update of an object that is not there creates it.
fn is_created(call: &Call<'_>) -> bool {
    let of = &call.served.of;
    let name = (of.group(), of.plural());
    of.is_built_in() && call.info.subresource.is_empty() && CREATED.contains(&name)
}

/// Creates the object of an update, where its sender may create it.
fn create_instead(
    call: &Call<'_>,
    value: Value,
    output: Output,
    options: &WriteOptions,
    mut warnings: Vec<String>,
) -> Result<Resolved, ApiError> {
    call.authorizer().check_create(call.user, call.info)?;
    let mut change = StoreChange::on(&call.state);
    let admission = Admission::of_write(call, options);
    let (value, tracking) =
        create::mutated(&admission, call, &mut change, value, Tracking::Update)?;
    warnings.extend(validate::warnings(call, &value, None));
    let new = create::insert(call, &mut change, value, &tracking, &admission)
        .map_err(|error| error.with_warnings(&warnings))?;
    Ok(written::decision(call, change, new, StatusCode::CREATED, output, &warnings))
}
