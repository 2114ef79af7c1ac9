//! `then`: what a rule does.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::message::{
    Damage, Delay, Fault, FaultAction, FaultPoint, Idle, LineAction, LineKind, Pace, PointAction,
    Position,
};
use crate::scenario::words::Either;
use crate::scenario::words::table::{
    AfterHeaders, LineChange, LinesWords, MidLine, Pass, StreamWords, ThenWords,
};

use super::context::{Context, named};
use super::crash::Crash;
use super::damage::damage;
use super::delay::{delay, wait};
use super::fields::FieldChanges;
use super::flow::flow;
use super::kubernetes::KubernetesThen;
use super::listen::idle;
use super::reply::Reply;
use super::status::{StatusAnswer, status};
use super::wire;

/// A compiled `then`. If it is empty, the request passes.
#[derive(Debug, Clone)]
pub(in crate::scenario) struct Then {
    /// As written in the file, on one line.
    pub(in crate::scenario) text: Arc<str>,
    /// The answer is delayed.
    pub(in crate::scenario) delay: Option<Delay>,
    /// Nothing is sent for this time.
    pub(in crate::scenario) stall: Option<Duration>,
    /// The body is sent at this rate.
    pub(in crate::scenario) slow: Option<Pace>,
    /// The request's body is not read for this time.
    pub(in crate::scenario) withhold: Option<Duration>,
    /// When the idle connection ends after the answer.
    pub(in crate::scenario) idle: Option<Idle>,
    /// What replaces the real answer, or ends it.
    pub(in crate::scenario) terminal: Option<Terminal>,
    /// What happens to all lines of a kind.
    pub(in crate::scenario) lines: Vec<LinesThen>,
    /// What happens within the body, in this order.
    pub(in crate::scenario) points: Vec<(Position, PointAction)>,
    /// What goes wrong on the Kubernetes side.
    pub(in crate::scenario) kubernetes: Option<Box<KubernetesThen>>,
    /// What is damaged in the answer.
    pub(in crate::scenario) damage: Option<Box<Damage>>,
    /// The header fields of the answer that change.
    pub(in crate::scenario) fields: Option<Box<FieldChanges>>,
    /// The index of the kind of token to revoke.
    pub(in crate::scenario) revoke: Option<usize>,
}

/// What replaces an answer, or ends it: a `then` has at most one.
#[derive(Debug, Clone)]
pub(in crate::scenario) enum Terminal {
    /// An error of the API.
    Status(Box<StatusAnswer>),
    /// A literal answer.
    Reply(Box<Reply>),
    /// A fault of the connection.
    Fault(Fault),
    /// A simulated restart of the server.
    Crash(Crash),
}

/// What happens to all lines of a kind, or to a share of them.
#[derive(Debug, Clone)]
pub(in crate::scenario) struct LinesThen {
    pub(in crate::scenario) of: LineKind,
    pub(in crate::scenario) action: LineAction,
    pub(in crate::scenario) share: Option<f64>,
}

impl Default for Then {
    fn default() -> Self {
        Self {
            text: "pass".into(),
            delay: None,
            stall: None,
            slow: None,
            withhold: None,
            idle: None,
            terminal: None,
            lines: Vec::new(),
            points: Vec::new(),
            kubernetes: None,
            damage: None,
            fields: None,
            revoke: None,
        }
    }
}

impl Then {
    /// Returns the default answer of a gate.
    pub(in crate::scenario) fn unauthorized() -> Self {
        Self::status(StatusCode::UNAUTHORIZED)
    }

    /// Creates a bare status.
    pub(in crate::scenario) fn status(code: StatusCode) -> Self {
        let terminal = Some(Terminal::Status(Box::new(StatusAnswer::of(code))));
        Self { text: format!("{{status: {}}}", code.as_u16()).into(), terminal, ..Self::default() }
    }

    /// Checks and compiles a `then`.
    pub(in crate::scenario) fn compile(
        words: Either<Pass, ThenWords<'_>>,
        context: &Context<'_>,
    ) -> Option<Self> {
        let words = match words {
            Either::Short(Pass) => return Some(Self::default()),
            Either::Object(words) => words,
        };
        let mut then = Self {
            text: flow(words.node.value()).into(),
            stall: match &words.stall {
                Some(Either::Short(time)) => Some(wait(*time)),
                _ => None,
            },
            withhold: words.withhold.map(wait),
            slow: words.slow.as_ref().and_then(wire::pace),
            idle: words.idle.as_ref().and_then(idle),
            lines: lines(&words.lines),
            terminal: fault(&words).map(Terminal::Fault),
            points: points(&words),
            revoke: words.revoke.as_ref().and_then(|name| named(name, "token", &context.tokens)),
            kubernetes: KubernetesThen::compile(&words.kubernetes).map(Box::new),
            damage: damage(&words.damage),
            fields: FieldChanges::compile(
                // Next to a status they belong to the status.
                words.answer.headers.as_deref().filter(|_| words.status.is_none()),
                words.remove_headers.as_deref(),
            )
            .map(Box::new),
            delay: words.delay.and_then(delay),
        };
        if let Some(code) = words.status {
            let status = Box::new(status(code, &words.answer)?);
            match &mut then.kubernetes {
                // The status is that of the rest of the collection.
                Some(kubernetes) if kubernetes.fail_after.is_some() => {
                    kubernetes.fails_with = Some(status);
                }
                _ => then.terminal = Some(Terminal::Status(status)),
            }
        }
        if let Some(words) = &words.crash {
            then.terminal = Some(Terminal::Crash(Crash::compile(words)));
        }
        if let Some(words) = &words.reply {
            let reply = Reply::compile(words, &context.files)?;
            then.terminal = Some(Terminal::Reply(Box::new(reply)));
        }
        Some(then)
    }

