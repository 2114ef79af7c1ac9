//! Normalizes exchanges of other tools' files: URLs, header fields and bodies as on the wire.

use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, StatusCode, Uri};

use crate::record::CompleteExchange;
use crate::redact::decoded;

/// An exchange of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ImportedExchange {
    /// The host that was asked, with its port where the URL has one.
    pub(crate) host: String,
    pub(crate) exchange: CompleteExchange,
}

/// A request as files have it.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// An answer as files have it.
#[derive(Default)]
pub(super) struct Answered {
    pub(super) status: u64,
    /// The reason phrase, where the file has one.
    pub(super) reason: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether the body may still be compressed, as `Content-Encoding` says.
    pub(super) coded: bool,
    /// How long the head took.
    pub(super) waited: Duration,
}

/// The longest wait that is taken from a file: a longer one is caused by user interaction or by a
/// suspended machine.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Builds an exchange.
///
/// # Errors
/// Why it cannot be recorded.
pub(super) fn exchange(asked: Asked<'_>, answered: Answered) -> Result<ImportedExchange, String> {
    let Asked { method, url, mut headers, body } = asked;
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes())
        .map_err(|_| format!("{method:?} is not a method"))?;
    let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if !url.starts_with('/') && !matches!(&*scheme, "http" | "https") {
        return Err(format!("{scheme}: URLs are not exchanges of HTTP"));
    }
    let uri: Result<Uri, _> = escaped(url, b"").parse();
    // Some clients send a few of the characters that a URL does not have, and servers see them.
    let uri = uri.or_else(|_| escaped(url, b"\"<>\\^`{|}").parse());
    let uri: Uri = uri.map_err(|error| format!("{url:?} is not a URL: {error}"))?;
    let status = u16::try_from(answered.status).ok();
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.filter(|status| status.as_u16() != 0).ok_or_else(|| {
        format!("{} is not a status: the request was blocked, cancelled or failed", answered.status)
    })?;
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return Err("what follows an upgrade (WebSocket) is not recorded from files".to_owned());
    }
    if method == Method::CONNECT {
        return Err("a tunnel is not an exchange".to_owned());
    }
    let host = uri.authority().map(|authority| authority.as_str().to_owned());
    let host = host.or_else(|| Some(headers.get(HOST)?.to_str().ok()?.to_owned()));
    let host = host.unwrap_or_default().to_ascii_lowercase();
    if let Ok(value) = HeaderValue::from_str(&host) {
        headers.insert(HOST, value);
    }
    let target = uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    for name in [CONNECTION, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(name);
    }
    let waited = answered.waited.min(LONGEST_WAIT);
    let usual = status.canonical_reason();
    let reason = answered.reason.as_ref().filter(|reason| !reason.is_empty());
    let reason = reason.filter(|reason| Some(reason.as_str()) != usual);
    let reason = reason.map(|reason| Bytes::copy_from_slice(reason.as_bytes()));
    let (answer_headers, answer) = plain(answered);
    let scheme = uri.scheme_str().unwrap_or("http");
    let origin = (!host.is_empty()).then(|| format!("{scheme}://{host}"));
    let exchange = CompleteExchange {
        origin,
        method,
        target,
        headers,
        body,
        status,
        reason,
        waited,
        answer_headers,
        answer,
    };
    Ok(ImportedExchange { host, exchange })
}

