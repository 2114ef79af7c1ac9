//! The journal's encoding of header fields: names and values in one byte string, each after its
//! length.

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

/// Returns how many bytes a header field takes: name and value, each after its length.
pub(super) fn field_len(name: &HeaderName, value: &HeaderValue) -> usize {
    8 + name.as_str().len() + value.len()
}

/// Appends fields to a text.
pub(super) fn write_fields(headers: &HeaderMap, text: &mut Vec<u8>) {
    let size = |length: usize| u32::try_from(length).unwrap_or(0).to_le_bytes();
    for (name, value) in headers {
        for part in [name.as_str().as_bytes(), value.as_bytes()] {
            text.extend_from_slice(&size(part.len()));
            text.extend_from_slice(part);
        }
    }
}

/// Reads what [`write_fields`] wrote.
pub(super) fn read_fields(mut text: &[u8]) -> HeaderMap {
    let mut part = || {
        let (length, after) = text.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (part, after) = after.split_at_checked(length)?;
        text = after;
        Some(part)
    };
    let mut headers = HeaderMap::new();
    while let (Some(name), Some(value)) = (part(), part()) {
        // Both were a header field before.
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    headers
}
