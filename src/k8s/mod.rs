//! The Kubernetes engine: it serves resource types as a real API server does.
//!
//! ```text
//! serve::pipeline → path (verb, resource) → auth (user, permission) → resource (is it served?)
//!    → verbs, one file each → options, select, list, schema, fields
//!         reads  → store (snapshot, history) → output (JSON, YAML, Table, metadata) → message::Plan
//!         writes → store::StoreChange, with the answer for when serve::commit has committed it
//! ```
//!
//! The engine is pure: it opens no sockets, reads no files and no clock, and changes no store. The time, the
//! state and the request are arguments; changes and watches ([`Watch`]) are values that the server carries
//! out.

mod accept;
mod admission;
mod aggregation;
mod audit;
mod auth;
mod builtin;
#[cfg(feature = "cli")]
mod conformity;
mod controllers;
mod conversion;
mod core;
mod crd;
mod decode;
mod definitions;
mod deprecated;
mod discovery;
mod enabled;
mod event_ttl;
mod faults;
mod fields;
mod garbage;
mod golang;
mod json_patch;
mod leases;
mod life_cycle;
mod limits;
mod list;
mod meta;
mod miss;
mod miss_hint;
mod names;
mod namespace;
mod non_resource;
mod openapi;
mod options;
mod output;
mod protobuf;
mod release;
mod reread;
mod resource;
mod schema;
mod seed;
mod select;
mod services;
mod status;
mod store;
mod strategic;
mod strategic_order;
mod strategic_shape;
mod table;
mod table_time;
mod verbs;
mod version;
mod webhook;
mod yaml;

pub(crate) use admission::AdmissionPlugins;
pub(crate) use admission::webhooks::{AdmissionReview, Reviews, WebhookCache};
pub(crate) use aggregation::{
    Aggregation, Condition as AvailabilityCondition, Look, Remote, RemoteDocument, RemotePlace,
    Remotes, concerns as concerns_aggregation, conditioned, listed, look, place as remote_place,
};
pub(crate) use audit::{AuditNotes, AuditPolicy, AuditRecord, AuditStage, object_of_body};
pub use auth::FrontProxy;
#[cfg(feature = "record")]
pub(crate) use auth::TokenWebhook;
pub(crate) use auth::rbac::{aggregated as with_aggregated_roles, bootstrap_objects};
pub(crate) use auth::{
    Auth, AuthCache, AuthRequest, AuthorizationWebhook, Question, TokenWorld, User,
    WEBSOCKET_BEARER,
};
#[cfg(feature = "record")]
pub(crate) use auth::{AuthorizationConfiguration, ConfiguredWebhook};
#[cfg(feature = "cli")]
pub(crate) use conformity::Definitions;
pub(crate) use controllers::{Controller, ControllerSet, Controllers};
pub(crate) use conversion::{
    ConversionRequest, Conversions, ReviewError, address as webhook_address,
};
pub(crate) use definitions::emptied as emptied_definitions;
pub(crate) use enabled::{EnabledApis, FeaturesOff};
pub(crate) use event_ttl::expired as expired_events;
pub(crate) use faults::{Faults, release_held};
pub(crate) use garbage::Collector;
#[cfg(feature = "cli")]
pub(crate) use golang::{parse_duration, parse_int, parse_uint, quote};
pub(crate) use leases::expired as expired_leases;
pub(crate) use life_cycle::{LifeCycle, ObjectFilter, Phases, StageList};
pub(crate) use limits::MAX_BODY_BYTES;
pub(crate) use list::{PageCache, revision_of_list};
pub(crate) use miss::miss;
pub(crate) use miss_hint::miss_hint;
pub(crate) use namespace::{emptied as emptied_namespaces, finished as finished_namespaces};
pub(crate) use openapi::DocumentCache;
pub use release::KubernetesVersion;
pub(crate) use resource::{GroupResource, Registry};
pub use seed::ClusterObjects;
pub(crate) use seed::{NAMESPACES, ObjectError, Seed, SeedObject, reseed, share, types_of};
pub(crate) use services::ServiceRanges;
pub(crate) use status::ApiError;
pub use store::HistoryLimits;
pub(crate) use store::{Committed, Conflict, PinnedSnapshots, Revision, State, StoreChange};
#[cfg(feature = "etcd")]
pub(crate) use store::{Demand, Part, Place, RemoteWrite, Since, Snapshot, stored};
pub(crate) use verbs::{Listed, PendingAnswer, Watch, WatchStep, error_line};
pub(crate) use webhook::WebhookReply;
pub(crate) use yaml::render as render_yaml;

