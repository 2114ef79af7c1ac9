//! The words of faults of the connection: what happens, and at which place of the answer.

use crate::document::Node;
use crate::scenario::words::choice::Choice;
use crate::scenario::words::kind::{Either, Kind};
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{PositiveSize, RateText, Size, Time, Whole};
use crate::scenario::words::shape::{
    Form, Literal, Looks, Must, Shape, Type, Word, constraint, word,
};

/// A place of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum AnswerPlace {
    BeforeHeaders,
    AfterHeaders,
}

const AFTER_HEADERS: (&str, AnswerPlace, &str) =
    ("after_headers", AnswerPlace::AfterHeaders, "the status line and the header fields were sent");

impl Choice for AnswerPlace {
    const CHOICES: &'static [(&'static str, Self, &'static str)] =
        &[("before_headers", Self::BeforeHeaders, "no byte of it was sent"), AFTER_HEADERS];
}

/// The place of an answer at which its body begins.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) struct AfterHeaders;

impl Choice for AfterHeaders {
    const CHOICES: &'static [(&'static str, Self, &'static str)] =
        &[(AFTER_HEADERS.0, Self, AFTER_HEADERS.2)];
}

/// Where in an answer.
#[derive(Debug)]
pub(in crate::scenario) enum Place {}

impl Kind for Place {
    type Value<'d> = Either<AnswerPlace, AfterBytesWords<'d>>;

    fn form() -> Form {
        const PLACE: Type = Type {
            name: "place",
            meaning: "A place of an answer.",
            looks: Looks::Form(Either::<AnswerPlace, AfterBytesWords<'static>>::form),
        };
        Form::Type(&PLACE)
    }

    fn read<'d>(node: &Node<'d>) -> Option<Self::Value<'d>> {
        Either::<AnswerPlace, AfterBytesWords<'static>>::read(node)
    }
}

/// Where in the body of an answer.
pub(super) type BodyPlace = Either<AfterHeaders, AfterBytesWords<'static>>;

words! {
    /// `{bytes: N}`.
    AfterBytesWords: Shape::new("bytes", "After this many bytes of the body, or all of a shorter one.")
        .frame("rules: [{then: {reset: {…}}}]");
    bytes: Size = word("bytes", "How many bytes.").required().example("bytes: 64KiB"),
}

/// An error code of HTTP/2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) struct NamedCode(pub(in crate::scenario) u32);

impl Choice for NamedCode {
    // RFC 9113, section 7.
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("NO_ERROR", Self(0), ""),
        ("PROTOCOL_ERROR", Self(1), ""),
        ("INTERNAL_ERROR", Self(2), ""),
        ("FLOW_CONTROL_ERROR", Self(3), ""),
        ("SETTINGS_TIMEOUT", Self(4), ""),
        ("STREAM_CLOSED", Self(5), ""),
        ("FRAME_SIZE_ERROR", Self(6), ""),
        ("REFUSED_STREAM", Self(7), ""),
        ("CANCEL", Self(8), ""),
        ("COMPRESSION_ERROR", Self(9), ""),
        ("CONNECT_ERROR", Self(10), ""),
        ("ENHANCE_YOUR_CALM", Self(11), ""),
        ("INADEQUATE_SECURITY", Self(12), ""),
        ("HTTP_1_1_REQUIRED", Self(13), ""),
    ];
}

/// An error code of HTTP/2, by its name or its number.
#[derive(Debug)]
pub(in crate::scenario) enum ErrorCode {}

type CodeNumber = Whole<0, { u32::MAX as i64 }>;

impl Kind for ErrorCode {
    type Value<'d> = u32;

    fn form() -> Form {
        const CODE: Type = Type {
            name: "error code",
            meaning: "An error code of HTTP/2 (RFC 9113, section 7), by its name or its number.",
            looks: Looks::Form(|| Form::AnyOf(vec![NamedCode::form(), CodeNumber::form()])),
        };
        Form::Type(&CODE)
    }

    fn read(node: &Node<'_>) -> Option<u32> {
        if node.value().is_string() {
            return NamedCode::read(node).map(|code| code.0);
        }
        CodeNumber::read(node).and_then(|code| u32::try_from(code).ok())
    }
}

words! {
    /// `rst_stream`, in full.
    RstStreamWords: Shape::new("rst_stream", "A reset of the HTTP/2 stream.")
        .frame("rules: [{then: {rst_stream: {code: CANCEL, …}}}]");
    code: ErrorCode = word("code", "The error code.").required().example("code: REFUSED_STREAM"),
    at: Place = word("at", "Where in the answer.")
        .default("`before_headers`")
        .example("code: 8, at: after_headers"),
}

/// The last stream that a GOAWAY names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum LastStream {
    This,
    None,
}

impl Choice for LastStream {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("this", Self::This, "this request is answered, then the connection ends"),
        ("none", Self::None, "this request was not processed, and the connection ends at once"),
    ];
}

/// The rows that every GOAWAY has.
const GOAWAY_CODE: Word =
    word("code", "The error code.").default("`NO_ERROR`").example("code: ENHANCE_YOUR_CALM");
const GOAWAY_LAST_STREAM: Word = word("last_stream", "The last stream that it names.")
    .default("`this`")
    .example("last_stream: none");

words! {
    /// `goaway`.
    GoAwayWords: Shape::new("goaway", "A GOAWAY of the HTTP/2 connection.")
        .frame("rules: [{then: {goaway: {…}}}]")
        .constraints(&[constraint(
            Must::Restrict {
                word: "last_stream",
                is: Some("none"),
                other: "at",
                only: Literal::Text("before_headers"),
            },
            "a request that was not processed has no answer",
            "omit `at`, or write last_stream: this",
        )]);
    code: ErrorCode = GOAWAY_CODE,
    last_stream: LastStream = GOAWAY_LAST_STREAM,
    at: Place = word("at", "Where in the answer; at a later place the answer ends there.")
        .default("`before_headers`")
        .example("at: {bytes: 1KiB}"),
}

words! {
    /// `goaway` at the place of its entry.
    GoAwayHereWords: Shape::new("goaway at a place", "A GOAWAY of the HTTP/2 connection.")
        .frame("rules: [{at: [{time: 5s, then: {goaway: {…}}}]}]");
    code: ErrorCode = GOAWAY_CODE,
    last_stream: LastStream = GOAWAY_LAST_STREAM,
}

/// A rate of sending or reading.
pub(in crate::scenario) type Rate = Either<RateText, ChunksWords<'static>>;

words! {
    /// `slow`, in pieces.
    ChunksWords: Shape::new("chunks", "A body in pieces.")
        .frame("rules: [{then: {slow: {chunk: 1B, every: 100ms, …}}}]");
    chunk: PositiveSize = word("chunk", "How much is sent at once.").required().example("chunk: 1B"),
    every: Time = word("every", "The time from one piece to the next.").required().example("every: 100ms"),
}
