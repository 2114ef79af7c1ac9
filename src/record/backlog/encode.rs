//! One exchange ↔ bytes.

use std::io;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::message::{BodyDigest, HeadLayout, Informational};
use crate::record::exchange::{
    ArrivedBody, BodyCopy, Chunk, End, ReceivedAnswer, SentBody, SentRequest,
};
use crate::record::forward::Origin;
use crate::record::spool::{BodyFacts, SpoolFolder, SpooledBody};

/// The version of the format. Of earlier ones [`WITHOUT_WAIT`], [`HELD_BODIES`] and [`WITHOUT_HEAD`] are read.
const VERSION: u8 = 4;

/// The version that does not say what comes before the head, and how it is written.
const WITHOUT_HEAD: u8 = 3;

/// The version whose bodies are all held.
const HELD_BODIES: u8 = 2;

/// The version that does not say how long an answer's head took either.
const WITHOUT_WAIT: u8 = 1;

/// The kinds of a request's body.
const WHOLE: u8 = 0;
const DIGEST: u8 = 1;

/// The kinds of an answer's body.
const HELD: u8 = 0;
const FILE: u8 = 1;

/// Appends an exchange to `out`.
///
/// # Errors
/// When its body is a file that cannot be written.
pub(in crate::record) fn encode(
    sent: &SentRequest,
    answer: &ReceivedAnswer,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    out.put_u8(VERSION);
    put(out, sent.method.as_str().as_bytes());
    // A target behind an origin is an absolute URL.
    let origin = sent.origin.as_ref().map(Origin::url).unwrap_or_default();
    put(out, [origin.as_str(), &sent.target].concat().as_bytes());
    put_fields(out, &sent.headers);
    match sent.body.content() {
        SentBody::Whole(bytes) => {
            out.put_u8(WHOLE);
            put(out, &bytes);
        }
        SentBody::Digest(BodyDigest { sha256, length }) => {
            out.put_u8(DIGEST);
            out.put_slice(&sha256);
            out.put_u64_le(length);
        }
    }
    out.put_u16_le(answer.status.as_u16());
    put_fields(out, &answer.headers);
    out.put_u8(u8::from(answer.reason.is_some()));
    put(out, answer.reason.as_deref().unwrap_or_default());
    out.put_u8(u8::from(answer.trailers.is_some()));
    put_fields(out, answer.trailers.as_ref().unwrap_or(&HeaderMap::new()));
    out.put_u8(match answer.end {
        End::Whole => 0,
        End::ByClient => 1,
        End::Broken => 2,
    });
    put_time(out, answer.waited);
    put_length(out, answer.informational.len());
    for informational in &answer.informational {
        out.put_u16_le(informational.status.as_u16());
        put_fields(out, &informational.headers);
    }
    put(out, answer.layout.as_ref().map_or("", HeadLayout::text).as_bytes());
    match &answer.body {
        ArrivedBody::Held(whole, parts) => {
            out.put_u8(HELD);
            put_length(out, parts.len());
            for part in parts {
                put_time(out, part.at);
                put_length(out, part.bytes.len());
            }
            put(out, whole);
        }
        ArrivedBody::File(file) => {
            let BodyFacts { digest, is_text } = file.facts()?;
            out.put_u8(FILE);
            put(out, file.name().as_bytes());
            out.put_slice(&digest.sha256);
            out.put_u64_le(digest.length);
            out.put_u8(u8::from(is_text));
        }
    }
    Ok(())
}

/// Reads an exchange, which does not know its links; nothing where the bytes are not one. `folder` has the files of
/// large bodies.
pub(in crate::record) fn decode(
    bytes: Bytes,
    folder: &SpoolFolder,
) -> Option<(SentRequest, ReceivedAnswer)> {
    let mut from = bytes;
    let (version, sent) = take_request(&mut from)?;
    let answer = take_answer(&mut from, version, folder)?;
    from.is_empty().then_some((sent, answer))
}

/// Reads the request of an exchange.
pub(in crate::record) fn decode_request(mut bytes: Bytes) -> Option<SentRequest> {
    take_request(&mut bytes).map(|(_, sent)| sent)
}

