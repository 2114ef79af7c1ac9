//! Stubs' answers, gzipped for clients that ask for it: with the conditions of Jetty's `GzipHandler`, under which
//! `WireMock` runs.
//!
//! The journal has the answer as it was made: this comes after it.

use bytes::{BufMut as _, Bytes, BytesMut};
use flate2::Crc;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, StatusCode};

use crate::message::{Body, Origin, Plan};

use super::{compress, media_types};

/// A body with a Content-Length below this goes as it is, in bytes (`GzipHandler.DEFAULT_MIN_GZIP_SIZE`).
const MIN_ANNOUNCED: u64 = 32;

/// A body of at most this many bytes is put into the gzip format uncompressed: setting a compressor up takes longer
/// than all else about such an answer.
const STORED: usize = 512;

/// From this many bytes on a body is compressed on a thread that serves no requests.
const LARGE: usize = 64 << 10;

/// Types that are compressed already, or sent bit by bit; besides them images, sounds and films.
const EXCLUDED: [&str; 7] = [
    "application/brotli",
    "application/compress",
    "application/gzip",
    "application/x-rar-compressed",
    "application/x-xz",
    "application/zip",
    "text/event-stream",
];

/// Whether an answer is sent gzipped.
pub(super) fn is_wanted(method: &Method, request: &HeaderMap, plan: &Plan) -> bool {
    // Most requests end here.
    request.contains_key(header::ACCEPT_ENCODING)
        && !plan.exact
        && matches!(plan.origin, Origin::Stub(_) | Origin::Files)
        && [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method)
        && plan.status.is_success()
        && plan.status != StatusCode::NO_CONTENT
        && takes_gzip(request)
        && !plan.headers.contains_key(header::CONTENT_ENCODING)
        && plan.headers.get(header::CONTENT_TYPE).is_none_or(is_compressible)
        && plan.body.known_len().is_some_and(|length| {
            !plan.headers.contains_key(header::CONTENT_LENGTH) || length >= MIN_ANNOUNCED
        })
        && plan.delivery.effects().is_none_or(|effects| {
            effects.fault.is_none() && effects.schedule.is_none() && !effects.wrong_length
        })
}

/// Gzips an answer for which [`is_wanted`] says so.
pub(super) async fn compress(mut plan: Plan) -> Plan {
    let body = match std::mem::take(&mut plan.body) {
        Body::Bytes(bytes) => bytes,
        Body::Empty => Bytes::new(),
        // Bodies of stubs are whole.
        other => {
            plan.body = other;
            return plan;
        }
    };
    let compressed = if body.len() <= STORED {
        Some(stored(&body))
    } else if body.len() < LARGE {
        compress::gzip(std::slice::from_ref(&body))
    } else {
        let body = body.clone();
        let work = tokio::task::spawn_blocking(move || compress::gzip(&[body]));
        work.await.ok().flatten()
    };
    let Some(compressed) = compressed else {
        plan.body = Body::Bytes(body);
        return plan;
    };
    let headers = &mut plan.headers;
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    if headers.contains_key(header::CONTENT_LENGTH) {
        headers.insert(header::CONTENT_LENGTH, compressed.len().into());
    }
    if let Some(tag) = headers.get(header::ETAG).and_then(marked) {
        headers.insert(header::ETAG, tag);
    }
    plan.body = Body::Bytes(compressed);
    plan
}

/// Whether a client accepts gzip (RFC 9110, section 12.5.3).
fn takes_gzip(request: &HeaderMap) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter();
    let codings = values.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    codings.map(str::trim).any(|coding| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = parameters.trim().strip_prefix("q=").map(|weight| weight.trim().parse());
        let name = name.trim().trim_matches('"');
        name.eq_ignore_ascii_case("gzip") && !matches!(weight, Some(Ok(0.0_f32)))
    })
}

