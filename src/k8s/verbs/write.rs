//! What create, update and patch share: decoded objects are admitted, validated and stored
//! (`k8s.io/apiextensions-apiserver/pkg/registry/customresource/strategy.go`,
//! `k8s.io/apiserver/pkg/registry/rest`).

use std::sync::Arc;

use http::header::USER_AGENT;
use serde_json::{Value, json};

use super::super::fields::{self, FieldWriter};
use super::super::golang::quote;
use super::super::json_patch;
use super::super::limits::{MAX_DEPTH, MAX_OBJECT_BYTES};
use super::super::meta;
use super::super::options::{FieldValidation, WriteOptions};
use super::super::schema;
use super::super::status::{ApiError, FieldError};
use super::super::store::{Object, StoreChange};
use super::Call;
use super::body::{self, Decoded};
use super::definition;
use super::render::{render, render_dry};
use super::written::Written;

/// An object after decoding, with the warnings for the answer.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) value: Value,
    pub(super) warnings: Vec<String>,
}

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
    let version = call.served.version();
    FieldWriter {
        manager: manager(call),
        api_version: &call.served.api_version,
        subresource: &call.info.subresource,
        schema: version.schema.as_deref(),
        status_apart: version.status,
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

/// Sets the `managedFields` of an object before it is stored.
pub(super) fn track(call: &Call<'_>, before: &Value, new: &mut Value, tracking: &Tracking) {
    let managed = match tracking {
        Tracking::Done(managed) => managed.clone(),
        Tracking::Update => {
            let now = meta::time_text(call.now);
            fields::track_update(before, new, &writer(call, &now))
        }
    };
    meta::set(new, "managedFields", managed);
}

/// Coerces the metadata, prunes and defaults, as upstream's decoder does.
///
/// # Errors
/// 400 for metadata of the wrong type, for another version, and for unknown or duplicate fields when
/// the client requests `fieldValidation=Strict`.
pub(super) fn admit(
    call: &Call<'_>,
    decoded: Decoded,
    options: &WriteOptions,
) -> Result<Admitted, ApiError> {
    let Decoded { mut value, duplicates } = decoded;
    let kind = value["kind"].as_str().unwrap_or_default().to_owned();
    let api_version = value["apiVersion"].as_str().unwrap_or_default().to_owned();
    let version = super::super::resource::split_api_version(&api_version).1.to_owned();
    let own_kind = &call.served.of.kind;
    let cannot = |why: String| {
        ApiError::bad_request(format!(
            "{kind} in version {} cannot be handled as a {own_kind}: {why}",
            quote(&version)
        ))
    };
    if call.served.of.is_built_in()
        && (kind != **own_kind || api_version != *call.served.api_version)
    {
        let known =
            format!("no kind {} is registered for version {}", quote(&kind), quote(&api_version));
        return Err(cannot(known));
    }
    if is_too_deep(&value) {
        return Err(cannot("exceeded max depth".to_owned()));
    }
    if let Value::Object(map) = &mut value {
        let mut unknown = meta::coerce(map).map_err(&cannot)?;
        if api_version != *call.served.api_version {
            return Err(ApiError::bad_request(format!(
                "the API version in the data ({api_version}) does not match the expected API version ({})",
                call.served.api_version
            )));
        }
        if let Some(schema) = &call.served.version().schema {
            let mut dropped = schema::prune(schema, &mut value);
            dropped.append(&mut unknown);
            unknown = dropped;
            schema::apply_defaults(schema, &mut value);
        }
        let problems = body::strict_errors(&unknown, &duplicates);
        let warnings = match options.validation {
            FieldValidation::Strict if !problems.is_empty() => {
                return Err(cannot(format!("strict decoding error: {}", problems.join(", "))));
            }
            FieldValidation::Warn => problems,
            _ => Vec::new(),
        };
        return Ok(Admitted { value, warnings });
    }
    Err(cannot("not an object".to_owned()))
}

/// Whether an object is nested too deeply. Managed fields are nested deeper than their object, and do not
/// count.
fn is_too_deep(value: &Value) -> bool {
    let fits = |name: &str, value: &Value| match value {
        Value::Object(metadata) if name == "metadata" => metadata
            .iter()
            .all(|(name, value)| name == "managedFields" || json_patch::fits(value, MAX_DEPTH - 2)),
        value => json_patch::fits(value, MAX_DEPTH - 1),
    };
    value.as_object().is_some_and(|object| !object.iter().all(|(name, value)| fits(name, value)))
}

/// Validates an object before it is stored: metadata first, then the schema.
pub(super) fn validate(call: &Call<'_>, value: &Value) -> Result<(), ApiError> {
    let of = &call.served.of;
    let kind = value["kind"].as_str().unwrap_or_default();
    let name = meta::text(value, "name");
    if kind != &*of.kind {
        let why = format!("must be {}", of.kind);
        let errors = [FieldError::invalid("kind", quote(kind), &why)];
        return Err(ApiError::invalid(kind, of.group(), name, &errors));
    }
    let mut errors = meta::validate(value, of.plural() == "namespaces");
    if let Some(schema) = &call.served.version().schema {
        errors.extend(schema::validate(schema, value, ""));
    }
    if definition::is_definition(of) {
        errors.extend(definition::validate(value));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid(kind, of.group(), name, &errors))
}

/// Adds a new version of an object to a change, as update and patch do. Fields that the server sets are kept.
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
    dry_run: bool,
) -> Result<Written, ApiError> {
    let of = &call.served.of;
    let name = &*call.info.name;
    let before = old.value(&call.served.api_version, &of.kind);
    let asked = meta::text(&new, "resourceVersion");
    if asked.is_empty() && !of.is_built_in() {
        let why = "must be specified for an update";
        let errors = [FieldError::invalid("metadata.resourceVersion", 0, why)];
        return Err(ApiError::invalid(of.plural(), of.group(), name, &errors));
    }
    if !asked.is_empty() && asked != old.meta.revision.to_string() {
        return Err(ApiError::conflict(&of.group_resource, name));
    }
    let uid = meta::text(&new, "uid");
    if !uid.is_empty() && uid != &*old.meta.uid {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            old.meta.uid
        );
        return Err(ApiError::conflict_because(&of.group_resource, name, &why));
    }
    restore_server_fields(&before, &mut new);
    restore_other_subresource(call, &before, &mut new);
    let bumps = bumps_generation(call, &before, &new);
    let generation = before["metadata"]["generation"].as_i64();
    let generation = generation.map(|generation| generation + i64::from(bumps));
    meta::set(&mut new, "generation", generation.map_or(Value::Null, Value::from));
    validate(call, &new)?;
    validate_update(call, &before, &new)?;
    track(call, &before, &mut new, tracking);
    let mut compared = new.clone();
    meta::set(&mut compared, "resourceVersion", before["metadata"]["resourceVersion"].clone());
    if compared == before {
        return Ok(Written::nothing(Arc::clone(old)));
    }
    let gone =
        meta::is_terminating(&new) && meta::finalizers(&new).is_empty() && !holds_finalizers(&new);
    if dry_run {
        return Ok(Written::nothing(render_dry(call, compared)));
    }
    let object = render(call, change, new);
    check_size(&object)?;
    let written = Written::next(change, &object);
    if gone {
        change.remove(&object.resource, &object.key);
    } else {
        change.put(Arc::clone(&object));
        if definition::is_definition(of) && call.info.subresource.is_empty() {
            definition::register(change, &object, call.now);
        }
    }
    Ok(written)
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

