//! The client of the servers that answer API services for an API server.

use http::header::UPGRADE;
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;

use crate::message::{Body, BodyError, PassedBody, RequestBody, Tunnel};
use crate::tls::client::Identity;

use super::api_backend_target::BackendTarget;
use super::api_clients::ApiClients;
use super::api_webhook::reason;
use super::api_webhook_connect::WebhookConnector;
use super::headers;
use super::upstream::{OutBody, causes, outgoing};

/// The clients of all servers.
#[derive(Debug)]
pub(crate) struct ApiBackends {
    clients: ApiClients<BackendTarget, OutBody>,
    /// The certificate that this server shows them.
    identity: Option<Identity>,
}

impl Default for ApiBackends {
    /// A client that shows no certificate.
    fn default() -> Self {
        Self::new(None)
    }
}

impl ApiBackends {
    /// A client that shows a certificate, where it has one.
    pub(crate) fn new(identity: Option<Identity>) -> Self {
        Self { clients: ApiClients::default(), identity }
    }

    /// Sends a request, which has an absolute URL.
    ///
    /// # Errors
    /// Why there is no answer, in the words of Go's client. A later failure is an error of the body.
    pub(crate) async fn send(
        &self,
        target: &BackendTarget,
        mut request: http::Request<RequestBody>,
    ) -> Result<Response<Body>, String> {
        let connector = |target: &_| WebhookConnector::to_backend(target, self.identity.as_ref());
        let client = self.clients.get(target, connector)?;
        let protocol = headers::upgrade(request.headers());
        headers::of_request(request.headers_mut(), false);
        if let Some(protocol) = protocol {
            headers::set_upgrade(request.headers_mut(), protocol);
        }
        let request = request.map(|body| outgoing(body, None));
        let mut response = client.request(request).await.map_err(|error| reason(&error))?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let upgraded = hyper::upgrade::on(&mut response).await;
            let upgraded = upgraded.map_err(|error| causes(&error))?;
            return Ok(response.map(|_| Body::Tunnel(Tunnel::new(TokioIo::new(upgraded)))));
        }
        headers::of_answer(response.headers_mut(), false);
        response.headers_mut().remove(UPGRADE);
        let broken = |error: hyper::Error| BodyError::Broken(causes(&error));
        Ok(response.map(|body| Body::Passed(PassedBody::new(body.map_err(broken)))))
    }
}
