//! Does the damage that rules ask for to an answer.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::HeaderName;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};

use crate::message::{
    Body, Damage, Delivery, Effects, Informational, Pace, Plan, RequestBody, SlowHead,
    WrongCharset, WrongLength,
};

/// The most bytes that pad a head.
const MAX_PADDING: u64 = 1 << 20;
/// How long the value of a padding field is.
const FIELD: usize = 1024;
/// How many bytes more than there are a long Content-Length announces.
const TOO_MANY: u64 = 100;

/// Damages an answer.
pub(super) fn apply(plan: &mut Plan, damage: &Damage) {
    if damage.charset == Some(WrongCharset::Wrong) {
        let kind = plan.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or("text/plain");
        if let Ok(value) = HeaderValue::try_from(format!("{}; charset=utf-16", kind.trim())) {
            plan.headers.insert(CONTENT_TYPE, value);
        }
    }
    let changes_body = damage.charset == Some(WrongCharset::Mixed)
        || damage.repeat.is_some()
        || damage.corrupt.is_some()
        || damage.gzip.is_some();
    if changes_body && let Some(bytes) = take_bytes(&mut plan.body) {
        let bytes = changed(&bytes, damage);
        if plan.headers.contains_key(CONTENT_LENGTH) {
            plan.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        }
        #[cfg(feature = "gzip")]
        if damage.gzip.is_some() {
            let gzip = HeaderValue::from_static("gzip");
            plan.headers.insert(http::header::CONTENT_ENCODING, gzip);
        }
        plan.body = Body::Bytes(bytes);
    } else if let (Body::Stream(_), Some((share, seed))) = (&plan.body, damage.corrupt) {
        let Body::Stream(stream) = std::mem::take(&mut plan.body) else { return };
        let mut at = 0;
        plan.body = Body::Stream(Box::pin(stream.map(move |item| {
            let mut bytes = BytesMut::from(&item?[..]);
            corrupt(&mut bytes, share, seed, at);
            at += bytes.len() as u64;
            Ok(bytes.freeze())
        })));
    }
    pad(plan, damage.padding.unwrap_or_default().min(MAX_PADDING));
    let mut effects = Effects::default();
    if let (Some(wrong), Some(length)) = (damage.length, plan.body.known_len()) {
        let length = match wrong {
            WrongLength::Short => length / 2,
            WrongLength::Long => length + TOO_MANY,
        };
        plan.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        effects.wrong_length = true;
    }
    if !damage.informational.is_empty() || damage.head_pace.is_some() {
        let codes = damage.informational.iter().copied();
        let (informational, pace) =
            (codes.filter_map(Informational::of).collect(), damage.head_pace);
        effects.head = Some(Arc::new(SlowHead { informational, pace }));
    }
    plan.delivery = Delivery::over(std::mem::take(&mut plan.delivery), effects.into());
}

/// The bytes of a body that is known whole.
fn take_bytes(body: &mut Body) -> Option<Bytes> {
    match std::mem::take(body) {
        Body::Bytes(bytes) => Some(bytes),
        Body::Pieces(pieces) => Some(pieces.concat().into()),
        other => {
            *body = other;
            None
        }
    }
}

fn changed(bytes: &[u8], damage: &Damage) -> Bytes {
    let mut all = bytes.to_vec();
    if damage.charset == Some(WrongCharset::Mixed) {
        mix_charsets(&mut all);
    }
    #[cfg(feature = "gzip")]
    if let Some(broken) = damage.gzip {
        all = broken_gzip(&all, broken);
    }
    if let Some(repeat) = damage.repeat {
        let first = all.len().min(usize::try_from(repeat).unwrap_or(usize::MAX));
        all = [&all[..first], &all[..]].concat();
    }
    if let Some((share, seed)) = damage.corrupt {
        corrupt(&mut all, share, seed, 0);
        if all == bytes && !all.is_empty() {
            let middle = all.len() / 2;
            all[middle] ^= 1;
        }
    }
    all.into()
}

