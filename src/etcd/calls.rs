//! How a request goes to a member: with the token of the user, within a time, and to the next member where that may help.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use http::uri::PathAndQuery;
use prost::Message;
use tonic::client::Grpc;
use tonic::codec::Streaming;
use tonic::metadata::{AsciiMetadataValue, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, ConnectError, Request, Status};
use tonic_prost::ProstCodec;

use super::credentials::{Current, Tokens, has_no_users, is_stale};
use super::members::{ATTEMPT, Failure, Members};
use super::messages::{AuthenticateRequest, AuthenticateResponse};

/// How long to wait before the next member is tried.
const PAUSE: Duration = Duration::from_millis(50);
/// How often one request asks for a new token of its user.
const RENEWALS: usize = 3;
/// The largest message that is read, in bytes: a page of objects of the largest size.
const MOST: usize = 1 << 30;

impl Members {
    /// Opens a stream with one request, at the member in use. Returns the token that it has besides.
    pub(super) async fn stream<Q, A>(
        &self,
        path: &'static str,
        first: Q,
    ) -> Result<(Streaming<A>, Option<AsciiMetadataValue>), Failure>
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
            ready.map_err(|error| Status::unavailable(deepest(&error)))?;
            let token = self.token(&mut grpc).await?;
            add_token(&mut request, token.as_ref());
            let path = PathAndQuery::from_static(path);
            let opened = grpc.streaming(request, path, ProstCodec::default()).await;
            if opened.as_ref().is_err_and(|status| is_stale(status.message())) {
                self.forget(token.as_ref()).await;
            }
            opened.map(|stream| (stream.into_inner(), token))
        };
        match tokio::time::timeout(ATTEMPT, opened).await {
            Ok(Ok(opened)) => Ok(opened),
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

    /// The token of the user, where there is one.
    async fn token(&self, grpc: &mut Grpc<Channel>) -> Result<Option<AsciiMetadataValue>, Status> {
        let Some(Tokens { credentials, current }) = &self.tokens else { return Ok(None) };
        let mut current = current.lock().await;
        match &*current {
            Current::Token(token) => return Ok(Some(token.clone())),
            Current::NotNeeded => return Ok(None),
            Current::Unknown => {}
        }
        let request = AuthenticateRequest {
            name: credentials.user.clone(),
            password: credentials.password.text().to_owned(),
        };
        let path = PathAndQuery::from_static("/etcdserverpb.Auth/Authenticate");
        let codec: ProstCodec<_, AuthenticateResponse> = ProstCodec::default();
        grpc.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
        let answer = match grpc.unary(Request::new(request), path, codec).await {
            Ok(answer) => answer.into_inner(),
            Err(status) if has_no_users(&status) => {
                *current = Current::NotNeeded;
                return Ok(None);
            }
            Err(status) => return Err(status),
        };
        let token = AsciiMetadataValue::try_from(answer.token);
        let token = token.map_err(|_| Status::internal("etcd gives a token that is none"))?;
        *current = Current::Token(token.clone());
        Ok(Some(token))
    }

    /// Has the next request ask for a new token, in place of this one.
    pub(super) async fn forget(&self, used: Option<&AsciiMetadataValue>) {
        if let Some(tokens) = &self.tokens {
            tokens.forget(used).await;
        }
    }

    /// Sends a request that changes nothing, or that may be sent twice.
    pub(super) async fn repeated<Q, A>(
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
    pub(super) async fn attempts<Q, A>(
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
        let mut renewed = 0;
        loop {
            let member = self.position();
            let mut grpc = self.grpc(member);
            let mut used = None;
            let asked = async {
                let token = self.token(&mut grpc).await?;
                let ready = grpc.ready().await;
                ready.map_err(|error| Status::from_error(Box::new(error)))?;
                let mut request = Request::new(request.clone());
                add_token(&mut request, token.as_ref());
                used = token;
                grpc.unary(request, PathAndQuery::from_static(path), ProstCodec::default()).await
            };
            let status = match tokio::time::timeout(ATTEMPT.min(until), asked).await {
                Ok(Ok(answer)) => return Ok(answer.into_inner()),
                Ok(Err(status)) => status,
                Err(_) => Status::deadline_exceeded("etcd did not answer"),
            };
            // Nothing has come of a request whose token is refused.
            if self.tokens.is_some() && is_stale(status.message()) && renewed < RENEWALS {
                renewed += 1;
                self.forget(used.as_ref()).await;
                continue;
            }
            if !is_passing(&status) {
                return Err(failure(&status));
            }
            self.failed[0].fetch_add(1, Ordering::Relaxed);
            self.leave(member);
            if !again(&status) || tokio::time::Instant::now() + PAUSE >= deadline {
                return Err(failure(&status));
            }
            self.failed[1].fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn grpc(&self, member: usize) -> Grpc<Channel> {
        let channel = self.channels[member % self.channels.len()].clone();
        Grpc::new(channel).max_decoding_message_size(MOST)
    }
}

/// Adds the token of a user to a request, as etcd's own client does (`rpctypes.TokenFieldNameGRPC`).
fn add_token<T>(request: &mut Request<T>, token: Option<&AsciiMetadataValue>) {
    if let Some(token) = token {
        request.metadata_mut().insert("token", token.clone());
    }
}

/// What lies at the ground of an error: the others say that there was one.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut at = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
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
pub(super) fn is_unsent(status: &Status) -> bool {
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

pub(super) fn failure(status: &Status) -> Failure {
    let text = status.message();
    if status.code() == Code::OutOfRange && text.contains("compacted") {
        return Failure::Compacted;
    }
    if status.code() == Code::ResourceExhausted && text == Failure::Full.to_string() {
        return Failure::Full;
    }
    let mut why = text.to_owned();
    // What this side has found, and etcd has not said.
    if std::error::Error::source(status).is_some() {
        why = deepest(status);
    }
    if why.is_empty() {
        status.code().description().clone_into(&mut why);
    }
    if is_passing(status) { Failure::Unavailable(why) } else { Failure::Refused(why) }
}
