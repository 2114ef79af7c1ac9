//! One request with its answer, as people, tests and the admin API see it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Uri};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::message::{DEFAULT_WORLD, Origin};
use crate::redact::{Media, Redacted, Redactor};

/// One request and what was decided for it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Counts from 1 in the order in which answers were decided.
    pub number: u64,
    /// When the answer was decided.
    pub at: Timestamp,
    /// The world the request lived in.
    pub world: Arc<str>,
    /// The method.
    pub method: Method,
    /// Path and query; the world is not in it.
    pub target: Uri,
    /// The request's header fields.
    pub headers: HeaderMap,
    /// The request's body, as far as it was read and fits the journal (64 KiB).
    pub body: Bytes,
    /// The answer's status. A connection fault may have kept it from the client.
    pub status: StatusCode,
    /// Who answered.
    pub origin: Origin,
    /// Whether the connection was reset, closed or garbled on purpose.
    pub fault: Option<&'static str>,
    /// How long deciding took; a planned delay comes on top.
    pub took: Duration,
    /// Hides secrets in what is shown of it.
    pub(super) redactor: Arc<Redactor>,
}

impl Exchange {
    /// The path, as sent.
    pub fn path(&self) -> &str {
        self.target.path()
    }

    /// Path and query, as they were sent.
    fn sent_target(&self) -> &str {
        self.target.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
    }

    /// As JSON for the admin API; secrets are pseudonyms.
    pub fn to_json(&self) -> Value {
        let shown = self.shown();
        json!({
            "number": self.number,
            "at": self.at.to_string(),
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

    /// One line for the console.
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
