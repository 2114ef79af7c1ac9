//! Faults of the Kubernetes API: revisions, continue tokens, watches and collections.

use std::time::Duration;

use crate::scenario::words::Either;
use crate::scenario::words::table::{self, ExpiredAs, KubernetesWords};

use super::status::StatusAnswer;

/// Faults of the Kubernetes API.
#[derive(Debug, Clone, Default)]
pub(crate) struct KubernetesThen {
    /// Which revisions are compacted before the request is answered.
    pub compact: Option<Compact>,
    /// Reads see the state before this many writes.
    pub stale: Option<u64>,
    /// Whether a revision that the request names is rejected as too large.
    pub too_large: bool,
    /// The number of objects after which a delete of a collection fails.
    pub fail_after: Option<u64>,
    /// The status of that failure; 500 by default.
    pub fails_with: Option<Box<StatusAnswer>>,
    /// How long a finalizer holds deleted objects.
    pub finalizer: Option<Duration>,
    /// Whether a watch from a compacted revision is rejected with status 410 in place of an ERROR
    /// event.
    pub expired_as_status: bool,
}

/// Which revisions are compacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compact {
    /// All but the latest revision.
    Now,
    /// All but the latest and this many before it.
    Keep(u64),
}

impl KubernetesThen {
    /// Compiles the words, or returns `None` if none is given.
    pub(in crate::scenario) fn compile(words: &KubernetesWords<'_>) -> Option<Self> {
        let KubernetesWords { compact, stale, too_large, fail_after, finalizer, expired, .. } =
            words;
        let numbers = stale.or(*fail_after).is_some();
        if !numbers
            && compact.is_none()
            && too_large.is_none()
            && finalizer.is_none()
            && expired.is_none()
        {
            return None;
        }
        let compact = compact.as_ref().and_then(|compact| match compact {
            Either::Short(table::Now) => Some(Compact::Now),
            Either::Object(words) => words.keep.map(Compact::Keep),
        });
        Some(Self {
            compact,
            stale: *stale,
            too_large: too_large.unwrap_or_default(),
            fail_after: *fail_after,
            fails_with: None,
            finalizer: *finalizer,
            expired_as_status: *expired == Some(ExpiredAs::Status),
        })
    }

    /// Adds the faults of another rule; those already set take precedence.
    pub(in crate::scenario) fn and(&mut self, other: &Self) {
        self.compact = self.compact.or(other.compact);
        self.stale = self.stale.or(other.stale);
        self.too_large |= other.too_large;
        if self.fail_after.is_none() {
            self.fail_after = other.fail_after;
            self.fails_with.clone_from(&other.fails_with);
        }
        self.finalizer = self.finalizer.or(other.finalizer);
        self.expired_as_status |= other.expired_as_status;
    }
}
