//! Why a request to a server that a stub names got no answer: shared by builds with and without a client.

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[cfg_attr(
    not(feature = "record"),
    expect(dead_code, reason = "a build with a client has all of them")
)]
pub(crate) enum SendError {
    /// The rules do not allow the target.
    #[error("the target address is denied by the rules for targets")]
    Denied,
    /// The TLS handshake failed.
    #[error("{0}")]
    Tls(String),
    /// The server could not be reached, or broke the connection; or this build has no client.
    #[error("{0}")]
    Network(String),
}
