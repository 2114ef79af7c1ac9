//! The words of `then`: what happens to a request.

use std::time::Duration;

use crate::document::Node;
use crate::scenario::words::choice::Choice;
use crate::scenario::words::kind::{Either, Kind, OneOrMany};
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{HeaderText, Reference, Size, Time};
use crate::scenario::words::shape::{Form, Looks, Must, Shape, Type, constraint, word};

use super::answer::{Code, ReplyWords, StatusWords};
use super::crash::{CrashWords, Restart};
use super::damage::DamageWords;
use super::delay::Delay;
use super::kubernetes::KubernetesWords;
use super::listen::IdleWords;
use super::stream::StreamWords;
use super::wire::{
    AfterBytesWords, BodyPlace, ErrorCode, GoAwayWords, Place, Rate, RstStreamWords,
};

/// Nothing happens.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) struct Pass;

impl Choice for Pass {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[("pass", Self, "nothing")];
}

/// What happens to a request.
pub(in crate::scenario) type Then = Either<Pass, ThenWords<'static>>;

/// A time without end.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) struct Forever;

impl Choice for Forever {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[("forever", Self, "")];
}

/// A time, or `forever`: nothing.
#[derive(Debug)]
pub(in crate::scenario) enum Wait {}

impl Kind for Wait {
    /// The time; nothing for `forever`.
    type Value<'d> = Option<Duration>;

    fn form() -> Form {
        const WAIT: Type = Type {
            name: "wait",
            meaning: "A time; or until the client or the server ends the connection.",
            looks: Looks::Form(|| Form::AnyOf(vec![Time::form(), Forever::form()])),
        };
        Form::Type(&WAIT)
    }

    fn read(node: &Node<'_>) -> Option<Option<Duration>> {
        if Forever::words().iter().any(|word| node.value() == word) {
            return Some(None);
        }
        Time::read(node).map(Some)
    }
}

/// The middle of a line.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) struct MidLine;

impl Choice for MidLine {
    const CHOICES: &'static [(&'static str, Self, &'static str)] =
        &[("mid_line", Self, "in the middle of its first line")];
}

words! {
    /// `stall`, within a body.
    StallWords: Shape::new("stall", "A pause within the body of an answer; one that ends before has none.")
        .frame("rules: [{then: {stall: {bytes: 64KiB, for: 10s, …}}}]");
    bytes: Size = word("bytes", "After how many bytes of the body; 0 is behind the header fields.")
        .required().example("bytes: 64KiB"),
    time: Wait = word("for", "How long nothing is sent.").required().positive().example("for: 10s"),
}

words! {
    /// `then`, where it is not `pass`.
    ThenWords: Shape::new("then", "What happens to a request.")
        .frame("{rules: [{then: {…}}], tokens: {iam: {issue: POST /t, in: bearer}}}")
        .constraints(&[
            constraint(
                Must::AtMostOne(&[
                    "status", "reply", "reset", "close", "garbage", "malformed_chunk", "rst_stream",
                    "goaway", "cut", "crash",
                ]),
                "{given} cannot both happen",
                "keep one of them",
            ),
            constraint(Must::NotBeEmpty, "this does nothing", "write pass, or some of {words}"),
        ]);
    status: Code = word(
        "status",
        "The answer is this error: on API paths a Status object with upstream's text, elsewhere plain text.",
    )
    .example("status: 503"),
    reply: ReplyWords<'static> = word("reply", "The answer is a literal one.")
        .example("reply: {status: 500, body: sick}"),
    delay: Delay<'static> = word("delay", "The answer is delayed by a fixed or a drawn time.")
        .positive().example("delay: 400ms"),
    stall: Either<Wait, StallWords<'static>> = word(
        "stall",
        "Nothing is sent for so long; then the answer, or the rest of its body.",
    )
    .positive().example("stall: 10s"),
    slow: Rate = word("slow", "The body is sent at this rate.").example("slow: 16KiB/s"),
    withhold: Wait = word(
        "withhold",
        "The request's body is not read for this time, and over HTTP/2 the flow-control window stays closed; then the answer. A rule that matches bodies reads them first.",
    )
    .positive().example("withhold: 2s"),
    idle: IdleWords<'static> = word(
        "idle",
        "The connection is ended while it is idle after the answer; over HTTP/2 while it has no requests.",
    )
    .example("idle: {close: 300ms}"),
    reset: Place = word("reset", "The connection is reset.").example("reset: before_headers"),
    close: Place = word("close", "The connection is closed.").example("close: {bytes: 64KiB}"),
    garbage: Place = word("garbage", "Bytes that are not HTTP are sent, and the connection is closed.")
        .example("garbage: before_headers"),
    malformed_chunk: BodyPlace = word(
        "malformed_chunk",
        "A chunk whose size is not a number is sent, and the connection is closed.",
    )
    .example("malformed_chunk: after_headers"),
    rst_stream: Either<ErrorCode, RstStreamWords<'static>> = word(
        "rst_stream",
        "The HTTP/2 stream is reset with this error code.",
    )
    .example("rst_stream: REFUSED_STREAM"),
    goaway: GoAwayWords<'static> = word("goaway", "The HTTP/2 connection is ended with GOAWAY.")
        .example("goaway: {last_stream: none}"),
    cut: Either<MidLine, AfterBytesWords<'static>> = word(
        "cut",
        "The connection is closed within the body.",
    )
    .example("cut: {bytes: 200}"),
    crash: Either<Restart, CrashWords<'static>> = word(
        "crash",
        "The server crashes before it handles the request, and restarts: all connections are cut.",
    )
    .example("crash: {down: 1s, tokens: kept}"),
    revoke: Reference = word(
        "revoke",
        "All tokens of this kind become invalid; the answer is 401 unless another one is given.",
    )
    .example("revoke: iam"),
    remove_headers: OneOrMany<HeaderText, 1> = word(
        "remove_headers",
        "Header fields to remove from the answer: one name, or a list. Without `Content-Length` the body is sent in chunks.",
    )
    .example("remove_headers: [ETag, Date]"),
    + { answer: StatusWords, lines: StreamWords, kubernetes: KubernetesWords, damage: DamageWords, }
}
