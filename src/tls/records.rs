//! How many encrypted bytes a connection holds that are not sent yet.
//!
//! A large answer is encrypted and sent in parts of this size. Each part takes a system call, which wakes the client:
//! with parts of 64 KiB, the limit of rustls, an answer of 1 MiB over TLS takes a third more processor time than with
//! parts of 512 KiB. A client that does not read makes its connection hold a whole part, so only some connections may
//! have large ones.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::server::TlsStream;

/// The size of large parts, in bytes.
const LARGE: usize = 512 << 10;

/// How many connections may have large parts: 128 MiB in all.
const CONNECTIONS: usize = 256;

/// The connections of a server that may have large parts.
#[derive(Debug)]
pub(super) struct RecordBuffers(Arc<Semaphore>);

/// A connection's permission for large parts: it holds this as long as it exists.
#[derive(Debug)]
pub(crate) struct LargeRecordBuffer(
    #[expect(dead_code, reason = "it is held")] OwnedSemaphorePermit,
);

impl RecordBuffers {
    /// Lets a new connection have large parts, unless too many have them already.
    pub(super) fn enlarge<S>(&self, stream: &mut TlsStream<S>) -> Option<LargeRecordBuffer> {
        let permission = self.permission()?;
        stream.get_mut().1.set_buffer_limit(Some(LARGE));
        Some(permission)
    }

    fn permission(&self) -> Option<LargeRecordBuffer> {
        Arc::clone(&self.0).try_acquire_owned().ok().map(LargeRecordBuffer)
    }
}

impl Default for RecordBuffers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(CONNECTIONS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_connections_have_large_parts_and_their_ends_make_room() {
        let buffers = RecordBuffers::default();
        let mut held: Vec<_> = std::iter::from_fn(|| buffers.permission()).collect();
        assert_eq!(held.len(), CONNECTIONS);
        held.pop();
        assert!(buffers.permission().is_some_and(|last| {
            held.push(last);
            buffers.permission().is_none()
        }));
    }
}