/// Returns the answer decompressed and without the framing of its connection.
fn plain(answered: Answered) -> (HeaderMap, Bytes) {
    let Answered { mut headers, mut body, coded, .. } = answered;
    for name in [CONNECTION, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    let coding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    // A text is not compressed, whatever the field says: tools keep the field of what they decompress.
    let mut decodes = !coded || std::str::from_utf8(&body).is_ok();
    if let (true, Some(coding)) = (coded, coding)
        && let Some(content) = decoded(coding, &body)
    {
        (body, decodes) = (content.into(), true);
    }
    if decodes {
        headers.remove(CONTENT_ENCODING);
    }
    // The length of an answer without a body (to HEAD) is a field like others. Another one is announced again where the
    // body still has it.
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if !body.is_empty() && announced != Some(body.len()) {
        headers.remove(CONTENT_LENGTH);
    }
    (headers, body)
}

/// Adds a header field as a file has it. Several values in one text are separated by line feeds, as browsers write
/// them; pseudo-header fields of HTTP/2 are left out.
pub(super) fn add_header(headers: &mut HeaderMap, name: &str, text: &str) {
    let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { return };
    for line in text.split('\n') {
        // A file has characters where HTTP has bytes: those of Latin-1, or of UTF-8.
        let latin: Option<Vec<u8>> = line.chars().map(|c| u8::try_from(c).ok()).collect();
        let bytes = latin.unwrap_or_else(|| line.as_bytes().to_vec());
        if let Ok(value) = HeaderValue::from_bytes(bytes.trim_ascii()) {
            headers.append(&name, value);
        }
    }
}

/// Returns a URL without its fragment, and with blanks, bytes beyond ASCII and these bytes escaped.
fn escaped(url: &str, bytes: &[u8]) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        if matches!(byte, 0..=32 | 127..) || bytes.contains(&byte) {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push(char::from(byte));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<'a>(method: &'a str, url: &'a str) -> Asked<'a> {
        Asked { method, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    fn answered(status: u64) -> Answered {
        Answered { status, ..Answered::default() }
    }

    #[test]
    fn urls_are_split() {
        for (url, host, target) in [
            ("http://A.example:81/x?y=1#z", "a.example:81", "/x?y=1"),
            ("https://a.example", "a.example", "/"),
            ("https://a.example/é x", "a.example", "/%C3%A9%20x"),
            ("https://a.example/{x}?a=[1]", "a.example", "/{x}?a=[1]"),
            ("http://a/%7Bx%7D", "a", "/%7Bx%7D"),
            ("/only/a/path", "", "/only/a/path"),
        ] {
            let made = exchange(asked("get", url), answered(200)).unwrap();
            assert_eq!((&*made.host, &*made.exchange.target), (host, target), "{url}");
            assert_eq!(made.exchange.method, Method::GET);
        }
    }

    #[test]
    fn what_is_no_exchange_is_refused() {
        for (method, url, status, why) in [
            ("GET", "data:text/plain,x", 200, "not exchanges"),
            ("GET", "blob:http://a/b", 200, "not exchanges"),
            ("GET", "wss://a/b", 101, "not exchanges"),
            ("GET", "http://a/b", 101, "upgrade"),
            ("GET", "http://a/b", 0, "cancelled"),
            ("GET", "http://a/b", 7000, "not a status"),
            ("CONNECT", "http://a/b", 200, "tunnel"),
            ("G T", "http://a/b", 200, "not a method"),
        ] {
            let error = exchange(asked(method, url), answered(status)).unwrap_err();
            assert!(error.contains(why), "{url}: {error}");
        }
    }

    #[test]
    fn header_fields_are_split_and_have_bytes() {
        let mut headers = HeaderMap::new();
        add_header(&mut headers, "Set-Cookie", "a=1; Path=/\nb=2");
        add_header(&mut headers, ":authority", "a");
        add_header(&mut headers, "X-Latin", "caf\u{e9}");
        add_header(&mut headers, "X-Wide", "日");
        let values: Vec<_> = headers.get_all("set-cookie").iter().collect();
        assert_eq!(values, ["a=1; Path=/", "b=2"]);
        assert_eq!(headers["x-latin"].as_bytes(), b"caf\xe9");
        assert_eq!(headers["x-wide"].as_bytes(), "日".as_bytes());
        assert_eq!(headers.len(), 4);
    }

    #[cfg(feature = "gzip")]
    #[test]
    fn compressed_bodies_become_plain_where_they_can() {
        use std::io::Write as _;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"plain").unwrap();
        let gzip = gzip.finish().unwrap();
        for (coding, body, coded, expected, kept) in [
            ("gzip", &gzip[..], true, &b"plain"[..], false),
            ("gzip", b"plain", false, b"plain", false),
            ("br", b"\xff\x02", true, b"\xff\x02", true),
            ("gzip", b"plain", true, b"plain", false),
            ("gzip", b"\x1f\x8bbroken", true, b"\x1f\x8bbroken", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("9"));
            let body = Bytes::copy_from_slice(body);
            let (headers, body) = plain(Answered { headers, body, coded, ..answered(200) });
            assert_eq!(&body[..], expected, "{coding}");
            assert_eq!(headers.contains_key(CONTENT_ENCODING), kept, "{coding}");
            assert!(!headers.contains_key(CONTENT_LENGTH));
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("5"));
        let body = Bytes::from_static(b"plain");
        let (headers, _) = plain(Answered { headers, body, ..answered(200) });
        assert_eq!(headers[CONTENT_LENGTH], "5");
    }
}