/// The version of an exchange, and its request.
fn take_request(from: &mut Bytes) -> Option<(u8, SentRequest)> {
    let version = from.try_get_u8().ok()?;
    if ![VERSION, WITHOUT_HEAD, HELD_BODIES, WITHOUT_WAIT].contains(&version) {
        return None;
    }
    let method = Method::from_bytes(&take(from)?).ok()?;
    let url = String::from_utf8(take(from)?.into()).ok()?;
    let origin = if url.starts_with('/') { None } else { Origin::parse(&url) };
    let target = match &origin {
        Some(origin) => url.strip_prefix(&origin.url())?.to_owned(),
        None => url,
    };
    let headers = take_fields(from)?;
    let body = match from.try_get_u8().ok()? {
        WHOLE => SentBody::Whole(take(from)?),
        DIGEST => SentBody::Digest(take_digest(from)?),
        _ => return None,
    };
    let body = BodyCopy::finished(body);
    Some((version, SentRequest { method, origin, target, headers, body, links: None }))
}

fn take_answer(from: &mut Bytes, version: u8, folder: &SpoolFolder) -> Option<ReceivedAnswer> {
    let status = StatusCode::from_u16(from.try_get_u16_le().ok()?).ok()?;
    let headers = take_fields(from)?;
    let has_reason = from.try_get_u8().ok()? == 1;
    let reason = take(from)?;
    let has_trailers = from.try_get_u8().ok()? == 1;
    let trailers = take_fields(from)?;
    let end = match from.try_get_u8().ok()? {
        0 => End::Whole,
        1 => End::ByClient,
        2 => End::Broken,
        _ => return None,
    };
    let waited = match version {
        WITHOUT_WAIT => Duration::ZERO,
        _ => Duration::from_micros(from.try_get_u64_le().ok()?),
    };
    let (informational, layout) =
        if version == VERSION { take_head(from)? } else { (Vec::new(), None) };
    let kind = if version <= HELD_BODIES { HELD } else { from.try_get_u8().ok()? };
    let body = match kind {
        HELD => take_held(from)?,
        FILE => {
            let name = String::from_utf8(take(from)?.into()).ok()?;
            let digest = take_digest(from)?;
            let is_text = from.try_get_u8().ok()? == 1;
            // A name leads to no other folder.
            let is_plain = !name.contains(['/', '\\']) && name.starts_with(".body-");
            let facts = BodyFacts { digest, is_text };
            is_plain.then(|| ArrivedBody::File(SpooledBody::restore(folder, name, facts)))?
        }
        _ => return None,
    };
    Some(ReceivedAnswer {
        status,
        headers,
        reason: has_reason.then_some(reason),
        informational,
        layout,
        waited,
        body,
        trailers: has_trailers.then_some(trailers),
        end,
    })
}

/// The informational answers before the head, and its layout.
fn take_head(from: &mut Bytes) -> Option<(Vec<Informational>, Option<HeadLayout>)> {
    let count = take_length(from).filter(|count| *count <= Informational::MOST)?;
    let mut informational = Vec::with_capacity(count);
    for _ in 0..count {
        let status = StatusCode::from_u16(from.try_get_u16_le().ok()?).ok()?;
        informational.push(Informational::with(status, take_fields(from)?)?);
    }
    let layout = String::from_utf8(take(from)?.into()).ok()?;
    Some((informational, HeadLayout::read(&layout)))
}

/// A body that was held, with its parts.
fn take_held(from: &mut Bytes) -> Option<ArrivedBody> {
    let count = take_length(from)?;
    let mut lengths = Vec::new();
    for _ in 0..count {
        let at = Duration::from_micros(from.try_get_u64_le().ok()?);
        lengths.push((at, take_length(from)?));
    }
    let whole = take(from)?;
    let mut rest = whole.clone();
    let mut parts = Vec::with_capacity(lengths.len());
    for (at, length) in lengths {
        if length > rest.len() {
            return None;
        }
        parts.push(Chunk { at, bytes: rest.split_to(length) });
    }
    rest.is_empty().then(|| ArrivedBody::Held(whole, parts))
}

fn take_digest(from: &mut Bytes) -> Option<BodyDigest> {
    let mut sha256 = [0; 32];
    from.try_copy_to_slice(&mut sha256).ok()?;
    Some(BodyDigest { sha256, length: from.try_get_u64_le().ok()? })
}

