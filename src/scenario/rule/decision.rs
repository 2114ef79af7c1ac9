//! The result of a decision: an answer, and what is applied to it.

use std::sync::Arc;
use std::time::Duration;

use crate::message::{Fault, LineChange, Pace, Place};

use super::expect::Expect;
use super::kubernetes::KubernetesThen;
use super::point::PointThen;
use super::reply::Reply;
use super::status::StatusAnswer;

/// What the rules decide for a request.
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
    /// A fault of the connection, for whatever is answered.
    pub fault: Option<Fault>,
    /// What happens within the answer's body.
    pub points: Vec<(Place, PointThen)>,
    /// What happens to lines of the answer's body.
    pub changes: Vec<LineChange>,
    /// What goes wrong on the Kubernetes side.
    pub kubernetes: Option<Box<KubernetesThen>>,
    /// The most items a list page may have.
    pub page_size: Option<u64>,
    /// The rule that the answer names.
    pub by: Option<Applied>,
    /// The expectations of the rules that match.
    pub expected: Vec<(Arc<str>, Arc<Expect>)>,
    /// What a gate found.
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

/// A token that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token.
    pub token: String,
    /// How long it is valid.
    pub expires_in: Duration,
}

/// What a gate, or the issuer of its tokens, found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateSeen {
    /// A valid token.
    Live,
    /// A token that is not valid any more: expired, used up, or revoked.
    Dead,
    /// A token that was not issued here.
    Unknown,
    /// No token.
    Missing,
    /// A token was issued.
    Issued {
        /// Whether another one was still valid, so that there was no need.
        needless: bool,
    },
}
