//! How a request is marked on a timeline.

use crate::grade::{Kind, SeenRequest};

/// The mark of a request; the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// An answer that is not an error.
    Answered,
    /// An answer that a rule delayed or modified.
    Shaped,
    /// A status from 400 to 499.
    ClientError,
    /// A status from 500.
    ServerError,
    /// No answer, or an incomplete one.
    Lost,
}

impl Mark {
    pub(super) const ALL: [Self; 5] =
        [Self::Answered, Self::Shaped, Self::ClientError, Self::ServerError, Self::Lost];

    pub(super) fn of(request: &SeenRequest) -> Self {
        match request.kind() {
            Kind::Lost => Self::Lost,
            Kind::ServerError => Self::ServerError,
            Kind::ClientError => Self::ClientError,
            Kind::Answered if request.rule.is_some() => Self::Shaped,
            Kind::Answered => Self::Answered,
        }
    }

    /// Returns its meaning as text.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Shaped => "delayed or modified by a rule",
            Self::ClientError => "status 4xx",
            Self::ServerError => "status 5xx",
            Self::Lost => "no answer, or an incomplete one",
        }
    }
}
