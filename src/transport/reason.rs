//! Why an answer ends before it is complete, and its HTTP/2 error code (RFC 9113, section 7).

use h2::Reason;

use crate::message::{BodyError, FaultAction};

/// The only error of the service: the answer or the connection is deliberately ended here. hyper
/// finds the code of the `RST_STREAM` in its source.
#[derive(Debug, thiserror::Error)]
#[error("the answer ends here")]
pub(super) struct EndsHere {
    #[source]
    reason: h2::Error,
}

impl EndsHere {
    pub(super) fn with(reason: Reason) -> Self {
        Self { reason: reason.into() }
    }
}

impl From<BodyError> for EndsHere {
    fn from(_: BodyError) -> Self {
        Self::with(Reason::INTERNAL_ERROR)
    }
}

/// Returns the code with which a fault ends a stream.
pub(super) fn reason_of(action: &FaultAction) -> Reason {
    match action {
        FaultAction::Reset | FaultAction::Close => Reason::INTERNAL_ERROR,
        FaultAction::Garbage(_) | FaultAction::MalformedChunk => Reason::PROTOCOL_ERROR,
        FaultAction::ResetStream(code) => Reason::from(*code),
        FaultAction::GoAway { code, .. } => Reason::from(*code),
    }
}
