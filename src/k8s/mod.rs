//! The Kubernetes side: a server of resource types, held to the behaviour of a real API server.
//!
//! ```text
//! serve::pipeline → path (what is asked for) → auth (who asks, may they?)
//!                      → resource (is it served?) → verbs (one file each)
//!                      verbs → options, select, list, schema, fields → store (snapshot, history)
//!                      answer → output (JSON, YAML, Table, metadata) → message::Plan
//! ```
//!
//! The engine is pure: it opens no socket and reads no clock. The time, the store and the request
//! come in as arguments; a watch comes out as a value that the server drives ([`Watch`]).

mod auth;
mod builtin;
mod crd;
mod discovery;
mod faults;
mod fields;
mod garbage;
mod golang;
mod json_patch;
mod life;
mod limits;
mod list;
mod meta;
mod names;
mod namespace;
mod openapi;
mod options;
mod output;
mod path;
mod protobuf;
mod reread;
mod resource;
mod schema;
mod seed;
mod select;
mod status;
mod store;
mod strategic;
mod table;
mod verbs;
mod version;
mod yaml;

pub use auth::{Auth, User, WEBSOCKET_BEARER};
pub use crd::CrdError;
pub use faults::{Faults, release_held};
pub use garbage::Collector;
pub use life::{DueStage, Life, StageList};
pub use limits::MAX_BODY_BYTES;
pub use list::PageCache;
pub use namespace::emptied as emptied_namespaces;
pub use path::{RequestInfo, ResourceInfo};
pub use resource::{GroupResource, Registry, ResourceType};
pub use seed::{ObjectError, Seed, SeedObject, reseed, share, types_of};
pub use status::ApiError;
pub use store::{
    Committed, Conflict, DEFAULT_HISTORY, DEFAULT_HISTORY_BYTES, HistoryLimits, PinnedSnapshots,
    Revision, State, StoreChange,
};
pub use verbs::{PendingAnswer, Watch, WatchStep, error_line};
pub use yaml::render as render_yaml;

use std::sync::Arc;

use http::header::HeaderValue;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use crate::message::{Body, Plan, Query};

use output::Output;

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

/// How the engine behaves where servers differ.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// What delete-collection answers.
    pub delete_collection: DeleteAnswer,
    /// Whether lists and new objects carry `metadata.selfLink`, as servers before 1.20 did.
    pub self_links: bool,
    /// What a profile does to each error before it is sent.
    pub error_hook: Option<fn(&mut ApiError)>,
    /// Large pages of lists, joined.
    pub pages: Arc<PageCache>,
}

impl Config {
    /// An error with what the profile adds to it.
    #[must_use]
    pub fn amended(&self, mut error: ApiError) -> ApiError {
        if let Some(hook) = self.error_hook {
            hook(&mut error);
        }
        error
    }
}

/// One request, as the engine needs it.
#[derive(Debug)]
pub struct ApiRequest<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, as sent.
    pub path: &'a str,
    /// What path and method ask for.
    pub info: &'a RequestInfo<'a>,
    /// The query.
    pub query: &'a Query<'a>,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
    /// The time.
    pub now: Timestamp,
    /// Random bits, new for each request that creates: a uid and a generated name come from them.
    pub nonce: u128,
    /// What goes wrong on purpose.
    pub faults: &'a Faults,
    /// Who asks.
    pub user: &'a User,
    /// Whose tokens are known and who may do what, for the types that ask.
    pub auth: &'a Auth,
}

/// A request as the engine resolves it.
#[derive(Debug)]
pub enum Resolved {
    /// Nothing is written: this is the outcome.
    Outcome(Outcome),
    /// A change to commit, and the answer once it is committed. On a [`Conflict`] the request is decided again,
    /// on the newer state.
    Change(StoreChange, PendingAnswer),
}

/// How a request is answered.
#[derive(Debug)]
pub enum Outcome {
    /// An answer.
    Plan(Plan),
    /// A stream of events, to be driven by the server.
    Watch(Box<Watch>),
    /// A revision that is not reached yet: upstream waits three seconds for it, then answers 504
    /// ([`ApiError::revision_too_large`]).
    NotReached {
        /// The revision asked for.
        asked: Revision,
        /// The revision there is.
        current: Revision,
    },
}

/// Whether the engine has something to say about a request: a served type or a discovery path.
#[must_use]
pub fn owns(types: &Registry, path: &str, info: &RequestInfo<'_>) -> bool {
    match &info.resource {
        Some(of) => types.find(&of.group, &of.version, &of.resource).is_some(),
        None => is_discovery(types, path),
    }
}

/// Decides on a request that the engine owns; for others it has upstream's 404s.
#[must_use]
pub fn answer(
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
        None => discovery_answer(&state.types, request)
            .ok_or_else(ApiError::no_such_path)
            .map(|plan| Resolved::Outcome(Outcome::Plan(plan))),
    };
    result.unwrap_or_else(|error| {
        let error = config.amended(error);
        let plan = error_plan(&error, request.headers, request.query);
        Resolved::Outcome(Outcome::Plan(plan))
    })
}

