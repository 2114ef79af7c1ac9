//! What each server keeps for itself is asked of all: the journal, and what clients did.
//!
//! ```text
//! a request without `replica=local` → the answer of this server
//!                                   → the same of the others, with `replica=local`, at the same time
//!                                   → one answer, in the order of time; `unanswered` names those that did not answer
//! ```
//!
//! The credentials of the request are passed on: who may not ask another server is not answered by it.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde_json::Value;
use tokio::time::Instant;

use crate::message::{Query, Request};
use crate::record::WebhookTarget;

#[cfg(feature = "etcd")]
use super::super::commit::Advertised;
use super::super::commit::Peer;
use super::super::context::RequestContext;
use super::super::enter::WORLD_HEADER;
#[cfg(feature = "etcd")]
use super::super::state::Shared;

/// How long all other servers together may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most bytes of all their answers.
const MOST: usize = 256 << 20;

/// How many are asked at once.
const AT_ONCE: usize = 32;

/// A question to the other servers.
#[derive(Debug, Clone)]
pub(crate) struct PeerRequest {
    pub(crate) method: Method,
    /// The path, with the query.
    pub(crate) target: String,
    /// Of the request that leads to it.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl PeerRequest {
    /// The same as a request.
    pub(crate) fn same(request: &Request, body: &Bytes) -> Self {
        // What has a body is read.
        let method =
            if request.method == Method::HEAD { Method::GET } else { request.method.clone() };
        let query = request.query().map(|query| format!("{query}&")).unwrap_or_default();
        let target = format!("{}?{query}", request.path());
        Self { method, target, headers: request.headers.clone(), body: body.clone() }
    }

    /// Another one, by who sends a request.
    pub(crate) fn of(request: &Request, method: Method, path: &str) -> Self {
        let headers = request.headers.clone();
        Self { method, target: format!("{path}?"), headers, body: Bytes::new() }
    }
}

/// What the other servers have answered.
#[derive(Debug, Default)]
pub(crate) struct OfOthers {
    /// The JSON of those that have answered with success.
    pub(crate) answers: Vec<Value>,
    /// Those that have not answered, and why.
    pub(crate) unanswered: Vec<String>,
}

#[cfg(feature = "etcd")]
impl Shared {
    /// Tells the servers that share the store where they reach this one.
    pub(crate) fn advertise(&self, advertised: Advertised) {
        if let Some(cluster) = self.seeding.cluster() {
            cluster.advertise(advertised);
        }
    }
}

impl RequestContext {
    /// Whether a request is one to all servers that share the store.
    pub(crate) fn asks_all(&self, query: Option<&str>) -> bool {
        let is_local = || {
            let query = Query::parse(query).unwrap_or_default();
            query.first("replica").is_some_and(|replica| replica == "local")
        };
        self.shared.is_replica() && !is_local()
    }

    /// Asks the other servers. One that has nothing to say (404) is left out.
    pub(crate) async fn ask_others(&self, question: &PeerRequest) -> OfOthers {
        let mut all = OfOthers::default();
        let Some(cluster) = self.shared.seeding.cluster() else { return all };
        let peers = match cluster.peers().await {
            Ok(peers) => peers,
            Err(error) => {
                all.unanswered.push(format!("the other servers are not known: {error}"));
                return all;
            }
        };
        let left = AtomicUsize::new(MOST);
        let until = Instant::now() + PATIENCE;
        for some in peers.chunks(AT_ONCE) {
            let asking = some.iter().map(|peer| self.ask_until(until, peer, question, &left));
            for (peer, answer) in some.iter().zip(join_all(asking).await) {
                match answer {
                    Ok(answer) => all.answers.extend(answer),
                    Err(why) => all.unanswered.push(format!("{}: {why}", peer.url)),
                }
            }
        }
        all
    }

    async fn ask_until(
        &self,
        until: Instant,
        peer: &Peer,
        question: &PeerRequest,
        left: &AtomicUsize,
    ) -> Result<Option<Value>, String> {
        let answer = tokio::time::timeout_at(until, self.ask(peer, question, left)).await;
        answer.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
    }

