//! API aggregation: the versions of groups that other servers answer, as `APIService` objects say
//! (`k8s.io/kube-aggregator/pkg`).
//!
//! ```text
//! APIService objects → [Remotes], compiled when they change → is a path one of theirs?
//!    serve::aggregation asks their servers → [availability]: the condition of the object
//!                                          → [document]: what they serve → [Aggregation] → discovery ([groups])
//! ```

mod availability;
mod document;
mod groups;
mod place;
mod remote;
#[cfg(test)]
mod tests;

pub(crate) use availability::{Condition, Look, conditioned, look};
pub(crate) use document::{RemoteDocument, listed};
pub(super) use groups::Groups;
pub(crate) use place::{RemotePlace, place};
pub(crate) use remote::{Remote, Remotes};

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use super::resource::GroupResource;
use super::store::Snapshot;

static API_SERVICES: LazyLock<GroupResource> =
    LazyLock::new(|| GroupResource::new(GROUP, "apiservices"));

const GROUP: &str = "apiregistration.k8s.io";
const API_VERSION: &str = "apiregistration.k8s.io/v1";

/// What a world knows of the servers of its API services.
#[derive(Debug, Default)]
pub(crate) struct Aggregation {
    compiled: ArcSwap<Remotes>,
    /// What the servers serve, by the names of the API services. Each is one of an object in the store.
    documents: Mutex<HashMap<Box<str>, Arc<RemoteDocument>>>,
    /// Whether somebody asks the servers.
    is_followed: AtomicBool,
}

impl Aggregation {
    /// The API services that other servers answer.
    pub(crate) fn remotes(&self, snapshot: &Snapshot) -> Arc<Remotes> {
        let Some(all) = snapshot.collection(&API_SERVICES) else { return Arc::default() };
        let known = self.compiled.load();
        if known.content() == all.content() {
            return Arc::clone(&known);
        }
        let compiled = Arc::new(Remotes::compile(all));
        self.compiled.store(Arc::clone(&compiled));
        compiled
    }

    /// What the server of an API service serves, as far as it is known.
    pub(crate) fn document(&self, name: &str) -> Option<Arc<RemoteDocument>> {
        self.documents().get(name).cloned()
    }

    /// Keeps what the server of an API service serves.
    pub(crate) fn learn(&self, name: &str, document: RemoteDocument) {
        self.documents().insert(name.into(), Arc::new(document));
    }

    /// Forgets what is known of other API services than these.
    pub(crate) fn keep(&self, remotes: &Remotes) {
        self.documents().retain(|name, _| remotes.named(name).is_some());
    }

    /// Whether its servers are to be asked from now on: true once, until [`Aggregation::rest`].
    pub(crate) fn claims(&self) -> bool {
        !self.is_followed.load(Ordering::Acquire) && !self.is_followed.swap(true, Ordering::AcqRel)
    }

    /// Nobody asks its servers any more.
    pub(crate) fn rest(&self) {
        self.is_followed.store(false, Ordering::Release);
    }

    fn documents(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<RemoteDocument>>> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a request is about API services: what it writes may need to be followed.
#[must_use]
pub(crate) fn concerns(info: &crate::message::RequestInfo<'_>) -> bool {
    info.resource.as_ref().is_some_and(|of| of.group == GROUP)
}
