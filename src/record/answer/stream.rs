//! Answers with pauses: recorded in chunks, each with the time before it, and whole for servers that know no pauses.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::matching::STREAM_TRANSFORMER;
use crate::message::Query;
use crate::redact::Redacted;

use super::super::clean::Clean;
use super::super::exchange::{Chunk, PAUSE, SentRequest};
use super::super::text::{Object, json as raw};
use super::{media_type, text};

/// A larger answer that is no stream is a download: its pauses are those of the network. In bytes.
const LARGEST_PACED: usize = 1 << 20;

/// A shorter pause of an answer whose length is known is the network's.
const PAUSE_OF_KNOWN: Duration = Duration::from_millis(200);

/// Chunks that arrive within this time arrive together.
const TOGETHER: Duration = Duration::from_millis(25);

/// Whether an answer is a stream: a watch (Kubernetes' `watch=true`), events of a server (`text/event-stream`),
/// JSON lines, gRPC, or JSON that says it is a stream.
pub(in crate::record) fn is_stream(sent: &SentRequest, headers: &HeaderMap) -> bool {
    let query = Query::parse(sent.target.split_once('?').map(|(_, query)| query));
    let watch = query.is_ok_and(|query| {
        query.first("watch").is_some_and(|value| matches!(value, "true" | "1" | ""))
            || query.first("follow").is_some_and(|value| matches!(value, "true" | "1"))
    });
    let media = media_type(headers);
    watch
        || media == "text/event-stream"
        || media.starts_with("application/grpc")
        || text(headers, &CONTENT_TYPE).contains("stream=watch")
}

/// Whether an answer is recorded with its timing.
pub(super) fn is_timed(sent: &SentRequest, headers: &HeaderMap, parts: &[Chunk]) -> bool {
    if is_stream(sent, headers) {
        return true;
    }
    let size: usize = parts.iter().map(|part| part.bytes.len()).sum();
    let least = if headers.contains_key(CONTENT_LENGTH) { PAUSE_OF_KNOWN } else { PAUSE };
    let paused = parts.windows(2).any(|pair| pair[1].at.saturating_sub(pair[0].at) >= least);
    paused && size <= LARGEST_PACED
}

/// Writes a body in chunks, or as one where it is not `timed`, with its trailers.
pub(super) fn write(
    whole: &Bytes,
    parts: Vec<Chunk>,
    headers: &HeaderMap,
    clean: &Clean<'_>,
    timed: bool,
    trailers: Option<BTreeMap<String, Value>>,
    response: &mut Object,
) {
    let is_packed = headers.contains_key(CONTENT_ENCODING);
    let chunks = match std::str::from_utf8(whole) {
        _ if !timed => vec![Chunk { at: Duration::ZERO, bytes: whole.clone() }],
        Ok(_) if !is_packed => together(lines(&parts)),
        _ => together(parts),
    };
    let mut before = Duration::ZERO;
    let mut written = Vec::with_capacity(chunks.len());
    let mut all = Vec::with_capacity(whole.len());
    for chunk in chunks.iter().filter(|chunk| !chunk.bytes.is_empty()) {
        let bytes =
            if timed && !is_packed { redacted(&chunk.bytes, clean) } else { chunk.bytes.clone() };
        let pause = chunk.at.saturating_sub(before);
        let pause = if pause < TOGETHER {
            Duration::ZERO
        } else {
            before = chunk.at;
            rounded(pause)
        };
        all.extend_from_slice(&bytes);
        let after = format!("{}ms", pause.as_millis());
        written.push(match std::str::from_utf8(&bytes) {
            Ok(text) => json!({"after": after, "body": text}),
            Err(_) => json!({"after": after, "base64Body": STANDARD.encode(&bytes)}),
        });
    }
    match std::str::from_utf8(&all) {
        Ok(text) => response.insert("body".to_owned(), raw(text)),
        Err(_) => response.insert("base64Body".to_owned(), raw(STANDARD.encode(&all))),
    };
    response.insert("transformers".to_owned(), raw([STREAM_TRANSFORMER]));
    let mut parameters = json!({"chunks": written});
    if let Some(trailers) = trailers {
        parameters["trailers"] = json!(trailers);
    }
    response.insert("transformerParameters".to_owned(), raw(parameters));
}

fn redacted(bytes: &Bytes, clean: &Clean<'_>) -> Bytes {
    match clean.body(&HeaderMap::new(), bytes) {
        Redacted::Same => bytes.clone(),
        Redacted::Changed(new) => new.into(),
        Redacted::Opaque(_) => Bytes::new(),
    }
}

/// A pause as it is written: two recordings of the same stream differ by what the network and the system add, and
/// are to be written the same.
pub(super) fn rounded(pause: Duration) -> Duration {
    let ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    let step = match ms {
        ..1_000 => 50,
        1_000..10_000 => 100,
        _ => 1_000,
    };
    Duration::from_millis(ms.saturating_add(step / 2) / step * step)
}

/// Text in chunks of whole lines, at the time when each was complete: an event is one chunk, however the network
/// cut it.
fn lines(chunks: &[Chunk]) -> Vec<Chunk> {
    let mut out = Vec::new();
    let mut rest: Vec<u8> = Vec::new();
    for chunk in chunks {
        rest.extend_from_slice(&chunk.bytes);
        if let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') {
            let after = rest.split_off(end + 1);
            let bytes = std::mem::replace(&mut rest, after).into();
            out.push(Chunk { at: chunk.at, bytes });
        }
    }
    if let Some(last) = chunks.last().filter(|_| !rest.is_empty()) {
        out.push(Chunk { at: last.at, bytes: rest.into() });
    }
    out
}

/// Joins chunks that arrived together: where the network cut them differs from time to time.
fn together(chunks: Vec<Chunk>) -> Vec<Chunk> {
    let mut out: Vec<Chunk> = Vec::with_capacity(chunks.len());
    let mut began = Duration::ZERO;
    for chunk in chunks {
        match out.last_mut() {
            Some(last) if chunk.at.saturating_sub(began) < TOGETHER => {
                last.bytes = [&*last.bytes, &*chunk.bytes].concat().into();
            }
            _ => {
                began = chunk.at;
                out.push(chunk);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_rounded_to_what_can_be_heard() {
        let ms = Duration::from_millis;
        for (pause, written) in [
            (26, 50),
            (74, 50),
            (199, 200),
            (206, 200),
            (940, 950),
            (1_049, 1_000),
            (12_600, 13_000),
        ] {
            assert_eq!(rounded(ms(pause)), ms(written), "{pause}");
        }
    }

    #[test]
    fn what_arrives_together_is_one_chunk() {
        let chunk = |ms, text: &'static str| Chunk {
            at: Duration::from_millis(ms),
            bytes: Bytes::from_static(text.as_bytes()),
        };
        let joined = together(vec![chunk(0, "a"), chunk(3, "b"), chunk(200, "c"), chunk(220, "d")]);
        assert_eq!(joined, [chunk(0, "ab"), chunk(200, "cd")]);
        let whole = lines(&[chunk(0, "one\ntw"), chunk(9, "o\nthree")]);
        assert_eq!(whole, [chunk(0, "one\n"), chunk(9, "two\n"), chunk(9, "three")]);
    }
}
