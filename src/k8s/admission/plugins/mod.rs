//! The admission plugins that the API server has built in, in upstream's order
//! (`pkg/kubeapiserver/options/plugins.go` and `plugin/pkg/admission` of `k8s.io/kubernetes`).
//!
//! ```text
//! verbs: new or changed object → [mutate] → validation → [validate] → quotas → store
//! ```
//!
//! Only objects of built-in types go through them. `LimitRanger` and `ResourceQuota` are beside this module.

mod claims;
mod classes;
mod images;
mod nodes;
mod pod_security;
mod priorities;
mod request;
mod runtime_classes;
mod secret_references;
mod service_accounts;
mod services;
mod set;
mod signers;
mod tolerations;

use serde_json::Value;

use super::super::status::ApiError;

pub(in super::super) use request::Request;
pub(crate) use set::AdmissionPlugins;
pub(in super::super) use set::Plugin;

/// Sets what plugins set in a new or changed object.
///
/// # Errors
/// What the first plugin that refuses it says.
pub(in super::super) fn mutate(
    request: &Request<'_>,
    new: &mut Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    if request.has(Plugin::AlwaysDeny) {
        return Err(request.forbidden(new, "admission control is denying all modifications"));
    }
    let is_new = old.is_none();
    match (request.of(), request.subresource) {
        (("", "pods"), "") if new["spec"].is_object() => mutate_pod(request, new, old)?,
        (("", "nodes"), "") if is_new && request.has(Plugin::TaintNodesByCondition) => {
            nodes::taint(new);
        }
        (("", "persistentvolumeclaims"), "") if is_new => {
            if request.has(Plugin::DefaultStorageClass) {
                classes::of_claim(request, new);
            }
            claims::protect(request, new, "kubernetes.io/pvc-protection");
        }
        (("", "persistentvolumes"), "") if is_new => {
            claims::protect(request, new, "kubernetes.io/pv-protection");
        }
        (("storage.k8s.io", "volumeattributesclasses"), "") if is_new => {
            claims::protect(request, new, "kubernetes.io/vac-protection");
        }
        (("networking.k8s.io", "ingresses"), "")
            if is_new && request.has(Plugin::DefaultIngressClass) =>
        {
            classes::of_ingress(request, new);
        }
        _ => {}
    }
    Ok(())
}

/// Gives a pod that gets its node the labels of the node's place.
pub(in super::super) fn label_bound(request: &Request<'_>, pod: &mut Value) {
    if request.has(Plugin::PodTopologyLabels) {
        nodes::label_pod(request, pod);
    }
}

fn mutate_pod(request: &Request<'_>, new: &mut Value, old: Option<&Value>) -> Result<(), ApiError> {
    let is_new = old.is_none();
    if is_new && request.has(Plugin::ServiceAccount) {
        service_accounts::mutate(request, new)?;
    }
    if request.has(Plugin::AlwaysPullImages) {
        images::mutate(new, old);
    }
    if request.has(Plugin::Priority) {
        match old {
            None => priorities::mutate(request, new)?,
            Some(old) => priorities::keep(new, old),
        }
    }
    if request.has(Plugin::DefaultTolerationSeconds) {
        tolerations::absent_nodes(new);
    }
    if request.has(Plugin::ExtendedResourceToleration) {
        tolerations::extended_resources(new);
    }
    if is_new && request.has(Plugin::RuntimeClass) {
        runtime_classes::mutate(request, new)?;
    }
    if is_new && request.has(Plugin::PodTopologyLabels) {
        nodes::label_pod(request, new);
    }
    Ok(())
}

/// Checks a new or changed object. Returns warnings.
///
/// # Errors
/// What the first plugin that refuses it says.
pub(in super::super) fn validate(
    request: &Request<'_>,
    new: &Value,
    old: Option<&Value>,
) -> Result<Vec<String>, ApiError> {
    let mut warnings = Vec::new();
    match (request.of(), request.subresource) {
        (("", "pods"), subresource) => {
            if request.has(Plugin::AntiAffinity) && subresource.is_empty() {
                nodes::check_anti_affinity(request, new)?;
            }
            if request.has(Plugin::ServiceAccount) {
                service_accounts::validate(request, new, old)?;
            }
            if request.has(Plugin::PodSecurity) {
                warnings = pod_security::validate(request, new, old)?;
            }
            if request.has(Plugin::RuntimeClass) && subresource.is_empty() && old.is_none() {
                runtime_classes::validate(request, new)?;
            }
            if request.has(Plugin::PodResizeValidator) && subresource == "resize" {
                nodes::check_resize(request, new, old)?;
            }
        }
        (("", "persistentvolumeclaims"), "")
            if request.has(Plugin::PersistentVolumeClaimResize) =>
        {
            claims::check_resize(request, new, old)?;
        }
        (("certificates.k8s.io", _), _) => signers::check(request, new, old)?,
        (("", "services"), "") if request.has(Plugin::DenyServiceExternalIps) => {
            services::check_external_addresses(request, new, old)?;
        }
        _ if request.has(Plugin::PodSecurity) => {
            warnings = pod_security::validate(request, new, old)?;
        }
        _ => {}
    }
    Ok(warnings)
}

#[cfg(test)]
mod tests;
