//! Where the server of an API service is, and whom it is trusted by.

/// A server that answers an API service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct BackendTarget {
    /// The name that its certificate has to have.
    pub(crate) name: String,
    /// The host and port to connect to.
    pub(crate) address: (String, u16),
    /// The certificates to trust, in PEM; empty for those that the system trusts.
    pub(crate) ca_bundle: Vec<u8>,
    /// Whether its certificate is not checked.
    pub(crate) is_insecure: bool,
}