/// Restores the fields that clients cannot change.
fn restore_server_fields(before: &Value, new: &mut Value) {
    for field in [
        "namespace",
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
    ] {
        meta::set(new, field, before["metadata"][field].clone());
    }
    if !meta::text(before, "generateName").is_empty() && meta::text(new, "generateName").is_empty()
    {
        meta::set(new, "generateName", before["metadata"]["generateName"].clone());
    }
}

/// Restores `status` for writes of the main resource, and everything else for writes of the status.
fn restore_other_subresource(call: &Call<'_>, before: &Value, new: &mut Value) {
    if call.info.subresource == "status" {
        let status = new.get("status").cloned();
        let managed = new["metadata"]["managedFields"].clone();
        *new = before.clone();
        meta::set(new, "managedFields", managed);
        put(new, "status", status);
    } else if call.served.version().status {
        put(new, "status", before.get("status").cloned());
    }
}

fn put(value: &mut Value, key: &str, new: Option<Value>) {
    let Value::Object(map) = value else { return };
    match new {
        Some(new) => map.insert(key.to_owned(), new),
        None => map.remove(key),
    };
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

/// Validates the new version against the old one.
fn validate_update(call: &Call<'_>, before: &Value, new: &Value) -> Result<(), ApiError> {
    let of = &call.served.of;
    if !meta::is_terminating(before) {
        return Ok(());
    }
    let had = meta::finalizers(before);
    let added: Vec<&str> =
        meta::finalizers(new).into_iter().filter(|name| !had.contains(name)).collect();
    if added.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> = added.iter().map(|name| quote(name)).collect();
    let why = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        shown.join(", ")
    );
    let errors = [FieldError::forbidden("metadata.finalizers", &why)];
    Err(ApiError::invalid(&of.kind, of.group(), &call.info.name, &errors))
}

/// Sets the server's fields of a new object (`rest.BeforeCreate`).
pub(super) fn begin(call: &Call<'_>, value: &mut Value) {
    let of = &call.served.of;
    let namespace = if of.namespaced { Value::from(&*call.info.namespace) } else { Value::Null };
    meta::set(value, "namespace", namespace);
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"] {
        meta::set(value, field, Value::Null);
    }
    let uid = uuid::Builder::from_random_bytes(call.nonce.to_be_bytes()).into_uuid();
    meta::set(value, "uid", uid.to_string().into());
    meta::set(value, "creationTimestamp", meta::time_text(call.now).into());
    let counted = !of.is_built_in() || matches!(of.plural(), "deployments" | "jobs" | "pods");
    meta::set(value, "generation", if counted { json!(1) } else { Value::Null });
    if call.served.version().status {
        put(value, "status", None);
    }
    if definition::is_definition(of) {
        definition::set_defaults(value);
        let stored = super::super::crd::status(value, call.now)["storedVersions"].take();
        let nobody = json!({"kind": "", "plural": ""});
        value["status"] =
            json!({"acceptedNames": nobody, "conditions": null, "storedVersions": stored});
    }
    if of.is_built_in() && of.plural() == "namespaces" {
        let name = meta::text(value, "name").to_owned();
        value["metadata"]["labels"]["kubernetes.io/metadata.name"] = name.into();
        value["spec"] = json!({"finalizers": ["kubernetes"]});
        value["status"] = json!({"phase": "Active"});
    }
}
