//! `AdmissionReview`: what a webhook is sent (`pkg/admission/plugin/webhook/request/admissionreview.go`).

use serde_json::{Map, Value, json};

use super::super::attributes::{Attributes, Versioned};
use super::super::matching::Match;
use super::configuration::ReviewVersion;

const GROUP: &str = "admission.k8s.io";

/// `request` of a review, without its uid.
pub(in super::super) fn request(
    request: &Attributes<'_>,
    found: &Match<'_>,
    object: Option<&Value>,
    old_object: Option<&Value>,
) -> Value {
    let mut review = Map::new();
    let mut set = |field: &str, value: Value| drop(review.insert(field.to_owned(), value));
    set("kind", named(found.kind, "kind"));
    set("resource", named(found.resource, "resource"));
    set("requestKind", named(request.kind, "kind"));
    set("requestResource", named(request.resource, "resource"));
    for (field, text) in [
        ("subResource", request.subresource),
        ("requestSubResource", request.subresource),
        ("name", request.name),
        ("namespace", request.namespace),
    ] {
        if !text.is_empty() {
            set(field, text.into());
        }
    }
    set("operation", request.operation.name().into());
    set("userInfo", user(request));
    set("object", object.cloned().unwrap_or_default());
    set("oldObject", old_object.cloned().unwrap_or_default());
    set("dryRun", request.dry_run.into());
    set("options", request.options.clone());
    Value::Object(review)
}

/// The body of a review.
pub(super) fn body(version: ReviewVersion, request: &Value, uid: &str) -> Vec<u8> {
    let mut request = request.clone();
    request["uid"] = uid.into();
    let review = json!({
        "kind": "AdmissionReview",
        "apiVersion": format!("{GROUP}/{}", version.name()),
        "request": request,
    });
    review.to_string().into_bytes()
}

/// Group, version and a kind or a resource.
fn named(of: Versioned<'_>, field: &str) -> Value {
    json!({"group": of.group, "version": of.version, (field): of.name})
}

/// `UserInfo` of `authentication.k8s.io`: what is empty is left out.
fn user(request: &Attributes<'_>) -> Value {
    let user = request.user;
    let mut info = Map::new();
    for (field, text) in [("username", &user.name), ("uid", &user.uid)] {
        if !text.is_empty() {
            info.insert(field.to_owned(), text.as_str().into());
        }
    }
    if !user.groups.is_empty() {
        info.insert("groups".to_owned(), user.groups.clone().into());
    }
    if !user.extra.is_empty() {
        info.insert("extra".to_owned(), json!(user.extra));
    }
    Value::Object(info)
}
