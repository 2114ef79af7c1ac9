//! The verbs: one file each, in one order: check the request, read the state or decide a change, answer.

mod action;
mod admission;
mod admission_forms;
mod admit;
mod apply;
mod around;
mod begin;
mod bind;
mod body;
mod built_in;
mod create;
mod definition;
mod delete;
mod delete_collection;
mod escalation;
mod evict;
mod exec;
mod generated;
mod get;
mod list;
mod log;
mod patch;
mod patch_text;
mod quota;
mod render;
mod review;
mod scale;
mod scale_apply;
mod scale_value;
mod service;
mod subresource;
mod token;
mod typed_body;
mod update;
mod validate;
mod warnings;
mod watch;
mod write;
mod written;

pub(crate) use delete_collection::Listed;
pub(crate) use watch::{Watch, WatchStep, error_line};
pub(crate) use written::PendingAnswer;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use crate::message::{Body, Plan, Query, ResourceInfo};

use super::accept;
use super::admission::webhooks::{Reviews, WebhookCache};
use super::auth::{Auth, AuthCache, Authorizer, User};
use super::conversion::{self, Conversions, Pending};
use super::core::resources::{self, Resource};
use super::options::include_object;
use super::output::{self, Output, Shape};
use super::protobuf;
use super::resource::Served;
use super::status::ApiError;
use super::store::{Object, PinnedSnapshots, Revision, State};
use super::table::Rendering;
use super::{Config, Faults, Kubelet, Outcome, Resolved};

/// A request for a served resource, with its context.
pub(super) struct Call<'a> {
    pub(super) config: &'a Config,
    pub(super) state: Arc<State>,
    pub(super) pinned: &'a PinnedSnapshots,
    pub(super) served: Served,
    pub(super) info: &'a ResourceInfo<'a>,
    pub(super) query: &'a Query<'a>,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    pub(super) now: Timestamp,
    /// Random bits for a uid and a generated name.
    pub(super) nonce: u128,
    /// The simulated faults.
    pub(super) faults: &'a Faults,
    /// The sender.
    pub(super) user: &'a User,
    /// The known tokens and permissions.
    pub(super) auth: &'a Auth,
    /// What authorization keeps for the world.
    pub(super) auth_cache: &'a AuthCache,
    /// What conversion webhooks have done for the request.
    pub(super) conversions: &'a Conversions,
    /// The compiled admission webhooks.
    pub(super) webhooks: &'a WebhookCache,
    /// What admission webhooks have said of the request.
    pub(super) reviews: &'a Reviews,
    /// What the deletion of a collection has listed.
    pub(super) listed: &'a Listed,
}

/// Runs the verb of a request.
pub(super) fn run(call: &Call<'_>, verb: &str) -> Result<Resolved, ApiError> {
    let resolved = resolve(call, verb);
    let resolved = if call.reviews.has_warned() {
        warnings::added(resolved, call.reviews.take_warnings())
    } else {
        resolved
    };
    let resolved = completed(call, resolved);
    let resolved = match call.served.deprecation() {
        // What is no path of the type has no warning either.
        Some(warning) => resolved
            .map(|resolved| written::warned(resolved, &warning))
            .map_err(|error| if error.plain { error } else { error.warned_first(&warning) }),
        None => resolved,
    };
    Ok(match refused_table(call) {
        Some(plan) => written::refused(resolved?, plan),
        None => resolved?,
    })
}

/// The resolution of a request, where all webhooks were called; else what has to come first.
fn completed(call: &Call<'_>, resolved: Result<Resolved, ApiError>) -> Result<Resolved, ApiError> {
    let reviews = call.reviews.take_missing();
    match call.conversions.pending() {
        None if reviews.is_empty() => resolved,
        None => Ok(Resolved::Outcome(Outcome::Review(reviews))),
        Some(Pending::Failed(why)) => Err(ApiError::unclassified(why)),
        Some(Pending::Missing(requests)) => Ok(Resolved::Outcome(Outcome::Convert(requests))),
    }
}

/// The answer in place of a table whose rows are to hold something unknown: the table is made last, after what the
/// request does (`transformResponseObject`).
fn refused_table(call: &Call<'_>) -> Option<Plan> {
    let error = include_object(call.query).err()?;
    let output = call.negotiate().ok()?;
    matches!(output.shape, Shape::Table { .. }).then(|| output.refused(&error))
}

