//! `at`: pages of a list chain, and positions within a stream.

use std::sync::Arc;

use crate::document::Node;
use crate::message::{FaultAction, PointAction, Position};
use crate::scenario::words::table::{
    self as words, EventChange, EventWords, Here, Pass, PointThenWords, PointWords, StreamCut,
};
use crate::scenario::words::{Either, Kind as _};

use super::context::Context;
use super::delay::wait;
use super::flow::flow;
use super::status::{StatusAnswer, status};
use super::then::Then;
use super::wire;

/// One entry of `at`.
#[derive(Debug, Clone)]
pub(in crate::scenario) struct At {
    pub(in crate::scenario) place: Where,
    /// How often; always if `None`.
    pub(in crate::scenario) times: Option<u64>,
    /// What happens, as written in the file.
    pub(in crate::scenario) text: Arc<str>,
}

/// Where, and what happens there.
#[derive(Debug, Clone)]
pub(in crate::scenario) enum Where {
    /// At a page of a list chain.
    Page(u64, Box<Then>),
    /// Within a stream, or any other body.
    Stream(Position, PointThen),
}

/// What happens within a stream.
#[derive(Debug, Clone)]
pub(crate) enum PointThen {
    /// An action of the transport.
    Action(PointAction),
    /// A watch ends with an ERROR event of this status.
    Error(Box<StatusAnswer>),
    /// Nothing.
    Pass,
}

impl At {
    /// Checks and compiles one entry.
    pub(in crate::scenario) fn compile(
        words: &PointWords<'_>,
        context: &Context<'_>,
    ) -> Option<Self> {
        let node = words.then.clone()?;
        let before = node.problem_count();
        let example =
            if words.page.is_some() { "then: {status: 500}" } else { "then: {stall: 10s}" };
        let place = Self::place(words, &node, context);
        node.exemplify(before, example);
        Some(Self { place: place?, times: words.times, text: flow(node.value()).into() })
    }

    /// Where, and what happens there.
    fn place(words: &PointWords<'_>, node: &Node<'_>, context: &Context<'_>) -> Option<Where> {
        Some(if let Some(page) = words.page {
            let then = Then::compile(words::Then::read(node)?, context)?;
            Where::Page(page, Box::new(then))
        } else {
            let place = words.event.map(Position::Event);
            let place = place.or_else(|| words.bytes.map(Position::Bytes));
            let place = place.or_else(|| words.time.map(Position::Time));
            Where::Stream(place?, PointThen::compile(words::PointThen::read(node)?)?)
        })
    }
}

impl PointThen {
    /// Checks and compiles the `then` of a place within a stream.
    fn compile(words: Either<Pass, PointThenWords<'_>>) -> Option<Self> {
        let words = match words {
            Either::Short(Pass) => return Some(Self::Pass),
            Either::Object(words) => words,
        };
        if let Some(event) = &words.event {
            return Self::event(event);
        }
        let action = if let Some(time) = words.stall {
            PointAction::Stall(wait(time))
        } else if let Some(rate) = &words.slow {
            PointAction::Slow(wire::pace(rate)?)
        } else if let Some(cut) = words.cut {
            match cut {
                StreamCut::MidLine => PointAction::CutLine,
                StreamCut::Clean => PointAction::Finish,
            }
        } else {
            PointAction::End(fault(&words)?)
        };
        Some(Self::Action(action))
    }

    /// Compiles `event`: a change of the next event, or an event inserted before it.
    fn event(words: &Either<EventChange, EventWords<'_>>) -> Option<Self> {
        match words {
            Either::Short(EventChange::Drop) => Some(Self::Action(PointAction::Drop)),
            Either::Short(EventChange::Duplicate) => Some(Self::Action(PointAction::Duplicate)),
            Either::Short(EventChange::Expired) => Some(Self::Error(Box::new(expired()))),
            Either::Object(words) => {
                if let Some(code) = words.status {
                    return Some(Self::Error(Box::new(status(code, &words.answer)?)));
                }
                let line = format!("{}\n", words.json?).into();
                Some(Self::Action(PointAction::Insert { line, ends: false }))
            }
        }
    }
}

/// Returns the fault of the connection, if there is one.
fn fault(words: &PointThenWords<'_>) -> Option<FaultAction> {
    if let Some(Here) = words.reset {
        return Some(FaultAction::Reset);
    }
    if let Some(Here) = words.close {
        return Some(FaultAction::Close);
    }
    if let Some(Here) = words.garbage {
        return Some(wire::garbage());
    }
    if let Some(Here) = words.malformed_chunk {
        return Some(FaultAction::MalformedChunk);
    }
    match &words.rst_stream {
        Some(Either::Short(code)) => return Some(FaultAction::ResetStream(*code)),
        Some(Either::Object(words)) => return words.code.map(FaultAction::ResetStream),
        None => {}
    }
    words.goaway.as_ref().map(|words| wire::goaway(words.code, words.last_stream))
}

/// Upstream's error for a watch whose revision was compacted
/// (`k8s.io/apiserver/pkg/storage/etcd3/errors.go`).
fn expired() -> StatusAnswer {
    StatusAnswer {
        reason: Some("Expired".to_owned()),
        message: Some("The resourceVersion for the provided watch is too old.".to_owned()),
        ..StatusAnswer::of(http::StatusCode::GONE)
    }
}
