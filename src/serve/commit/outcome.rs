//! How a write ends, and what it needs.

/// How often a change is decided while others write: as often as upstream tries a patch
/// (`MaxRetryWhenPatchConflicts`). After that it is decided once more while no other writer of this process
/// commits.
pub(super) const TRIES: usize = 5;

/// A change conflicted with other writers on each attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the change conflicted with other writers {} times", TRIES + 1)]
pub(crate) struct Contended;

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// Nothing was changed.
    #[error(transparent)]
    Contended(#[from] Contended),
    /// The store was not reached. What was to be written may be.
    #[cfg_attr(not(feature = "etcd"), expect(dead_code, reason = "memory does not fail"))]
    #[error("the store: {0}")]
    Failed(String),
    /// The store refuses it: nothing was written.
    #[cfg_attr(not(feature = "etcd"), expect(dead_code, reason = "memory refuses nothing"))]
    #[error("{0}")]
    Refused(String),
}

/// What of a request is carried out already when it is decided again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carried {
    /// Nothing.
    Nothing,
    /// The first of its writes.
    Part,
}

/// What a request needs of a store that several servers share: whether the local state has to have all that was
/// written before the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fresh {
    /// It may be older.
    Never,
    /// Before anything is decided: a read.
    First,
    /// Before the request is refused, or found to change nothing: a write, which is compared when it is committed.
    BeforeRefusal,
}
