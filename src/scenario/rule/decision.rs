//! The result of a decision: an answer in place of the real one, and how the answer is delivered.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::message::{Damage, Delivery, Effects, Point, PointAction, Position};

use super::crash::Crash;
use super::fields::FieldChanges;
use super::kubernetes::KubernetesThen;
use super::limit::LimitReports;
use super::point::PointThen;
use super::reply::Reply;
use super::status::StatusAnswer;

/// What the rules decide for a request.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    /// The effects on the whole answer, without `points`: the sum of the delays, the first pace,
    /// the first fault, all changes of lines.
    pub effects: Effects,
    /// The actions at positions within the answer's body.
    pub points: Vec<(Position, PointThen)>,
    /// The positions of `points` that rules count.
    pub places: Vec<PlannedPlace>,
    /// How long to wait before the request's body is read.
    pub withhold: Duration,
    /// An answer in place of the real one.
    pub answer: Option<Answer>,
    /// The faults of the Kubernetes API.
    pub kubernetes: Option<Box<KubernetesThen>>,
    /// The server crashes before it handles the request.
    pub crash: Option<Crash>,
    /// What is damaged in the answer, and how slowly the request is read.
    pub damage: Option<Box<Damage>>,
    /// The header fields of the answer that change.
    pub fields: FieldChanges,
    /// What the limits say about the request.
    pub limits: LimitReports,
    /// The most items a list page may have.
    pub page_size: Option<u64>,
    /// The rule that the answer names.
    pub by: Option<Applied>,
    /// The rules that match, by their ids.
    pub matched: Vec<Arc<str>>,
    /// What a gate found.
    pub gate: Option<GateSeen>,
}

impl Decision {
    /// Returns how the answer is delivered. Takes `effects` and `points` out of the decision;
    /// `error_line` renders the event of a watch that ends with a status.
    pub(crate) fn delivery(&mut self, error_line: impl Fn(&StatusAnswer) -> Bytes) -> Delivery {
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

/// A position within a body at which a rule acts, if the body reaches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedPlace {
    /// The key of the rule's counters.
    pub rule: Arc<str>,
    /// The entry of its `at`, from 0.
    pub entry: usize,
    /// Where.
    pub at: Position,
}

/// The rule behind an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Applied {
    /// The rule's id.
    pub rule: Arc<str>,
    /// The number of the draw, from 0, where there was one.
    pub draw: Option<u64>,
}

/// An answer that a rule gives.
#[derive(Debug)]
pub(crate) enum Answer {
    /// An error of the API.
    Status(Box<StatusAnswer>),
    /// A literal answer.
    Reply(Box<Reply>),
    /// A new token.
    IssueToken(IssuedToken),
}

/// A token that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IssuedToken {
    /// The token.
    pub token: String,
    /// How long it is valid.
    pub expires_in: Duration,
}

/// The result of a gate, or of the issuer of its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum GateSeen {
    /// A valid token.
    Valid,
    /// A token that is no longer valid: expired, used up or revoked.
    Spent,
    /// A token that was not issued here.
    Unknown,
    /// No token.
    Missing,
    /// A token was issued.
    Issued {
        /// Whether another one was still valid, so that this one was not needed.
        needless: bool,
    },
}
