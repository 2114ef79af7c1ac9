//! The words of `at`: pages of a list chain, and positions within a body.

use serde_json::Value;

use crate::document::Node;
use crate::scenario::words::choice::Choice;
use crate::scenario::words::kind::{AnyKey, Either, Kind, MapKey as _};
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{Count, Json, Size, Time};
use crate::scenario::words::shape::{Form, Must, Shape, constraint, word};

use super::answer::{Code, StatusWords};
use super::then::{Pass, Then, Wait};
use super::wire::{ErrorCode, GoAwayHereWords, Rate};

/// What happens at a page, or at a place within a body: [`Then`] or [`PointThen`], depending on the
/// other words of the entry.
#[derive(Debug)]
pub(in crate::scenario) enum PlaceThen {}

impl Kind for PlaceThen {
    type Value<'d> = Node<'d>;

    fn form() -> Form {
        Form::Beside {
            word: "page",
            then: Box::new(Then::form()),
            otherwise: Box::new(PointThen::form()),
        }
    }

    fn read<'d>(node: &Node<'d>) -> Option<Node<'d>> {
        Some(node.clone())
    }
}

words! {
    /// An entry of `at`.
    PointWords: Shape::new("point", "A place, and what happens there.")
        .frame("rules: [{at: [{then: pass, …}]}]")
        .constraints(&[constraint(
            Must::ExactlyOne(&["page", "event", "bytes", "time"]),
            "an entry names one place",
            "give it one of {words}",
        )]);
    page: Count = word("page", "The request for this page of a list chain, from 1.")
        .example("page: 2, then: {status: 500}"),
    event: Count = word(
        "event",
        "Before this line of the body is sent, counted from 1, bookmarks included.",
    )
    .example("event: 5, then: {stall: 10s}"),
    bytes: Size = word("bytes", "After this many bytes of the body were sent.")
        .example("bytes: 64KiB, then: {slow: 1KiB/s}"),
    time: Time = word("time", "At this time after the headers, while the body is being sent.")
        .example("time: 30s, then: {cut: clean}"),
    times: Count = word(
        "times",
        "For how many requests: of those for the page, or of those that the rule matches.",
    )
    .default("always")
    .example("page: 3, times: 1, then: {status: 410}"),
    then: PlaceThen = word("then", "What happens there.")
        .required()
        .example("event: 2, then: {event: drop}"),
}

/// What happens at a place within a body.
pub(in crate::scenario) type PointThen = Either<Pass, PointThenWords<'static>>;

/// The place that an entry names.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) struct Here;

impl Choice for Here {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[("here", Self, "")];
}

/// How a body ends at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum StreamCut {
    MidLine,
    Clean,
}

impl Choice for StreamCut {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("mid_line", Self::MidLine, "half of the next line is sent, and the connection is closed"),
        ("clean", Self::Clean, "the body ends as if it were complete"),
    ];
}

words! {
    /// What happens at a place within a body, where it is not `pass`.
    PointThenWords: Shape::new("then: places", "What happens at a place within a body: one action.")
        .frame("rules: [{at: [{event: 3, then: {…}}]}]")
        .constraints(&[constraint(
            Must::ExactlyOne(&[
                "stall", "slow", "reset", "close", "garbage", "malformed_chunk", "rst_stream", "goaway",
                "cut", "event",
            ]),
            "a place of a stream has one action",
            "give it one of {words}; write a separate entry for each",
        )]);
    stall: Wait = word("stall", "Nothing is sent for this time.").positive().example("stall: 10s"),
    slow: Rate = word("slow", "From here on the body is sent at this rate.").example("slow: 1KiB/s"),
    reset: Here = word("reset", "The connection is reset.").example("reset: here"),
    close: Here = word("close", "The connection is closed.").example("close: here"),
    garbage: Here = word("garbage", "Bytes that are not HTTP are sent, and the connection is closed.")
        .example("garbage: here"),
    malformed_chunk: Here = word(
        "malformed_chunk",
        "A chunk whose size is not a number is sent, and the connection is closed.",
    )
    .example("malformed_chunk: here"),
    rst_stream: Either<ErrorCode, RstStreamHereWords<'static>> = word(
        "rst_stream",
        "The HTTP/2 stream is reset with this error code.",
    )
    .example("rst_stream: CANCEL"),
    goaway: GoAwayHereWords<'static> = word("goaway", "The HTTP/2 connection is ended with GOAWAY.")
        .example("goaway: {code: ENHANCE_YOUR_CALM}"),
    cut: StreamCut = word("cut", "The body ends.").example("cut: clean"),
    event: Either<EventChange, EventWords<'static>> = word(
        "event",
        "A change of the next line, or an event that is sent before it.",
    )
    .example("event: expired"),
}

words! {
    /// `rst_stream` at the place of its entry.
    RstStreamHereWords: Shape::new("rst_stream at a place", "A reset of the HTTP/2 stream.")
        .frame("rules: [{at: [{event: 3, then: {rst_stream: {…}}}]}]");
    code: ErrorCode = word("code", "The error code.").required().example("code: CANCEL"),
}

/// What happens to the next line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum EventChange {
    Expired,
    Drop,
    Duplicate,
}

impl Choice for EventChange {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("drop", Self::Drop, "it is omitted"),
        ("duplicate", Self::Duplicate, "it is sent twice"),
        ("expired", Self::Expired, "an ERROR event, 410 Expired, replaces it and ends the watch"),
    ];
}

/// An event: a JSON object.
#[derive(Debug)]
pub(in crate::scenario) enum EventObject {}

impl Kind for EventObject {
    type Value<'d> = &'d Value;

    fn form() -> Form {
        Form::Map { keys: AnyKey::TYPE, values: Box::new(Json::form()), least: 0 }
    }

    fn read<'d>(node: &Node<'d>) -> Option<&'d Value> {
        if !node.value().is_object() {
            node.expected("an object, like {type: ADDED, object: ..}");
            return None;
        }
        Some(node.value())
    }
}

words! {
    /// `event`, in full.
    EventWords: Shape::new("event", "An event that is sent.")
        .frame("rules: [{at: [{event: 4, then: {event: {…}}}]}]")
        .constraints(&[
            constraint(
                Must::ExactlyOne(&["status", "json"]),
                "this is not an event",
                "write drop, duplicate, expired, {status: 500}, or {json: {type: .., object: ..}}",
            ),
            constraint(
                Must::Accompany(&["headers"], &["status"]),
                "{given} goes with a status",
                "add status: 500, or leave it out",
            ),
        ]);
    status: Code = word("status", "An ERROR event of this status ends the watch.").example("status: 500"),
    json: EventObject = word("json", "This line is sent before the next one, and the stream continues.")
        .example("json: {type: ADDED, object: {kind: TFJob, metadata: {name: ghost}}}"),
    + { answer: StatusWords, }
}