fn resolve(call: &Call<'_>, verb: &str) -> Result<Resolved, ApiError> {
    check_route(call, verb)?;
    call.faults.check(call.query, verb, &call.state)?;
    if !call.served.of.stored && call.info.resource == "bindings" {
        return bind::of_collection(call);
    }
    if !call.served.of.stored {
        return review::run(call, verb).map(Resolved::Outcome);
    }
    if let Some(scale) =
        call.served.version().scale.as_ref().filter(|_| call.info.subresource == "scale")
    {
        return scale::run(call, scale, verb);
    }
    if let Some(run) = subresource::find(call) {
        return run(call);
    }
    match verb {
        "get" => get::run(call).map(Resolved::Outcome),
        "list" => list::run(call).map(Resolved::Outcome),
        "watch" => watch::run(call).map(Resolved::Outcome),
        "create" => create::run(call),
        "update" => update::run(call),
        "patch" => patch::run(call),
        "delete" => delete::run(call),
        "deletecollection" => delete_collection::run(call),
        _ => Err(unsupported(call, "")),
    }
}

/// Checks whether the type supports the verb at this path, before anything else.
fn check_route(call: &Call<'_>, verb: &str) -> Result<(), ApiError> {
    let of = &call.served.of;
    let info = call.info;
    let built_in = of.is_built_in();
    // A custom resource is found by the first parts of its path; a built-in type has routes.
    if built_in && info.rest > 0 {
        return Err(ApiError::no_such_resource());
    }
    let own_namespace = info.resource == "namespaces" && info.namespace == info.name;
    let placed = of.namespaced != info.namespace.is_empty() || own_namespace;
    // A built-in type has a route there, if not for every method.
    let everywhere = matches!(verb, "list" | "watch") || built_in;
    if !(placed || of.namespaced && everywhere && info.name.is_empty()) {
        if built_in {
            return Err(ApiError::no_such_resource());
        }
        return Err(ApiError::no_such_path());
    }
    if let Some(resource) = resources::find(of.group(), &call.served.version().name, of.plural())
        && built_in
    {
        return check_built_in_route(call, resource, verb);
    }
    let version = call.served.version();
    match &*info.subresource {
        "" => {}
        "scale" if version.scale.is_some() => {
            if !matches!(verb, "get" | "update" | "patch") {
                return Err(unsupported(call, verb));
            }
        }
        "status" if version.status => {
            if !matches!(verb, "get" | "update" | "patch") {
                return Err(unsupported(call, verb));
            }
        }
        _ => return Err(ApiError::not_found(&of.group_resource, &info.name)),
    }
    Ok(())
}

/// Checks whether a built-in type has a route for the verb at this path.
fn check_built_in_route(call: &Call<'_>, resource: &Resource, verb: &str) -> Result<(), ApiError> {
    let info = call.info;
    let (verbs, collection) = if info.subresource.is_empty() {
        (&resource.verbs, info.name.is_empty())
    } else {
        let found = resource.subresource(&info.subresource);
        (&found.ok_or_else(ApiError::no_such_resource)?.verbs, false)
    };
    let is_list = matches!(verb, "list" | "watch");
    let of_object = ["get", "update", "patch", "delete"];
    if !info.name.is_empty()
        && info.subresource.is_empty()
        && !of_object.iter().any(|verb| verbs.contains(verb))
    {
        // What is only created has no path of its objects.
        return Err(ApiError::no_such_resource());
    }
    // Objects of all namespaces are only listed.
    let all_namespaces = call.served.of.namespaced && info.namespace.is_empty();
    let routed = match verb {
        _ if all_namespaces => is_list,
        // A subresource is created at the path of its object.
        "create" => collection || !info.subresource.is_empty(),
        "update" | "patch" => !collection,
        _ => true,
    };
    if !(routed && verbs.contains(&verb)) {
        return Err(unsupported(call, verb));
    }
    if verb == "patch" && !patch::is_consumed(call) {
        return Err(ApiError::not_consumed());
    }
    let produces: &[&str] = match &*info.subresource {
        "exec" | "attach" | "portforward" | "proxy" => &["*/*"],
        "log" => &LOG_PRODUCES,
        _ if is_list => &PRODUCES,
        _ => &PRODUCES[..3],
    };
    if accept::is_routed(call.headers, produces) {
        return Ok(());
    }
    Err(ApiError::not_produced(&produces.join(", ")))
}

/// The media types of the routes of built-in types: three of all, and two of streams.
const PRODUCES: [&str; 5] = [
    "application/json",
    "application/yaml",
    protobuf::MEDIA_TYPE,
    "application/json;stream=watch",
    "application/vnd.kubernetes.protobuf;stream=watch",
];

