//! What operators look at: one value of a request.

use std::borrow::Cow;

use serde_json::Value;

use crate::message::{Asked, LazyJson};

/// One value of a request, or its absence; parsed as JSON at most once.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    text: Option<Cow<'a, str>>,
    /// What a body consists of; nothing for other values.
    bytes: &'a [u8],
    json: Json<'a>,
}

/// Where the parsed form of a value is kept.
#[derive(Debug)]
enum Json<'a> {
    Own(LazyJson),
    /// With the request, whose body is compared with many patterns.
    OfRequest(&'a LazyJson),
}

impl<'a> Subject<'a> {
    /// A header, parameter or cookie.
    pub(crate) fn new(text: Option<&'a str>) -> Self {
        Self { text: text.map(Cow::Borrowed), bytes: &[], json: Json::Own(LazyJson::default()) }
    }

    /// A body in UTF-8: an empty one counts as absent, bytes that are not UTF-8 are replaced.
    #[cfg(test)]
    pub(crate) fn body(bytes: &'a [u8]) -> Self {
        let text = (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes));
        Self { text, bytes, json: Json::Own(LazyJson::default()) }
    }

    /// The body of a request, once it has been read: an empty one counts as absent.
    pub(crate) fn of_body(asked: &'a Asked<'_>) -> Option<Self> {
        let bytes = asked.body()?;
        let text = asked.text().map(Cow::Borrowed);
        Some(Self { text, bytes, json: Json::OfRequest(asked.lazy_json()) })
    }

    /// The content of a part: an empty one is there.
    pub(crate) fn content(bytes: &'a [u8], text: &'a str) -> Self {
        Self { text: Some(Cow::Borrowed(text)), bytes, json: Json::Own(LazyJson::default()) }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The bytes of a body.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes
    }

    pub(crate) fn json(&self) -> Option<&Value> {
        let json = match &self.json {
            Json::Own(json) => json,
            Json::OfRequest(json) => json,
        };
        json.of(self.text()?)
    }
}