use std::sync::Arc;

use http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};

use crate::message::{Plan, Query, RequestInfo, ResourceInfo};

/// The response to DELETE on a collection, for
/// [`Builder::delete_collection_answer`](crate::Builder::delete_collection_answer).
///
/// ```
/// let builder = standin::Server::builder().delete_collection_answer(standin::DeleteAnswer::Status);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeleteAnswer {
    /// The list of deleted objects: what servers send, and what all documented examples show.
    #[default]
    List,
    /// A `Status`, as some services document it.
    Status,
}

/// The engine's behaviour where servers differ.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    /// The answer of delete-collection.
    pub delete_collection: DeleteAnswer,
    /// Whether lists and new objects have `metadata.selfLink`, as before Kubernetes 1.20.
    pub self_links: bool,
    /// Changes each error before it is sent, for a profile.
    pub error_hook: Option<fn(&mut ApiError)>,
    /// The admission plugins that are on.
    pub admission: AdmissionPlugins,
    /// Whether a controller makes a default account for each namespace.
    pub makes_accounts: bool,
    /// Who ends the containers of a deleted pod.
    pub kubelet: Kubelet,
    /// What is turned off that an API server does by default.
    pub off: FeaturesOff,
    /// How long events stay after their last write, where the clock is moved on; for ever where nothing is said.
    pub event_ttl: Option<SignedDuration>,
    /// Where services get their addresses and node ports.
    pub services: ServiceRanges,
    /// The cache of large pages of lists.
    pub pages: Arc<PageCache>,
    /// The cache of `OpenAPI` documents.
    pub documents: Arc<DocumentCache>,
}

/// Who ends the containers of a deleted pod that has a node. Upstream keeps such a pod until its kubelet has ended
/// them and deletes it without grace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kubelet {
    /// A kubelet that nobody sees: the pod is removed at once.
    #[default]
    Unseen,
    /// None, as for an API server alone: the pod waits for a deletion without grace.
    Absent,
    /// The controller of pods.
    Simulated,
}

impl Config {
    /// An error as the profile changes it.
    #[must_use]
    pub(crate) fn amended(&self, mut error: ApiError) -> ApiError {
        if let Some(hook) = self.error_hook {
            hook(&mut error);
        }
        error
    }
}

/// A request to the engine.
#[derive(Debug)]
pub(crate) struct ApiRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, as sent.
    pub path: &'a str,
    /// The verb and resource of method and path.
    pub info: &'a RequestInfo<'a>,
    /// The query.
    pub query: &'a Query<'a>,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
    /// The time.
    pub now: Timestamp,
    /// Random bits, new for each request that creates: uids and generated names are made of them.
    pub nonce: u128,
    /// The simulated faults.
    pub faults: &'a Faults,
    /// The sender.
    pub user: &'a User,
    /// The known tokens and permissions, for token and access reviews.
    pub auth: &'a Auth,
    /// What authorization keeps for the world.
    pub auth_cache: &'a AuthCache,
    /// What conversion webhooks have done for the request.
    pub conversions: &'a Conversions,
    /// The compiled admission webhooks of the world.
    pub webhooks: &'a WebhookCache,
    /// What admission webhooks have said of the request.
    pub reviews: &'a Reviews,
    /// What the deletion of a collection has listed.
    pub listed: &'a Listed,
    /// What is known of the servers of API services.
    pub aggregation: &'a Aggregation,
}

/// How the engine resolves a request.
#[derive(Debug)]
pub(crate) enum Resolved {
    /// The outcome of a request that writes nothing.
    Outcome(Outcome),
    /// A change to commit, and the answer for when it is committed. After a [`Conflict`] the request is
    /// resolved again, on the newer state.
    Change(StoreChange, PendingAnswer),
}

