//! What create, update and patch share: objects get the server's fields and are stored
//! (`k8s.io/apiextensions-apiserver/pkg/registry/customresource/strategy.go`,
//! `k8s.io/apiserver/pkg/registry/generic/registry/store.go`).

use std::sync::Arc;

use http::header::USER_AGENT;
use serde_json::Value;

use super::super::conversion;
use super::super::core::merge;
use super::super::core::rules;
use super::super::fields::{self, FieldWriter};
use super::super::golang::parse_uint;
use super::super::limits::MAX_OBJECT_BYTES;
use super::super::meta;
use super::super::services;
use super::super::status::{ApiError, FieldError};
use super::super::store::{Object, StoreChange};
use super::admission::Admission;
use super::around::{self, put};
use super::built_in::built_in_rules;
use super::render::{normalize, render, render_dry};
use super::validate::{self, validate_changed};
use super::written::Written;
use super::{Call, admit, built_in, definition, escalation, quota, service};

/// How `managedFields` are set.
#[derive(Debug)]
pub(super) enum Tracking {
    /// The manager of the request owns what it changes.
    Update,
    /// They are known: an apply.
    Done(Value),
}

/// The writer, for the ownership of fields.
pub(super) fn writer<'a>(call: &'a Call<'_>, now: &'a str) -> FieldWriter<'a> {
    let (of, version) = (&call.served.of, call.served.version());
    FieldWriter {
        manager: manager(call),
        api_version: &call.served.api_version,
        subresource: &call.info.subresource,
        schema: version.schema.as_deref().or_else(|| merge::schema(&call.served)),
        status_apart: version.status,
        resets: built_in_rules(call)
            .and_then(|_| rules::reset_fields(of.group(), of.plural(), &call.info.subresource)),
        now,
    }
}

/// The maximum length of a field manager taken from a client's name, in bytes.
const MAX_MANAGER: usize = 128;

/// `fieldManager`, or the first word of the client's name (`managerOrUserAgent`).
fn manager<'a>(call: &'a Call<'_>) -> &'a str {
    let named = call.query.first("fieldManager").filter(|name| !name.is_empty());
    let agent = || call.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    let first = |agent: &'a str| {
        let word = agent.split('/').next().unwrap_or_default();
        &word[..word.floor_char_boundary(MAX_MANAGER)]
    };
    named.or_else(|| agent().map(first)).filter(|name| !name.is_empty()).unwrap_or("unknown")
}

/// Sets the `managedFields` of an object before it is stored: the manager owns what differs from `before` in the
/// object, or in an earlier form of it.
pub(super) fn track(
    call: &Call<'_>,
    before: &Value,
    earlier: Option<&Value>,
    new: &mut Value,
    tracking: &Tracking,
) {
    let managed = match tracking {
        Tracking::Done(managed) => managed.clone(),
        Tracking::Update => {
            let now = meta::time_text(call.now);
            let (writer, new) = (writer(call, &now), earlier.unwrap_or(new));
            // Custom resources were validated by their schema.
            if call.served.of.is_built_in() && !fields::can_track(before, new, &writer) {
                Value::Null
            } else {
                fields::track_update(before, new, &writer)
            }
        }
    };
    meta::set(new, "managedFields", managed);
    built_in::forget_empty_lists(call, new);
}

/// Checks the managers of an object, which its sender may have named.
///
/// # Errors
/// 422 for a name that is too long or cannot be printed.
pub(super) fn check_managers(call: &Call<'_>, new: &Value) -> Result<(), ApiError> {
    let errors = fields::check_managers(new);
    if errors.is_empty() {
        return Ok(());
    }
    let of = &call.served.of;
    Err(ApiError::invalid(&of.kind, of.group(), meta::text(new, "name"), &errors))
}

/// Checks the uid of a replaced object, which is a precondition (`UpdatedObjectInfo.Preconditions`).
pub(super) fn check_uid(
    call: &Call<'_>,
    old: &Object,
    new: &Value,
    dry_run: bool,
) -> Result<(), ApiError> {
    let uid = meta::text(new, "uid");
    if uid.is_empty() || uid == &*old.meta.uid {
        return Ok(());
    }
    Err(precondition_failed(call, old, ("UID", uid, &*old.meta.uid), dry_run))
}

/// The error about an object that is not the one that a request means: what differs, what is asked for, and what there is
/// (`storage.Preconditions.Check`). A dry run does not come to the store, which puts a prefix before keys.
pub(super) fn precondition_failed(
    call: &Call<'_>,
    old: &Object,
    (what, asked, found): (&str, &str, &str),
    dry_run: bool,
) -> ApiError {
    let of = &call.served.of;
    let group = if of.is_built_in() { String::new() } else { format!("{}/", of.group()) };
    let prefix = if dry_run { "" } else { "/registry" };
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: {prefix}/{group}{}/{}, ResourceVersion: 0, AdditionalErrorMsg: \
         Precondition failed: {what} in precondition: {asked}, {what} in object meta: {found}",
        stored_below(of.plural()),
        old.key,
    );
    ApiError::conflict_because(&of.group_resource, &call.info.name, &why)
}

