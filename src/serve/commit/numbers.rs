//! What a store that several servers share counts, for `/__admin/metrics`.

use std::time::Duration;

/// The numbers of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "etcd"), allow(dead_code, reason = "memory counts nothing"))]
pub(crate) struct StoreNumbers {
    /// Up to where the local state has all writes.
    pub(crate) revision: u64,
    /// How many revisions etcd has answered with that the local state does not have.
    pub(crate) lag: u64,
    /// For how long there have been such revisions.
    pub(crate) behind: Duration,
    /// Whether this server runs the controllers of all.
    pub(crate) leads: bool,
    /// Whether the local state follows etcd.
    pub(crate) follows: bool,
    /// Whether etcd has no space for writes.
    pub(crate) is_full: bool,
    /// How many worlds there are, of all servers.
    pub(crate) worlds: usize,
    /// Transactions that etcd carried out, that conflicted with other writers, and that failed.
    pub(crate) transactions: [u64; 3],
    /// How often everything was loaded.
    pub(crate) loads: u64,
    /// How often the watch was lost.
    pub(crate) losses: u64,
    /// Attempts of requests to members that failed, and those among them that were made again.
    pub(crate) attempts: [u64; 2],
}

#[cfg(all(feature = "etcd", feature = "metrics"))]
impl StoreNumbers {
    /// Those of two clusters: the furthest revision, the longest lag, the sums of what is counted.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            revision: self.revision.max(other.revision),
            lag: self.lag.max(other.lag),
            behind: self.behind.max(other.behind),
            leads: self.leads || other.leads,
            follows: self.follows && other.follows,
            is_full: self.is_full || other.is_full,
            worlds: self.worlds + other.worlds,
            transactions: std::array::from_fn(|at| self.transactions[at] + other.transactions[at]),
            loads: self.loads + other.loads,
            losses: self.losses + other.losses,
            attempts: std::array::from_fn(|at| self.attempts[at] + other.attempts[at]),
        }
    }
}