fn put_time(out: &mut Vec<u8>, time: Duration) {
    out.put_u64_le(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    // No field is longer: bodies are bounded.
    out.put_u32_le(u32::try_from(length).unwrap_or(u32::MAX));
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    put_length(out, bytes.len());
    out.put_slice(bytes);
}

fn put_fields(out: &mut Vec<u8>, headers: &HeaderMap) {
    put_length(out, headers.len());
    for (name, value) in headers {
        put(out, name.as_str().as_bytes());
        put(out, value.as_bytes());
    }
}

fn take_length(from: &mut Bytes) -> Option<usize> {
    usize::try_from(from.try_get_u32_le().ok()?).ok()
}

fn take(from: &mut Bytes) -> Option<Bytes> {
    let length = take_length(from)?;
    (length <= from.len()).then(|| from.split_to(length))
}

fn take_fields(from: &mut Bytes) -> Option<HeaderMap> {
    let count = take_length(from)?;
    let mut headers = HeaderMap::new();
    for _ in 0..count {
        let name = HeaderName::from_bytes(&take(from)?).ok()?;
        headers.try_append(name, HeaderValue::from_maybe_shared(take(from)?).ok()?).ok()?;
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::record::exchange::Arrivals;

    fn exchange(body: SentBody) -> (SentRequest, ReceivedAnswer) {
        let fields = |list: &[(&'static str, &[u8])]| {
            let mut headers = HeaderMap::new();
            for (name, value) in list {
                headers.append(*name, HeaderValue::from_bytes(value).unwrap());
            }
            headers
        };
        let sent = SentRequest {
            method: Method::from_bytes(b"PROPFIND").unwrap(),
            origin: None,
            target: "/a?b=\u{e9}".to_owned(),
            headers: fields(&[("x-a", b"1"), ("x-a", b"\xff2")]),
            body: BodyCopy::finished(body),
            links: None,
        };
        let mut arrivals = Arrivals::default();
        arrivals.push(Duration::from_millis(3), b"one", 9).unwrap();
        arrivals.push(Duration::from_millis(90), b"two", 9).unwrap();
        let answer = ReceivedAnswer {
            status: StatusCode::IM_A_TEAPOT,
            headers: fields(&[("set-cookie", b"a"), ("set-cookie", b"b")]),
            reason: Some(Bytes::from_static(b"Short")),
            informational: vec![Informational::of(103).unwrap()],
            layout: HeadLayout::read("Server, X-A"),
            waited: Duration::from_millis(750),
            body: arrivals.finish(None),
            trailers: Some(fields(&[("grpc-status", b"0")])),
            end: End::ByClient,
        };
        (sent, answer)
    }

    #[test]
    fn an_exchange_comes_back_whole() {
        for body in [
            SentBody::Whole(Bytes::from_static(b"\0body")),
            SentBody::Digest(BodyDigest { sha256: [3; 32], length: 1 << 40 }),
        ] {
            let (sent, answer) = exchange(body.clone());
            let mut bytes = Vec::new();
            encode(&sent, &answer, &mut bytes).unwrap();
            let decode =
                |bytes| decode(bytes, &SpoolFolder::new(Path::new("none"), &Arc::default()));
            let (again, read) = decode(Bytes::from(bytes.clone())).unwrap();
            assert_eq!((&again.method, &again.target), (&sent.method, &sent.target));
            assert_eq!((&again.headers, again.body.content()), (&sent.headers, body));
            assert_eq!((read.status, &read.headers), (answer.status, &answer.headers));
            assert_eq!((&read.reason, &read.trailers), (&answer.reason, &answer.trailers));
            assert_eq!((read.end, read.waited), (answer.end, answer.waited));
            assert_eq!(read.informational, answer.informational);
            assert_eq!(read.layout, answer.layout);
            let held = |body| match body {
                ArrivedBody::Held(whole, parts) => (whole, parts),
                ArrivedBody::File(_) => panic!("it is small"),
            };
            assert_eq!(held(read.body), held(answer.body));
            for length in 0..bytes.len() {
                assert!(decode(Bytes::copy_from_slice(&bytes[..length])).is_none(), "{length}");
            }
        }
    }

    proptest! {
        #[test]
        fn bytes_that_are_no_exchange_are_refused(
            at in 0_usize..300,
            by in 1_u8..255,
            noise in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let (sent, answer) = exchange(SentBody::Whole(Bytes::from_static(b"body")));
            let mut bytes = Vec::new();
            encode(&sent, &answer, &mut bytes).unwrap();
            let decode = |bytes| decode(bytes, &SpoolFolder::new(Path::new("none"), &Arc::default()));
            let at = at % bytes.len();
            bytes[at] ^= by;
            // Whatever they are, nothing panics and little is allocated.
            let _ = decode(Bytes::from(bytes));
            let _ = decode(Bytes::from(noise));
        }
    }
}
