//! Answers with pauses: recorded in chunks, each with the time before it, and whole for servers that know no pauses.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::matching::STREAM_TRANSFORMER;
use crate::message::Query;
use crate::redact::Redacted;

use super::super::clean::Clean;
use super::super::exchange::{Chunk, LARGEST_PACED, PAUSE, SentRequest};
use super::super::pause::rounded;
use super::super::text::{Object, json as raw};
use super::{media_type, text};

/// A shorter pause of an answer whose length is known is the network's.
const PAUSE_OF_KNOWN: Duration = Duration::from_millis(200);

/// A shorter pause between chunks is that of the network and the system.
const TOGETHER: Duration = Duration::from_millis(25);

/// The network may cut a chunk of this size, in bytes; a smaller one arrives whole.
const CUT: usize = 4096;

/// A shorter time until the head of an answer is that of any request.
const SHORTEST_WAIT: Duration = Duration::from_millis(250);

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

/// How long an answer waits at replay, in milliseconds; nothing where it took no longer than computing does.
pub(super) fn wait(waited: Duration) -> Option<u64> {
    let ms = u64::try_from(waited.as_millis()).ok().filter(|_| waited >= SHORTEST_WAIT)?;
    let step = match ms {
        ..1_000 => 100,
        1_000..10_000 => 500,
        _ => 1_000,
    };
    Some((ms + step / 2) / step * step)
}

/// The chunks in which a body is recorded, without its secrets; nothing where it is recorded as a whole. `received` is
/// the body with its secrets, and `whole` the one without. `in_chunks` says whether the parts of a text are the chunks
/// of the backend.
pub(super) fn chunks(
    sent: &SentRequest,
    headers: &HeaderMap,
    in_chunks: bool,
    received: &Bytes,
    whole: &Bytes,
    parts: Vec<Chunk>,
    clean: &Clean<'_>,
) -> Option<Vec<Chunk>> {
    if received.is_empty() {
        return None;
    }
    let is_packed = headers.contains_key(CONTENT_ENCODING);
    // What is compressed can be cut only where nothing in it was replaced.
    if is_packed && whole != received || whole.is_empty() {
        return None;
    }
    let has_length = headers.contains_key(CONTENT_LENGTH);
    let has_events = is_stream(sent, headers);
    let is_timed = has_events || {
        let least = if has_length { PAUSE_OF_KNOWN } else { PAUSE };
        let paused = parts.windows(2).any(|pair| pair[1].at.saturating_sub(pair[0].at) >= least);
        paused && received.len() <= LARGEST_PACED
    };
    // A document of JSON is read as a whole, and so are compressed bytes.
    let is_whole = || is_packed || serde_json::from_slice::<IgnoredAny>(whole).is_ok();
    if !is_timed && (has_length || received.len() > LARGEST_PACED || is_whole()) {
        return None;
    }
    let is_text = || !is_packed && std::str::from_utf8(whole).is_ok();
    let chunks = if whole.len() == received.len() && !(has_events && is_text()) {
        // Pseudonyms are as long as what they stand for.
        let mut start = 0;
        let clean = |part: Chunk| {
            let end = start + part.bytes.len();
            Chunk { at: part.at, bytes: whole.slice(std::mem::replace(&mut start, end)..end) }
        };
        let parts = parts.into_iter().map(clean).collect();
        if in_chunks && is_text() { parts } else { uncut(parts) }
    } else {
        let clean = |line: Chunk| Chunk { at: line.at, bytes: redacted(&line.bytes, clean) };
        lines(&parts).into_iter().map(clean).filter(|line| !line.bytes.is_empty()).collect()
    };
    (is_timed || chunks.len() > 1).then_some(chunks)
}

/// Writes a body in chunks, with its trailers.
pub(super) fn write(
    chunks: Vec<Chunk>,
    trailers: Option<&BTreeMap<String, Value>>,
    response: &mut Object,
) {
    let mut before = Duration::ZERO;
    let mut written = Vec::with_capacity(chunks.len());
    let mut all = Vec::new();
    for Chunk { at, bytes } in chunks {
        let pause = at.saturating_sub(before);
        let pause = if pause < TOGETHER {
            Duration::ZERO
        } else {
            before = at;
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

/// Writes the trailers of a body that is written as a whole.
pub(super) fn write_trailers(trailers: Option<&BTreeMap<String, Value>>, response: &mut Object) {
    if let Some(trailers) = trailers {
        response.insert("transformers".to_owned(), raw([STREAM_TRANSFORMER]));
        response.insert("transformerParameters".to_owned(), raw(json!({"trailers": trailers})));
    }
}

fn redacted(bytes: &Bytes, clean: &Clean<'_>) -> Bytes {
    match clean.body(&HeaderMap::new(), bytes) {
        Redacted::Same => bytes.clone(),
        Redacted::Changed(new) => new.into(),
        Redacted::Opaque(_) => Bytes::new(),
    }
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

/// Joins what the network cut: a large chunk arrives in parts, at places that differ from time to time. What a backend
/// sends in small chunks stays so.
fn uncut(parts: Vec<Chunk>) -> Vec<Chunk> {
    let mut out: Vec<Chunk> = Vec::with_capacity(parts.len());
    let mut before = Duration::ZERO;
    for part in parts {
        match out.last_mut() {
            Some(last) if last.bytes.len() >= CUT && part.at.saturating_sub(before) < TOGETHER => {
                last.bytes = [&*last.bytes, &*part.bytes].concat().into();
            }
            _ => out.push(part.clone()),
        }
        before = part.at;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_chunks_stay_and_what_the_network_cut_is_joined() {
        let chunk = |ms, text: &str| Chunk {
            at: Duration::from_millis(ms),
            bytes: Bytes::copy_from_slice(text.as_bytes()),
        };
        let small = vec![chunk(0, "a"), chunk(3, "b"), chunk(200, "c"), chunk(220, "d")];
        assert_eq!(uncut(small.clone()), small);
        let large = "x".repeat(CUT);
        let cut = vec![chunk(0, &large), chunk(9, "y"), chunk(20, "z"), chunk(100, "end")];
        assert_eq!(uncut(cut), [chunk(0, &format!("{large}yz")), chunk(100, "end")]);
        let whole = lines(&[chunk(0, "one\ntw"), chunk(9, "o\nthree")]);
        assert_eq!(whole, [chunk(0, "one\n"), chunk(9, "two\n"), chunk(9, "three")]);
    }

    #[test]
    fn only_a_long_time_until_the_head_is_recorded() {
        let ms = Duration::from_millis;
        for (waited, written) in
            [(3, None), (249, None), (260, Some(300)), (1_530, Some(1_500)), (12_600, Some(13_000))]
        {
            assert_eq!(wait(ms(waited)), written, "{waited}");
        }
    }
}
