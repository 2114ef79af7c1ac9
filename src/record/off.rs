//! Stands for the recorded backend, and for the client of stubs, in a build without the feature `record`: there
//! never is one.

use std::convert::Infallible;
use std::time::Duration;

use crate::message::{Body, BodyStream, Plan, Request, RequestBody};

mod send_error;

pub(crate) use send_error::SendError;

/// How long the head of an answer may take.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);

/// Rules for targets: there are none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Targets;

/// Where a webhook is.
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "a build with a client reads it")]
pub(crate) struct WebhookTarget {
    pub(crate) url: String,
    pub(crate) address: Option<(String, u16)>,
    pub(crate) ca_bundle: Vec<u8>,
}

/// How long a webhook may take.
#[derive(Debug, Clone, Copy)]
#[expect(dead_code, reason = "a build with a client reads it")]
pub(crate) enum Patience {
    Client,
    Call(Duration),
}

/// The answer of a webhook.
#[derive(Debug)]
pub(crate) struct WebhookAnswer {
    pub(crate) status: http::StatusCode,
    pub(crate) content_type: String,
    pub(crate) body: bytes::Bytes,
}

/// Clients that send nothing.
#[derive(Debug, Default)]
pub(crate) struct ApiWebhooks;

impl ApiWebhooks {
    #[expect(clippy::unused_async, reason = "the signature is that of a build with a client")]
    pub(crate) async fn post(
        &self,
        target: WebhookTarget,
        _: bytes::Bytes,
        _: Patience,
    ) -> Result<WebhookAnswer, String> {
        let url = target.url;
        Err(format!(
            "Post \"{url}\": this build calls no webhooks; build it with the features record and tls"
        ))
    }
}

/// A server that answers an API service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(dead_code, reason = "a build with a client reads it")]
pub(crate) struct BackendTarget {
    pub(crate) name: String,
    pub(crate) address: (String, u16),
    pub(crate) ca_bundle: Vec<u8>,
    pub(crate) is_insecure: bool,
}

/// Clients of the servers of API services that send nothing.
#[derive(Debug, Default)]
pub(crate) struct ApiBackends;

impl ApiBackends {
    #[expect(clippy::unused_async, reason = "the signature is that of a build with a client")]
    pub(crate) async fn send(
        &self,
        _: &BackendTarget,
        _: http::Request<RequestBody>,
    ) -> Result<http::Response<Body>, String> {
        Err("this build asks no other servers; build it with the features record and tls"
            .to_owned())
    }
}

impl ApiWebhooks {
    #[expect(clippy::unused_async, reason = "the signature is that of a build with a client")]
    pub(crate) async fn ask_peer(
        &self,
        _: WebhookTarget,
        _: http::Request<bytes::Bytes>,
        _: &std::sync::atomic::AtomicUsize,
    ) -> Result<(http::StatusCode, bytes::Bytes), String> {
        Err("this build sends no requests; build it with the features record and tls".to_owned())
    }
}

/// A client that sends nothing.
#[derive(Debug)]
pub(crate) struct Outbound;

impl Outbound {
    #[expect(clippy::unnecessary_wraps, reason = "the signature is that of a build with a client")]
    pub(crate) fn new(_: Targets, _: Duration) -> Result<Self, String> {
        Ok(Self)
    }

    #[expect(clippy::unused_async, reason = "the signature is that of a build with a client")]
    pub(crate) async fn send(
        &self,
        _: http::Request<RequestBody>,
    ) -> Result<http::Response<BodyStream>, SendError> {
        let why = "this build sends no requests; build it with the feature record";
        Err(SendError::Network(why.to_owned()))
    }
}

/// A backend that cannot exist.
#[derive(Debug)]
pub(crate) struct Proxy(Infallible);

impl Proxy {
    #[expect(clippy::unused_async, reason = "the signature is that of a build with a backend")]
    pub(crate) async fn answer(&self, _: Request) -> Plan {
        match self.0 {}
    }

    pub(crate) fn progress(&self) -> Option<serde_json::Value> {
        match self.0 {}
    }

    pub(crate) fn held(&self) -> Option<(usize, usize)> {
        match self.0 {}
    }

    #[expect(clippy::unused_async, reason = "the signature is that of a build with a backend")]
    pub(crate) async fn end(&self, _: Duration) {
        match self.0 {}
    }
}
