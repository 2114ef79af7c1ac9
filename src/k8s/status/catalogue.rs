//! The catalogue of errors by status code, each with upstream's reason and message.

use http::StatusCode;
use serde_json::Value;

use super::super::golang::quote;
use super::super::limits::{ACCEPTED, MAX_BODY_BYTES};
use super::super::resource::GroupResource;
use super::field_error::aggregate;
use super::{ApiError, Cause, Details, FieldError};

impl ApiError {
    /// 400.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message, None)
    }

    /// 503, to be retried.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message, None)
            .retry_after(1)
    }

    /// 408.
    pub(crate) fn request_timeout(message: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "Timeout", message, None)
    }

    /// 401.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized", None)
    }

    /// 403 of admission or authorization.
    pub(crate) fn forbidden(resource: &GroupResource, name: &str, why: &str) -> Self {
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
    pub(crate) fn not_found(resource: &GroupResource, name: &str) -> Self {
        let message = format!("{resource} {} not found", quote(name));
        Self::new(StatusCode::NOT_FOUND, "NotFound", message, Some(Details::of(resource, name)))
    }

    /// 404 of a request that no recording answers.
    pub(crate) fn not_recorded(why: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFound", why, None)
    }

    /// 404 of a resource in a built-in group.
    pub(crate) fn no_such_resource() -> Self {
        let message = "the server could not find the requested resource";
        Self::new(StatusCode::NOT_FOUND, "NotFound", message, Some(Details::default()))
    }

    /// 404 of a path: text/plain, as Go's `http.NotFound` writes it.
    pub(crate) fn no_such_path() -> Self {
        let mut error = Self::new(StatusCode::NOT_FOUND, "NotFound", "404 page not found\n", None);
        error.plain = true;
        error
    }

    /// 500 of a request that nobody can decide on (`WithAuthorization`): text/plain, once it is about a target.
    pub(crate) fn undecided(why: &str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", why, None)
    }

    /// [`Self::undecided`] about a request for a target, as upstream's filter writes it.
    #[must_use]
    pub(crate) fn about(mut self, target: &str) -> Self {
        self.message = format!("Internal Server Error: {}: {}\n", quote(target), self.message);
        self.plain = true;
        self
    }

    /// 500 of a path that ends where a resource should follow: text/plain, as upstream's filter writes it.
    pub(crate) fn no_request_info(path: &str) -> Self {
        let message = format!(
            "Internal Server Error: {}: failed to create RequestInfo: unable to determine kind and namespace from url, \
             {path}\n",
            quote(path)
        );
        let mut error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "", message, None);
        error.plain = true;
        error
    }

    /// 405 on a custom resource.
    pub(crate) fn method_not_supported(resource: &GroupResource, verb: &str) -> Self {
        let message = format!(
            "{verb} is not supported on resources of kind {}",
            quote(&resource.to_string())
        );
        let details = Details::of(resource, "");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message, Some(details))
    }

    /// 405 in a built-in group.
    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            message,
            Some(Details::default()),
        )
    }

    /// 406.
    pub(crate) fn not_acceptable(accepted: &str) -> Self {
        let message = format!("only the following media types are accepted: {accepted}");
        Self::new(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message, None)
    }

    /// 406 of an object that has not the shape that the client asks for.
    pub(crate) fn unlike_shape(message: String) -> Self {
        Self::new(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message, None)
    }

    /// 406 of a route of built-in types, which lists what it has (go-restful).
    pub(crate) fn not_produced(produces: &str) -> Self {
        let message = format!("406: Not Acceptable\n\nAvailable representations: {produces}");
        Self::new(StatusCode::NOT_ACCEPTABLE, "NotAcceptable", message, Some(Details::default()))
    }

    /// 415 of a route of built-in types (go-restful).
    pub(crate) fn not_consumed() -> Self {
        let message = "415: Unsupported Media Type";
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedMediaType",
            message,
            Some(Details::default()),
        )
    }

    /// 409 of a create: the name exists.
    pub(crate) fn already_exists(resource: &GroupResource, name: &str) -> Self {
        let message = format!("{resource} {} already exists", quote(name));
        Self::new(StatusCode::CONFLICT, "AlreadyExists", message, Some(Details::of(resource, name)))
    }

    /// 409 of a write with an old resourceVersion.
    pub(crate) fn conflict(resource: &GroupResource, name: &str) -> Self {
        Self::conflict_because(
            resource,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// 409 for another reason.
    pub(crate) fn conflict_because(resource: &GroupResource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} {}: {why}", quote(name));
        Self::new(StatusCode::CONFLICT, "Conflict", message, Some(Details::of(resource, name)))
    }

    /// 409 of an apply: other managers own the fields.
    pub(crate) fn apply_conflict(message: String, causes: Vec<Cause>) -> Self {
        let details = Details { causes, ..Details::default() };
        Self::new(StatusCode::CONFLICT, "Conflict", message, Some(details))
    }

    /// 410 of a continue token below the compaction floor, with a token that continues inconsistently.
    pub(crate) fn expired_continue(fresh: Option<String>) -> Self {
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

    /// 410.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "Expired", message, None)
    }

    /// 413.
    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("Request entity too large: limit is {limit}");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message, None)
    }

    /// 415.
    pub(crate) fn unsupported_media_type(accepted: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {accepted}"
        );
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message, None)
    }

    /// 422 of an object; `kind` is the Kind.
    pub(crate) fn invalid(kind: &str, group: &str, name: &str, errors: &[FieldError]) -> Self {
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
    pub(crate) fn invalid_options(kind: &str, errors: &[FieldError]) -> Self {
        Self::invalid(kind, "meta.k8s.io", "", errors)
    }

    /// 422 of a patch that cannot be applied to its object.
    pub(crate) fn unprocessable() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message, Some(Details::default()))
    }

    /// 500 with the message alone: upstream's answer to unclassified errors.
    pub(crate) fn unclassified(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "", message, None)
    }

    /// 500.
    pub(crate) fn internal(message: &str) -> Self {
        let details = Details {
            causes: vec![Cause { reason: "", message: message.to_owned(), field: String::new() }],
            ..Details::default()
        };
        let message = format!("Internal error occurred: {message}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message, Some(details))
    }

    /// 504: a resourceVersion that the server has not reached.
    pub(crate) fn revision_too_large(asked: u64, current: u64) -> Self {
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

    /// As [`Self::revision_too_large`], without a time to try again after.
    pub(crate) fn revision_of_the_future(asked: u64, current: u64) -> Self {
        let mut error = Self::revision_too_large(asked, current);
        if let Some(details) = &mut error.details {
            details.retry_after_seconds = 0;
        }
        error
    }

    /// 429 of an eviction that a disruption budget forbids; `retry` in seconds.
    pub(crate) fn disruption_budget(why: &str, retry: u32) -> Self {
        let details = Details {
            causes: vec![Cause {
                reason: "DisruptionBudget",
                message: why.to_owned(),
                field: String::new(),
            }],
            retry_after_seconds: retry,
            ..Details::default()
        };
        let message = "Cannot evict pod as it would violate the pod's disruption budget.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", message, Some(details))
    }

    /// 501: what a stand-in does not do.
    pub(crate) fn not_implemented(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message, None)
    }

    /// 504: what a request waits for did not come in time (`finisher.FinishRequest`).
    pub(crate) fn request_deadline() -> Self {
        let why = "Timeout: request did not complete within requested timeout - context deadline exceeded";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "Timeout", why, Some(Details::default()))
    }

    /// An error that has no reason and no details: what a store says that refuses a write.
    pub(crate) fn unknown(why: String) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "", why, None)
    }

    /// The Status that an admission webhook refuses a request with.
    pub(crate) fn of_webhook(status: &Value) -> Self {
        let text = |field: &str| status[field].as_str().unwrap_or_default().to_owned();
        let code = status["code"].as_u64().and_then(|code| u16::try_from(code).ok());
        let code = code.and_then(|code| StatusCode::from_u16(code).ok());
        let mut error =
            Self::new(code.unwrap_or(StatusCode::BAD_REQUEST), "", text("message"), None);
        error.reason = text("reason").into();
        if let Some(details) = status.get("details").filter(|details| details.is_object()) {
            error.extra.insert("details", details.clone());
        }
        error
    }

    /// The error for a status code of a scenario: with upstream's reason and message, where it has them.
    pub(crate) fn of_status(
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
            403 => Self::forbidden(of, name, "a scenario simulates this error"),
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
            500 => Self::internal("a scenario simulates this error"),
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
}
