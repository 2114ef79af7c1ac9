//! The public view of one exchange: a request with its answer, for the console, tests and the admin
//! API.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{HeaderName, REFERER};
use http::{HeaderMap, Method, StatusCode, Uri, Version};
use uuid::Uuid;

use crate::message::{Asked, DEFAULT_WORLD, Origin, Request};
use crate::redact::Redactor;

use super::entry::Entry;

/// A request and the response that was decided for it, as the [`Journal`](super::Journal) keeps it.
///
/// Its fields are as they were sent; [`Exchange::to_line`] and [`Exchange::to_json`] show pseudonyms in place of
/// secrets.
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// let server = standin::Server::builder()
///     .observe(|exchange| {
///         assert_eq!((exchange.method.as_str(), exchange.path()), ("GET", "/version"));
///         assert_eq!(exchange.status.as_u16(), 200);
///         println!("{}", exchange.to_line()); // GET /version → 200 kubernetes
///     })
///     .start()
///     .await?;
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// Counts from 1 in the order in which responses were decided.
    pub number: u64,
    /// When the response was decided.
    pub at: SystemTime,
    /// The world of the request.
    pub world: Arc<str>,
    /// The method.
    pub method: Method,
    /// Path and query, without the prefix of a world.
    pub target: Uri,
    /// The header fields of the request.
    pub headers: HeaderMap,
    /// The body of the request, as far as it was read and fits the journal (1 MiB).
    pub body: Bytes,
    /// The status of the response. A connection fault may have kept it from the client.
    pub status: StatusCode,
    /// What answered.
    pub origin: Origin,
    /// The fault that was injected into the response, if any.
    pub fault: Option<&'static str>,
    /// How long the decision took, without an injected delay.
    pub took: Duration,
    /// Its id, a random-looking UUID.
    pub id: Uuid,
    /// The stub id in its serve event if no stub answered.
    pub(super) no_stub: Uuid,
    /// Redacts its displayed texts.
    pub(super) redactor: Arc<Redactor>,
    /// Its stored data.
    pub(super) entry: Arc<Entry>,
}

impl Exchange {
    /// Returns the path, without the query.
    pub fn path(&self) -> &str {
        self.target.path()
    }

    /// Path and query, as they were sent.
    pub(super) fn sent_target(&self) -> &str {
        self.target.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
    }

    /// Returns the scenario rule that answered, or that changed the answer.
    pub fn rule(&self) -> Option<&str> {
        match &self.origin {
            Origin::Scenario(rule) => Some(rule),
            _ => self.entry.rule().map(|rule| &**rule),
        }
    }

    /// Returns why nothing answered: a version that is not served, or a name that is near, or
    /// `None` if that is not known.
    pub fn hint(&self) -> Option<&str> {
        self.entry.hint()
    }

    /// Returns the verb of the Kubernetes API, and the resource as `plural.group`, where the
    /// request is one for a resource.
    pub fn verb_and_resource(&self) -> Option<(String, String)> {
        let mut request = Request::new(self.method.clone(), "/");
        request.uri = self.target.clone();
        let asked = Asked::new(&request);
        Some((asked.verb()?.to_owned(), asked.resource()?.to_owned()))
    }

    /// The client's address; nothing where it is not known.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.entry.peer
    }

    /// The version of HTTP that the request came in.
    pub fn version(&self) -> Version {
        self.entry.version
    }

    /// Whether the request came over TLS.
    pub fn is_tls(&self) -> bool {
        self.entry.tls
    }

    /// How long the body of the response is, in bytes; nothing for a stream.
    pub fn response_length(&self) -> Option<u64> {
        self.entry.response_body().1
    }

    /// How long the response waits on purpose.
    pub fn delay(&self) -> Duration {
        self.entry.delay()
    }

    /// The name of the stub that answered, where it has one.
    pub fn stub_name(&self) -> Option<&str> {
        self.entry.stub.as_ref()?.name()
    }

    /// Path and query, with pseudonyms in place of secrets.
    pub fn shown_target(&self) -> String {
        self.redactor.target(self.sent_target())
    }

    /// A header field of the request as text, with pseudonyms in place of secrets.
    pub fn shown_header(&self, name: &HeaderName) -> Option<String> {
        let value = String::from_utf8_lossy(self.headers.get(name)?.as_bytes());
        Some(match *name {
            REFERER => self.redactor.target(&value),
            _ => self.redactor.line(&value),
        })
    }

    /// As a line for people: method, target, status, what answered (a rule, a stub, a resource), what changed the answer.
    pub fn to_line(&self) -> String {
        let target = self.redactor.target(self.sent_target());
        let mut line =
            format!("{} {target} → {} {}", self.method, self.status.as_u16(), self.origin.label());
        if &*self.world != DEFAULT_WORLD {
            line = format!("[{}] {line}", self.world);
        }
        if let Some(id) = self.origin.id() {
            line.push_str(&format!(" {id}"));
        }
        if let Some(name) = self.stub_name() {
            line.push_str(&format!(" ({name})"));
        }
        if self.origin == Origin::Kubernetes
            && let Some((verb, resource)) = self.verb_and_resource()
        {
            line.push_str(&format!(" {verb} {resource}"));
        }
        if let Some(rule) = self.entry.rule() {
            line.push_str(&format!(" rule={rule}"));
        }
        if let Some(fault) = self.fault {
            line.push_str(&format!(" fault={fault}"));
        }
        if let Some(hint) = self.hint() {
            line.push_str(&format!(" ({hint})"));
        }
        line
    }
}
