//! The marks of answers: header fields that name the stub.

use http::header::{HeaderName, HeaderValue};

/// The headers by which clients see which stub answered.
pub(super) const STUB_ID: HeaderName = HeaderName::from_static("matched-stub-id");
pub(super) const STUB_NAME: HeaderName = HeaderName::from_static("matched-stub-name");

/// Header values are ASCII: anything else becomes `?`, as in `WireMock`.
pub(super) fn ascii(name: &str) -> Option<HeaderValue> {
    let ascii = name.replace(|c: char| !c.is_ascii() || c.is_ascii_control(), "?");
    HeaderValue::from_str(&ascii).ok()
}
