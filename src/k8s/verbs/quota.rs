//! The admission plugins of a request: what they set before an object is validated, the last checks before it is stored,
//! and what it counts in quotas.

use std::sync::Arc;

use serde_json::Value;

use super::super::admission::limit_ranges;
use super::super::admission::plugins::{self, Plugin};
use super::super::admission::quotas::{self, Charged};
use super::super::auth::Attributes;
use super::super::meta;
use super::super::resource::GroupResource;
use super::super::status::ApiError;
use super::super::store::{Object, Snapshot, StoreChange};
use super::{Call, generated};

/// Calls something with what the admission plugins know of a request.
fn with_request<T>(
    call: &Call<'_>,
    snapshot: &Snapshot,
    run: impl FnOnce(&plugins::Request<'_>) -> T,
) -> T {
    let may_sign = |verb: &str, name: &str| may_sign(call, verb, name);
    let suffix = generated::suffix(call.nonce, generated::TRIES + 1);
    run(&plugins::Request {
        plugins: call.config.admission,
        resource: &call.served.of.group_resource,
        subresource: &call.info.subresource,
        namespace: call.namespace(),
        snapshot,
        may_sign: &may_sign,
        makes_accounts: call.config.makes_accounts,
        suffix: &suffix,
    })
}

/// Whether the sender may do something to a signer of certificates, or to all of its domain
/// (`certauthorization.IsAuthorizedForSignerName`).
fn may_sign(call: &Call<'_>, verb: &str, name: &str) -> bool {
    let domain = name.split_once('/').map_or(name, |(domain, _)| domain);
    let authorizer = call.authorizer();
    [name, &format!("{domain}/*")].into_iter().any(|name| {
        let asked = Attributes {
            verb,
            resource: "signers",
            group: "certificates.k8s.io",
            version: "*",
            name,
            ..Attributes::default()
        };
        authorizer.allows(call.user, &asked)
    })
}

/// Sets what admission plugins set in a new or changed object of a built-in type.
///
/// # Errors
/// What a plugin that refuses it says.
pub(super) fn mutate(
    call: &Call<'_>,
    change: &StoreChange,
    new: &mut Value,
    old: Option<&Value>,
) -> Result<(), ApiError> {
    if !call.served.of.is_built_in() {
        return Ok(());
    }
    if old.is_none() && is(call, &["pods"]) && call.config.admission.has(Plugin::LimitRanger) {
        limit_ranges::set_defaults(change.snapshot(), &call.info.namespace, new);
    }
    with_request(call, change.snapshot(), |request| plugins::mutate(request, new, old))
}

/// Gives a pod that gets its node the labels of the node's place.
pub(super) fn label_bound(call: &Call<'_>, change: &StoreChange, pod: &mut Value) {
    with_request(call, change.snapshot(), |request| plugins::label_bound(request, pod));
}

/// Checks an object against the limits of its namespace and the built-in plugins, which come before policies and webhooks
/// (`AllOrderedPlugins` in `pkg/kubeapiserver/options/plugins.go`). Returns warnings.
///
/// # Errors
/// 403 with upstream's reason.
pub(super) fn check(
    call: &Call<'_>,
    change: &StoreChange,
    new: &Value,
    old: Option<&Value>,
) -> Result<Vec<String>, ApiError> {
    let of = &call.served.of;
    let bounded = if old.is_none() {
        &["pods", "persistentvolumeclaims"][..]
    } else {
        &["persistentvolumeclaims"]
    };
    let is_object = call.info.subresource.is_empty();
    let ends = old.is_some_and(meta::is_terminating);
    let is_bounded = call.config.admission.has(Plugin::LimitRanger) && is(call, bounded);
    if is_object && is_bounded && !ends {
        limit_ranges::check(change.snapshot(), of.plural(), new)
            .map_err(|why| forbidden(call, new, &why))?;
    }
    if !of.is_built_in() {
        return Ok(Vec::new());
    }
    with_request(call, change.snapshot(), |request| plugins::validate(request, new, old))
}

fn forbidden(call: &Call<'_>, new: &Value, why: &str) -> ApiError {
    ApiError::forbidden(&call.served.of.group_resource, meta::text(new, "name"), why)
}

/// The quotas that an object changes, with their new status.
#[derive(Debug, Default)]
pub(super) struct Charge(Vec<(Arc<Object>, Value)>);

/// Counts an object in the quotas of its namespace, which come after policies and webhooks.
///
/// # Errors
/// 403 with upstream's reason.
pub(super) fn charge(
    call: &Call<'_>,
    change: &StoreChange,
    new: &Value,
    old: Option<&Value>,
) -> Result<Charge, ApiError> {
    let of = &call.served.of;
    let is_on = call.config.admission.has(Plugin::ResourceQuota);
    if !of.namespaced || !call.info.subresource.is_empty() || !is_on {
        return Ok(Charge::default());
    }
    let charged = Charged { resource: &of.group_resource, new, old };
    let changed = quotas::charge(change.snapshot(), charged);
    changed.map(Charge).map_err(|why| forbidden(call, new, &why))
}

impl Charge {
    /// Stores the quotas with the object.
    pub(super) fn store(self, change: &mut StoreChange) {
        for (object, quota) in self.0 {
            put(change, &object, quota);
        }
    }
}

/// Stores a quota with another status.
fn put(change: &mut StoreChange, object: &Object, mut quota: Value) {
    let types = Arc::clone(change.types());
    let Some(of) = types.get(&GroupResource::new("", "resourcequotas")) else { return };
    let revision = change.next_revision().to_string();
    meta::set(&mut quota, "resourceVersion", revision.into());
    let resource = Arc::clone(&object.resource);
    change.put(Arc::new(Object::render(resource, quota, &of.selectable_paths())));
}

/// Whether the call is for one of some types of the core group.
fn is(call: &Call<'_>, plurals: &[&str]) -> bool {
    let of = &call.served.of;
    of.is_built_in() && of.group().is_empty() && plurals.contains(&of.plural())
}
