//! Where the servers that share a store reach each other.

use serde::{Deserialize, Serialize};

/// Where others reach the admin API of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Peer {
    /// Without a slash at its end.
    pub(crate) url: String,
    /// The certificates to trust, in PEM; empty for those that the system trusts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) ca: String,
    /// The name that its certificate has, where it is not the host of the URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

/// What a server says about where it is reached.
#[cfg(feature = "etcd")]
#[derive(Debug, Clone)]
pub(crate) struct Advertised {
    pub(crate) peer: Peer,
    /// The port of a server that listens on all networks: in the URL stands the address from which it reaches etcd.
    pub(crate) of_any: Option<u16>,
}
