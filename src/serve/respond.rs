//! Errors and scenario answers → plans: the one place where they get their HTTP form.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{HeaderName, HeaderValue, RETRY_AFTER};

use crate::k8s::{self, ApiError, GroupResource};
use crate::matching::{MissSearch, miss_report, miss_sub_events};
use crate::message::{Asked, BadWorldName, BodyError, Origin, Plan, Query, Request, TargetError};
use crate::profile::cci;
use crate::scenario::{Answer, ContinueToken, Decision, IssuedToken, StatusAnswer};

use super::commit::ShareError;
use super::context::RequestContext;
use super::replay;

/// Says why nothing serves a path of the API.
const HINT_HEADER: HeaderName = HeaderName::from_static("x-standin-hint");

/// 400 for a path or query that cannot be decoded.
pub(super) fn bad_target(context: &RequestContext, asked: &Asked<'_>, error: &TargetError) -> Plan {
    let why = format!("the request target cannot be decoded: {error}; escape a literal % as %25");
    if !context.is_api(asked) {
        return Plan::text(StatusCode::BAD_REQUEST, Origin::Server, format!("{why}\n"));
    }
    // What Go's server answers before an API server sees the request.
    let mut plan =
        Plan::text(StatusCode::BAD_REQUEST, Origin::Server, "400 Bad Request".to_owned());
    if let Ok(hint) = HeaderValue::from_str(&why) {
        plan.headers.insert(HINT_HEADER, hint);
    }
    plan
}

/// 400 for a name that is none of a world.
pub(super) fn bad_world(request: &Request, error: &BadWorldName) -> Plan {
    let error = ApiError::bad_request(error.to_string());
    server(k8s::error_plan(&error, &request.headers, &Query::default()))
}

/// 504 where what servers share besides objects is not known, or cannot be changed.
pub(super) fn store_away(context: &RequestContext, asked: &Asked<'_>, error: &ShareError) -> Plan {
    if context.is_api(asked) {
        let error = ApiError::request_deadline();
        return server(k8s::error_plan(&error, asked.headers(), asked.query()));
    }
    Plan::text(StatusCode::GATEWAY_TIMEOUT, Origin::Server, format!("--store: {error}\n"))
}

/// 413, 503, 408 or 400 for a body that could not be read.
pub(super) fn bad_body(context: &RequestContext, asked: &Asked<'_>, error: &BodyError) -> Plan {
    let api_error = match error {
        BodyError::TooLarge(limit) => ApiError::too_large(*limit),
        BodyError::TooMany(_) => ApiError::unavailable(error.to_string()),
        BodyError::Stalled(_) => ApiError::request_timeout(error.to_string()),
        BodyError::Broken(_) => ApiError::bad_request(error.to_string()),
    };
    if context.is_api(asked) {
        return server(k8s::error_plan(&api_error, asked.headers(), asked.query()));
    }
    let remedy = match error {
        BodyError::TooLarge(_) => "; --bound request-body-bytes=SIZE raises it",
        BodyError::TooMany(_) => "; --bound body-bytes=SIZE raises it",
        BodyError::Stalled(_) | BodyError::Broken(_) => "",
    };
    Plan::text(api_error.code, Origin::Server, format!("{error}{remedy}\n"))
}

fn server(mut plan: Plan) -> Plan {
    plan.origin = Origin::Server;
    plan
}

/// Nothing answers: Kubernetes' own 404 on its paths, the nearest stubs elsewhere.
pub(super) async fn miss(context: &RequestContext, asked: &Asked<'_>) -> Plan {
    let stubs = context.shared.stubs.load_full();
    let strict = context.shared.settings.strict;
    context.shared.misses.add(asked, &context.shared.settings.redactor);
    if context.is_api(asked) && !strict {
        return unserved(context, asked);
    }
    // The index of paths is what clients look at first.
    let is_index =
        asked.path() == "/" && context.shared.settings.engine && !context.shared.has_stubs_alone();
    if stubs.is_empty() && (is_index || context.shared.seeding.has_objects()) {
        // As an API server says it: nobody here has written a stub to compare with.
        return unserved(context, asked);
    }
    // The report shows the body too, if it can be read.
    let _ = asked.read_body(context.body_limit(asked)).await;
    let mut search = MissSearch::new(&stubs);
    while search.step(asked) {
        // Requests that have an answer do not wait for one that has none.
        tokio::task::yield_now().await;
    }
    let nearest = search.nearest();
    let redactor = &context.shared.settings.redactor;
    if context.is_api(asked) {
        let near = nearest.first().map(|near| &*near.stub);
        let error = ApiError::not_recorded(replay::nearest_recording(near, asked, redactor));
        let mut plan = k8s::error_plan(&error, asked.headers(), &Query::default());
        plan.origin = Origin::Unmatched;
        return plan;
    }
    let nearest_stub = nearest.first().map(|near| &*near.stub);
    let scenario = nearest_stub.and_then(|stub| stub.scenario());
    let state = scenario.map(|scenario| context.world.stub_states.get(&scenario.name));
    let report = miss_report(nearest_stub, asked, state.as_deref(), redactor);
    let mut plan = Plan::text(StatusCode::NOT_FOUND, Origin::Unmatched, report);
    let events = nearest.iter().flat_map(|near| miss_sub_events(&near.stub, asked, redactor));
    plan.add_sub_events(events);
    plan
}

