//! What comes before the head of an answer, and how the head is written.

use http::HeaderMap;
use http::header::DATE;
use serde_json::{Value, json};

use crate::message::{HeadLayout, Informational};

use super::super::clean::Clean;
use super::fields;

/// The parts of an answer's head that its response does not say, for the mapping's metadata.
#[derive(Debug, Default)]
pub(in crate::record) struct RecordedHead {
    /// The informational answers before it, each with its status and header fields.
    pub(in crate::record) informational: Vec<Value>,
    /// The names of its fields in their case and order, where that is not the one in which they are recorded.
    pub(in crate::record) layout: Option<String>,
}

impl RecordedHead {
    pub(super) fn of(
        informational: &[Informational],
        layout: Option<&HeadLayout>,
        headers: &HeaderMap,
        clean: &Clean<'_>,
    ) -> Self {
        let one = |one: &Informational| {
            let mut written = json!({"status": one.status.as_u16()});
            if !one.headers.is_empty() {
                written["headers"] = json!(fields(&one.headers, clean));
            }
            written
        };
        let informational = informational.iter().map(one).collect();
        Self { informational, layout: layout_of(layout, headers) }
    }
}

/// The layout of a head; nothing where it goes out so without one: in lower case, by name, with the date last.
fn layout_of(layout: Option<&HeadLayout>, headers: &HeaderMap) -> Option<String> {
    let names: Vec<&str> = match layout {
        Some(layout) => layout.names().collect(),
        None => headers.keys().map(http::HeaderName::as_str).collect(),
    };
    let mut usual: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    usual.sort_by_key(|name| (name == DATE.as_str(), name.clone()));
    let is_usual = names.iter().zip(&usual).all(|(name, usual)| name == usual);
    (!is_usual).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_layout_is_not_written() {
        let none = HeaderMap::new();
        for (text, written) in [
            ("content-type, etag, date", false),
            ("date, etag", true),
            ("ETag", true),
            ("set-cookie, set-cookie", false),
            ("b, a", true),
        ] {
            let layout = HeadLayout::read(text);
            assert_eq!(layout_of(layout.as_ref(), &none).is_some(), written, "{text}");
        }
        let mut headers = HeaderMap::new();
        headers.insert("b", http::HeaderValue::from_static("1"));
        headers.insert("a", http::HeaderValue::from_static("1"));
        assert_eq!(layout_of(None, &headers).as_deref(), Some("b, a"));
    }
}
