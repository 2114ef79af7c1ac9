//! The connections to the members of an etcd cluster: one member is used until it fails, then the next.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use http::uri::PathAndQuery;
use prost::Message;
use tonic::client::Grpc;
use tonic::codec::Streaming;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, ConnectError, Request, Status};
use tonic_prost::ProstCodec;

use super::StoreAddress;
use super::messages::{
    KeyValue, LeaseGrantRequest, LeaseGrantResponse, LeaseKeepAliveRequest, LeaseKeepAliveResponse,
    RangeRequest, RangeResponse, TxnRequest, TxnResponse, WatchCreateRequest, WatchRequest,
    WatchResponse, after_all,
};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How often an idle connection is tried, and how long it may take to answer.
const PING: Duration = Duration::from_secs(2);
/// How long one member may take for one request.
const ATTEMPT: Duration = Duration::from_secs(3);
/// How long to wait before the next member is tried.
const PAUSE: Duration = Duration::from_millis(50);
/// How many keys are read at once.
const PAGE: i64 = 500;
/// The largest message that is read, in bytes: a page of objects of the largest size.
const MOST: usize = 1 << 30;

/// Why etcd did not do what it was asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Failure {
    /// It was not reached, or did not answer in time. A transaction may have happened.
    #[error("{0}")]
    Unavailable(String),
    /// The revision that was asked for is compacted.
    #[error("the revision is compacted")]
    Compacted,
    /// It refuses the request.
    #[error("{0}")]
    Refused(String),
}

/// The members of a cluster.
#[derive(Debug)]
pub(crate) struct Members {
    names: Vec<String>,
    channels: Vec<Channel>,
    /// The member in use.
    at: AtomicUsize,
}

impl Members {
    /// The members of an address. Connections are made when they are needed, in the current runtime.
    ///
    /// # Errors
    /// An address that is none.
    pub(crate) fn new(address: &StoreAddress) -> Result<Self, String> {
        let channel = |member: &String| {
            let endpoint = Endpoint::from_shared(format!("http://{member}"));
            let endpoint = endpoint.map_err(|error| format!("{member}: {error}"))?;
            Ok(endpoint
                .connect_timeout(CONNECT)
                .http2_keep_alive_interval(PING)
                .keep_alive_timeout(PING)
                .keep_alive_while_idle(true)
                .tcp_nodelay(true)
                .connect_lazy())
        };
        let channels = address.members.iter().map(channel).collect::<Result<_, String>>()?;
        Ok(Self { names: address.members.clone(), channels, at: AtomicUsize::new(0) })
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

    /// Reads the newest value of a key.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn get(&self, key: &str, until: Duration) -> Result<RangeResponse, Failure> {
        let request = RangeRequest { key: key.into(), ..RangeRequest::default() };
        self.repeated("/etcdserverpb.KV/Range", &request, until).await
    }

