//! The clients of an API server for other servers: one connection pool for each of these.

use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body::Body;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use lru::LruCache;

use super::api_webhook_connect::WebhookConnector;

/// For how many servers connections are kept.
const MOST_CLIENTS: NonZeroUsize = NonZeroUsize::new(32).expect("more than none");

/// How many connections to one server are kept without use, and for how long.
const IDLE: (usize, Duration) = (16, Duration::from_secs(90));

/// The client of one server, with bodies of this type.
pub(super) type ApiClient<B> = Client<WebhookConnector, B>;

/// The clients of all servers, made when they are first asked; the least recently used ones are dropped.
#[derive(Debug)]
pub(super) struct ApiClients<T: Hash + Eq, B>(Mutex<LruCache<T, Arc<ApiClient<B>>>>);

impl<T: Hash + Eq, B> Default for ApiClients<T, B> {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST_CLIENTS)))
    }
}

impl<T: Hash + Eq + Clone, B: Body<Data: Send> + Send> ApiClients<T, B> {
    /// The client of a server. `connector` makes what connects to it.
    ///
    /// # Errors
    /// Those of `connector`.
    pub(super) fn get(
        &self,
        target: &T,
        connector: impl FnOnce(&T) -> Result<WebhookConnector, String>,
    ) -> Result<Arc<ApiClient<B>>, String> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(target) {
            return Ok(Arc::clone(client));
        }
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(IDLE.0)
            .pool_idle_timeout(IDLE.1)
            .build(connector(target)?);
        let client = Arc::new(client);
        clients.put(target.clone(), Arc::clone(&client));
        Ok(client)
    }
}
