//! The Kubernetes stage: gives the engine what it needs, and drives what takes time.

use std::sync::Arc;

use http::{Method, StatusCode};
use tokio::time::Instant;

use crate::k8s::{
    self, ApiError, ApiRequest, Conversions, GroupResource, Outcome, PendingAnswer, Resolved,
    Reviews, Revision, State, User,
};
use crate::message::{Asked, Origin, Plan};

use super::commit::{Carried, Contended, Fresh, WriteError};
#[cfg(feature = "gzip")]
use super::compress::compress;
use super::context::RequestContext;
use super::world::World;
use super::{access_reviews, admission, aggregation, conversions, respond, watch};

/// Whether the engine answers a request. A type that another server was told of a moment ago is known as well.
pub(super) async fn owns(context: &RequestContext, asked: &Asked<'_>) -> bool {
    let store = &context.world.store;
    if owns_now(context, asked) {
        return true;
    }
    store.is_shared()
        && asked.is_api_path()
        && store.refresh().await.is_ok()
        && owns_now(context, asked)
}

fn owns_now(context: &RequestContext, asked: &Asked<'_>) -> bool {
    context.shared.settings.engine
        && !context.shared.has_stubs_alone()
        && (k8s::owns(&context.world.store.state().types, asked.path(), asked.info())
            || context.shared.settings.auth.is_of_issuer(asked.path())
            || aggregation::owns(context, asked))
}

/// Answers a request for a served resource or a discovery path.
pub(super) async fn answer(
    context: &RequestContext,
    asked: &Asked<'_>,
    user: &User,
    faults: &k8s::Faults,
) -> Plan {
    compressed(context, asked, answer_noted(context, asked, user, faults, None).await).await
}

/// A large answer as the client asks for it: gzipped, unless `--feature-gates` turns that off.
#[cfg(feature = "gzip")]
pub(super) async fn compressed(context: &RequestContext, asked: &Asked<'_>, plan: Plan) -> Plan {
    if context.shared.settings.kubernetes.off.compression {
        return plan;
    }
    compress(plan, asked.headers()).await
}

/// The answer as it is: this build compresses none.
#[cfg(not(feature = "gzip"))]
#[expect(clippy::unused_async, reason = "as in a build that compresses")]
pub(super) async fn compressed(_: &RequestContext, _: &Asked<'_>, plan: Plan) -> Plan {
    plan
}

/// The answer before it is compressed, with notes for its audit.
pub(super) async fn answer_noted(
    context: &RequestContext,
    asked: &Asked<'_>,
    user: &User,
    faults: &k8s::Faults,
    notes: Option<Arc<k8s::AuditNotes>>,
) -> Plan {
    if let Some(remotes) = aggregation::remotes(context, asked) {
        aggregation::begin(context);
        if let Some(remote) = remotes.of_path(asked.path()) {
            // What waits is large, and few requests are for other servers.
            return Box::pin(aggregation::answer(context, asked, user, remote)).await;
        }
    }
    let body = match *asked.method() {
        Method::GET | Method::HEAD => bytes::Bytes::new(),
        _ => match asked.read_body(k8s::MAX_BODY_BYTES).await {
            Ok(body) => body,
            Err(error) => return respond::bad_body(context, asked, &error),
        },
    };
    // Who only reads sees what simulated controllers make of the fixtures, too.
    if context.shared.settings.stages || !matches!(*asked.method(), Method::GET | Method::HEAD) {
        context.begin_controllers();
    }
    let world = &context.world;
    // What may create an object: an update and an apply do so as well.
    let creates = matches!(*asked.method(), Method::POST | Method::PUT | Method::PATCH);
    let nonce = if creates { uuid::Uuid::new_v4().as_u128() } else { 0 };
    let (conversions, reviews) = (Conversions::default(), Reviews::noted(notes));
    let listed = k8s::Listed::default();
    let own_auth = access_reviews::cache(context);
    let api_request = ApiRequest {
        method: asked.method(),
        path: asked.path(),
        info: asked.info(),
        query: asked.query(),
        headers: asked.headers(),
        body: &body,
        now: world.clock.now(),
        nonce,
        faults,
        user,
        auth: &context.shared.settings.auth,
        auth_cache: own_auth.as_ref().unwrap_or(&world.auth),
        conversions: &conversions,
        webhooks: &world.admission,
        reviews: &reviews,
        listed: &listed,
        aggregation: &world.aggregation,
    };
    let config = &context.shared.settings.kubernetes;
    if asked.path().starts_with("/readyz")
        && let Some(why) = world.store.not_ready()
    {
        return not_ready(&why);
    }
    let fresh = fresh(world, &api_request);
    if world.store.is_shared()
        && *asked.method() == Method::GET
        && let Some(revision) = k8s::revision_of_list(asked.query())
    {
        world.store.recall(revision).await;
    }
    let mut outcome = carry_out(world, config, &api_request, fresh).await;
    if let Outcome::NotReached { asked: revision, .. } = outcome {
        watch::wait_for(context, revision).await;
        outcome = carry_out(world, config, &api_request, fresh).await;
    }
    if matches!(outcome, Outcome::Convert(_) | Outcome::Review(_) | Outcome::Authorize(_)) {
        outcome = Box::pin(call_webhooks(context, &api_request, outcome, fresh)).await;
    }
    if k8s::concerns_aggregation(asked.info()) {
        aggregation::begin(context);
    }
    match outcome {
        Outcome::Plan(mut plan) if plan.status == StatusCode::NOT_FOUND => {
            respond::add_hint(context, asked, &mut plan);
            plan
        }
        Outcome::Plan(plan) => plan,
        Outcome::Watch(watch) => watch::plan(context, *watch, asked.headers()),
        Outcome::NotReached { asked: revision, current } => {
            let error = ApiError::revision_too_large(revision.0, current.0);
            k8s::error_plan(&error, asked.headers(), asked.query())
        }
        // Other writers were always faster.
        Outcome::Convert(_) | Outcome::Authorize(_) => contended(config, &api_request),
        Outcome::Review(_) => {
            let error = config.amended(ApiError::request_deadline());
            k8s::error_plan(&error, asked.headers(), asked.query())
        }
    }
}

