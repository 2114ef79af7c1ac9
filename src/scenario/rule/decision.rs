//! What comes out of a decision: an answer, and what is laid on it.

use std::sync::Arc;
use std::time::Duration;

use crate::message::{Fault, LineChange, Pace, Place};

use super::expect::Expect;
use super::kubernetes::KubernetesThen;
use super::point::PointThen;
use super::reply::Reply;
use super::status::StatusAnswer;

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
