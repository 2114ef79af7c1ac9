//! The words for what goes wrong on the Kubernetes side, at points that only it knows: revisions,
//! continue tokens, watches, collections.

use std::time::Duration;

use crate::document::Keys;

use super::status::StatusAnswer;

/// All of them.
pub(in crate::scenario) const WORDS: [&str; 6] =
    ["compact", "stale", "too_large", "fail_after", "finalizer", "expired"];

/// What goes wrong on the Kubernetes side.
#[derive(Debug, Clone, Default)]
pub struct KubernetesThen {
    /// Everything older is forgotten before the request is answered.
    pub compact: Option<Compact>,
    /// Reads see the state of so many writes ago.
    pub stale: Option<u64>,
    /// The revision asked for is said to lie in the future.
    pub too_large: bool,
    /// A delete of a collection fails after so many objects.
    pub fail_after: Option<u64>,
    /// With what it fails; 500 without one.
    pub fails_with: Option<Box<StatusAnswer>>,
    /// Deleted objects stay so long, held by a finalizer.
    pub finalizer: Option<Duration>,
    /// A watch from a revision that is gone is refused with status 410, in place of an ERROR event.
    pub expired_as_status: bool,
}

/// How much is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compact {
    /// All but the latest revision.
    Now,
    /// All but so many of the latest revisions.
    Keep(u64),
}

impl KubernetesThen {
    /// Reads the words that are there.
    pub(in crate::scenario) fn decode(keys: &Keys<'_>) -> Option<Self> {
        if !keys.present().any(|key| WORDS.contains(&key)) {
            return None;
        }
        let number = |key: &'static str, low: i64| {
            let number = keys.get(key).and_then(|node| node.integer(low..=i64::MAX));
            number.and_then(|number| u64::try_from(number).ok())
        };
        let compact = keys.get("compact").and_then(|node| {
            if node.value().is_object() {
                let keys = node.keys()?;
                let keep = keys.required("keep").and_then(|node| node.integer(0..=i64::MAX));
                keys.finish();
                return keep.and_then(|keep| u64::try_from(keep).ok()).map(Compact::Keep);
            }
            node.word(&[("now", Compact::Now)])
        });
        Some(Self {
            compact,
            stale: number("stale", 1),
            too_large: keys.get("too_large").and_then(|node| node.bool()).unwrap_or_default(),
            fail_after: number("fail_after", 0),
            fails_with: None,
            finalizer: keys.get("finalizer").and_then(|node| node.duration()),
            expired_as_status: keys
                .get("expired")
                .and_then(|node| node.word(&[("status", true), ("event", false)]))
                .unwrap_or_default(),
        })
    }

    /// Adds what another rule says; what is said already stays.
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
