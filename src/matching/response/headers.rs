//! Header fields of responses: reading them, and rendering them for a request.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue, TRANSFER_ENCODING};

use crate::document::Node;

use super::super::delivery::header_fields;
use super::failure::Failure;
use super::text::{Rendering, Text};

/// Reads header fields with a string or a list of strings each, sorted by name. `WireMock` reads them as a whole
/// (`C/http/HttpHeadersJsonDeserializer.java`): of what is no object there are none.
pub(super) fn read(node: Option<&Node<'_>>, templated: bool) -> Vec<(HeaderName, Text)> {
    let mut headers = Vec::new();
    if let Some(node) = node {
        if !node.value().is_object() {
            node.warn(
                "there are no header fields: this is not an object",
                "write {\"name\": \"value\"}",
            );
            return headers;
        }
        header_fields(&node.whole(), |name, node, text| {
            // The transport sets the framing itself.
            if *name != TRANSFER_ENCODING {
                headers.push((name.clone(), Text::read(node, text, templated)));
            }
        });
    }
    headers
}

/// Renders header fields for a request.
pub(super) fn rendered(
    written: &[(HeaderName, Text)],
    rendering: &mut Rendering<'_, '_>,
) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::with_capacity(written.len() + 2);
    for (name, text) in written {
        headers.append(name, header_value(&text.render(rendering)?));
    }
    Ok(headers)
}

/// Returns a header value in Latin-1. Other characters and line breaks become spaces; control
/// characters cannot be sent at all.
pub(super) fn header_value(text: &str) -> HeaderValue {
    let byte = |c| match u8::try_from(c) {
        Ok(byte @ (b'\t' | b' '..=b'~' | 0x80..)) => byte,
        Ok(b'\r' | b'\n') | Err(_) => b' ',
        Ok(_) => b'?',
    };
    let bytes: Bytes = text.chars().map(byte).collect();
    HeaderValue::from_maybe_shared(bytes).expect("all bytes are those of header values")
}
