//! The connections to the members of an etcd cluster: one member is used until it fails, then the next.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tonic::transport::{Channel, Endpoint};

use super::access::Access;
use super::address::StoreAddress;
use super::connect::TlsMember;
use super::credentials::Tokens;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How often an idle connection is tried, and how long it may take to answer.
const PING: Duration = Duration::from_secs(2);
/// How long one member may take for one request.
pub(super) const ATTEMPT: Duration = Duration::from_secs(3);

/// Why etcd did not do what it was asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Failure {
    /// It was not reached, or did not answer in time. A transaction may have happened.
    #[error("{0}")]
    Unavailable(String),
    /// The revision that was asked for is compacted.
    #[error("the revision is compacted")]
    Compacted,
    /// It has no space: nothing is written until its operator has made some.
    #[error("etcdserver: mvcc: database space exceeded")]
    Full,
    /// It refuses the request.
    #[error("{0}")]
    Refused(String),
}

/// The members of a cluster.
#[derive(Debug)]
pub(crate) struct Members {
    names: Vec<String>,
    pub(super) channels: Vec<Channel>,
    /// The member in use.
    at: AtomicUsize,
    /// Nothing without a user.
    pub(super) tokens: Option<Tokens>,
    /// Attempts that failed, and those among them that were made again.
    pub(super) failed: [AtomicU64; 2],
}

impl Members {
    /// The members of an address. Connections are made when they are needed, in the current runtime.
    ///
    /// # Errors
    /// An address that is none, certificates that cannot be used.
    pub(crate) fn new(address: &StoreAddress, access: Access) -> Result<Self, String> {
        let channel = |member: &String| {
            let scheme = if access.tls.is_some() { "https" } else { "http" };
            let endpoint = Endpoint::from_shared(format!("{scheme}://{member}"));
            let endpoint = endpoint.map_err(|error| format!("{member}: {error}"))?;
            let endpoint = endpoint
                .connect_timeout(CONNECT)
                .http2_keep_alive_interval(PING)
                .keep_alive_timeout(PING)
                .keep_alive_while_idle(true)
                .tcp_nodelay(true);
            Ok(match &access.tls {
                Some(certificates) => {
                    endpoint.connect_with_connector_lazy(TlsMember::new(member, certificates)?)
                }
                None => endpoint.connect_lazy(),
            })
        };
        let channels = address.members.iter().map(channel).collect::<Result<_, String>>()?;
        let (names, at) = (address.members.clone(), AtomicUsize::new(0));
        let (tokens, failed) = (access.credentials.map(Tokens::new), Default::default());
        Ok(Self { names, channels, at, tokens, failed })
    }

    /// How many attempts of requests failed, and how many of them were made again.
    pub(crate) fn attempts_failed(&self) -> [u64; 2] {
        self.failed.each_ref().map(|of| of.load(Ordering::Relaxed))
    }

    /// The member in use.
    pub(crate) fn current(&self) -> &str {
        &self.names[self.at.load(Ordering::Relaxed) % self.names.len()]
    }

    /// Uses the next member, unless another one is in use already.
    pub(crate) fn leave(&self, member: usize) {
        let _ = self.at.compare_exchange(member, member + 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The member in use, by number.
    pub(crate) fn position(&self) -> usize {
        self.at.load(Ordering::Relaxed)
    }
}

/// A revision of etcd, which is positive.
pub(crate) fn revision_of(revision: Option<i64>) -> u64 {
    revision.and_then(|revision| u64::try_from(revision).ok()).unwrap_or_default()
}
