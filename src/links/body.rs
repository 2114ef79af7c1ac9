//! Which bodies are searched for links: complete texts, in the backend's encoding.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};

/// Fields with a digest of the bytes: clients that verify it would reject changed bytes.
const DIGESTS: [&str; 7] = [
    "content-md5",
    "digest",
    "content-digest",
    "repr-digest",
    "docker-content-digest",
    "x-goog-hash",
    "x-amz-content-sha256",
];

/// The content codings of which a changed body can be written.
const WRITTEN: [&[u8]; 4] = [b"identity", b"gzip", b"x-gzip", b"deflate"];

/// Returns whether the body of an answer is compressed.
pub(crate) fn is_compressed(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity")
}

/// Returns whether links in the body of an answer are rewritten.
pub(crate) fn is_rewritten(headers: &HeaderMap) -> bool {
    is_text(headers) && kept_because(headers).is_none()
}

/// Returns why the links in the body of an answer stay as they are, for the notes of a recording.
pub(crate) fn kept_because(headers: &HeaderMap) -> Option<&'static str> {
    if headers.contains_key(CONTENT_RANGE) {
        return Some("it is a part of a body");
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| !WRITTEN.contains(&coding.as_bytes())) {
        return Some("its compression can only be read");
    }
    let is_digest = |name: &str| DIGESTS.contains(&name) || name.starts_with("x-amz-checksum-");
    headers.keys().any(|name| is_digest(name.as_str())).then_some("its header has a digest of it")
}

/// Whether a body is of a kind in which links have places of their own: a large one of another kind, such as a log, is
/// taken for one with links only where it begins with some.
#[cfg(feature = "record")]
pub(crate) fn is_structured(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().to_ascii_lowercase();
    ["json", "xml", "html"].iter().any(|word| media.contains(word))
}

/// A body without a type that is looked into, at most so many bytes.
const SMALL: u64 = 64 << 10;

/// The words in the subtypes of texts.
const WORDS: [&str; 9] = [
    "json",
    "xml",
    "javascript",
    "ecmascript",
    "yaml",
    "ndjson",
    "x-www-form-urlencoded",
    "graphql",
    "html",
];

/// Returns whether a body is text by its type. Others may contain lengths that a changed link would
/// invalidate.
fn is_text(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        // Bytes without a type keep their length, unless they are few.
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let is_small = length.is_none_or(|length| length.parse().is_ok_and(|n: u64| n <= SMALL));
        return is_small && !headers.contains_key(CONTENT_TYPE);
    };
    if value == "application/json" {
        return true;
    }
    let media = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (kind, subtype) = media.split_once('/').unwrap_or((&media, ""));
    kind == "text"
        || WORDS.iter().any(|word| subtype.contains(word)) && !subtype.contains("openxml")
}
