//! Requests to servers that stubs name: the targets of proxied requests and of webhooks.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use http::Response;
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::message::{BodyError, BodyStream, RequestBody};
use crate::tls::client::{Connector, connector};

use super::connect::tcp;
use super::send_error::SendError;
use super::targets::Targets;
use super::upstream::{OutBody, causes, outgoing};

/// How long the head of an answer may take, where nothing else is said: as in `WireMock`.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);

/// Sends requests to any server. Certificates are not checked, as `WireMock` does not check those of its targets.
#[derive(Debug)]
pub(crate) struct Outbound {
    client: Client<Connector, OutBody>,
    timeout: Duration,
    targets: Targets,
}

impl Outbound {
    /// A client that reaches the targets that the rules allow.
    ///
    /// # Errors
    /// Why there can be none.
    pub(crate) fn new(targets: Targets, timeout: Duration) -> Result<Self, String> {
        let connector = connector(tcp()).map_err(|error| error.to_string())?;
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, timeout, targets })
    }

    /// Sends a request, which has an absolute URL.
    ///
    /// # Errors
    /// When there is no answer. A later failure is an error of its body.
    pub(crate) async fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> Result<Response<BodyStream>, SendError> {
        let host = request.uri().host().unwrap_or_default();
        if !self.targets.allow(host).await {
            return Err(SendError::Denied);
        }
        let is_tls = request.uri().scheme_str() == Some("https");
        let request = request.map(|body| outgoing(body, None));
        match tokio::time::timeout(self.timeout, self.client.request(request)).await {
            Err(_) => {
                let seconds = self.timeout.as_secs_f32();
                Err(SendError::Network(format!("no answer began within {seconds} s")))
            }
            Ok(Err(error)) => {
                let why = causes(&error);
                let handshake = is_tls && error.is_connect() && !why.contains("tcp connect error");
                Err(if handshake { SendError::Tls(why) } else { SendError::Network(why) })
            }
            Ok(Ok(response)) => Ok(response.map(|body| {
                let broken = |error: hyper::Error| BodyError::Broken(causes(&error));
                Box::pin(body.into_data_stream().map_err(broken)) as BodyStream
            })),
        }
    }
}
