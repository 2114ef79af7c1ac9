//! What servers share besides objects, on its way to and from the store: stubs, settings, clocks, scenarios and their
//! state.
//!
//! ```text
//! a change, decided on the local copy → [Proposal] → one transaction → the local copies of all servers
//! what all worlds share: [ServerChange]s, taken over by `serve::replicas`
//! ```

use bytes::Bytes;
use http::StatusCode;

/// A change of what servers share besides objects: it happens as a whole, or not at all. Keys are those below
/// `PREFIX/standin/`.
#[cfg_attr(not(feature = "etcd"), allow(dead_code, reason = "no store is shared"))]
#[derive(Debug, Clone, Default)]
pub(crate) struct Proposal {
    /// The revisions at which keys were written last; 0 for those that are absent.
    pub(crate) expected: Vec<(String, u64)>,
    /// The keys that are written.
    pub(crate) written: Vec<(String, Vec<u8>)>,
    /// The keys that are removed.
    pub(crate) removed: Vec<String>,
    /// What all keys begin with that are removed. None of them is written in the same change.
    pub(crate) cleared: Vec<String>,
}

/// What happened to what all worlds share besides objects.
#[cfg_attr(not(feature = "etcd"), allow(dead_code, reason = "no store is shared"))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ServerChange {
    /// Everything was loaded: what follows is all there is.
    Restart,
    /// An entry was written, or is gone.
    Entry {
        /// The key, below `server/`.
        key: String,
        /// Nothing where it is gone.
        value: Option<Bytes>,
        /// The revision at which the key was made.
        created: u64,
        /// The revision of this change.
        revision: u64,
    },
}

/// A decision on a local copy that may be behind.
#[cfg_attr(not(feature = "etcd"), allow(dead_code, reason = "no store is shared"))]
#[derive(Debug)]
pub(crate) enum Ahead<T> {
    /// The copy was not behind in what matters.
    Decided(T),
    /// It has to be waited for first. `is_counted` says that reports have the request already.
    Behind { is_counted: bool },
}

/// Why a change of what servers share besides objects was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ShareError {
    /// Other servers were faster each time.
    #[error("other servers changed the same each time it was tried; ask again")]
    Contended,
    /// The store was not reached. The change may have been made.
    #[error("the store: {0}")]
    Failed(String),
    /// It is more than the store takes at once.
    #[error("{bytes} bytes are more than the store takes at once, {MOST_BYTES}; make it smaller")]
    TooLarge {
        /// How many bytes.
        bytes: usize,
    },
}

impl ShareError {
    /// The status of an answer that says it.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Contended => StatusCode::CONFLICT,
            Self::Failed(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }
}

/// The most bytes of one change: less than `--max-request-bytes` of etcd, which is 1.5 MiB.
pub(crate) const MOST_BYTES: usize = 1_300_000;

/// The most keys of one change: less than `--max-txn-ops` of etcd, which is 128.
pub(crate) const MOST_KEYS: usize = 96;

impl Proposal {
    /// How many bytes are written.
    pub(crate) fn bytes(&self) -> usize {
        self.written.iter().map(|(key, value)| key.len() + value.len()).sum()
    }
}