/// What an API server answers where it serves nothing.
fn unserved(context: &RequestContext, asked: &Asked<'_>) -> Plan {
    let state = context.world.store.state();
    let mut plan =
        k8s::miss(&state.types, asked.path(), asked.info(), asked.headers(), asked.query());
    plan.origin = Origin::Unmatched;
    add_hint(context, asked, &mut plan);
    plan
}

/// Says beside upstream's 404 what is served in place of what was asked for: in the journal, and in a header field of
/// our own.
pub(super) fn add_hint(context: &RequestContext, asked: &Asked<'_>, plan: &mut Plan) {
    let state = context.world.store.state();
    let Some(hint) = k8s::miss_hint(&state.types, asked.path(), asked.info()) else { return };
    if context.shared.settings.rule_header
        && let Ok(value) = HeaderValue::from_str(&hint)
    {
        plan.headers.insert(HINT_HEADER, value);
    }
    plan.set_hint(hint);
}

/// What a rule answers, as a plan.
pub(super) fn scenario_answer(
    context: &RequestContext,
    asked: &Asked<'_>,
    answer: Answer,
    decision: &Decision,
) -> Plan {
    let rule = decision.by.as_ref().map_or_else(|| "".into(), |by| Arc::clone(&by.rule));
    let mut plan = match answer {
        Answer::Status(status) => status_plan(context, asked, &status),
        Answer::Reply(reply) => reply.plan(),
        Answer::IssueToken(token) => token_plan(context, &token),
    };
    plan.origin = Origin::Scenario(rule);
    plan
}

/// A status as an error of the API: upstream's text unless the rule has its own.
pub(super) fn api_error(
    context: &RequestContext,
    asked: &Asked<'_>,
    status: &StatusAnswer,
) -> ApiError {
    let of = asked.info().resource.as_ref();
    let resource = of.map(|of| GroupResource::new(&of.group, &of.resource));
    let name = of.map_or("", |of| &of.name);
    let mut error = ApiError::of_status(status.code, resource.as_ref(), name, &asked.info().verb);
    if status.code == StatusCode::GONE {
        match asked.info().verb.as_ref() {
            "list" | "deletecollection" => {
                let token = asked.query().first("continue").filter(|token| !token.is_empty());
                let fresh = match status.continue_token {
                    Some(ContinueToken::Fresh) => token.and_then(k8s::fresh_token),
                    _ => None,
                };
                if token.is_some() {
                    error = ApiError::expired_continue(fresh);
                }
            }
            "watch" => {
                let from = asked.query().first("resourceVersion").unwrap_or("0");
                let now = context.world.store.state().revision;
                error = ApiError::expired(format!("too old resource version: {from} ({now})"));
            }
            _ => {}
        }
    }
    if let Some(message) = &status.message {
        error.message.clone_from(message);
    }
    if let Some(reason) = &status.reason {
        error.reason = reason.clone().into();
    }
    if let Some(after) = status.retry_after {
        error = error.retry_after(whole_seconds(after));
    }
    if let Some(code) = &status.error_code {
        cci::set_error_code(&mut error, code);
    }
    error
}

/// What an API server says that has too much to do, before it looks at anything
/// (`k8s.io/apiserver/pkg/server/filters/maxinflight.go`).
const TOO_MANY: &str = "Too many requests, please try again later.\n";

/// A status as the API would give it.
fn status_plan(context: &RequestContext, asked: &Asked<'_>, status: &StatusAnswer) -> Plan {
    let error = api_error(context, asked, status);
    let is_api = context.is_api(asked) || status.error_code.is_some();
    let mut plan = if is_api && !status.as_text {
        k8s::error_plan(&error, asked.headers(), asked.query())
    } else {
        let text = match (&status.message, status.code) {
            (None, StatusCode::TOO_MANY_REQUESTS) if status.as_text => TOO_MANY.to_owned(),
            _ => format!("{}\n", error.message),
        };
        Plan::text(status.code, Origin::Server, text)
    };
    if let Some(after) = status.retry_after {
        plan.headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(after)));
    }
    for name in status.headers.keys() {
        plan.headers.remove(name);
    }
    for (name, value) in &status.headers {
        plan.headers.append(name, value.clone());
    }
    plan
}

/// A fresh token as an identity service gives it.
fn token_plan(context: &RequestContext, token: &IssuedToken) -> Plan {
    let now = context.world.clock.now();
    cci::issued(&cci::IssuedToken {
        token: &token.token,
        issued: now,
        expires: now.checked_add(token.expires_in).unwrap_or(jiff::Timestamp::MAX),
        project: "standin",
        domain: "standin",
        user_id: None,
        user: "standin",
    })
}

/// Whole seconds, and never sooner than a rule says.
fn whole_seconds(time: Duration) -> u32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
