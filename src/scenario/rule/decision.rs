//! A decision: an answer in place of the true one, and how it is delivered.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::message::{Delivery, Effects, Point, PointAction, Position};

use super::expect::Expect;
use super::kubernetes::KubernetesThen;
use super::point::PointThen;
use super::reply::Reply;
use super::status::StatusAnswer;

/// What the rules say about a request.
#[derive(Debug, Default)]
pub struct Decision {
    /// What happens to the answer on its way, but for `points`: all delays together, the first pace, the
    /// first fault, all changes of lines.
    pub effects: Effects,
    /// What happens within the answer's body.
    pub points: Vec<(Position, PointThen)>,
    /// How long to wait before the request's body is read.
    pub withhold: Duration,
    /// An answer in place of the true one.
    pub answer: Option<Answer>,
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

impl Decision {
    /// How the answer is delivered. Takes out what it is made of; `error_line` renders the event of a watch
    /// that ends with a status.
    pub fn delivery(&mut self, error_line: impl Fn(&StatusAnswer) -> Bytes) -> Delivery {
        let point = |(at, then): (Position, PointThen)| {
            let action = match then {
                PointThen::Action(action) => action,
                PointThen::Error(status) => {
                    PointAction::Insert { line: error_line(&status), ends: true }
                }
                PointThen::Pass => return None,
            };
            Some(Point { at, action })
        };
        let mut effects = std::mem::take(&mut self.effects);
        effects.points.extend(std::mem::take(&mut self.points).into_iter().filter_map(point));
        effects.into()
    }
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
