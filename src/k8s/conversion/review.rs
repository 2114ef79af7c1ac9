//! `ConversionReview`: what a webhook is sent, and what is read from its answer
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go`, and the decoding of
//! `k8s.io/client-go/rest/request.go`).

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::golang::{json_kind, quote};
use super::super::resource::split_api_version;
use super::super::webhook::{ConversionWebhook, ReviewVersion, WebhookReply, decoded};
use super::metadata;

/// Why an object is not converted: upstream's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ReviewError(String);

const GROUP: &str = "apiextensions.k8s.io";

/// Version and kind of an object, as Go prints them (`GroupVersionKind.String`).
fn kind_of(object: &Value) -> String {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    let (group, version) = split_api_version(text("apiVersion"));
    format!("{group}/{version}, Kind={}", text("kind"))
}

/// The error of a call.
pub(super) fn failed(object: &Value, why: &str) -> ReviewError {
    ReviewError(format!("conversion webhook for {} failed: {why}", kind_of(object)))
}

/// The body of a review.
pub(super) fn request(
    webhook: &ConversionWebhook,
    object: &Value,
    desired: &str,
    uid: &str,
) -> Result<Vec<u8>, ReviewError> {
    let Some(version) = webhook.review else {
        return Err(ReviewError("no supported conversion review versions".to_owned()));
    };
    let review = json!({
        "kind": "ConversionReview",
        "apiVersion": format!("{GROUP}/{}", version.name()),
        "request": {"uid": uid, "desiredAPIVersion": desired, "objects": [object]},
        "response": {"uid": "", "convertedObjects": null, "result": {"metadata": {}}},
    });
    Ok(review.to_string().into_bytes())
}

/// The converted object of an answer.
pub(super) fn read(
    webhook: &ConversionWebhook,
    object: &Value,
    desired: &str,
    uid: &str,
    answer: &WebhookReply,
) -> Result<Value, ReviewError> {
    let version = webhook.review.unwrap_or(ReviewVersion::V1);
    let objects = objects(version, uid, answer).map_err(|why| failed(object, &why))?;
    let kind = kind_of(object);
    let fail = |why: String| ReviewError(format!("conversion webhook for {kind} {why}"));
    if objects.len() != 1 {
        return Err(fail(format!("returned {} objects, expected 1", objects.len())));
    }
    let mut converted = objects.into_iter().next().unwrap_or_default();
    check_object(&converted, &answer.body).map_err(ReviewError)?;
    let text = |field: &str| converted[field].as_str().unwrap_or_default();
    // What is no group and version counts as none.
    let received = Some(text("apiVersion")).filter(|version| version.matches('/').count() < 2);
    let received = received.unwrap_or_default();
    if received != desired {
        return Err(fail(format!(
            "returned invalid object at index 0: invalid groupVersion (expected {desired}, received {received})"
        )));
    }
    let (own, received) = (object["kind"].as_str().unwrap_or_default(), text("kind"));
    if own != received {
        return Err(fail(format!(
            "returned invalid object at index 0: invalid kind (expected {own}, received {received})"
        )));
    }
    metadata::check_identity(object, &converted)
        .map_err(|why| fail(format!("returned invalid object: {why}")))?;
    metadata::restore(object, &mut converted)
        .map_err(|why| fail(format!("returned invalid metadata: {why}")))?;
    Ok(converted)
}

/// Checks that a converted object has the form of one (`unstructuredJSONScheme.Decode`).
fn check_object(converted: &Value, body: &[u8]) -> Result<(), String> {
    match converted {
        Value::Null => Err("unexpected end of JSON input".to_owned()),
        Value::Object(map) => {
            if map.get("kind").and_then(Value::as_str).is_some_and(|kind| !kind.is_empty()) {
                return Ok(());
            }
            let text = as_written(body).unwrap_or_else(|| converted.to_string());
            Err(format!("Object 'Kind' is missing in '{text}'"))
        }
        other => Err(format!(
            "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
            json_kind(other)
        )),
    }
}

/// The first converted object of a JSON text, as it is written.
fn as_written(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Review<'t> {
        #[serde(borrow)]
        response: Response<'t>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Response<'t> {
        #[serde(borrow)]
        converted_objects: Vec<&'t RawValue>,
    }
    let review: Review<'_> = serde_json::from_slice(body).ok()?;
    review.response.converted_objects.first().map(|object| object.get().to_owned())
}

/// The objects of an answer (`Result.Into`, `getConvertedObjectsFromResponse`).
fn objects(version: ReviewVersion, uid: &str, answer: &WebhookReply) -> Result<Vec<Value>, String> {
    let review = decoded(answer.content()?)?;
    check_type(version, &review)?;
    check_fields(version, &review)?;
    let response = &review["response"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if version == ReviewVersion::V1 {
        let (expected, found) = (format!("{GROUP}/v1, Kind=ConversionReview"), kind_of(&review));
        if expected != found {
            return Err(format!("expected webhook response of {expected}, got {found}"));
        }
    }
    if response.is_null() {
        return Err("no response provided".to_owned());
    }
    let found = text(&response["uid"]);
    if version == ReviewVersion::V1 && found != uid {
        return Err(format!("expected response.uid={}, got {}", quote(uid), quote(&found)));
    }
    let result = &response["result"];
    if result["status"] != "Success" {
        let message = text(&result["message"]);
        if !message.is_empty() {
            return Err(message);
        }
        let status = text(&result["status"]);
        return Err(format!("response.result.status was '{status}', not 'Success'"));
    }
    Ok(response["convertedObjects"].as_array().cloned().unwrap_or_default())
}

/// The kinds that the answer may have for the client's scheme; another one than a review cannot be converted to one.
const KINDS: [&str; 3] =
    ["ConversionReview", "CustomResourceDefinition", "CustomResourceDefinitionList"];

/// Checks the kind of an answer. What it leaves out is that of a review.
fn check_type(version: ReviewVersion, review: &Value) -> Result<(), String> {
    let text = |field: &str| review[field].as_str().unwrap_or_default();
    let own = format!("{GROUP}/{}", version.name());
    let api_version = if text("apiVersion").is_empty() { own.as_str() } else { text("apiVersion") };
    let kind = if text("kind").is_empty() { KINDS[0] } else { text("kind") };
    if kind == KINDS[0] && api_version == own {
        return Ok(());
    }
    let (group, short) = split_api_version(api_version);
    let known = group == GROUP && matches!(short, "v1" | "v1beta1") && KINDS.contains(&kind);
    if known || api_version == "v1" && kind == "Status" {
        let name = version.name();
        return Err(format!(
            "converting ({short}.{kind}) to ({name}.ConversionReview): unknown conversion"
        ));
    }
    let (kind, api_version) = (quote(kind), quote(api_version));
    Err(format!(
        "no kind {kind} is registered for version {api_version} in scheme \"pkg/runtime/scheme.go:111\""
    ))
}

/// Checks the types of the fields that are read.
fn check_fields(version: ReviewVersion, review: &Value) -> Result<(), String> {
    let response = &review["response"];
    let result = &response["result"];
    let wrong = |found: &Value, field: &str, wanted: &str| {
        let found = json_kind(found);
        Err(format!("json: cannot unmarshal {found} into Go struct field {field} of type {wanted}"))
    };
    if !response.is_object() && !response.is_null() {
        let wanted = format!("{}.ConversionResponse", version.name());
        return wrong(response, "ConversionReview.response", &wanted);
    }
    let found = &response["uid"];
    if !found.is_string() && !found.is_null() {
        return wrong(found, "ConversionResponse.response.uid", "types.UID");
    }
    let found = &response["convertedObjects"];
    if !found.is_array() && !found.is_null() {
        let field = "ConversionResponse.response.convertedObjects";
        return wrong(found, field, "[]runtime.RawExtension");
    }
    if !result.is_object() && !result.is_null() {
        return wrong(result, "ConversionResponse.response.result", "v1.Status");
    }
    for field in ["status", "message"] {
        let found = &result[field];
        if !found.is_string() && !found.is_null() {
            return wrong(found, &format!("Status.response.result.{field}"), "string");
        }
    }
    Ok(())
}
