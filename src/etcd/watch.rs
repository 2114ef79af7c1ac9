//! A watch of etcd, whose end for a token that is not known any more has the next one ask for a new token.

use tonic::codec::Streaming;
use tonic::metadata::AsciiMetadataValue;

use super::credentials::{NOT_PERMITTED, is_stale};
use super::members::{Failure, Members};
use super::messages::WatchResponse;

/// A watch that is open.
pub(crate) struct Watch<'m> {
    pub(super) members: &'m Members,
    pub(super) stream: Streaming<WatchResponse>,
    /// The token that it was opened with.
    pub(super) token: Option<AsciiMetadataValue>,
}

impl Watch<'_> {
    /// The next answer; nothing after the last one.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn message(&mut self) -> Result<Option<WatchResponse>, Failure> {
        let answer = self.stream.message().await;
        let answer = answer.map_err(|status| Failure::Unavailable(status.message().to_owned()))?;
        // Etcd 3.4 says of a watch with an unknown token that it is not permitted.
        if let Some(answer) = answer.as_ref().filter(|answer| answer.canceled)
            && (is_stale(&answer.cancel_reason) || answer.cancel_reason.contains(NOT_PERMITTED))
        {
            self.members.forget(self.token.as_ref()).await;
            return Err(Failure::Unavailable(answer.cancel_reason.clone()));
        }
        Ok(answer)
    }
}