/// Where objects of a type are stored, which keys show (`SpecialDefaultResourcePrefixes`).
fn stored_below(plural: &str) -> &str {
    match plural {
        "replicationcontrollers" => "controllers",
        "endpoints" => "services/endpoints",
        "services" => "services/specs",
        "nodes" => "minions",
        "ingresses" => "ingress",
        plural => plural,
    }
}

/// The revision that a changed object names; 0 for none (`APIObjectVersioner.ObjectResourceVersion`).
///
/// # Errors
/// 500 for a text that is not a number.
pub(super) fn named_revision(new: &Value) -> Result<u64, ApiError> {
    match meta::text(new, "resourceVersion") {
        "" => Ok(0),
        text => parse_uint(text).map_err(ApiError::unclassified),
    }
}

/// Adds a new version of an object to a change, as update and patch do (`Store.Update`). Fields that the
/// server sets are kept.
///
/// A terminating object without finalizers is removed.
///
/// # Errors
/// 409 for an old resourceVersion, 422 for an invalid object.
pub(super) fn replace(
    call: &Call<'_>,
    change: &mut StoreChange,
    old: &Arc<Object>,
    mut new: Value,
    tracking: &Tracking,
    admission: &Admission<'_, '_>,
) -> Result<Written, ApiError> {
    let of = &call.served.of;
    let dry_run = admission.dry_run;
    let name = &*call.info.name;
    let before = built_in::read_back(call, conversion::value(&call.served, call.conversions, old));
    let admitted = match mutated(call, old, &before, &new, tracking, admission)? {
        Some(changed) => {
            let managed = changed["metadata"]["managedFields"].clone();
            new = changed;
            Some(Tracking::Done(managed))
        }
        None => None,
    };
    let tracking = admitted.as_ref().unwrap_or(tracking);
    escalation::check(call, &new, Some(&before))?;
    let revision = named_revision(&new)?;
    let own = built_in_rules(call);
    if revision == 0 {
        if own.is_none_or(|rules| rules.conditional) {
            let why = "must be specified for an update";
            let errors = [FieldError::invalid("metadata.resourceVersion", 0, why)];
            return Err(ApiError::invalid(of.plural(), of.group(), name, &errors));
        }
        // An update without a revision is for the current one.
        meta::set(&mut new, "resourceVersion", old.meta.revision.to_string().into());
    } else if revision != old.meta.revision.0 {
        return Err(ApiError::conflict(&of.group_resource, name));
    }
    restore_server_fields(&before, &mut new);
    // What a subresource leaves as it is, and what the server sets in it, does not count for the owners of what was sent.
    let of_subresource = !matches!(&*call.info.subresource, "" | "scale");
    let status_sent = own.filter(|_| of_subresource).map(|_| new.clone());
    restore_other_subresource(call, &before, &mut new);
    keep_of_stored(call, old, &mut new);
    if of.is_built_in() && of.plural() == "certificatesigningrequests" {
        rules::set_condition_times(&mut new, &before, &meta::time_text(call.now));
    }
    if definition::is_definition(of) && call.info.subresource.is_empty() {
        definition::begin_update(&mut new);
    }
    // What the server sets has no owner: ownership follows what was sent.
    let sent = status_sent.or_else(|| own.map(|_| new.clone()));
    quota::mutate(call, change, &mut new, Some(&before))?;
    if let Some(rules) = own.filter(|_| call.info.subresource.is_empty()) {
        rules.prepare_changed(&mut new, &before);
    }
    let allocated = service::allocate(call, change, &mut new, Some(&before), dry_run)?;
    let bumps = match own {
        Some(rules) => call.info.subresource != "status" && rules.bumps(&new, &before),
        None => bumps_generation(call, &before, &new),
    };
    let generation = before["metadata"]["generation"].as_i64();
    let generation = match generation {
        None if bumps => own.map(|_| 1),
        generation => generation.map(|generation| generation + i64::from(bumps)),
    };
    meta::set(&mut new, "generation", generation.map_or(Value::Null, Value::from));
    let mut warnings = validate_changed(call, &before, &new)?;
    normalize(call, &mut new);
    track(call, &before, sent.as_ref(), &mut new, tracking);
    check_managers(call, &new)?;
    let refused =
        |error: ApiError| error.with_warnings(&validate::warnings(call, &new, Some(&**old)));
    warnings.extend(quota::check(call, change, &new, Some(&before)).map_err(refused)?);
    admission.validate(Some(&before), &new)?;
    let charge = quota::charge(call, change, &new, Some(&before)).map_err(refused)?;
    if !dry_run {
        charge.store(change);
    }
    let mut compared = new.clone();
    meta::set(&mut compared, "resourceVersion", before["metadata"]["resourceVersion"].clone());
    if compared == before {
        return Ok(Written::nothing(Arc::clone(old)).warned(warnings));
    }
    // What has time left waits for its end (`ShouldDeleteDuringUpdate`).
    let has_time =
        new["metadata"]["deletionGracePeriodSeconds"].as_i64().is_some_and(|left| left > 0);
    let gone = meta::is_terminating(&new)
        && !has_time
        && meta::finalizers(&new).is_empty()
        && !holds_finalizers(&new);
    if dry_run {
        return Ok(Written::nothing(render_dry(call, compared)).warned(warnings));
    }
    service::store(call, change, &new, &allocated);
    let object = render(call, change, new);
    check_size(&object)?;
    let written = Written::next(change, &object);
    if gone {
        change.remove(&object.resource, &object.key);
        services::removed(change, &object);
    } else {
        change.put(Arc::clone(&object));
        if definition::is_definition(of) && call.info.subresource.is_empty() {
            definition::register(change, &object, call.now);
        }
    }
    Ok(written.warned(warnings))
}

