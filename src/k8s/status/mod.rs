//! Errors of the Kubernetes side, rendered as a `Status` in one place.
//!
//! Messages, reasons and details are upstream's (`k8s.io/apimachinery/pkg/api/errors`): clients compare them.

mod catalogue;
mod field_error;

pub(super) use field_error::{FieldError, aggregate as joined_errors};

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use super::golang::write_json;
use super::resource::{GroupResource, ResourceType};

/// An error of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub code: StatusCode,
    /// The machine-readable reason, such as `NotFound`; empty where upstream has none.
    pub reason: Cow<'static, str>,
    /// The message.
    pub message: String,
    /// The object, the causes and the retry time.
    pub details: Option<Details>,
    /// `metadata.continue`: the token that continues inconsistently after a 410.
    pub continue_token: Option<String>,
    /// Whether the answer is text/plain, without a Status, as upstream's are for some errors.
    pub plain: bool,
    /// The warnings that the request has besides.
    pub warnings: Vec<String>,
    /// Fields that a profile adds to the Status.
    pub extra: BTreeMap<&'static str, Value>,
}

/// `Status.details`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Details {
    /// The object's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The API group.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The plural resource, or the Kind for 422 and for failed preconditions.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The object's uid.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// The causes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// The time to wait before a retry, in seconds; also sent as `Retry-After`.
    #[serde(skip_serializing_if = "is_zero")]
    pub retry_after_seconds: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

/// `Status.details.causes[]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Cause {
    /// Such as `FieldValueInvalid`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub reason: &'static str,
    /// The message.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The field, such as `spec.replicas`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

impl ApiError {
    /// The error with warnings.
    pub(crate) fn with_warnings(mut self, warnings: &[String]) -> Self {
        self.warnings.extend_from_slice(warnings);
        self
    }

    /// The error with what the client was warned of before it happened.
    pub(crate) fn after_warnings(mut self, mut warnings: Vec<String>) -> Self {
        warnings.retain(|warning| !self.warnings.contains(warning));
        warnings.append(&mut self.warnings);
        self.warnings = warnings;
        self
    }

    /// The error with a warning before the others.
    pub(crate) fn warned_first(mut self, warning: &str) -> Self {
        self.warnings.insert(0, warning.to_owned());
        self
    }

    fn new(
        code: StatusCode,
        reason: &'static str,
        message: impl Into<String>,
        details: Option<Details>,
    ) -> Self {
        Self {
            code,
            reason: Cow::Borrowed(reason),
            message: message.into(),
            details,
            continue_token: None,
            plain: false,
            warnings: Vec::new(),
            extra: BTreeMap::new(),
        }
    }

    /// Sets the time to wait before a retry, in seconds.
    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.details.get_or_insert_default().retry_after_seconds = seconds;
        self
    }

    /// The seconds of `Retry-After`, where that header is sent.
    pub(crate) fn retry_after_seconds(&self) -> Option<u32> {
        let given = || {
            let seconds = self.extra.get("details")?["retryAfterSeconds"].as_u64()?;
            u32::try_from(seconds).ok()
        };
        let own = self.details.as_ref().map(|details| details.retry_after_seconds);
        own.or_else(given).filter(|seconds| *seconds > 0)
    }

    /// The `Status` as JSON, without a line break.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Metadata<'a> {
            #[serde(rename = "continue", skip_serializing_if = "Option::is_none")]
            continue_token: Option<&'a str>,
        }
        #[derive(Serialize)]
        #[expect(clippy::struct_field_names, reason = "the field names are the API's")]
        struct Status<'a> {
            kind: &'static str,
            #[serde(rename = "apiVersion")]
            api_version: &'static str,
            metadata: Metadata<'a>,
            status: &'static str,
            #[serde(skip_serializing_if = "str::is_empty")]
            message: &'a str,
            #[serde(skip_serializing_if = "str::is_empty")]
            reason: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            details: Option<&'a Details>,
            code: u16,
            #[serde(flatten)]
            extra: &'a BTreeMap<&'static str, Value>,
        }
        let status = Status {
            kind: "Status",
            api_version: "v1",
            metadata: Metadata { continue_token: self.continue_token.as_deref() },
            status: "Failure",
            message: &self.message,
            reason: &self.reason,
            details: self.details.as_ref(),
            code: self.code.as_u16(),
            extra: &self.extra,
        };
        let mut text = Vec::new();
        write_json(&mut text, &status);
        text
    }
}

impl Details {
    /// Details that name a resource and an object.
    pub(crate) fn of(resource: &GroupResource, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            group: resource.group.to_string(),
            kind: resource.resource.to_string(),
            ..Self::default()
        }
    }
}

/// The `Status` of a completed delete: without a code, with the deleted object in its details.
pub(super) fn deleted(of: &ResourceType, name: &str, uid: &str) -> Bytes {
    let details = Details { uid: uid.to_owned(), ..Details::of(&of.group_resource, name) };
    let mut text =
        br#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":"#
            .to_vec();
    write_json(&mut text, &details);
    text.push(b'}');
    text.into()
}
