//! What the members of a cluster are asked for: keys, transactions, watches, leases.

use std::time::Duration;

use tonic::codec::Streaming;

use super::calls::{failure, is_unsent};
use super::members::{ATTEMPT, Failure, Members};
#[cfg(feature = "cli")]
use super::messages::{CompactionRequest, CompactionResponse};
use super::messages::{
    KeyValue, LeaseGrantRequest, LeaseGrantResponse, LeaseKeepAliveRequest, LeaseKeepAliveResponse,
    RangeRequest, RangeResponse, TxnRequest, TxnResponse, WatchCreateRequest, WatchRequest,
    after_all,
};
use super::watch::Watch;

/// How many keys are read at once.
const PAGE: i64 = 500;

impl Members {
    /// Reads the newest value of a key.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn get(&self, key: &str, until: Duration) -> Result<RangeResponse, Failure> {
        let request = RangeRequest { key: key.into(), ..RangeRequest::default() };
        self.repeated("/etcdserverpb.KV/Range", &request, until).await
    }

    /// Whether etcd has compacted a revision.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn has_compacted(
        &self,
        key: &str,
        revision: u64,
        until: Duration,
    ) -> Result<bool, Failure> {
        let revision = i64::try_from(revision).unwrap_or(i64::MAX);
        let request = RangeRequest { key: key.into(), revision, ..RangeRequest::default() };
        let found: Result<RangeResponse, _> =
            self.repeated("/etcdserverpb.KV/Range", &request, until).await;
        match found {
            Ok(_) => Ok(false),
            Err(Failure::Compacted) => Ok(true),
            Err(failure) => Err(failure),
        }
    }

    /// Reads all keys with a prefix, in order, all as of one revision; 0 is the newest.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn read(
        &self,
        prefix: &str,
        revision: u64,
        until: Duration,
    ) -> Result<Vec<KeyValue>, Failure> {
        let mut kvs = Vec::new();
        self.read_each(prefix, revision, until, &mut |kv| kvs.push(kv)).await?;
        Ok(kvs)
    }

    /// As [`Self::read`], with each key given away at once: only a page of them is held.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn read_each(
        &self,
        prefix: &str,
        revision: u64,
        until: Duration,
        visit: &mut (dyn FnMut(KeyValue) + Send),
    ) -> Result<(), Failure> {
        let mut request = RangeRequest {
            key: prefix.into(),
            range_end: after_all(prefix.as_bytes()),
            limit: PAGE,
            revision: i64::try_from(revision).unwrap_or(i64::MAX),
        };
        loop {
            let page: RangeResponse =
                self.repeated("/etcdserverpb.KV/Range", &request, until).await?;
            // The first page says of which revision all are.
            if request.revision == 0 {
                request.revision = page.header.map_or(0, |header| header.revision);
            }
            if let Some(last) = page.kvs.last().filter(|_| page.more) {
                request.key = [&*last.key, b"\0"].concat();
            }
            page.kvs.into_iter().for_each(&mut *visit);
            if !page.more {
                return Ok(());
            }
        }
    }

    /// Compacts the history up to a revision, and waits until the space of it is free for other data.
    ///
    /// # Errors
    /// [`Failure::Compacted`]: it is compacted already.
    #[cfg(feature = "cli")]
    pub(crate) async fn compact(&self, revision: u64, until: Duration) -> Result<(), Failure> {
        let revision = i64::try_from(revision).unwrap_or(i64::MAX);
        let request = CompactionRequest { revision, physical: true };
        let done: Result<CompactionResponse, _> =
            self.repeated("/etcdserverpb.KV/Compact", &request, until).await;
        done.map(drop)
    }

    /// Carries out a transaction, once. Where no member could be connected to, it has not happened, and others are
    /// tried.
    ///
    /// # Errors
    /// [`Failure::Unavailable`]: it may have happened.
    pub(crate) async fn transact(
        &self,
        request: TxnRequest,
        until: Duration,
    ) -> Result<TxnResponse, Failure> {
        self.attempts("/etcdserverpb.KV/Txn", &request, until, is_unsent).await
    }

    /// Opens a watch of all keys with a prefix, from a revision on.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn watch(&self, prefix: &str, from: u64) -> Result<Watch<'_>, Failure> {
        let create = WatchCreateRequest {
            key: prefix.into(),
            range_end: after_all(prefix.as_bytes()),
            start_revision: i64::try_from(from).unwrap_or(i64::MAX),
        };
        let path = "/etcdserverpb.Watch/Watch";
        let opened = self.stream(path, WatchRequest { create: Some(create) }).await;
        let (stream, token) = opened?;
        Ok(Watch { members: self, stream, token })
    }

    /// Makes a lease of some seconds.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn grant(&self, ttl: Duration) -> Result<i64, Failure> {
        let ttl = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
        let request = LeaseGrantRequest { ttl };
        let path = "/etcdserverpb.Lease/LeaseGrant";
        let granted: LeaseGrantResponse = self.repeated(path, &request, ATTEMPT).await?;
        Ok(granted.id)
    }

    /// Keeps a lease for its time once more. Returns whether it is still there.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn keep_alive(&self, lease: i64) -> Result<bool, Failure> {
        let path = "/etcdserverpb.Lease/LeaseKeepAlive";
        let asked = async {
            let (mut answers, _): (Streaming<LeaseKeepAliveResponse>, _) =
                self.stream(path, LeaseKeepAliveRequest { id: lease }).await?;
            answers.message().await.map_err(|status| failure(&status))
        };
        match tokio::time::timeout(ATTEMPT, asked).await {
            Ok(answer) => Ok(answer?.is_some_and(|answer| answer.ttl > 0)),
            Err(_) => Err(Failure::Unavailable("etcd did not answer".to_owned())),
        }
    }
}