fn is_compressible(value: &HeaderValue) -> bool {
    let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
    let media_type = text.split(';').next().unwrap_or_default().trim();
    let is_dense = ["image/", "audio/", "video/"].iter().any(|kind| media_type.starts_with(kind))
        && media_type != "image/svg+xml"
        && media_types::is_known(media_type);
    !is_dense && !EXCLUDED.contains(&media_type)
}

/// The tag of another form of the same content: `"a"` becomes `"a--gzip"`.
fn marked(tag: &HeaderValue) -> Option<HeaderValue> {
    let bytes = tag.as_bytes();
    let (inner, quote) = match bytes.split_last() {
        Some((b'"', inner)) => (inner, &b"\""[..]),
        _ => (bytes, &b""[..]),
    };
    HeaderValue::from_bytes(&[inner, b"--gzip", quote].concat()).ok()
}

/// A short body in the gzip format (RFC 1952), its one block not compressed (RFC 1951, section 3.2.4).
fn stored(body: &[u8]) -> Bytes {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    let mut out = BytesMut::with_capacity(body.len() + 23);
    out.put_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0]);
    // The last block; its length, and the complement of it.
    out.put_u8(1);
    out.put_u16_le(length);
    out.put_u16_le(!length);
    out.put_slice(body);
    let mut crc = Crc::new();
    crc.update(body);
    out.put_u32_le(crc.sum());
    out.put_u32_le(length.into());
    out.freeze()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use uuid::Uuid;

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn plan(status: u16, fields: &[(&'static str, &'static str)], body: &str) -> Plan {
        let status = StatusCode::from_u16(status).unwrap();
        let body = Body::Bytes(body.to_owned().into());
        let stub = Origin::Stub(Uuid::nil());
        Plan { headers: headers(fields), ..Plan::new(status, stub, body) }
    }

    #[test]
    fn clients_ask_for_it() {
        for (accepts, taken) in [
            ("gzip", true),
            ("br, GZIP;q=0.1", true),
            ("gzip ;q=1", true),
            ("gzip;q=0", false),
            ("gzip;q=0.0", false),
            ("*", false),
            ("x-gzip", false),
            ("deflate", false),
        ] {
            let request = headers(&[("accept-encoding", accepts)]);
            let answer = plan(200, &[], "text");
            assert_eq!(is_wanted(&Method::GET, &request, &answer), taken, "{accepts}");
            assert!(!is_wanted(&Method::HEAD, &request, &answer));
        }
    }

    #[test]
    fn not_every_answer_is_compressed() {
        let request = headers(&[("accept-encoding", "gzip")]);
        let long = "x".repeat(32);
        for (status, fields, body, wanted) in [
            (404, &[][..], "text", false),
            (204, &[], "", false),
            (299, &[], "", true),
            (200, &[("content-encoding", "identity")], "text", false),
            (200, &[("content-length", "4")], "text", false),
            (200, &[("content-length", "32")], &*long, true),
            (200, &[("content-type", "image/png;q=1")], "text", false),
            (200, &[("content-type", "image/svg+xml")], "text", true),
            (200, &[("content-type", "audio/unknown")], "text", true),
            (200, &[("content-type", "TEXT/event-stream")], "text", false),
            (200, &[("content-type", "application/octet-stream")], "text", true),
        ] {
            let answer = plan(status, fields, body);
            assert_eq!(is_wanted(&Method::PUT, &request, &answer), wanted, "{status} {fields:?}");
        }
    }

    #[tokio::test]
    async fn what_is_sent_reads_back() {
        for size in [0, 1, STORED, STORED + 1, LARGE, 300_000] {
            let body = "0123456789".repeat(size / 10 + 1)[..size].to_owned();
            let fields = [("etag", "W/\"a\""), ("content-length", "1")];
            let sent = compress(plan(200, &fields, &body)).await;
            let Body::Bytes(bytes) = &sent.body else { panic!("{size}") };
            let mut read = String::new();
            flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut read).unwrap();
            assert_eq!(read, body);
            assert_eq!(sent.headers["etag"], "W/\"a--gzip\"");
            assert_eq!(sent.headers["content-length"], bytes.len().to_string());
        }
    }
}
