//! Links to a backend: rewrites absolute URLs in header fields and bodies that refer to the backend
//! itself.
//!
//! ```text
//! backend → Links::to_client → the recording proxy's client          (links lead to the proxy)
//! client  → Links::to_backend → backend                              (Origin, Referer, Destination)
//! recording, as the backend sent it → Links::to_client → replay's client   (links lead to the server that replays)
//! ```
//!
//! A recording keeps the links as the backend wrote them, and the bases of its backends next to
//! them ([`LINKS_TRANSFORMER`]): each request gets them with the scheme, host and port by which it
//! reached the server. Digests in header fields stay: they are of the bytes that the backend sent.

mod backend;
mod base;
mod body;
mod cookie;
mod field;
mod passing;
mod path;
#[cfg(feature = "gzip")]
mod recoding;
mod reference;
mod scan;
mod spelling;
mod stream;

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

pub(crate) use backend::Backend;
pub(crate) use base::ClientBase;
#[cfg(feature = "record")]
pub(crate) use body::is_structured;
pub(crate) use body::{is_compressed, is_rewritten, kept_because};
pub(crate) use passing::PassingBody;

/// The transformer that makes the links of a recording those of the request. `WireMock` ignores names it does not
/// know, and serves the backend's own links.
pub(crate) const LINKS_TRANSFORMER: &str = "standin-links";

/// The parameter of [`LINKS_TRANSFORMER`]: each backend's URL, with the path at which clients find it.
pub(crate) const LINKS_PARAMETER: &str = "links";

/// The backends whose links are rewritten.
#[derive(Debug, Clone)]
pub(crate) struct Links {
    /// Those with longer paths come first, so that the first match is the most specific one.
    backends: Arc<[Backend]>,
    /// All prefixes of links, computed when the first streamed body arrives.
    beginnings: OnceLock<Arc<[String]>>,
    /// The path of the backend whose answers are rewritten, where references by a path in them have to get it.
    answering: Option<Arc<str>>,
}

impl Links {
    /// Creates links to these backends.
    pub(crate) fn new(mut backends: Vec<Backend>) -> Self {
        backends.sort_by_key(|backend| usize::MAX - backend.base.len());
        Self { backends: backends.into(), beginnings: OnceLock::new(), answering: None }
    }

    /// Returns the links for answers to requests for a path by the client with this base, where they differ: clients
    /// find the backend that answers below a path, its own or that of a world, and its references by a path do not have
    /// it.
    pub(crate) fn answering(&self, target: &str, base: &ClientBase) -> Option<Self> {
        let is_moved = |backend: &Backend| !(backend.below.is_empty() && base.path.is_empty());
        self.moved(target).filter(|_| self.of_target(target).is_some_and(is_moved))
    }

    /// Returns the links for answers to requests for a path by clients of some world.
    #[cfg(any(feature = "record", test))]
    pub(crate) fn answering_in_worlds(&self, target: &str) -> Option<Self> {
        self.moved(target)
    }

    /// With references by a path alone, where a backend without a path answers requests for a target.
    fn moved(&self, target: &str) -> Option<Self> {
        let backend = self.of_target(target).filter(|backend| backend.base.is_empty())?;
        Some(Self { answering: Some((*backend.below).into()), ..self.clone() })
    }

    /// Adds a backend.
    #[cfg(any(feature = "record", test))]
    pub(crate) fn and(&self, backend: Backend) -> Self {
        let all = Self::new(self.backends.iter().cloned().chain([backend]).collect());
        Self { answering: self.answering.clone(), ..all }
    }

    /// Returns the backends' URLs with the path of each, for the metadata of a recording.
    #[cfg(any(feature = "record", test))]
    pub(crate) fn parameters(&self) -> serde_json::Value {
        let pair = |backend: &Backend| (backend.url(), backend.below.clone().into());
        self.backends.iter().map(pair).collect::<serde_json::Map<_, _>>().into()
    }
}