/// How to answer a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// An answer.
    Plan(Plan),
    /// A stream of events that the server drives.
    Watch(Box<Watch>),
    /// The requested revision is not reached: upstream waits three seconds for it, then answers 504
    /// ([`ApiError::revision_too_large`]).
    NotReached {
        /// The requested revision.
        asked: Revision,
        /// The current revision.
        current: Revision,
    },
    /// Webhooks have to convert objects first; then the request is resolved again.
    Convert(Vec<ConversionRequest>),
    /// Admission webhooks have to be asked first; then the request is resolved again.
    Review(Vec<AdmissionReview>),
    /// Authorization webhooks have to be asked first; then the request is resolved again.
    Authorize(Vec<Question>),
}

/// Whether the engine answers a request: one for a served type or a discovery path.
#[must_use]
pub(crate) fn owns(types: &Registry, path: &str, info: &RequestInfo<'_>) -> bool {
    match &info.resource {
        Some(of) => types.find(&of.group, &of.version, &of.resource).is_some(),
        None => non_resource::owns(types, path),
    }
}

/// Resolves a request; one for a path that is not served gets upstream's 404.
#[must_use]
pub(crate) fn answer(
    config: &Config,
    state: &Arc<State>,
    pinned: &PinnedSnapshots,
    request: &ApiRequest<'_>,
) -> Resolved {
    let state = match request.faults.stale {
        Some(by) if matches!(&*request.info.verb, "get" | "list" | "watch") => {
            faults::stale(pinned, state, by)
        }
        _ => Arc::clone(state),
    };
    let result = match &request.info.resource {
        Some(info) => resource_answer(config, &state, pinned, request, info),
        None => options::check_timeout(request.info, request.query).and_then(|()| {
            non_resource::answer(&state, &config.documents, request)
                .ok_or_else(ApiError::no_such_path)
                .map(|plan| Resolved::Outcome(Outcome::Plan(plan)))
        }),
    };
    let resolved = result.unwrap_or_else(|error| {
        let error = config.amended(error);
        let plan = error_plan(&error, request.headers, request.query);
        Resolved::Outcome(Outcome::Plan(plan))
    });
    match request.info.resource.as_ref().and_then(deprecated::warning) {
        Some(text) => deprecated::warned(resolved, text),
        None => resolved,
    }
}

/// The answer with an error, in the media type that the client accepts.
#[must_use]
pub(crate) fn error_plan(error: &ApiError, headers: &HeaderMap, query: &Query<'_>) -> Plan {
    output::error_plan(error, headers, query)
}

/// The token that continues inconsistently at the position of another one; `None` for an invalid token.
#[must_use]
pub(crate) fn fresh_token(token: &str) -> Option<String> {
    let token = list::ContinueToken::decode(token).ok()?;
    Some(list::ContinueToken { revision: None, seen: None, ..token }.encode())
}

fn resource_answer(
    config: &Config,
    state: &Arc<State>,
    pinned: &PinnedSnapshots,
    request: &ApiRequest<'_>,
    info: &ResourceInfo<'_>,
) -> Result<Resolved, ApiError> {
    let Some(served) = state.types.find(&info.group, &info.version, &info.resource) else {
        let built_in = state.types.is_built_in_group(&info.group);
        return Err(if built_in { ApiError::no_such_resource() } else { ApiError::no_such_path() });
    };
    options::check_timeout(request.info, request.query)?;
    let call = verbs::Call {
        config,
        state: Arc::clone(state),
        pinned,
        served: served.clone(),
        info,
        query: request.query,
        headers: request.headers,
        body: request.body,
        now: request.now,
        nonce: request.nonce,
        faults: request.faults,
        user: request.user,
        auth: request.auth,
        auth_cache: request.auth_cache,
        conversions: request.conversions,
        webhooks: request.webhooks,
        reviews: request.reviews,
        listed: request.listed,
    };
    // The routes of built-in types have no HEAD, and take methods as they are written. The old paths of watches are read
    // alone.
    let method = request.method.as_str();
    let known = method == "GET"
        || matches!(method, "POST" | "PUT" | "PATCH" | "DELETE") && request.info.verb != "watch";
    let verb = if served.of.is_built_in() && !known { "" } else { &*request.info.verb };
    verbs::run(&call, verb)
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
