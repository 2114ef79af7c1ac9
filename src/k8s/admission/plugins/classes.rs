//! `DefaultStorageClass` and `DefaultIngressClass`: the newest class that is marked as the default one
//! (`plugin/pkg/admission/{storage/storageclass/setdefault,network/defaultingressclass}`).

use std::cmp::Reverse;

use serde_json::Value;

use super::super::super::meta;
use super::super::super::resource::GroupResource;
use super::Request;
use super::claims;

/// The name of the default class of a type: the newest, and of these the first by name.
fn default_class(
    request: &Request<'_>,
    resource: &GroupResource,
    annotations: &[&str],
) -> Option<String> {
    let all = request.snapshot.collection(resource)?.range("", "").map(|class| class.value("", ""));
    let is_default = |class: &Value| {
        annotations.iter().any(|name| class["metadata"]["annotations"][*name] == "true")
    };
    let named = |class: Value| {
        let text = |field: &str| meta::text(&class, field).to_owned();
        (Reverse(text("creationTimestamp")), text("name"))
    };
    all.filter(is_default).map(named).min().map(|(_, name)| name)
}

pub(super) fn of_claim(request: &Request<'_>, claim: &mut Value) {
    if claims::has_class(claim) || !claim["spec"].is_object() {
        return;
    }
    let classes = GroupResource::new("storage.k8s.io", "storageclasses");
    let annotations = [
        "storageclass.kubernetes.io/is-default-class",
        "storageclass.beta.kubernetes.io/is-default-class",
    ];
    if let Some(name) = default_class(request, &classes, &annotations) {
        claim["spec"]["storageClassName"] = name.into();
    }
}

pub(super) fn of_ingress(request: &Request<'_>, ingress: &mut Value) {
    let annotated = &ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"];
    if !annotated.is_null() || !ingress["spec"]["ingressClassName"].is_null() {
        return;
    }
    let classes = GroupResource::new("networking.k8s.io", "ingressclasses");
    let annotations = ["ingressclass.kubernetes.io/is-default-class"];
    if let Some(name) = default_class(request, &classes, &annotations) {
        ingress["spec"]["ingressClassName"] = name.into();
    }
}
