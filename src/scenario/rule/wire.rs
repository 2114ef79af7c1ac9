//! Faults of the connection, and where in the answer they happen.

use std::num::NonZeroU64;

use bytes::Bytes;

use crate::document::{Node, size};
use crate::message::{FaultAction, FaultPoint, LastStream, Pace};
use crate::scenario::words::Either;
use crate::scenario::words::table::{self as words, AfterBytesWords, AnswerPlace, ChunksWords};

/// The bytes that a client gets in place of an answer; they cannot begin a status line.
const GARBAGE: &[u8] = b"\x00\xff\xfe standin: this is not HTTP \x80\x81\r\n";

/// Bytes that are not HTTP.
pub(in crate::scenario) fn garbage() -> FaultAction {
    FaultAction::Garbage(Bytes::from_static(GARBAGE))
}

/// `goaway`, at any place.
pub(in crate::scenario) fn goaway(
    code: Option<u32>,
    last: Option<words::LastStream>,
) -> FaultAction {
    let last = match last {
        None | Some(words::LastStream::This) => LastStream::This,
        Some(words::LastStream::None) => LastStream::None,
    };
    FaultAction::GoAway { code: code.unwrap_or(0), last }
}

/// Returns where a fault happens: a word, or `{bytes: N}`.
pub(in crate::scenario) fn place(
    words: &Either<AnswerPlace, AfterBytesWords<'_>>,
) -> Option<FaultPoint> {
    match words {
        Either::Short(AnswerPlace::BeforeHeaders) => Some(FaultPoint::BeforeHeaders),
        Either::Short(AnswerPlace::AfterHeaders) => Some(FaultPoint::AfterHeaders),
        Either::Object(words) => words.bytes.map(FaultPoint::AfterBytes),
    }
}

/// Reads a rate like `16KiB/s`, or `{chunk: 1B, every: 100ms}`.
pub(in crate::scenario) fn pace(words: &Either<(&str, Node<'_>), ChunksWords<'_>>) -> Option<Pace> {
    let (text, node) = match words {
        Either::Short(rate) => rate,
        Either::Object(words) => {
            let size = words.chunk.and_then(|chunk| usize::try_from(chunk).ok());
            return Some(Pace::Chunks { size: size?, every: words.every? });
        }
    };
    let rate = text.strip_suffix("/s").and_then(size).and_then(NonZeroU64::new);
    if rate.is_none() {
        node.error(
            format!("{text:?} is not a rate"),
            "write bytes a second, like 16KiB/s, or {chunk: 1B, every: 100ms}",
        );
    }
    rate.map(Pace::bytes_per_second)
}
