//! What is read from the answer of a webhook: decoded as Go does, then checked (`VerifyAdmissionResponse` in
//! `pkg/admission/plugin/webhook/request/admissionreview.go`, `ToStatusErr` in `errors/statuserror.go`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::super::golang::{decode, quote};
use super::super::super::resource::split_api_version;
use super::super::super::status::ApiError;
use super::super::super::webhook::{WebhookReply, decoded};
use super::configuration::ReviewVersion;
use super::fields;

const GROUP: &str = "admission.k8s.io";
const KIND: &str = "AdmissionReview";

/// The lowest and the highest code of a refusal that can be sent.
const CODES: (i64, i64) = (400, 999);

/// A valid answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) allowed: bool,
    /// `status`: null where there is none.
    pub(super) status: Value,
    /// The patch; empty where there is none.
    pub(super) patch: Vec<u8>,
    pub(super) patch_type: String,
    pub(super) warnings: Vec<String>,
    /// `auditAnnotations`.
    pub(super) annotations: Vec<(String, String)>,
}

/// The review of an answer.
///
/// # Errors
/// Why it is none, in the words of Go's decoders.
pub(super) fn decode_review(version: ReviewVersion, reply: &WebhookReply) -> Result<Value, String> {
    let mut review = decoded(reply.content()?)?;
    check_type(version, &review)?;
    decode(&mut review, fields::review(version))?;
    Ok(review)
}

/// Checks the kind of an answer. What it leaves out is that of a review, for the decoder.
fn check_type(version: ReviewVersion, review: &Value) -> Result<(), String> {
    let text = |field: &str| review[field].as_str().unwrap_or_default();
    let own = format!("{GROUP}/{}", version.name());
    let api_version = if text("apiVersion").is_empty() { own.as_str() } else { text("apiVersion") };
    let kind = if text("kind").is_empty() { KIND } else { text("kind") };
    if kind == KIND && api_version == own {
        return Ok(());
    }
    let (group, short) = split_api_version(api_version);
    let is_review = group == GROUP && matches!(short, "v1" | "v1beta1") && kind == KIND;
    if is_review || api_version == "v1" && kind == "Status" {
        let name = version.name();
        return Err(format!("converting ({short}.{kind}) to ({name}.{KIND}): unknown conversion"));
    }
    let (kind, api_version) = (quote(kind), quote(api_version));
    Err(format!(
        "no kind {kind} is registered for version {api_version} in scheme \"pkg/runtime/scheme.go:111\""
    ))
}

/// The answer of a decoded review.
///
/// # Errors
/// What is wrong with it.
pub(super) fn verify(
    version: ReviewVersion,
    uid: &str,
    mutating: bool,
    review: &Value,
) -> Result<Answer, String> {
    let response = &review["response"];
    if response.is_null() {
        return Err("webhook response was absent".to_owned());
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let patch = STANDARD.decode(text(&response["patch"])).unwrap_or_default();
    let mut patch_type = text(&response["patchType"]);
    match version {
        ReviewVersion::V1 => {
            check_identity(uid, review)?;
            check_patch(mutating, &patch, &response["patchType"])?;
        }
        // Neither uid nor kind nor the type of the patch count there.
        ReviewVersion::V1Beta1 => "JSONPatch".clone_into(&mut patch_type),
    }
    let warnings = response["warnings"].as_array().into_iter().flatten();
    let annotations = response["auditAnnotations"].as_object().into_iter().flatten();
    Ok(Answer {
        allowed: response["allowed"] == true,
        status: response["status"].clone(),
        patch: if mutating { patch } else { Vec::new() },
        patch_type,
        warnings: warnings.map(text).collect(),
        annotations: annotations.map(|(key, value)| (key.clone(), text(value))).collect(),
    })
}

fn check_identity(uid: &str, review: &Value) -> Result<(), String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let found = text(&review["response"]["uid"]);
    if found != uid {
        return Err(format!("expected response.uid={}, got {}", quote(uid), quote(&found)));
    }
    let api_version = text(&review["apiVersion"]);
    let (group, short) = split_api_version(&api_version);
    let found = format!("{group}/{short}, Kind={}", text(&review["kind"]));
    let expected = format!("{GROUP}/v1, Kind={KIND}");
    if found != expected {
        return Err(format!("expected webhook response of {expected}, got {found}"));
    }
    Ok(())
}

/// Checks that a patch and its type come together, and from a mutating webhook alone.
fn check_patch(mutating: bool, patch: &[u8], patch_type: &Value) -> Result<(), String> {
    let why = match (mutating, patch.is_empty(), patch_type.as_str()) {
        (true, false, None) => "webhook returned response.patch but not response.patchType",
        (true, true, Some(_)) => "webhook returned response.patchType but not response.patch",
        (true, false, Some("")) => "webhook returned invalid response.patchType of \"\"",
        (false, false, _) => "validating webhook may not return response.patch",
        (false, true, Some(_)) => "validating webhook may not return response.patchType",
        _ => return Ok(()),
    };
    Err(why.to_owned())
}

/// The error of a request that a webhook does not allow.
pub(super) fn refusal(webhook: &str, status: &Value) -> ApiError {
    let mut status = if status.is_null() { json!({}) } else { status.clone() };
    let code = status["code"].as_i64().unwrap_or_default();
    // A code above all that can be sent would end the connection.
    status["code"] = if code < CODES.0 { CODES.0 } else { code.min(CODES.1) }.into();
    let denied = format!("admission webhook {} denied the request", quote(webhook));
    let text = |field: &str| status[field].as_str().filter(|text| !text.is_empty());
    let message = match text("message").or_else(|| text("reason")) {
        Some(why) => format!("{denied}: {why}"),
        None => format!("{denied} without explanation"),
    };
    status["message"] = message.into();
    ApiError::of_webhook(&status)
}
