//! API services that other servers answer: requests are passed on ([answer]), and the servers are asked whether they
//! are there and what they serve ([follow]).

mod asking;
mod follow;
mod headers;
mod proxy;

pub(super) use follow::begin;
pub(super) use proxy::answer;

use std::sync::Arc;

use crate::k8s::{Remote, RemotePlace, Remotes};
use crate::message::Asked;
use crate::record::BackendTarget;

use super::context::RequestContext;

/// The API services that other servers answer, for a request that may be about them; nothing where there are none.
pub(super) fn remotes(context: &RequestContext, asked: &Asked<'_>) -> Option<Arc<Remotes>> {
    let path = asked.path();
    if !path.starts_with("/apis") && !path.starts_with("/openapi/v3") {
        return None;
    }
    let world = &context.world;
    let remotes = world.aggregation.remotes(&world.store.state().snapshot);
    (!remotes.is_empty()).then_some(remotes)
}

/// Whether a request is for another server, or for the versions of a group of which another server answers some.
pub(super) fn owns(context: &RequestContext, asked: &Asked<'_>) -> bool {
    let path = asked.path();
    remotes(context, asked)
        .is_some_and(|remotes| remotes.of_path(path).is_some() || remotes.has_group_path(path))
}

/// The server of an API service (`BuildTransportConfig` in `pkg/controllers/status/remote` of
/// `k8s.io/kube-aggregator`).
fn target(remote: &Remote, place: &RemotePlace) -> BackendTarget {
    BackendTarget {
        name: format!("{}.{}.svc", remote.service, remote.namespace),
        address: place.address.clone(),
        ca_bundle: remote.ca_bundle.clone(),
        is_insecure: remote.is_insecure,
    }
}
