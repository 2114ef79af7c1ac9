//! Reason phrases as Jetty writes them, under which `WireMock` runs (`org.eclipse.jetty.http.HttpStatus`).

use bytes::Bytes;
use http::StatusCode;

/// Returns the phrase of a status if it differs from hyper's.
pub(super) fn of(status: StatusCode) -> Option<Bytes> {
    let own = match status.as_u16() {
        203 => "Non Authoritative Information",
        418 => "I'm a Teapot",
        420 => "Enhance your Calm",
        451 => "Unavailable for Legal Reason",
        500 => "Server Error",
        code @ (208 | 226 | 425 | 506) => return Some(code.to_string().into()),
        _ if status.canonical_reason().is_some() => return None,
        code => return Some(code.to_string().into()),
    };
    Some(Bytes::from_static(own.as_bytes()))
}

/// Returns whether the default phrase of a status differs from hyper's.
pub(crate) fn has_own_reason(status: StatusCode) -> bool {
    of(status).is_some()
}

/// Returns the bytes of a stub's `statusMessage`: Latin-1, with `?` for other characters.
pub(super) fn written(message: &str) -> Bytes {
    let allowed = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    let byte = |c| u8::try_from(c).ok().filter(allowed).unwrap_or(b'?');
    message.chars().map(byte).collect()
}
