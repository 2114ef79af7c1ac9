//! `at`: pages of a list chain, and places within a stream.

use std::sync::Arc;

use serde_json::Value;

use crate::document::Node;
use crate::message::{FaultAction, PointAction, Position};

use super::context::Context;
use super::delay::stall;
use super::flow::flow;
use super::status::{StatusAnswer, status};
use super::then::Then;
use super::wire::{pace, strike};

/// One entry of `at`.
#[derive(Debug, Clone)]
pub(in crate::scenario) struct At {
    pub(in crate::scenario) place: Where,
    /// How often; always without one.
    pub(in crate::scenario) times: Option<u64>,
    /// What happens, as it stands in the file.
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
pub enum PointThen {
    /// This.
    Action(PointAction),
    /// A watch ends with an ERROR event of this status.
    Error(Box<StatusAnswer>),
    /// Nothing.
    Pass,
}

impl At {
    /// Reads one entry.
    pub(in crate::scenario) fn decode(item: &Node<'_>, context: &Context<'_>) -> Option<Self> {
        const PLACES: [&str; 4] = ["page", "event", "bytes", "time"];
        let keys = item.keys()?;
        let said: Vec<&str> = keys.present().filter(|key| PLACES.contains(key)).collect();
        let number = |key: &'static str| {
            let number = keys.get(key).and_then(|node| node.integer(1..=i64::MAX));
            number.and_then(|number| u64::try_from(number).ok())
        };
        let times = number("times");
        let place = [
            number("page").map(Err),
            number("event").map(|event| Ok(Position::Event(event))),
            keys.get("bytes").and_then(|node| node.size()).map(|bytes| Ok(Position::Bytes(bytes))),
            keys.get("time").and_then(|node| node.duration()).map(|time| Ok(Position::Time(time))),
        ];
        let place = place.into_iter().flatten().next();
        if said.len() != 1 {
            item.error("an entry names one place", "give it one of page, event, bytes, time");
        }
        let then = keys.required("then");
        let text = then.as_ref().map(|node| flow(node.value())).unwrap_or_default().into();
        let at = match (place, then) {
            (Some(Err(page)), Some(node)) => {
                Then::decode(&node, context).map(|then| Where::Page(page, Box::new(then)))
            }
            (Some(Ok(place)), Some(node)) => {
                PointThen::decode(&node).map(|then| Where::Stream(place, then))
            }
            _ => None,
        };
        keys.finish();
        Some(Self { place: at?, times, text })
    }
}

const WORDS: [&str; 10] = [
    "stall",
    "slow",
    "reset",
    "close",
    "garbage",
    "malformed_chunk",
    "rst_stream",
    "goaway",
    "cut",
    "event",
];

impl PointThen {
    /// Reads the `then` of a place within a stream.
    fn decode(node: &Node<'_>) -> Option<Self> {
        if node.value().is_string() {
            return node.word(&[("pass", ())]).map(|()| Self::Pass);
        }
        let keys = node.keys()?;
        let said: Vec<&str> = keys.present().filter(|key| WORDS.contains(key)).collect();
        if said.len() != 1 {
            node.error(
                "one thing happens at a place of a stream",
                format!("say one of {}; more of them make more entries", WORDS.join(", ")),
            );
        }
        let then = if let Some(time) = stall(&keys, "stall") {
            Some(Self::Action(PointAction::Stall(time)))
        } else if let Some(node) = keys.get("slow") {
            pace(&node).map(|pace| Self::Action(PointAction::Slow(pace)))
        } else if let Some(node) = keys.get("cut") {
            let words = [("mid_line", PointWord::CutLine), ("clean", PointWord::Finish)];
            node.word(&words).map(|word| Self::Action(word.action()))
        } else if let Some(node) = keys.get("event") {
            Self::event(&node)
        } else {
            strike(&keys, true).and_then(|(node, action)| {
                let here = !takes_place(&action)
                    || node.value().as_str() == Some("here")
                    || node.word(&[("here", ())]).is_some();
                here.then_some(Self::Action(PointAction::End(action)))
            })
        };
        for word in WORDS {
            let _ = keys.get(word);
        }
        keys.finish();
        then
    }

    /// `event`: what becomes of the event that is due, or comes in its place.
    fn event(node: &Node<'_>) -> Option<Self> {
        if !node.value().is_object() {
            let words = [
                ("expired", PointWord::Expired),
                ("drop", PointWord::Drop),
                ("duplicate", PointWord::Duplicate),
            ];
            return node.word(&words).map(|word| match word {
                PointWord::Expired => Self::Error(Box::new(expired())),
                word => Self::Action(word.action()),
            });
        }
        let keys = node.keys()?;
        if keys.present().any(|key| key == "status") {
            let status = status(&keys);
            keys.finish();
            return status.map(|status| Self::Error(Box::new(status)));
        }
        let json = keys.required("json").map(|node| node.value().clone());
        keys.finish();
        let json = json.filter(Value::is_object).or_else(|| {
            node.error(
                "this is no event",
                "say expired, drop, duplicate, {status: 500}, or {json: {type: .., object: ..}}",
            );
            None
        })?;
        let line = format!("{json}\n").into();
        Some(Self::Action(PointAction::Insert { line, ends: false }))
    }
}

/// Whether a fault's word has a value that says where; within a stream that is `here`.
fn takes_place(action: &FaultAction) -> bool {
    !matches!(action, FaultAction::ResetStream(_) | FaultAction::GoAway { .. })
}

/// Words that take nothing with them.
#[derive(Debug, Clone, Copy)]
enum PointWord {
    CutLine,
    Finish,
    Expired,
    Drop,
    Duplicate,
}

impl PointWord {
    fn action(self) -> PointAction {
        match self {
            Self::CutLine => PointAction::CutLine,
            Self::Drop => PointAction::Drop,
            Self::Duplicate => PointAction::Duplicate,
            Self::Finish | Self::Expired => PointAction::Finish,
        }
    }
}

/// What upstream says to a watch whose revision was compacted
/// (`k8s.io/apiserver/pkg/storage/etcd3/errors.go`).
fn expired() -> StatusAnswer {
    StatusAnswer {
        reason: Some("Expired".to_owned()),
        message: Some("The resourceVersion for the provided watch is too old.".to_owned()),
        ..StatusAnswer::of(http::StatusCode::GONE)
    }
}
