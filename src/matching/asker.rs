//! Whether the client of a request is the one that a stub was recorded from.

use std::cell::Cell;

/// How a request's credentials compare with the recorded ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    Same,
    /// The request has no credential where the recorded one has.
    Unknown,
    Another,
}

/// Decides in one search which recorded stubs may answer the request.
#[derive(Debug, Default)]
pub(super) struct AskerFilter(Cell<Anonymous>);

/// What happens to stubs that were recorded with credentials where the request has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Anonymous {
    /// There was no such stub.
    #[default]
    Unseen,
    PassedOver,
    Accepted,
}

impl AskerFilter {
    /// Whether a stub that was recorded from a client may answer.
    pub(super) fn accepts(&self, asker: Asker) -> bool {
        match (asker, self.0.get()) {
            (Asker::Same, _) | (Asker::Unknown, Anonymous::Accepted) => true,
            (Asker::Unknown, _) => {
                self.0.set(Anonymous::PassedOver);
                false
            }
            (Asker::Another, _) => false,
        }
    }

    /// Accepts a request without credentials from now on. Says whether a stub was passed over for want of them.
    pub(super) fn accept_anonymous(&self) -> bool {
        self.0.replace(Anonymous::Accepted) == Anonymous::PassedOver
    }
}