/// Flips a bit of a share of the bytes; `before` bytes of the body came before these.
fn corrupt(bytes: &mut [u8], share: f64, seed: u64, before: u64) {
    for (at, byte) in bytes.iter_mut().enumerate() {
        let drawn = mixed(seed ^ (before + at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
        let fraction = (drawn >> 32) as f64 / f64::from(u32::MAX);
        if fraction < share {
            *byte ^= 1 << (drawn & 7);
        }
    }
}

/// The finalizer of splitmix64: each bit of the number decides about each bit of the result.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Puts the second half of a text into ISO-8859-1; where that changes nothing, adds a byte that UTF-8 does not have
/// there.
fn mix_charsets(bytes: &mut Vec<u8>) {
    let middle = bytes.len() / 2;
    let text = String::from_utf8_lossy(&bytes[middle..]).into_owned();
    let latin: Vec<u8> = text.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
    if latin == bytes[middle..] {
        bytes.insert(middle, 0xe4);
    } else {
        bytes.truncate(middle);
        bytes.extend(latin);
    }
}

#[cfg(feature = "gzip")]
fn broken_gzip(bytes: &[u8], broken: crate::message::BrokenGzip) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    // Memory takes all that is written.
    let _ = encoder.write_all(bytes);
    let mut all = encoder.finish().unwrap_or_default();
    // The last eight bytes are the checksum and the length (RFC 1952, section 2.3.1).
    let trailer = all.len().saturating_sub(8);
    match broken {
        crate::message::BrokenGzip::Truncated => all.truncate(trailer.saturating_sub(4)),
        crate::message::BrokenGzip::Checksum => all[trailer] ^= 0xff,
    }
    all
}

/// Adds fields that make the head larger.
fn pad(plan: &mut Plan, bytes: u64) {
    let mut left = usize::try_from(bytes).unwrap_or_default();
    let mut number = 1;
    while left > 0 {
        let length = left.min(FIELD);
        let name = HeaderName::try_from(format!("x-standin-padding-{number}"));
        let value = HeaderValue::try_from("x".repeat(length));
        if let (Ok(name), Ok(value)) = (name, value) {
            plan.headers.insert(name, value);
        }
        left -= length;
        number += 1;
    }
}

/// Reads a request's body at a pace from now on: what is not read gets no window over HTTP/2.
pub(super) fn read_slowly(body: &RequestBody, pace: Pace) {
    let Pace::Chunks { size, every } = pace else { return };
    body.wrap(move |stream| {
        Box::pin(stream.then(move |item| async move {
            if let Ok(bytes) = &item {
                let chunks = bytes.len().div_ceil(size.max(1));
                let time = every.saturating_mul(u32::try_from(chunks).unwrap_or(u32::MAX));
                tokio::time::sleep(time).await;
            }
            item
        }))
    });
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::message::Origin;

    fn damaged(damage: &Damage, body: &'static [u8]) -> Plan {
        let mut plan = Plan::new(StatusCode::OK, Origin::Kubernetes, Body::Bytes(body.into()));
        plan.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        apply(&mut plan, damage);
        plan
    }

    fn bytes(plan: Plan) -> Vec<u8> {
        plan.body.into_bytes().unwrap().to_vec()
    }

    #[test]
    fn bodies_are_corrupted_repeatably_and_never_stay_whole() {
        let of = |share, seed| Damage { corrupt: Some((share, seed)), ..Damage::default() };
        let body: &[u8] = &[b'a'; 10_000];
        let wrong = |damage: &Damage| {
            bytes(damaged(damage, body)).iter().filter(|byte| **byte != b'a').count()
        };
        assert!(wrong(&of(0.05, 7)).abs_diff(500) < 120, "{}", wrong(&of(0.05, 7)));
        assert_eq!(bytes(damaged(&of(0.05, 7), body)), bytes(damaged(&of(0.05, 7), body)));
        assert_ne!(bytes(damaged(&of(0.05, 7), body)), bytes(damaged(&of(0.05, 8), body)));
        assert_eq!(wrong(&of(0.0, 7)), 1, "at least one byte");
    }

    #[test]
    fn lengths_charsets_and_heads_are_wrong_as_asked() {
        let repeat = Damage { repeat: Some(3), ..Damage::default() };
        assert_eq!(bytes(damaged(&repeat, b"abcdef")), b"abcabcdef");
        for (wrong, length) in [(WrongLength::Short, "3"), (WrongLength::Long, "106")] {
            let plan = damaged(&Damage { length: Some(wrong), ..Damage::default() }, b"abcdef");
            assert_eq!(plan.headers[CONTENT_LENGTH], length);
            assert!(plan.delivery.effects().unwrap().wrong_length);
        }
        let charset = |charset| Damage { charset: Some(charset), ..Damage::default() };
        let plan = damaged(&charset(WrongCharset::Wrong), b"{}");
        assert_eq!(plan.headers[CONTENT_TYPE], "application/json; charset=utf-16");
        for body in [&b"only ascii"[..], "\u{e4}\u{e4}\u{e4}\u{e4}".as_bytes()] {
            let mixed = bytes(damaged(&charset(WrongCharset::Mixed), body));
            assert!(std::str::from_utf8(&mixed).is_err(), "{mixed:?}");
        }
        let padded = damaged(&Damage { padding: Some(2500), ..Damage::default() }, b"");
        let length = |n: u8| padded.headers[&format!("x-standin-padding-{n}")].len();
        assert_eq!([length(1), length(2), length(3)], [1024, 1024, 452]);
    }

    #[cfg(feature = "gzip")]
    #[test]
    fn compressed_bodies_break_at_their_end() {
        use std::io::Read as _;
        let body: &[u8] = &[b'a'; 10_000];
        for broken in [crate::message::BrokenGzip::Truncated, crate::message::BrokenGzip::Checksum]
        {
            let plan = damaged(&Damage { gzip: Some(broken), ..Damage::default() }, body);
            assert_eq!(plan.headers["content-encoding"], "gzip");
            let all = bytes(plan);
            let mut read = Vec::new();
            let ended = flate2::read::GzDecoder::new(&all[..]).read_to_end(&mut read);
            assert!(ended.is_err() && !read.is_empty(), "{broken:?}: {ended:?}");
        }
    }
}
