//! What goes into a decision, and what comes out.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

use crate::message::{Fault, LineChange, Pace, Place, Query};

use super::draw;
use super::expect::Expect;
use super::kubernetes::KubernetesThen;
use super::point::PointThen;
use super::reply::Reply;
use super::status::StatusAnswer;

/// What a request is, for rules: raw and semantic.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The path, as sent.
    pub path: &'a str,
    /// The query, decoded.
    pub query: &'a Query<'a>,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// The body, where it was read.
    pub body: Option<&'a [u8]>,
    /// The body as JSON, read when the first rule looks at it.
    pub parsed: OnceCell<Option<Value>>,
    /// The verb of a resource request.
    pub verb: Option<&'a str>,
    /// `plural.group`, or the plural alone in the core group.
    pub resource: Option<&'a str>,
    /// The namespace.
    pub namespace: Option<&'a str>,
    /// The object's name.
    pub name: Option<&'a str>,
    /// The subresource.
    pub subresource: Option<&'a str>,
    /// Which page of a list chain is asked for, from 1; nothing when this is no list.
    pub page: Option<u64>,
    /// The world's name.
    pub world: &'a str,
}

impl Facts<'_> {
    /// The body as JSON, if it is.
    pub(super) fn json(&self) -> Option<&Value> {
        self.parsed.get_or_init(|| serde_json::from_slice(self.body?).ok()).as_ref()
    }

    /// What makes the request the same as another.
    pub(super) fn request_id(&self) -> [u8; 32] {
        let pairs: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        draw::request_id(self.method, self.path, &pairs.join("&"), self.body.unwrap_or_default())
    }
}

/// What the rules say about a request.
#[derive(Debug, Default)]
pub struct Decision {
    /// How long to wait before answering: all delays together.
    pub delay: Duration,
    /// How long to wait before the request's body is read.
    pub withhold: Duration,
    /// An answer in place of the true one.
    pub answer: Option<Answer>,
    /// How slowly the answer's body goes out.
    pub pace: Option<Pace>,
    /// A fault of the connection, laid on whatever is answered.
    pub fault: Option<Fault>,
    /// What happens within the answer's body.
    pub points: Vec<(Place, PointThen)>,
    /// What happens to lines of the answer's body.
    pub changes: Vec<LineChange>,
    /// What goes wrong on the Kubernetes side.
    pub kubernetes: Option<Box<KubernetesThen>>,
    /// The most items a list page may have.
    pub page_size: Option<u64>,
    /// The rule that shows in the answer.
    pub by: Option<Applied>,
    /// What is expected of the client, by the rules that match.
    pub expected: Vec<(Arc<str>, Arc<Expect>)>,
    /// What a gate saw.
    pub gate: Option<GateSeen>,
}

/// The rule behind an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The rule's id.
    pub rule: Arc<str>,
    /// The number of the draw, from 0, where there was one.
    pub draw: Option<u64>,
}

/// An answer that a rule gives.
#[derive(Debug)]
pub enum Answer {
    /// An error of the API.
    Status(Box<StatusAnswer>),
    /// A literal answer.
    Reply(Box<Reply>),
    /// A new token.
    IssueToken(IssuedToken),
}

/// A token that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token.
    pub token: String,
    /// How long it lives; a day where the scenario does not say.
    pub expires_in: Duration,
}

/// What a gate, or the issuer of its tokens, saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateSeen {
    /// A live token.
    Live,
    /// One that is dead: too old, used up, revoked.
    Dead,
    /// One that nobody gave out.
    Unknown,
    /// None.
    Missing,
    /// A token was given out; whether another was live, which need not have been replaced.
    Issued {
        /// Whether it was needless.
        needless: bool,
    },
}