/// A changed object as admission plugins leave it, with its managed fields, which follow what was sent; nothing where no
/// plugin changes objects.
fn mutated(
    call: &Call<'_>,
    old: &Object,
    before: &Value,
    new: &Value,
    tracking: &Tracking,
    admission: &Admission<'_, '_>,
) -> Result<Option<Value>, ApiError> {
    // A Scale was changed before it came to its object.
    if call.info.subresource == "scale" || !admission.mutates() {
        return Ok(None);
    }
    let mut object = new.clone();
    normalize(call, &mut object);
    admission.place(&mut object);
    let mut sent = new.clone();
    restore_server_fields(before, &mut sent);
    restore_other_subresource(call, before, &mut sent);
    keep_of_stored(call, old, &mut sent);
    track(call, before, None, &mut sent, tracking);
    meta::set(&mut object, "managedFields", sent["metadata"]["managedFields"].take());
    let object = admission.mutate(Some(before), object, &|_| Ok(()))?;
    admit::check_namespace(call, &object)?;
    Ok(Some(object))
}

/// Refuses objects that exceed the limit of etcd.
pub(super) fn check_size(object: &Object) -> Result<(), ApiError> {
    if object.rest.len() <= MAX_OBJECT_BYTES {
        return Ok(());
    }
    Err(ApiError::unclassified("etcdserver: request is too large"))
}

/// Whether a namespace has `spec.finalizers`.
fn holds_finalizers(value: &Value) -> bool {
    value["kind"] == "Namespace"
        && value["spec"]["finalizers"].as_array().is_some_and(|list| !list.is_empty())
}

/// Restores the fields that clients cannot change, and those that they may leave out (`rest.BeforeUpdate`).
fn restore_server_fields(before: &Value, new: &mut Value) {
    let old = &before["metadata"];
    for field in ["namespace", "creationTimestamp", "selfLink"] {
        meta::set(new, field, old[field].clone());
    }
    for field in ["uid", "deletionGracePeriodSeconds"] {
        if new["metadata"][field].is_null() {
            meta::set(new, field, old[field].clone());
        }
    }
    // Only a deletion sets this time, and nothing changes it.
    if !old["deletionTimestamp"].is_null() {
        meta::set(new, "deletionTimestamp", old["deletionTimestamp"].clone());
    }
}

/// Restores `status` for writes of the main resource, and everything else for writes of the status.
fn restore_other_subresource(call: &Call<'_>, before: &Value, new: &mut Value) {
    let own = built_in_rules(call).is_some();
    if own && !call.info.subresource.is_empty() {
        around::restore(&call.info.subresource, before, new);
        if call.info.subresource == "status" {
            let of = &call.served.of;
            let now = meta::time_text(call.now);
            rules::keep_around_status(of.group(), of.plural(), before, new, &now);
        }
    } else if call.info.subresource == "status" {
        let status = new.get("status").cloned();
        let managed = new["metadata"]["managedFields"].clone();
        *new = before.clone();
        meta::set(new, "managedFields", managed);
        put(new, "status", status);
    } else if call.served.version().status {
        put(new, "status", before.get("status").cloned());
    }
}

/// Restores what the requested form has no fields for, in the stored form: it is in annotations, which a client may
/// have left out.
fn keep_of_stored(call: &Call<'_>, old: &Object, new: &mut Value) {
    conversion::through_stored(&call.served, new, |new| {
        let old = old.value(&call.served.api_version, &call.served.of.kind);
        if call.info.subresource == "status" {
            let status = new.get("status").cloned();
            put(new, "spec", old.get("spec").cloned());
            put(new, "status", status);
        } else {
            put(new, "status", old.get("status").cloned());
        }
    });
}

/// Whether a change makes a new generation: one outside metadata (and status, where it is a subresource).
fn bumps_generation(call: &Call<'_>, before: &Value, new: &Value) -> bool {
    if call.info.subresource == "status" {
        return false;
    }
    let apart = call.served.version().status;
    let rest = |value: &Value| {
        let mut rest = value.as_object().cloned().unwrap_or_default();
        rest.remove("metadata");
        if apart {
            rest.remove("status");
        }
        rest
    };
    rest(before) != rest(new)
}