/// How often objects are converted for one request: it needs an object as it is, as it is to be stored, and as it is
/// shown then; and each again when another writer was faster.
const MOST_CONVERSIONS: usize = 16;

/// How often admission webhooks are called for one request: one after another, and for each object of a collection.
const MOST_REVIEWS: usize = 100_000;

/// Calls the webhooks that a request needs, until it is resolved.
async fn call_webhooks(
    context: &RequestContext,
    request: &ApiRequest<'_>,
    mut outcome: Outcome,
    fresh: Fresh,
) -> Outcome {
    let config = &context.shared.settings.kubernetes;
    let (mut conversions, mut reviews, mut questions) = (0, 0, 0);
    let until = admission::deadline();
    let is_bounded = &*request.info.verb != "deletecollection";
    loop {
        match outcome {
            Outcome::Convert(requests) if conversions < MOST_CONVERSIONS => {
                conversions += 1;
                conversions::carry_out(context, request.conversions, requests).await;
            }
            Outcome::Review(missing) if reviews < MOST_REVIEWS => {
                reviews += 1;
                let until = if is_bounded { until } else { admission::deadline() };
                if Instant::now() >= until {
                    return Outcome::Review(missing);
                }
                admission::carry_out(context, request.reviews, missing, until).await;
            }
            Outcome::Authorize(unasked) if questions < access_reviews::MOST => {
                questions += 1;
                access_reviews::ask(context, request.auth_cache, unasked).await;
            }
            outcome => return outcome,
        }
        outcome = carry_out(&context.world, config, request, fresh).await;
    }
}

/// Decides on a request, commits what it writes, and gives back its outcome.
async fn carry_out(
    world: &World,
    config: &k8s::Config,
    request: &ApiRequest<'_>,
    fresh: Fresh,
) -> Outcome {
    let decide = |state: &Arc<State>, carried| {
        if carried == Carried::Part {
            request.listed.keep();
        }
        let resolved = k8s::answer(config, state, world.store.pinned(), request);
        if request.auth.asks_webhooks() {
            let unasked = request.auth_cache.take_unasked();
            if !unasked.is_empty() {
                return (None, Decided::Outcome(Outcome::Authorize(unasked)));
            }
        }
        match resolved {
            Resolved::Outcome(outcome) => (None, Decided::Outcome(outcome)),
            Resolved::Change(change, answer) => (Some(change), Decided::Pending(answer)),
        }
    };
    match world.store.carry_out(fresh, decide).await {
        Ok((Decided::Outcome(outcome), _)) => outcome,
        Ok((Decided::Pending(answer), committed)) => Outcome::Plan(answer.plan(&committed)),
        Err(WriteError::Contended(Contended)) => Outcome::Plan(contended(config, request)),
        Err(error) => {
            // An error that is no Status is a 500 with its text (`responsewriters.ErrorToAPIStatus`).
            let error = match error {
                WriteError::Refused(why) => ApiError::unknown(why),
                _ => ApiError::request_deadline(),
            };
            let error = config.amended(error);
            Outcome::Plan(k8s::error_plan(&error, request.headers, request.query))
        }
    }
}

/// What a request needs of a store that several servers share. A read without a revision is of the newest state, one
/// with a revision of any state that has it (`k8s.io/apiserver/pkg/storage/cacher/delegator`).
fn fresh(world: &World, request: &ApiRequest<'_>) -> Fresh {
    if !world.store.is_shared() {
        return Fresh::Never;
    }
    let is_read = matches!(*request.method, Method::GET | Method::HEAD);
    if !is_read {
        return Fresh::BeforeRefusal;
    }
    if request.info.resource.is_none() {
        let of_types = ["/api", "/openapi"].iter().any(|of| request.path.starts_with(of));
        return if of_types { Fresh::First } else { Fresh::Never };
    }
    let of_chain = request.query.first("continue").is_some_and(|token| !token.is_empty());
    let known = match request.query.first("resourceVersion").unwrap_or_default() {
        "" => of_chain,
        text => text.parse().is_ok_and(|asked| Revision(asked) <= world.store.state().revision),
    };
    if known { Fresh::Never } else { Fresh::First }
}

/// The answer of a server whose store does not follow the others.
fn not_ready(why: &str) -> Plan {
    let text = format!("[-]etcd failed: {why}\nreadyz check failed\n");
    let mut plan = Plan::text(StatusCode::SERVICE_UNAVAILABLE, Origin::Kubernetes, text);
    let nosniff = http::HeaderValue::from_static("nosniff");
    plan.headers.insert(http::header::X_CONTENT_TYPE_OPTIONS, nosniff);
    plan
}

/// The answer to a request that other writers were always faster than.
fn contended(config: &k8s::Config, request: &ApiRequest<'_>) -> Plan {
    let of = request.info.resource.as_ref();
    let resource = of.map(|of| GroupResource::new(&of.group, &of.resource));
    let name = of.map_or("", |of| &of.name);
    let error = ApiError::conflict(&resource.unwrap_or_default(), name);
    k8s::error_plan(&config.amended(error), request.headers, request.query)
}

/// What is decided on a request, apart from the change.
enum Decided {
    Outcome(Outcome),
    Pending(PendingAnswer),
}
