//! The words for answers that are damaged: bytes, lengths, encodings, heads.

use crate::message::{BrokenGzip, WrongCharset, WrongLength};
use crate::scenario::words::choice::Choice;
use crate::scenario::words::kind::OneOrMany;
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{Percentage, Size, Whole};
use crate::scenario::words::shape::{Shape, word};

use super::wire::Rate;

impl Choice for WrongLength {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("short", Self::Short, "half of the body's length"),
        ("long", Self::Long, "100 bytes more than the body's length"),
    ];
}

impl Choice for WrongCharset {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("wrong", Self::Wrong, "`Content-Type` names UTF-16, and the body is unchanged"),
        (
            "mixed",
            Self::Mixed,
            "the second half of the body is in ISO-8859-1, regardless of `Content-Type`",
        ),
    ];
}

impl Choice for BrokenGzip {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("truncated", Self::Truncated, "the last bytes are missing"),
        ("checksum", Self::Checksum, "the checksum at the end is wrong"),
    ];
}

/// The codes of informational answers, except 101, which switches the protocol.
type Informational = Whole<102, 199>;

words! {
    /// Words of `then` about damaged answers.
    DamageWords: Shape::new("then: damage", "Damage to an answer that is otherwise the real one.")
        .frame("rules: [{then: {…}}]");
    corrupt: Percentage = word("corrupt", "The share of the body's bytes of which one bit is wrong, at least one byte; drawn by the seed.")
        .example("corrupt: 1%"),
    repeat: Size = word("repeat", "This many bytes at the start of the body are sent twice; the length is that of what is sent.")
        .positive().example("repeat: 100B"),
    content_length: WrongLength = word(
        "content_length",
        "`Content-Length` is not the length of the body; all of it is sent, then the connection is closed. A body of unknown length has none.",
    )
    .example("content_length: long"),
    charset: WrongCharset = word("charset", "The text has the wrong encoding.")
        .example("charset: mixed"),
    gzip: BrokenGzip = word("gzip", "The body is compressed, and the end of the compressed data is broken.")
        .example("gzip: truncated"),
    pad_headers: Size = word("pad_headers", "Fields `X-Standin-Padding-N` enlarge the head by this many bytes, 1 MiB at most.")
        .positive().example("pad_headers: 64KiB"),
    informational: OneOrMany<Informational, 1> = word(
        "informational",
        "Informational answers with these codes are sent before the answer: one code, or a list.",
    )
    .example("informational: [103, 102]"),
    slow_head: Rate = word("slow_head", "The status line and the header fields are sent at this rate; over HTTP/2 the connection sends nothing else meanwhile.")
        .example("slow_head: {chunk: 1B, every: 20ms}"),
    read: Rate = word("read", "The request's body is read at this rate before the answer; over HTTP/2 the flow-control window opens at that rate.")
        .example("read: 16KiB/s"),
}