    /// Returns whether the request passes unchanged.
    pub(in crate::scenario) fn is_pass(&self) -> bool {
        self.delay.is_none()
            && self.stall.is_none()
            && self.slow.is_none()
            && self.withhold.is_none()
            && self.idle.is_none()
            && self.terminal.is_none()
            && self.lines.is_empty()
            && self.points.is_empty()
            && self.kubernetes.is_none()
            && self.damage.is_none()
            && self.fields.is_none()
            && self.revoke.is_none()
    }
}

/// What happens within the body: a pause, and the cut of a line.
fn points(words: &ThenWords<'_>) -> Vec<(Position, PointAction)> {
    let mut points = Vec::new();
    if let Some(Either::Object(words)) = &words.stall
        && let Some((bytes, time)) = words.bytes.zip(words.time)
    {
        points.push((Position::Bytes(bytes), PointAction::Stall(wait(time))));
    }
    if let Some(Either::Short(MidLine)) = words.cut {
        points.push((Position::Event(1), PointAction::CutLine));
    }
    points
}

/// The fault of the connection, if there is one.
fn fault(words: &ThenWords<'_>) -> Option<Fault> {
    let place = |at: &Option<_>| at.as_ref().map_or(Some(FaultPoint::BeforeHeaders), wire::place);
    let fault = |at: FaultPoint, action| Some(Fault { at, action });
    if let Some(at) = &words.reset {
        return fault(wire::place(at)?, FaultAction::Reset);
    }
    if let Some(at) = &words.close {
        return fault(wire::place(at)?, FaultAction::Close);
    }
    if let Some(at) = &words.garbage {
        return fault(wire::place(at)?, wire::garbage());
    }
    if let Some(at) = &words.malformed_chunk {
        let at = match at {
            Either::Short(AfterHeaders) => FaultPoint::AfterHeaders,
            Either::Object(words) => FaultPoint::AfterBytes(words.bytes?),
        };
        return fault(at, FaultAction::MalformedChunk);
    }
    if let Some(words) = &words.rst_stream {
        return match words {
            Either::Short(code) => {
                fault(FaultPoint::BeforeHeaders, FaultAction::ResetStream(*code))
            }
            Either::Object(words) => {
                fault(place(&words.at)?, FaultAction::ResetStream(words.code?))
            }
        };
    }
    if let Some(words) = &words.goaway {
        return fault(place(&words.at)?, wire::goaway(words.code, words.last_stream));
    }
    match words.cut.as_ref()? {
        Either::Short(MidLine) => None,
        Either::Object(words) => fault(FaultPoint::AfterBytes(words.bytes?), FaultAction::Close),
    }
}

/// Compiles `events`, `bookmarks` and `initial_end`.
fn lines(words: &StreamWords<'_>) -> Vec<LinesThen> {
    let kinds = [
        (LineKind::Events, &words.events),
        (LineKind::Bookmarks, &words.bookmarks),
        (LineKind::InitialEnd, &words.initial_end),
    ];
    kinds
        .into_iter()
        .filter_map(|(of, words)| {
            let (action, share) = change(words.as_ref()?)?;
            Some(LinesThen { of, action, share })
        })
        .collect()
}

/// Returns what happens to lines, and to which share of them.
fn change(words: &Either<LineChange, LinesWords<'_>>) -> Option<(LineAction, Option<f64>)> {
    let words = match words {
        Either::Short(LineChange::Drop) => return Some((LineAction::Drop, None)),
        Either::Short(LineChange::Duplicate) => return Some((LineAction::Duplicate, None)),
        Either::Short(LineChange::Reorder) => return Some((LineAction::Reorder, None)),
        Either::Object(words) => words,
    };
    let shares = [
        (LineAction::Drop, words.drop),
        (LineAction::Duplicate, words.duplicate),
        (LineAction::Reorder, words.reorder),
    ];
    let drawn = shares.into_iter().find(|(_, share)| share.is_some());
    drawn.or_else(|| Some((LineAction::Delay(words.delay?), None)))
}
