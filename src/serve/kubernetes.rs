//! The Kubernetes stage: gives the engine what it needs, and drives what takes time.

use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::k8s::{self, ApiError, ApiRequest, Outcome, Revision, User};
use crate::message::{Plan, Query, Request};

use super::asked::Asked;
use super::compress::compress;
use super::worlds::Here;
use super::{gateway, respond, watch};

/// How long upstream waits for a revision that it has not seen (`blockTimeout` of the watch cache).
const REVISION_WAIT: Duration = Duration::from_secs(3);

/// Whether the engine answers a request.
pub(super) fn owns(here: &Here, asked: &Asked<'_>) -> bool {
    here.settings.engine && k8s::owns(&here.world.store.state().types, asked.path, &asked.info)
}

/// Whether a path lies where Kubernetes APIs lie: a miss there has Kubernetes' own 404s.
pub(super) fn is_api_path(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    matches!(first, "api" | "apis")
}

/// The page of a list chain a request asks for; the first without a token.
pub(super) fn page(verb: &str, query: &Query<'_>) -> Option<u64> {
    (verb == "list").then(|| match query.first("continue") {
        None | Some("") => 1,
        Some(token) => k8s::page_of_token(token),
    })
}

/// Who asks, if they may; else the answer that says no.
pub(super) fn admit(
    here: &Here,
    request: &Request,
    asked: &Asked<'_>,
) -> Result<Arc<User>, Box<Plan>> {
    let refused = |error: ApiError| {
        let error = here.settings.kubernetes.coded(error);
        Box::new(k8s::error_plan(&error, &request.headers, &asked.query))
    };
    let auth = &here.settings.auth;
    let user = match &here.settings.gateway {
        Some(_) if is_api_path(asked.path) => {
            let (tokens, now) = (&here.world.tokens, here.world.clock.now());
            gateway::authenticate(tokens, &request.headers, auth, now)?
        }
        _ => {
            auth.authenticate(&request.headers, request.certificate.as_deref()).map_err(refused)?
        }
    };
    if !auth.is_open() {
        auth.authorize(&user, asked.path, &asked.info).map_err(refused)?;
    }
    Ok(user)
}

/// Answers a request for a served resource or a discovery path.
pub(super) async fn answer(
    here: &Here,
    request: &mut Request,
    asked: &Asked<'_>,
    user: &User,
    faults: &k8s::Faults,
) -> Plan {
    let body = match request.method {
        Method::GET | Method::HEAD => bytes::Bytes::new(),
        _ => match request.read_body(k8s::MAX_BODY_BYTES).await {
            Ok(body) => body,
            Err(error) => return respond::bad_body(request, &asked.query, &error),
        },
    };
    if !matches!(request.method, Method::GET | Method::HEAD) {
        here.begin_controllers();
    }
    let world = &here.world;
    let nonce = if request.method == Method::POST { uuid::Uuid::new_v4().as_u128() } else { 0 };
    let api_request = ApiRequest {
        method: &request.method,
        path: asked.path,
        info: &asked.info,
        query: &asked.query,
        headers: &request.headers,
        body: &body,
        now: world.clock.now(),
        nonce,
        faults,
        user,
        auth: &here.settings.auth,
    };
    let config = &here.settings.kubernetes;
    let outcome = match k8s::answer(config, &world.store, &api_request) {
        Outcome::NotReached { asked, .. } => {
            wait_for(here, asked).await;
            k8s::answer(config, &world.store, &api_request)
        }
        outcome => outcome,
    };
    match outcome {
        Outcome::Plan(plan) => compress(plan, &request.headers).await,
        Outcome::Watch(watch) => watch::plan(here, *watch, &request.headers),
        Outcome::NotReached { asked: revision, current } => {
            let error = ApiError::revision_too_large(revision.0, current.0);
            k8s::error_plan(&error, &request.headers, &asked.query)
        }
    }
}

/// Waits until a revision is reached, for as long as upstream does.
pub(super) async fn wait_for(here: &Here, revision: Revision) {
    let mut current = here.world.store.subscribe();
    let reached = current.wait_for(|now| *now >= revision);
    // Late or never is told apart by asking again.
    let _ = tokio::time::timeout(REVISION_WAIT, reached).await;
}
