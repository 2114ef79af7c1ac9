//! Errors of the Kubernetes side: one catalogue of causes, rendered as a `Status` in one place.
//!
//! Texts, reasons and details are upstream's (`k8s.io/apimachinery/pkg/api/errors`), because clients
//! and people compare them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use super::limits::{ACCEPTED, MAX_BODY_BYTES};
use super::resource::{GroupResource, ResourceType};

/// The answer when a request cannot be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub code: StatusCode,
    /// The machine-readable reason, such as `NotFound`; empty where upstream has none.
    pub reason: Cow<'static, str>,
    /// The text for people.
    pub message: String,
    /// What the error is about.
    pub details: Option<Details>,
    /// `metadata.continue`: the token that goes on inconsistently after a 410.
    pub continue_token: Option<String>,
    /// Upstream answers some errors as text/plain, without a Status.
    pub plain: bool,
    /// Fields that a profile adds to the Status.
    pub extra: BTreeMap<&'static str, Value>,
}

/// `Status.details`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
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
    /// The single causes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// After how many seconds to try again; also sent as `Retry-After`.
    #[serde(skip_serializing_if = "is_zero")]
    pub retry_after_seconds: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_zero(seconds: &u32) -> bool {
    *seconds == 0
}

/// `Status.details.causes[]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Such as `FieldValueInvalid`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub reason: &'static str,
    /// The text for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The field, such as `spec.replicas`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

/// One invalid field (`k8s.io/apimachinery/pkg/util/validation/field.Error`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's path, such as `spec.tasks[0].name`; `<nil>` where upstream has none.
    pub field: String,
    /// The cause's reason.
    pub reason: &'static str,
    /// What follows the path, such as `Required value`.
    pub body: String,
}

impl FieldError {
    /// `Required value[: detail]`.
    pub fn required(field: impl Into<String>, detail: &str) -> Self {
        Self::with("FieldValueRequired", field, "Required value".to_owned(), detail)
    }

    /// `Invalid value: VALUE: detail`; `value` is already as Go prints it (text in quotes).
    pub fn invalid(field: impl Into<String>, value: impl Display, detail: &str) -> Self {
        Self::with("FieldValueInvalid", field, format!("Invalid value: {value}"), detail)
    }

    /// As [`FieldError::invalid`], for a value of the wrong type.
    pub fn type_invalid(field: impl Into<String>, value: impl Display, detail: &str) -> Self {
        Self::with("FieldValueTypeInvalid", field, format!("Invalid value: {value}"), detail)
    }

    /// `Forbidden: detail`.
    pub fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        Self::with("FieldValueForbidden", field, "Forbidden".to_owned(), detail)
    }

    /// `Duplicate value: VALUE`.
    pub fn duplicate(field: impl Into<String>, value: impl Display) -> Self {
        Self::with("FieldValueDuplicate", field, format!("Duplicate value: {value}"), "")
    }

    /// `Too long: may not be more than N bytes`.
    pub fn too_long(field: impl Into<String>, max: u64) -> Self {
        Self::with(
            "FieldValueTooLong",
            field,
            "Too long".to_owned(),
            &format!("may not be more than {max} bytes"),
        )
    }

    /// `Too many: N: must have at most MAX items`.
    pub fn too_many(field: impl Into<String>, count: usize, max: u64) -> Self {
        let body = format!("Too many: {count}");
        Self::with("FieldValueTooMany", field, body, &format!("must have at most {max} items"))
    }

    /// `Unsupported value: VALUE: supported values: "A", "B"`.
    pub fn not_supported(
        field: impl Into<String>,
        value: impl Display,
        supported: &[String],
    ) -> Self {
        let list: Vec<String> = supported.iter().map(|word| quote(word)).collect();
        let body = format!("Unsupported value: {value}");
        Self::with(
            "FieldValueNotSupported",
            field,
            body,
            &format!("supported values: {}", list.join(", ")),
        )
    }

    fn with(reason: &'static str, field: impl Into<String>, head: String, detail: &str) -> Self {
        let body = if detail.is_empty() { head } else { format!("{head}: {detail}") };
        Self { field: field.into(), reason, body }
    }
}

impl Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.body)
    }
}

/// Several errors as Go's `ErrorList.ToAggregate` prints them: one alone, more in brackets.
pub(super) fn aggregate(errors: &[FieldError]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

/// Text as Go's `%q` prints it, for the characters that turn up here.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() && (c as u32) < 0x80 => {
                out.push_str(&format!("\\x{:02x}", c as u32));
            }
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

