//! `StorageObjectInUseProtection`: what is in use is held, and `PersistentVolumeClaimResize`: only bound claims of classes
//! that allow it grow (`plugin/pkg/admission/storage`).

use serde_json::{Value, json};

use super::super::super::core::quantity::Quantity;
use super::super::super::resource::GroupResource;
use super::super::super::status::ApiError;
use super::{Plugin, Request};

/// The annotation with the class of a claim, from before there was a field.
const ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

/// Adds a finalizer that holds what is in use.
pub(super) fn protect(request: &Request<'_>, object: &mut Value, finalizer: &str) {
    if !request.has(Plugin::StorageObjectInUseProtection) {
        return;
    }
    match &mut object["metadata"]["finalizers"] {
        Value::Array(list) if list.iter().any(|found| found == finalizer) => {}
        Value::Array(list) => list.push(finalizer.into()),
        absent => *absent = json!([finalizer]),
    }
}

pub(super) fn check_resize(
    request: &Request<'_>,
    new: &Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    let Some(old) = old else { return Ok(()) };
    let size = |claim: &Value| {
        let text = claim["spec"]["resources"]["requests"]["storage"].as_str().unwrap_or("0");
        Quantity::parse(text).unwrap_or_else(|_| Quantity::whole(0))
    };
    if size(new) <= size(old) {
        return Ok(());
    }
    if old["status"]["phase"] != "Bound" {
        let why = "Only bound persistent volume claims can be expanded";
        return Err(request.forbidden(new, why));
    }
    if may_grow(request, new, old) {
        return Ok(());
    }
    let why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support \
               resize";
    Err(request.forbidden(new, why))
}

/// The class of a claim (`GetPersistentVolumeClaimClass`).
fn class(claim: &Value) -> &str {
    let annotated = claim["metadata"]["annotations"][ANNOTATION].as_str();
    annotated.or_else(|| claim["spec"]["storageClassName"].as_str()).unwrap_or_default()
}

/// Whether a claim has a class at all (`PersistentVolumeClaimHasClass`).
pub(super) fn has_class(claim: &Value) -> bool {
    !claim["metadata"]["annotations"][ANNOTATION].is_null()
        || !claim["spec"]["storageClassName"].is_null()
}

fn may_grow(request: &Request<'_>, new: &Value, old: &Value) -> bool {
    let name = class(new);
    if name.is_empty() || name != class(old) {
        return false;
    }
    let classes = GroupResource::new("storage.k8s.io", "storageclasses");
    let class = request.snapshot.get(&classes, name);
    class.is_some_and(|class| {
        class.value("storage.k8s.io/v1", "StorageClass")["allowVolumeExpansion"] == true
    })
}