    async fn ask(
        &self,
        peer: &Peer,
        question: &PeerRequest,
        left: &AtomicUsize,
    ) -> Result<Option<Value>, String> {
        let (target, request) = addressed(peer, question, &self.world.name)?;
        let (status, body) = self.shared.api_webhooks.ask_peer(target, request, left).await?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => {
                let read = |error: serde_json::Error| format!("its answer is not JSON: {error}");
                serde_json::from_slice(&body).map(Some).map_err(read)
            }
            StatusCode::UNAUTHORIZED => {
                Err("it answers 401: has it another --admin-token?".to_owned())
            }
            status => Err(format!("it answers {status}")),
        }
    }
}

/// The request to one server, and how it is reached.
fn addressed(
    peer: &Peer,
    question: &PeerRequest,
    world: &str,
) -> Result<(WebhookTarget, http::Request<Bytes>), String> {
    let wrong = |_| "what it says of itself is not a URL".to_owned();
    let target = format!("{}{}replica=local", peer.url, question.target);
    let uri: Uri = target.parse().map_err(wrong)?;
    let mut request = http::Request::new(question.body.clone());
    *request.method_mut() = question.method.clone();
    for name in [AUTHORIZATION, CONTENT_TYPE] {
        if let Some(value) = question.headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    if let Ok(world) = HeaderValue::from_str(world) {
        request.headers_mut().insert(WORLD_HEADER, world);
    }
    if let Some(host) = uri.authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok()) {
        request.headers_mut().insert(HOST, host);
    }
    // A certificate that the server has made for itself has no address of a network in it.
    let port = uri.port_u16().unwrap_or(443);
    let address = peer.name.as_ref().and_then(|_| Some((uri.host()?.to_owned(), port)));
    let address = address.map(|(host, port)| (host.trim_matches(['[', ']']).to_owned(), port));
    let url = match &peer.name {
        Some(name) => format!("https://{name}"),
        None => peer.url.clone(),
    };
    *request.uri_mut() = uri;
    Ok((WebhookTarget { url, address, ca_bundle: peer.ca.clone().into_bytes() }, request))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(url: &str, name: Option<&str>) -> Peer {
        Peer { url: url.to_owned(), ca: "PEM".to_owned(), name: name.map(str::to_owned) }
    }

    fn question() -> PeerRequest {
        let mut request = Request::new(Method::HEAD, "/__admin/requests?limit=2");
        for (name, value) in [("authorization", "Bearer t"), ("cookie", "c"), ("origin", "o")] {
            request.headers.insert(name, HeaderValue::from_static(value));
        }
        PeerRequest::same(&request, &Bytes::new())
    }

    #[test]
    fn the_same_is_asked_of_one_server_with_the_same_credentials_and_nothing_more() {
        let (target, request) = addressed(&peer("http://a:1/p", None), &question(), "w").unwrap();
        assert_eq!((&*target.url, target.address), ("http://a:1/p", None));
        assert_eq!(*request.method(), Method::GET);
        let uri = request.uri().to_string();
        assert_eq!(uri, "http://a:1/p/__admin/requests?limit=2&replica=local");
        let names: Vec<&str> = request.headers().keys().map(http::HeaderName::as_str).collect();
        assert_eq!(names, ["authorization", "x-standin-world", "host"]);
        assert!(addressed(&peer("no url", None), &question(), "w").is_err());
    }

    #[test]
    fn a_server_with_a_certificate_of_its_own_is_checked_by_the_name_in_it() {
        let peer = peer("https://[fd00::1]:8443", Some("localhost"));
        let (target, request) = addressed(&peer, &question(), "w").unwrap();
        assert_eq!(target.url, "https://localhost");
        assert_eq!(target.address, Some(("fd00::1".to_owned(), 8443)));
        assert_eq!(request.headers()[HOST], "[fd00::1]:8443");
    }
}
