//! The client of the servers that answer API services for an API server: one connection pool for each of them.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::UPGRADE;
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use lru::LruCache;

use crate::message::{Body, BodyError, PassedBody, RequestBody, Tunnel};
use crate::tls::client::Identity;

use super::api_backend_target::BackendTarget;
use super::api_webhook::reason;
use super::api_webhook_connect::WebhookConnector;
use super::headers;
use super::upstream::{OutBody, causes, outgoing};

/// For how many servers connections are kept.
const MOST_CLIENTS: NonZeroUsize = NonZeroUsize::new(32).expect("more than none");

/// How many connections to one server are kept without use, and for how long.
const IDLE: (usize, Duration) = (16, Duration::from_secs(90));

type BackendClient = Client<WebhookConnector, OutBody>;

/// The clients of all servers, made when they are first asked; the least recently used ones are dropped.
#[derive(Debug)]
pub(crate) struct ApiBackends {
    clients: Mutex<LruCache<BackendTarget, Arc<BackendClient>>>,
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
        Self { clients: Mutex::new(LruCache::new(MOST_CLIENTS)), identity }
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
        let client = self.client(target)?;
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

    fn client(&self, target: &BackendTarget) -> Result<Arc<BackendClient>, String> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(target) {
            return Ok(Arc::clone(client));
        }
        let connector = WebhookConnector::to_backend(target, self.identity.as_ref())?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(IDLE.0)
            .pool_idle_timeout(IDLE.1)
            .build(connector);
        let client = Arc::new(client);
        clients.put(target.clone(), Arc::clone(&client));
        Ok(client)
    }
}
