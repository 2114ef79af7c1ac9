//! Why the rest of a conversation is not recorded.

/// The largest message that is recorded, in bytes.
pub(super) const MAX_MESSAGE: usize = 4 << 20;

/// What is said of a larger one.
pub(super) const TOO_LARGE: &str = "there is a message of more than 4 MiB";

/// What is not a `WebSocket`, or too large to be recorded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken(pub(super) &'static str);
