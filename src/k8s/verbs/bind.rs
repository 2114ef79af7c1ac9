//! `create` of a binding: a pod gets its node (`BindingREST` and `LegacyBindingREST` in
//! `pkg/registry/core/pod/storage/storage.go`).

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::message::ResourceInfo;

use super::super::golang::quote;
use super::super::meta;
use super::super::options::WriteOptions;
use super::super::resource::GroupResource;
use super::super::status::{ApiError, FieldError, joined_errors};
use super::super::store::{Object, StoreChange};
use super::admission::Admission;
use super::render::render;
use super::{Call, Resolved, action, admit, quota, typed_body, write};

/// A binding of the pod in the path.
pub(super) fn run(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let (binding, warnings) = read(call)?;
    bind(call, binding, &warnings, true)
}

/// A binding of the pod that it names, at the path of all bindings. Its uid does not count.
pub(super) fn of_collection(call: &Call<'_>) -> Result<Resolved, ApiError> {
    let (binding, warnings) = read(call)?;
    let name = meta::text(&binding, "name").to_owned();
    let pods = call.state.types.find("", "v1", "pods").ok_or_else(ApiError::no_such_resource)?;
    let info = ResourceInfo {
        group: Cow::Borrowed(""),
        version: Cow::Borrowed("v1"),
        resource: Cow::Borrowed("pods"),
        namespace: Cow::Borrowed(&call.info.namespace),
        name: Cow::Borrowed(&name),
        subresource: Cow::Borrowed("binding"),
        rest: 0,
    };
    let state = Arc::clone(&call.state);
    let inner = Call { served: pods.clone(), state, info: &info, ..*call };
    bind(&inner, binding, &warnings, false)
}

fn read(call: &Call<'_>) -> Result<(Value, Vec<String>), ApiError> {
    let options = WriteOptions::parse(call.query, "CreateOptions", false)?;
    let (binding, warnings) = typed_body::read(call, "Binding", "v1", &options)?;
    admit::check_namespace(call, &binding)?;
    Ok((binding, warnings))
}

fn bind(
    call: &Call<'_>,
    binding: Value,
    warnings: &[String],
    has_uid: bool,
) -> Result<Resolved, ApiError> {
    let options = WriteOptions::parse(call.query, "CreateOptions", false)?;
    let admission = Admission::of_write(call, &options);
    let binding = admission.mutate_other(binding)?;
    if meta::text(&binding, "name") != &*call.info.name {
        return Err(ApiError::bad_request("name in URL does not match name in Binding object"));
    }
    let errors = check(&binding);
    if !errors.is_empty() {
        return Err(ApiError::unclassified(joined_errors(&errors)));
    }
    admission.validate(None, &binding)?;
    if call.info.name.is_empty() {
        return Err(ApiError::bad_request("Name parameter required."));
    }
    let pod = call.find()?;
    check_preconditions(call, pod, &binding, (has_uid, options.dry_run))?;
    let mut value = pod.value(&call.served.api_version, &call.served.of.kind);
    check_unbound(call, &value)?;
    value["spec"]["nodeName"] = binding["target"]["name"].clone();
    // A nomination is of no use any more.
    drop(value["status"].as_object_mut().map(|status| status.remove("nominatedNodeName")));
    for field in ["annotations", "labels"] {
        for (name, own) in binding["metadata"][field].as_object().into_iter().flatten() {
            value["metadata"][field][name] = own.clone();
        }
    }
    let scheduled = json!({
        "type": "PodScheduled", "status": "True", "lastProbeTime": null,
        "lastTransitionTime": meta::time_text(call.now),
    });
    action::set_condition(&mut value, scheduled);
    let mut change = StoreChange::on(&call.state);
    quota::label_bound(call, &change, &mut value);
    if !options.dry_run {
        let object = render(call, &change, value);
        change.put(object);
    }
    action::created(call, change, warnings)
}

/// `ValidatePodBinding`.
fn check(binding: &Value) -> Vec<FieldError> {
    let text = |field: &str| binding["target"][field].as_str().unwrap_or_default();
    let mut errors = Vec::new();
    if !matches!(text("kind"), "" | "Node") {
        let known = ["Node".to_owned(), "<empty>".to_owned()];
        errors.push(FieldError::not_supported("target.kind", quote(text("kind")), &known));
    }
    if text("name").is_empty() {
        errors.push(FieldError::required("target.name", ""));
    }
    errors
}

/// The uid and the revision of a binding are preconditions of its pod.
fn check_preconditions(
    call: &Call<'_>,
    pod: &Object,
    binding: &Value,
    (has_uid, dry_run): (bool, bool),
) -> Result<(), ApiError> {
    let revision = pod.meta.revision.to_string();
    let of_uid = ("uid", "UID", &*pod.meta.uid);
    let of_revision = ("resourceVersion", "ResourceVersion", &*revision);
    for (field, what, own) in [of_uid, of_revision] {
        let asked = meta::text(binding, field);
        if !asked.is_empty() && asked != own && (field != "uid" || has_uid) {
            return Err(write::precondition_failed(call, pod, (what, asked, own), dry_run));
        }
    }
    Ok(())
}

/// A pod is bound once, and not before its gates are open.
fn check_unbound(call: &Call<'_>, pod: &Value) -> Result<(), ApiError> {
    let name = &call.info.name;
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    let why = if meta::is_terminating(pod) {
        format!("pod {name} is being deleted, cannot be assigned to a host")
    } else if !node.is_empty() {
        format!("pod {name} is already assigned to node {}", quote(node))
    } else if pod["spec"]["schedulingGates"].as_array().is_some_and(|gates| !gates.is_empty()) {
        format!("pod {name} has non-empty .spec.schedulingGates")
    } else {
        return Ok(());
    };
    Err(ApiError::conflict_because(&GroupResource::new("", "pods/binding"), name, &why))
}
