//! Client affinity: whether the client of a request is the one that a stub was recorded from.

use std::cell::Cell;

/// How a request's credentials compare with the recorded ones, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asker {
    Same,
    /// The credentials of the request are short pseudonyms of the recorded ones.
    Similar,
    /// The request has no credential where the recorded one has.
    Unknown,
    Another,
}

/// Decides in one search which recorded stubs may answer the request: those of the same client first, then of ever
/// less likely ones.
#[derive(Debug, Default)]
pub(super) struct AskerFilter {
    /// The least likely client whose stubs are accepted.
    accepted: Cell<Accepted>,
    /// The most likely client whose stub was passed over.
    passed_over: Cell<Option<Asker>>,
    /// Whether recorded stubs for GET answer a HEAD.
    head_as_get: Cell<bool>,
}

#[derive(Debug, Clone, Copy)]
struct Accepted(Asker);

impl Default for Accepted {
    fn default() -> Self {
        Self(Asker::Same)
    }
}

impl AskerFilter {
    /// Creates a filter for a HEAD that no stub matches: the recorded answers to GET have its head
    /// (RFC 9110, section 9.3.2).
    pub(super) fn for_head() -> Self {
        let filter = Self::default();
        filter.head_as_get.set(true);
        filter
    }

    /// Returns whether recorded stubs for GET answer a HEAD.
    pub(super) fn takes_head_as_get(&self) -> bool {
        self.head_as_get.get()
    }

    /// Returns whether a stub was passed over whose client is more likely than an unknown one.
    pub(super) fn has_passed_similar(&self) -> bool {
        self.passed_over.get() == Some(Asker::Similar)
    }

    /// Returns whether a stub that was recorded from a client may answer.
    pub(super) fn accepts(&self, asker: Asker) -> bool {
        let accepts = asker <= self.accepted.get().0;
        if !accepts && asker != Asker::Another {
            let best = self.passed_over.get().map_or(asker, |other| other.min(asker));
            self.passed_over.set(Some(best));
        }
        accepts
    }

    /// Accepts less likely clients from now on. Returns whether a stub of one was passed over.
    pub(super) fn widen(&self) -> bool {
        let passed_over = self.passed_over.take();
        if let Some(asker) = passed_over {
            self.accepted.set(Accepted(asker));
        }
        passed_over.is_some()
    }
}