    /// Reads all keys with a prefix, in order, all as of one revision.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) async fn read(
        &self,
        prefix: &str,
        revision: u64,
        until: Duration,
    ) -> Result<Vec<KeyValue>, Failure> {
        let mut request = RangeRequest {
            key: prefix.into(),
            range_end: after_all(prefix.as_bytes()),
            limit: PAGE,
            revision: i64::try_from(revision).unwrap_or(i64::MAX),
        };
        let mut kvs: Vec<KeyValue> = Vec::new();
        loop {
            let page: RangeResponse =
                self.repeated("/etcdserverpb.KV/Range", &request, until).await?;
            kvs.extend(page.kvs);
            match kvs.last().filter(|_| page.more) {
                Some(last) => request.key = [&*last.key, b"\0"].concat(),
                None => return Ok(kvs),
            }
        }
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
    pub(crate) async fn watch(
        &self,
        prefix: &str,
        from: u64,
    ) -> Result<Streaming<WatchResponse>, Failure> {
        let create = WatchCreateRequest {
            key: prefix.into(),
            range_end: after_all(prefix.as_bytes()),
            start_revision: i64::try_from(from).unwrap_or(i64::MAX),
        };
        self.stream("/etcdserverpb.Watch/Watch", WatchRequest { create: Some(create) }).await
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
            let mut answers: Streaming<LeaseKeepAliveResponse> =
                self.stream(path, LeaseKeepAliveRequest { id: lease }).await?;
            answers.message().await.map_err(|status| failure(&status))
        };
        match tokio::time::timeout(ATTEMPT, asked).await {
            Ok(answer) => Ok(answer?.is_some_and(|answer| answer.ttl > 0)),
            Err(_) => Err(Failure::Unavailable("etcd did not answer".to_owned())),
        }
    }

    /// Opens a stream with one request, at the member in use.
    async fn stream<Q, A>(&self, path: &'static str, first: Q) -> Result<Streaming<A>, Failure>
    where
        Q: Message + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        let member = self.position();
        let mut grpc = self.grpc(member);
        // The stream of requests stays open: etcd ends a watch whose requests end.
        let requests = futures_util::stream::iter([first]).chain(futures_util::stream::pending());
        let mut request = Request::new(requests);
        // Without it a member that has lost the others is silent.
        request.metadata_mut().insert("hasleader", MetadataValue::from_static("true"));
        let opened = async {
            let ready = grpc.ready().await;
            ready.map_err(|error| Status::unavailable(error.to_string()))?;
            grpc.streaming(request, PathAndQuery::from_static(path), ProstCodec::default()).await
        };
        match tokio::time::timeout(ATTEMPT, opened).await {
            Ok(Ok(stream)) => Ok(stream.into_inner()),
            Ok(Err(status)) => {
                self.leave(member);
                Err(failure(&status))
            }
            Err(_) => {
                self.leave(member);
                Err(Failure::Unavailable("etcd did not answer".to_owned()))
            }
        }
    }

    /// Sends a request that changes nothing, or that may be sent twice.
    async fn repeated<Q, A>(
        &self,
        path: &'static str,
        request: &Q,
        until: Duration,
    ) -> Result<A, Failure>
    where
        Q: Message + Clone + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        self.attempts(path, request, until, is_passing).await
    }

    /// Sends a request until a member answers, or until it fails in a way that is not to be repeated.
    async fn attempts<Q, A>(
        &self,
        path: &'static str,
        request: &Q,
        until: Duration,
        again: fn(&Status) -> bool,
    ) -> Result<A, Failure>
    where
        Q: Message + Clone + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        let deadline = tokio::time::Instant::now() + until;
        loop {
            let member = self.position();
            let mut grpc = self.grpc(member);
            let asked = async {
                let ready = grpc.ready().await;
                ready.map_err(|error| Status::from_error(Box::new(error)))?;
                let request = Request::new(request.clone());
                grpc.unary(request, PathAndQuery::from_static(path), ProstCodec::default()).await
            };
            let status = match tokio::time::timeout(ATTEMPT.min(until), asked).await {
                Ok(Ok(answer)) => return Ok(answer.into_inner()),
                Ok(Err(status)) => status,
                Err(_) => Status::deadline_exceeded("etcd did not answer"),
            };
            if !is_passing(&status) {
                return Err(failure(&status));
            }
            self.leave(member);
            if !again(&status) || tokio::time::Instant::now() + PAUSE >= deadline {
                return Err(failure(&status));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn grpc(&self, member: usize) -> Grpc<Channel> {
        let channel = self.channels[member % self.channels.len()].clone();
        Grpc::new(channel).max_decoding_message_size(MOST)
    }
}

/// A revision of etcd, which is positive.
pub(crate) fn revision_of(revision: Option<i64>) -> u64 {
    revision.and_then(|revision| u64::try_from(revision).ok()).unwrap_or_default()
}

/// Whether another member, or the same one later, may do better.
fn is_passing(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Unknown
            | Code::Cancelled
            | Code::Internal
    )
}

/// Whether a request was never sent: nothing has come of it.
fn is_unsent(status: &Status) -> bool {
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        if error.is::<ConnectError>() {
            return true;
        }
        source = error.source();
    }
    // Refused before it was proposed to the cluster.
    status.message() == "etcdserver: no leader"
}

fn failure(status: &Status) -> Failure {
    let text = status.message();
    if status.code() == Code::OutOfRange && text.contains("compacted") {
        return Failure::Compacted;
    }
    let mut why = text.to_owned();
    if why.is_empty() {
        status.code().description().clone_into(&mut why);
    }
    if is_passing(status) { Failure::Unavailable(why) } else { Failure::Refused(why) }
}
