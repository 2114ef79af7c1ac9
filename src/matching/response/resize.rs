//! Adjusts the length and the chunk boundaries of a recorded body that changes for each request.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;

use crate::message::{Schedule, TimedChunk};

/// Returns where the chunks of a stream end.
pub(super) fn cuts(schedule: Option<&Schedule>) -> Vec<usize> {
    let chunks = schedule.map(|schedule| &**schedule).unwrap_or_default();
    let ends = chunks.iter().scan(0, |end, chunk| {
        *end += chunk.bytes;
        Some(*end)
    });
    ends.collect()
}

/// Moves the ends of a stream's chunks.
pub(super) fn recut(schedule: &mut Option<Schedule>, cuts: Vec<usize>) {
    let Some(chunks) = schedule else { return };
    let mut start = 0;
    let moved = chunks.iter().zip(cuts).map(|(chunk, end)| {
        let bytes = end - std::mem::replace(&mut start, end);
        TimedChunk { after: chunk.after, bytes }
    });
    *chunks = moved.collect();
}

/// Returns a new body, and updates Content-Length if it was that of the old one.
pub(super) fn resized(headers: &mut HeaderMap, body: &Bytes, new: Bytes) -> Bytes {
    let length = body.len().to_string();
    if headers.get(CONTENT_LENGTH).is_some_and(|value| value.as_bytes() == length.as_bytes()) {
        headers.insert(CONTENT_LENGTH, new.len().into());
    }
    new
}
