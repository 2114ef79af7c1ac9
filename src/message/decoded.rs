//! Request bodies in the form that stubs match: decompressed, and as text in the charset of their
//! type.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// The largest decompressed size, in bytes: a larger body stays compressed.
#[cfg(feature = "gzip")]
const MAX_PLAIN: u64 = 16 << 20;

/// Returns the body without gzip: `WireMock` looks at `Content-Encoding` and at the first bytes, in
/// case the field is missing. A broken or too large body stays as sent.
pub(crate) fn without_gzip<'b>(headers: &HeaderMap, body: &'b [u8]) -> Cow<'b, [u8]> {
    let said = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let is_gzip =
        body.starts_with(&[0x1f, 0x8b]) || said.is_some_and(|coding| coding.contains("gzip"));
    if !is_gzip || body.is_empty() {
        return Cow::Borrowed(body);
    }
    gunzip(body).map_or(Cow::Borrowed(body), Cow::Owned)
}

#[cfg(feature = "gzip")]
fn gunzip(body: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read as _;

    let mut plain = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(body).take(MAX_PLAIN + 1);
    reader.read_to_end(&mut plain).ok()?;
    (plain.len() as u64 <= MAX_PLAIN).then_some(plain)
}

/// Returns a build without decompression compares bodies as they were sent.
#[cfg(not(feature = "gzip"))]
fn gunzip(_: &[u8]) -> Option<Vec<u8>> {
    None
}

/// Returns whether a request's body is a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let named =
        |kind: &str| kind.to_ascii_lowercase().contains("application/x-www-form-urlencoded");
    content_type(headers).is_some_and(named)
}

/// Returns the content type of a request, when it is text.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

/// Bytes as text in the charset that a content type names; UTF-8 where it names none. What cannot be decoded is
/// replaced.
pub(crate) fn text<'b>(content_type: Option<&str>, bytes: &'b [u8]) -> Cow<'b, str> {
    let charset = content_type.and_then(charset).map(str::to_ascii_lowercase);
    match charset.as_deref() {
        Some("iso-8859-1" | "iso8859-1" | "latin1") => {
            Cow::Owned(bytes.iter().copied().map(char::from).collect())
        }
        Some("us-ascii" | "ascii") if !bytes.is_ascii() => {
            let ascii = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { '\u{fffd}' };
            Cow::Owned(bytes.iter().map(ascii).collect())
        }
        Some("utf-16le") => Cow::Owned(utf16(bytes, u16::from_le_bytes)),
        Some("utf-16be") => Cow::Owned(utf16(bytes, u16::from_be_bytes)),
        Some("utf-16") => Cow::Owned(match bytes {
            [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
            _ => utf16(bytes, u16::from_be_bytes),
        }),
        _ => String::from_utf8_lossy(bytes),
    }
}

/// Returns the value of a header field: each byte is a character (ISO 8859-1), as in Jetty.
pub(crate) fn header(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Returns the parameter `charset` of a content type (`C/http/ContentTypeHeader.java`).
fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        (name.trim() == "charset").then(|| value.trim().trim_matches('"'))
    })
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> String {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    let mut text = String::from_utf16_lossy(&units);
    if !rest.is_empty() {
        text.push('\u{fffd}');
    }
    text
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn charsets_decode_as_the_type_says() {
        let table: [(&str, &[u8], &str); 7] = [
            ("text/plain", "é".as_bytes(), "é"),
            ("text/plain; charset=iso-8859-1", b"\xe9", "é"),
            ("text/plain; a=b; charset=\"ISO-8859-1\"", b"\xe9", "é"),
            ("text/plain; charset=us-ascii", b"a\xe9", "a\u{fffd}"),
            ("text/plain; charset=utf-16", b"\xff\xfea\0", "a"),
            ("text/plain; charset=utf-16be", b"\0a\0", "a\u{fffd}"),
            ("text/plain; charset=utf-8", b"\xe9", "\u{fffd}"),
        ];
        for (kind, bytes, decoded) in table {
            assert_eq!(text(Some(kind), bytes), decoded, "{kind}");
        }
    }

    #[test]
    fn bytes_of_a_header_are_characters() {
        assert_eq!(header(b"a\xe9"), "aé");
        assert_eq!(header("é".as_bytes()), "Ã©");
    }

    #[cfg(feature = "gzip")]
    #[test]
    fn gzip_is_known_by_its_field_or_its_first_bytes() {
        use std::io::Write as _;

        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(b"plain").unwrap();
        let packed = encoder.finish().unwrap();
        let mut headers = HeaderMap::new();
        assert_eq!(without_gzip(&headers, &packed), &b"plain"[..]);
        assert_eq!(*without_gzip(&headers, &packed[..8]), packed[..8]);
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(without_gzip(&headers, b"not packed"), &b"not packed"[..]);
        assert_eq!(without_gzip(&headers, b""), &b""[..]);
    }
}
