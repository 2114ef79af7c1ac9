//! The two forms of an answer: JSON, and an error in the shape of `WireMock`'s.

use http::header::{ACCEPT, ALLOW, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::document::{Diagnostics, Refusal};
use crate::message::{BadWorldName, Body, BodyError, Origin, Plan, Request};

use super::super::commit::{Contended, ShareError};

/// Why an admin request is not carried out.
#[derive(Debug)]
pub(super) enum AdminError {
    /// 404.
    NotFound(String),
    /// 405, with the methods that the endpoint has.
    Method { why: String, allowed: &'static [Method] },
    /// 400: the body or the query is not what the endpoint takes.
    Invalid(String),
    /// 403: the request comes from a page of another origin.
    Origin(String),
    /// 403: the admin API answers over HTTPS only.
    HttpsOnly,
    /// 401: without the right credentials.
    Unauthorized,
    /// 401: without the token.
    TokenWanted,
    /// 500: there is no journal, as `WireMock` says it.
    NoJournal,
    /// 409: the server is not in a state for it.
    Conflict(String),
    /// 422: files or scenarios have problems.
    Problems(Diagnostics),
    /// 400: a value of the query or of the path is not what it should be, as `WireMock` says it: a code, the
    /// parameter, and why.
    Parameter { code: u16, name: Option<&'static str>, why: String },
    /// 422: the JSON of the body is not what the endpoint takes, as `WireMock` says it.
    Json(Refusal),
    /// 422: another stub has the id, as `WireMock` says it.
    TakenId(Uuid),
    /// A state or name that a scenario has not, as `WireMock` says it: 422 or 404, with a code of its own.
    Scenario { status: StatusCode, code: u16, why: String },
    /// 409, 413 or 504: a change that servers share was not made.
    Shared(ShareError),
    /// 500: a file could not be read or written.
    Storage(String),
    /// 413 or 400: the body could not be read.
    Body(BodyError),
    /// 500: a task of the server failed.
    Failed,
}

impl AdminError {
    /// The answer.
    pub(super) fn plan(self) -> Plan {
        let (code, why) = match self {
            Self::NotFound(why) => (StatusCode::NOT_FOUND, why),
            Self::Method { why, allowed } => return wrong_method(why, allowed),
            // Both as WireMock answers: a code of its own, and nothing at all.
            Self::HttpsOnly => {
                let title = "HTTPS is required for accessing the admin API";
                let error = json!({"errors": [{"code": 40, "title": title}]});
                return Plan::json(StatusCode::FORBIDDEN, Origin::Admin, error.to_string());
            }
            Self::Unauthorized => {
                return Plan::new(StatusCode::UNAUTHORIZED, Origin::Admin, Body::Empty);
            }
            Self::TokenWanted => return token_wanted(),
            Self::Invalid(why) => (StatusCode::BAD_REQUEST, why),
            Self::Origin(why) => (StatusCode::FORBIDDEN, why),
            Self::NoJournal => {
                let why = "The request journal is disabled, so no verification or request searching operations are available";
                (StatusCode::INTERNAL_SERVER_ERROR, why.to_owned())
            }
            Self::Conflict(why) => (StatusCode::CONFLICT, why),
            Self::Problems(problems) => {
                let lines: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
                return errors(StatusCode::UNPROCESSABLE_ENTITY, &lines);
            }
            Self::Parameter { code, name, why } => {
                let mut error = json!({"code": code, "title": why});
                if let Some(name) = name {
                    error["source"] = json!({"pointer": name});
                }
                return wire_mock_errors(StatusCode::BAD_REQUEST, &[error]);
            }
            Self::Json(refusal) => {
                let code = StatusCode::UNPROCESSABLE_ENTITY;
                return wire_mock_errors(code, &[refusal.to_json()]);
            }
            Self::TakenId(id) => {
                let error = json!({
                    "code": 109,
                    "title": "Duplicate stub mapping ID",
                    "detail": format!(
                        "ID of the provided stub mapping '{id}' is already taken by another stub mapping"
                    ),
                });
                return wire_mock_errors(StatusCode::UNPROCESSABLE_ENTITY, &[error]);
            }
            Self::Scenario { status, code, why } => {
                return wire_mock_errors(status, &[json!({"code": code, "title": why})]);
            }
            Self::Shared(error) => (error.status(), error.to_string()),
            Self::Storage(why) => (StatusCode::INTERNAL_SERVER_ERROR, why),
            Self::Body(error @ BodyError::TooLarge(_)) => {
                let why = format!("{error}; --bound admin-body-bytes=SIZE raises it");
                (StatusCode::PAYLOAD_TOO_LARGE, why)
            }
            Self::Body(error @ BodyError::TooMany(_)) => {
                (StatusCode::SERVICE_UNAVAILABLE, error.to_string())
            }
            Self::Body(error @ BodyError::Stalled(_)) => {
                (StatusCode::REQUEST_TIMEOUT, error.to_string())
            }
            Self::Body(error @ BodyError::Broken(_)) => {
                (StatusCode::BAD_REQUEST, error.to_string())
            }
            Self::Failed => {
                let why = "loading failed; see the server's log";
                (StatusCode::INTERNAL_SERVER_ERROR, why.to_owned())
            }
        };
        errors(code, &[why])
    }
}

impl From<BadWorldName> for AdminError {
    fn from(error: BadWorldName) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<ShareError> for AdminError {
    fn from(error: ShareError) -> Self {
        Self::Shared(error)
    }
}

impl From<Contended> for AdminError {
    fn from(error: Contended) -> Self {
        Self::Conflict(format!("nothing was changed: {error}; ask again"))
    }
}

/// Whether a request wants text in place of JSON.
pub(super) fn accepts_text(request: &Request) -> bool {
    let accepts = request.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accepts.is_some_and(|accept| accept.contains("text/plain"))
}

/// 200 with JSON.
pub(super) fn ok(value: &Value) -> Plan {
    Plan::json(StatusCode::OK, Origin::Admin, format!("{value}\n"))
}

/// Says which servers that share the store did not answer.
pub(super) fn name_unanswered(answer: &mut Value, unanswered: Vec<String>) {
    if !unanswered.is_empty() && answer.is_object() {
        answer["unanswered"] = unanswered.into();
    }
}

fn token_wanted() -> Plan {
    let why =
        "the admin API needs the token of --admin-token: send it as Authorization: Bearer TOKEN";
    let mut plan = errors(StatusCode::UNAUTHORIZED, &[why.to_owned()]);
    // Browsers ask their users for a password.
    for scheme in
        ["Bearer realm=\"standin\"", "Basic realm=\"standin, with the token as password\""]
    {
        plan.headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    }
    plan
}

fn wrong_method(why: String, allowed: &[Method]) -> Plan {
    let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    let mut plan = errors(StatusCode::METHOD_NOT_ALLOWED, &[why]);
    if let Ok(value) = HeaderValue::try_from(names.join(", ")) {
        plan.headers.insert(ALLOW, value);
    }
    plan
}

/// Errors as `WireMock` writes them.
fn errors(code: StatusCode, titles: &[String]) -> Plan {
    let errors: Vec<Value> =
        titles.iter().map(|title| json!({"code": 10, "title": title})).collect();
    wire_mock_errors(code, &errors)
}

fn wire_mock_errors(code: StatusCode, errors: &[Value]) -> Plan {
    Plan::json(code, Origin::Admin, format!("{}\n", json!({ "errors": errors })))
}

/// 200 without a body.
pub(super) fn empty() -> Plan {
    Plan::new(StatusCode::OK, Origin::Admin, Body::Empty)
}

/// 404 without a body, where `WireMock` has none.
pub(super) fn absent() -> Plan {
    Plan::new(StatusCode::NOT_FOUND, Origin::Admin, Body::Empty)
}