/// The media types of logs.
const LOG_PRODUCES: [&str; 4] =
    ["text/plain", "application/json", "application/yaml", protobuf::MEDIA_TYPE];

/// Checks that the name in a path is one segment of a path (`rest.ValidatePathSegmentName`).
fn check_path_name(call: &Call<'_>) -> Result<(), ApiError> {
    let name = &*call.info.name;
    let problems = super::names::path_segment(name, false);
    if problems.is_empty() {
        return Ok(());
    }
    let why = problems.join("; ");
    Err(ApiError::bad_request(format!(
        "Name parameter invalid: {}: {why}",
        super::golang::quote(name)
    )))
}

fn unsupported(call: &Call<'_>, verb: &str) -> ApiError {
    let of = &call.served.of;
    if of.is_built_in() {
        return ApiError::method_not_allowed();
    }
    ApiError::method_not_supported(&of.group_resource, verb)
}

impl Call<'_> {
    /// Notes the sent object for the audit of the request.
    fn note_object(&self, object: &serde_json::Value) {
        if let Some(notes) = self.reviews.notes() {
            notes.object(object);
        }
    }

    fn negotiate(&self) -> Result<Output, ApiError> {
        Output::negotiate(self.headers, self.query, self.served.of.is_built_in())
    }

    /// Authorization on the state of the request.
    fn authorizer(&self) -> Authorizer<'_> {
        self.auth.authorizer(&self.state, self.auth_cache)
    }

    fn namespace(&self) -> &str {
        if self.served.of.namespaced { &self.info.namespace } else { "" }
    }

    fn not_found(&self) -> ApiError {
        ApiError::not_found(&self.served.of.group_resource, &self.info.name)
    }

    /// The object that the path names.
    ///
    /// # Errors
    /// 400 for a name that cannot be stored, 404 where there is no such object.
    fn find(&self) -> Result<&Arc<Object>, ApiError> {
        check_path_name(self)?;
        let key = self.served.of.key(&self.info.namespace, &self.info.name);
        let found = self.state.snapshot.get(&self.served.of.stored_as, &key);
        found.ok_or_else(|| self.not_found())
    }
}

/// An answer with one object, which is in the requested version.
fn object_plan(
    served: &Served,
    status: StatusCode,
    object: &Object,
    output: Output,
    now: Timestamp,
) -> Plan {
    if matches!(output.shape, Shape::MetadataList { .. }) {
        return output.refused(&no_list(served));
    }
    let body = match output.shape {
        Shape::Whole if output.is_plain() => {
            let prefix = Bytes::from(served.prefix());
            Body::Pieces(vec![prefix, object.rest.clone(), Bytes::from_static(b"\n")])
        }
        Shape::Whole => Body::Bytes(output.render(whole(served, object))),
        shape => {
            let rendering = Rendering { served, shape, with_columns: true, now };
            Body::Bytes(output.render(rendering.one(object, object.meta.revision)))
        }
    };
    output::plan(status, output.content_type(), body)
}

/// A stored object as an answer shows it; nothing where it is the same.
fn shown(
    served: &Served,
    conversions: &Conversions,
    object: &Object,
    shape: Shape,
) -> Option<Object> {
    if has_own_cells(served, shape) {
        return None;
    }
    conversion::shown(served, conversions, object)
}

/// Whether the answer is a table of a built-in type: its cells are made of the stored form, and the table converts the
/// objects of its rows.
fn has_own_cells(served: &Served, shape: Shape) -> bool {
    matches!(shape, Shape::Table { .. }) && conversion::built_in(served).is_some()
}

/// The error about one object that is to be shown as a list (`asPartialObjectMetadataList`): every custom resource may
/// be a list as far as its Go type says.
fn no_list(served: &Served) -> ApiError {
    if served.of.is_built_in() {
        return ApiError::unlike_shape(format!(
            "you requested PartialObjectMetadataList, but the requested object is not a list ({})",
            served.go_type()
        ));
    }
    ApiError::unclassified("content is not a list".to_owned())
}

/// The whole JSON of an object of the requested version.
fn whole(served: &Served, object: &Object) -> Vec<u8> {
    let prefix = served.prefix();
    let mut json = Vec::with_capacity(prefix.len() + object.rest.len());
    json.extend_from_slice(prefix.as_bytes());
    json.extend_from_slice(&object.rest);
    json
}

/// The outcome for a requested revision that is not reached yet.
fn not_reached(asked: Revision, state: &State) -> Outcome {
    Outcome::NotReached { asked, current: state.revision }
}
