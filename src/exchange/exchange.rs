//! One request with its answer, as people, tests and the admin API see it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Uri};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::message::{DEFAULT_WORLD, Origin};
use crate::redact::{Media, Redacted, Redactor};

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
    /// The body of the request, as far as it was read and fits the journal (64 KiB).
    pub body: Bytes,
    /// The status of the response. A connection fault may have kept it from the client.
    pub status: StatusCode,
    /// What answered.
    pub origin: Origin,
    /// The fault that was injected into the response, if any.
    pub fault: Option<&'static str>,
    /// How long the decision took, without an injected delay.
    pub took: Duration,
    /// Hides secrets in what is shown of it.
    pub(super) redactor: Arc<Redactor>,
}

impl Exchange {
    /// The path, without the query.
    pub fn path(&self) -> &str {
        self.target.path()
    }

    /// Path and query, as they were sent.
    fn sent_target(&self) -> &str {
        self.target.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
    }

    /// As JSON, as `/__admin/requests` shows it.
    pub fn to_json(&self) -> Value {
        let shown = self.shown();
        // Written by a clock of this program: it is no date that cannot be one.
        let at = Timestamp::try_from(self.at).unwrap_or_default();
        json!({
            "number": self.number,
            "at": at.to_string(),
            "world": &*self.world,
            "method": self.method.as_str(),
            "url": shown.target,
            "headers": shown.headers,
            "body": shown.body,
            "status": self.status.as_u16(),
            "answeredBy": self.origin.label(),
            "id": self.origin.id(),
            "fault": self.fault,
            "tookMicroseconds": u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
        })
    }

    /// What is shown of the request.
    fn shown(&self) -> Shown {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let target = self.sent_target();
        let pass = (!self.redactor.is_off()).then(|| self.redactor.pass(target));
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            let value = text(value.as_bytes());
            (name.clone(), pass.as_ref().map_or(value.clone(), |pass| pass.header(name, &value)))
        };
        let headers: Vec<(HeaderName, String)> = self.headers.iter().map(header).collect();
        let Some(pass) = &pass else {
            let headers = headers.into_iter().map(|(name, value)| (name.to_string(), value.into()));
            return Shown {
                target: target.to_owned(),
                headers: headers.collect(),
                body: text(&self.body),
            };
        };
        let body = match pass.body(&Media::of(&self.headers), &self.body) {
            Redacted::Same => text(&self.body),
            Redacted::Changed(bytes) => text(&bytes),
            Redacted::Opaque(why) => format!("(not shown, since it may hold secrets: {why})"),
        };
        let target = pass.target(target);
        // What one part tells to be secret is hidden in the others too.
        let found = pass.known();
        let clean = |text: String| self.redactor.without(&found, text);
        let headers =
            headers.into_iter().map(|(name, value)| (name.to_string(), clean(value).into()));
        Shown { headers: headers.collect(), target: clean(target), body: clean(body) }
    }

    /// As a line for people: method, target, status, what answered.
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
        if let Some(fault) = self.fault {
            line.push_str(&format!(" fault={fault}"));
        }
        line
    }
}

/// What is shown of a request.
struct Shown {
    target: String,
    headers: serde_json::Map<String, Value>,
    body: String,
}
