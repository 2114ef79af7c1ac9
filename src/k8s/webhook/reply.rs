//! What a webhook answers, as the client of an API server reads it (`Request.transformResponse` and `Result.Into` in
//! `k8s.io/client-go/rest/request.go`).

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use super::super::decode::{self, TypeMeta};
use super::super::golang::quote;

/// The longest text of an answer that an error quotes, in bytes (`maxUnstructuredResponseTextBytes`).
const MAX_QUOTED: usize = 2048;

/// The answer of a webhook.
#[derive(Debug)]
pub(crate) struct WebhookReply {
    /// Its status.
    pub status: StatusCode,
    /// `Content-Type`; empty where it has none.
    pub content_type: String,
    /// Its whole body.
    pub body: Bytes,
}

impl WebhookReply {
    /// The body of an answer of success.
    ///
    /// # Errors
    /// Upstream's words for another answer, and for an empty one.
    pub(crate) fn content(&self) -> Result<&Bytes, String> {
        if !(200..=206).contains(&self.status.as_u16()) {
            return Err(refusal(self));
        }
        if self.body.is_empty() {
            let media =
                if self.content_type.is_empty() { "application/json" } else { &self.content_type };
            return Err(format!(
                "0-length response with status code: {} and content type: {media}",
                self.status.as_u16(),
            ));
        }
        Ok(&self.body)
    }
}

/// A body as JSON, or else as YAML; one that begins as an object is JSON (`yaml.IsJSONBuffer`).
pub(in super::super) fn decoded(body: &[u8]) -> Result<Value, String> {
    let decoded = if body.trim_ascii_start().starts_with(b"{") {
        let failed = |why: String| format!("couldn't get version/kind; json parse error: {why}");
        decode::json(body).map_err(failed)?
    } else {
        decode::json(body).or_else(|_| decode::yaml(body))?
    };
    decoded.invalid.map_or(Ok(()), Err)?;
    TypeMeta::of(&decoded.value)?;
    Ok(decoded.value)
}

/// The error of an answer that is none of success (`NewGenericServerResponse`).
fn refusal(answer: &WebhookReply) -> String {
    if let Ok(status) = decoded(&answer.body)
        && status["kind"] == "Status"
        && status["apiVersion"] == "v1"
        && status["status"] != "Success"
    {
        return status["message"].as_str().unwrap_or_default().to_owned();
    }
    let media = &answer.content_type;
    let is_text = media.is_empty() || media.starts_with("text/");
    let shown = &answer.body[..answer.body.len().min(MAX_QUOTED)];
    let shown = String::from_utf8_lossy(shown);
    let said = if is_text { shown.trim() } else { "unknown" };
    match answer.status.as_u16() {
        400 => "the server rejected our request for an unknown reason".to_owned(),
        401 => "the server has asked for the client to provide credentials".to_owned(),
        404 => "the server could not find the requested resource".to_owned(),
        405 => "the server does not allow this method on the requested resource".to_owned(),
        406 if matches!(said, "" | "unknown") => {
            "the server was unable to respond with a content type that the client supports".to_owned()
        }
        403 | 406 | 415 => said.to_owned(),
        409 => "the server reported a conflict".to_owned(),
        422 => "the server rejected our request due to an error in our request".to_owned(),
        429 => {
            "the server has received too many requests and has asked us to try again later".to_owned()
        }
        503 => "the server is currently unable to handle the request".to_owned(),
        504 => "the server was unable to return a response in the time allotted, but may still be processing the \
             request"
            .to_owned(),
        500.. => format!(
            "an error on the server ({}) has prevented the request from succeeding",
            quote(said)
        ),
        code => format!(
            "the server responded with the status code {code} but did not return more information"
        ),
    }
}
