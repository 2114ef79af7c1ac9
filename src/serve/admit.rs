//! Who sends a request to the Kubernetes side, and whether they may.

use std::sync::Arc;

use crate::k8s::{self, ApiError, AuthCache, User};
use crate::message::{Asked, Plan};

use super::access_reviews;
use super::context::RequestContext;

/// Who asks, if they may; else the answer that says no.
pub(super) async fn admit(
    context: &RequestContext,
    asked: &Asked<'_>,
) -> Result<Arc<User>, Box<Plan>> {
    access_reviews::decided(context, |cache| decide(context, asked, cache)).await
}

fn decide(
    context: &RequestContext,
    asked: &Asked<'_>,
    cache: &AuthCache,
) -> Result<Arc<User>, Box<Plan>> {
    let refused = |error: ApiError| {
        let error = context.shared.settings.kubernetes.amended(error);
        Box::new(k8s::error_plan(&error, asked.headers(), asked.query()))
    };
    let auth = &context.shared.settings.auth;
    let user = match &context.shared.settings.gateway {
        Some(_) if context.is_api(asked) => {
            let (tokens, now) = (&context.world.tokens, context.world.clock.now());
            tokens.authenticate(asked.headers(), auth, now)?
        }
        _ => {
            let world = || k8s::TokenWorld {
                state: context.world.store.state(),
                now: context.world.clock.now(),
            };
            let certificate = asked.request().certificate.as_deref();
            auth.authenticate(asked.headers(), certificate, world).map_err(refused)?
        }
    };
    let request =
        k8s::AuthRequest { path: asked.path(), info: asked.info(), headers: asked.headers() };
    if !auth.decides(&request) {
        return Ok(user);
    }
    let world = &context.world;
    let admitted = auth.admit(user, &request, &world.store.state(), cache);
    admitted.map_err(|error| {
        let is_undecided = error.code == http::StatusCode::INTERNAL_SERVER_ERROR;
        let error = if is_undecided { error.about(asked.target()) } else { error };
        let mut plan = refused(error);
        let name = http::header::X_CONTENT_TYPE_OPTIONS;
        plan.headers.insert(name, http::HeaderValue::from_static("nosniff"));
        plan
    })
}