/// A plan for an error, in the form the client accepts.
#[must_use]
pub fn error_plan(error: &ApiError, headers: &HeaderMap, query: &Query<'_>) -> Plan {
    output::error_plan(error, headers, query)
}

/// Upstream's 404 for a request that nothing serves: a Status in a group that upstream serves itself,
/// plain text elsewhere.
#[must_use]
pub fn miss(types: &Registry, info: &RequestInfo<'_>) -> ApiError {
    match &info.resource {
        Some(of)
            if types.is_built_in_group(&of.group) && types.has_version(&of.group, &of.version) =>
        {
            ApiError::no_such_resource()
        }
        _ => ApiError::no_such_path(),
    }
}

/// Which page of its chain a continue token leads to; 2 for tokens that do not say.
#[must_use]
pub fn page_of_token(token: &str) -> u64 {
    list::ContinueToken::decode(token).map_or(2, |token| token.page.max(2))
}

/// The token that goes on inconsistently from where another one stands; none for a broken one.
#[must_use]
pub fn fresh_token(token: &str) -> Option<String> {
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
        let built_in = state.types.is_built_in_group(&info.group)
            && state.types.has_version(&info.group, &info.version);
        return Err(if built_in { ApiError::no_such_resource() } else { ApiError::no_such_path() });
    };
    options::check_timeout(request.query)?;
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
    };
    verbs::run(&call, &request.info.verb)
}

const HEALTH: [&str; 3] = ["/healthz", "/livez", "/readyz"];

fn is_discovery(types: &Registry, path: &str) -> bool {
    let trimmed = path.trim_end_matches('/');
    HEALTH.contains(&trimmed)
        || matches!(trimmed, "/api" | "/apis" | "/version" | "/openapi/v2" | "/openapi/v3")
        || group_version(trimmed).is_some_and(|(group, version)| match version {
            Some(version) => types.has_version(group, version),
            None => types.groups().iter().any(|(name, _)| &**name == group),
        })
        || trimmed.strip_prefix("/openapi/v3").and_then(group_version).is_some_and(
            |(group, version)| version.is_some_and(|version| types.has_version(group, version)),
        )
}

/// The group and version of `/api/V`, `/apis/G` and `/apis/G/V`.
fn group_version(path: &str) -> Option<(&str, Option<&str>)> {
    if let Some(version) = path.strip_prefix("/api/") {
        return (!version.contains('/')).then_some(("", Some(version)));
    }
    let rest = path.strip_prefix("/apis/")?;
    match rest.split_once('/') {
        None => Some((rest, None)),
        Some((group, version)) => (!version.contains('/')).then_some((group, Some(version))),
    }
}

fn discovery_answer(types: &Registry, request: &ApiRequest<'_>) -> Option<Plan> {
    let path = request.path.trim_end_matches('/');
    if !matches!(*request.method, Method::GET | Method::HEAD) {
        return Some(output::error_plan(
            &ApiError::method_not_allowed(),
            request.headers,
            request.query,
        ));
    }
    if HEALTH.contains(&path) {
        return Some(Plan::text(StatusCode::OK, crate::message::Origin::Kubernetes, "ok"));
    }
    let aggregated = output::aggregated_discovery(request.headers);
    let value = match (path, aggregated) {
        ("/api" | "/apis", Some(form)) => {
            let value = discovery::aggregated(types, path == "/api", form);
            let media =
                format!("application/json;g=apidiscovery.k8s.io;v={form};as=APIGroupDiscoveryList");
            let media = HeaderValue::try_from(media).ok()?;
            return Some(json_plan(request, &value, Some(media)));
        }
        ("/api", None) => discovery::core_versions(),
        ("/apis", None) => discovery::groups(types),
        ("/version", _) => discovery::version(),
        ("/openapi/v2", _) => openapi::v2(types),
        ("/openapi/v3", _) => {
            let text = HeaderValue::from_static("text/plain; charset=utf-8");
            return Some(json_plan(request, &openapi::index(types), Some(text)));
        }
        (path, _) => {
            if let Some(rest) = path.strip_prefix("/openapi/v3") {
                let (group, version) = group_version(rest)?;
                openapi::document(types, group, version?)?
            } else {
                match group_version(path)? {
                    (group, Some(version)) => discovery::resources(types, group, version)?,
                    (group, None) => discovery::group(types, group)?,
                }
            }
        }
    };
    Some(json_plan(request, &value, None))
}

fn json_plan(request: &ApiRequest<'_>, value: &Value, media: Option<HeaderValue>) -> Plan {
    let output =
        Output { shape: output::Shape::Whole, ..Output::of_error(request.headers, request.query) };
    let body = output.render(value.to_string().into_bytes());
    let media = media.unwrap_or_else(|| output.content_type());
    output::plan(StatusCode::OK, media, Body::Bytes(body))
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