impl ApiError {
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
            extra: BTreeMap::new(),
        }
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message, None)
    }

    /// 503, to be tried again.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message, None)
            .retry_after(1)
    }

    /// 408.
    pub fn request_timeout(message: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "Timeout", message, None)
    }

    /// 401.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized", None)
    }

    /// 403: admission or authorization says no.
    pub fn forbidden(resource: &GroupResource, name: &str, why: &str) -> Self {
        let message = if resource.resource.is_empty() {
            format!("forbidden: {why}")
        } else if name.is_empty() {
            format!("{resource} is forbidden: {why}")
        } else {
            format!("{resource} {} is forbidden: {why}", quote(name))
        };
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message, Some(Details::of(resource, name)))
    }

    /// 404 of an object.
    pub fn not_found(resource: &GroupResource, name: &str) -> Self {
        let message = format!("{resource} {} not found", quote(name));
        Self::new(StatusCode::NOT_FOUND, "NotFound", message, Some(Details::of(resource, name)))
    }

    /// 404 of a resource in a group that upstream serves itself.
    pub fn no_such_resource() -> Self {
        let message = "the server could not find the requested resource";
        Self::new(StatusCode::NOT_FOUND, "NotFound", message, Some(Details::default()))
    }

    /// 404 of a path: text/plain, as Go's `http.NotFound` writes it.
    pub fn no_such_path() -> Self {
        let mut error = Self::new(StatusCode::NOT_FOUND, "NotFound", "404 page not found\n", None);
        error.plain = true;
        error
    }

    /// 405 on a custom resource.
    pub fn method_not_supported(resource: &GroupResource, verb: &str) -> Self {
        let message = format!(
            "{verb} is not supported on resources of kind {}",
            quote(&resource.to_string())
        );
        let details = Details::of(resource, "");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message, Some(details))
    }

    /// 405 in a group that upstream serves itself.
    pub fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            message,
            Some(Details::default()),
        )
    }

    /// 406.
    pub fn not_acceptable(accepted: &str) -> Self {
        let message = format!("only the following media types are accepted: {accepted}");
        Self::new(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message, None)
    }

    /// 409 of a create.
    pub fn already_exists(resource: &GroupResource, name: &str) -> Self {
        let message = format!("{resource} {} already exists", quote(name));
        Self::new(StatusCode::CONFLICT, "AlreadyExists", message, Some(Details::of(resource, name)))
    }

    /// 409 of a stale write.
    pub fn conflict(resource: &GroupResource, name: &str) -> Self {
        Self::conflict_because(
            resource,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// 409 for a stated reason.
    pub fn conflict_because(resource: &GroupResource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} {}: {why}", quote(name));
        Self::new(StatusCode::CONFLICT, "Conflict", message, Some(Details::of(resource, name)))
    }

    /// 409 of an apply: fields belong to others.
    pub fn apply_conflict(message: String, causes: Vec<Cause>) -> Self {
        let details = Details { causes, ..Details::default() };
        Self::new(StatusCode::CONFLICT, "Conflict", message, Some(details))
    }

    /// 410 of a continue token below the compaction floor, with a token that goes on inconsistently.
    pub fn expired_continue(fresh: Option<String>) -> Self {
        let message = match fresh {
            Some(_) => {
                "The provided continue parameter is too old to display a consistent list result. You can \
                 start a new list without the continue parameter, or use the continue token in this \
                 response to retrieve the remainder of the results. Continuing with the provided token \
                 results in an inconsistent list - objects that were created, modified, or deleted between \
                 the time the first chunk was returned and now may show up in the list."
            }
            None => {
                "The provided continue parameter is too old to display a consistent list result. You must \
                 start a new list without the continue parameter."
            }
        };
        let mut error = Self::expired(message);
        error.continue_token = fresh;
        error
    }

    /// 410 with a text.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "Expired", message, None)
    }

    /// 413.
    pub fn too_large(limit: usize) -> Self {
        let message = format!("Request entity too large: limit is {limit}");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message, None)
    }

    /// 415.
    pub fn unsupported_media_type(accepted: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {accepted}"
        );
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message, None)
    }

    /// 422 of an object; `kind` is the Kind.
    pub fn invalid(kind: &str, group: &str, name: &str, errors: &[FieldError]) -> Self {
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let message = format!("{qualified} {} is invalid: {}", quote(name), aggregate(errors));
        let details = Details {
            name: name.to_owned(),
            group: group.to_owned(),
            kind: kind.to_owned(),
            causes: errors.iter().map(Cause::of).collect(),
            ..Details::default()
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message, Some(details))
    }

    /// 422 of query or body options, such as `ListOptions`.
    pub fn invalid_options(kind: &str, errors: &[FieldError]) -> Self {
        Self::invalid(kind, "meta.k8s.io", "", errors)
    }

    /// 422 of a patch that does not fit its object.
    pub fn unprocessable() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message, Some(Details::default()))
    }

    /// 500 with the bare text: upstream's answer to errors it does not classify.
    pub fn unclassified(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "", message, None)
    }

    /// 500.
    pub fn internal(message: &str) -> Self {
        let details = Details {
            causes: vec![Cause { reason: "", message: message.to_owned(), field: String::new() }],
            ..Details::default()
        };
        let message = format!("Internal error occurred: {message}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message, Some(details))
    }

    /// 504: a resourceVersion that the server has not reached.
    pub fn revision_too_large(asked: u64, current: u64) -> Self {
        let details = Details {
            causes: vec![Cause {
                reason: "ResourceVersionTooLarge",
                message: "Too large resource version".to_owned(),
                field: String::new(),
            }],
            retry_after_seconds: 1,
            ..Details::default()
        };
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        Self::new(StatusCode::GATEWAY_TIMEOUT, "Timeout", message, Some(details))
    }

    /// An error a scenario asks for: upstream's reason and text for the status, where it has one.
    pub fn of_status(
        code: StatusCode,
        resource: Option<&GroupResource>,
        name: &str,
        verb: &str,
    ) -> Self {
        let none = GroupResource::default();
        let of = resource.unwrap_or(&none);
        match code.as_u16() {
            400 => Self::bad_request("the server rejected our request for an unknown reason"),
            401 => Self::unauthorized(),
            403 => Self::forbidden(of, name, "not allowed by a scenario"),
            404 if name.is_empty() => Self::no_such_resource(),
            404 => Self::not_found(of, name),
            405 => Self::method_not_supported(of, verb),
            406 => Self::not_acceptable(ACCEPTED),
            409 => Self::conflict(of, name),
            410 => Self::expired("The resourceVersion for the provided list is too old."),
            413 => Self::too_large(MAX_BODY_BYTES),
            415 => Self::unsupported_media_type(ACCEPTED),
            422 => Self::unprocessable(),
            429 => Self::new(
                code,
                "TooManyRequests",
                "Too many requests, please try again later.",
                None,
            ),
            500 => Self::internal("a scenario said so"),
            503 => Self::new(
                code,
                "ServiceUnavailable",
                "the server is currently unable to handle the request",
                None,
            ),
            504 => Self::new(
                code,
                "Timeout",
                "Timeout: request did not complete within the allotted timeout",
                Some(Details::default()),
            ),
            _ => Self::new(code, "", code.canonical_reason().unwrap_or("Unknown").to_owned(), None),
        }
    }

    /// Sets after how many seconds to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.details.get_or_insert_default().retry_after_seconds = seconds;
        self
    }

    /// The seconds of `Retry-After`, where it is to be sent.
    pub fn retry_after_seconds(&self) -> Option<u32> {
        self.details.as_ref().map(|d| d.retry_after_seconds).filter(|seconds| *seconds > 0)
    }

    /// The `Status` as JSON, without a line end.
    pub fn to_json(&self) -> Vec<u8> {
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
        serde_json::to_vec(&status).unwrap_or_default()
    }
}

impl Details {
    /// Details that name a resource and an object.
    pub fn of(resource: &GroupResource, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            group: resource.group.to_string(),
            kind: resource.resource.to_string(),
            ..Self::default()
        }
    }
}

impl Cause {
    fn of(error: &FieldError) -> Self {
        Self { reason: error.reason, message: error.body.clone(), field: error.field.clone() }
    }
}

/// The `Status` of a delete that is done: no code, the deleted object's identity in the details.
pub(super) fn deleted(of: &ResourceType, name: &str, uid: &str) -> Bytes {
    let details = Details { uid: uid.to_owned(), ..Details::of(&of.group_resource, name) };
    let details = serde_json::to_string(&details).unwrap_or_default();
    format!(
        r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Success","details":{details}}}"#
    )
    .into()
}
