//! The subject of operators: one value of a request.

use std::borrow::Cow;
use std::cell::OnceCell;

use jiff::Timestamp;
use serde_json::Value;

use crate::java::json::{Json, Reader};
use crate::message::{Asked, LazyJson};

/// One value of a request, or its absence; it is parsed at most once in each format.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    text: Option<Cow<'a, str>>,
    /// The bytes of a body; `None` for other values.
    bytes: &'a [u8],
    /// The time of `now` in date patterns, if one was given.
    now: Option<Timestamp>,
    parsed: Parsed<'a>,
    exact: OnceCell<Option<Json>>,
    permissive: OnceCell<Option<Json>>,
}

/// Where the parsed form of a value is cached.
#[derive(Debug)]
enum Parsed<'a> {
    Own(LazyJson),
    /// In the request, whose body is compared with many patterns.
    OfRequest(&'a LazyJson),
}

impl<'a> Subject<'a> {
    /// Creates a subject from a header, parameter or cookie.
    pub(crate) fn new(text: Option<&'a str>) -> Self {
        Self::of(&[], text.map(Cow::Borrowed), Parsed::Own(LazyJson::default()))
    }

    /// Creates a subject from a body in UTF-8: an empty body counts as absent, bytes that are not
    /// UTF-8 are replaced.
    #[cfg(test)]
    pub(crate) fn body(bytes: &'a [u8]) -> Self {
        let text = (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes));
        Self::of(bytes, text, Parsed::Own(LazyJson::default()))
    }

    /// Returns the body of a request, once it has been read: an empty one counts as absent.
    pub(crate) fn of_body(asked: &'a Asked<'_>) -> Option<Self> {
        let bytes = asked.body()?;
        let text = asked.text().map(Cow::Borrowed);
        Some(Self::of(bytes, text, Parsed::OfRequest(asked.lazy_json())).at(asked.now()))
    }

    /// Creates a subject from the content of a part: empty content is present.
    pub(crate) fn content(bytes: &'a [u8], text: &'a str) -> Self {
        Self::of(bytes, Some(Cow::Borrowed(text)), Parsed::Own(LazyJson::default()))
    }

    fn of(bytes: &'a [u8], text: Option<Cow<'a, str>>, parsed: Parsed<'a>) -> Self {
        let (exact, permissive) = (OnceCell::new(), OnceCell::new());
        Self { text, bytes, now: None, parsed, exact, permissive }
    }

    /// Sets the time of `now`.
    pub(crate) fn at(mut self, now: Option<Timestamp>) -> Self {
        self.now = now;
        self
    }

    /// Returns the time of `now`; the system time if none was given.
    pub(super) fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    /// Returns the time that was given.
    pub(super) fn given_time(&self) -> Option<Timestamp> {
        self.now
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Returns the bytes of a body.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes
    }

    pub(crate) fn json(&self) -> Option<&Value> {
        let json = match &self.parsed {
            Parsed::Own(json) => json,
            Parsed::OfRequest(json) => json,
        };
        json.of(self.text()?)
    }

    /// Returns the text as JSON, with exact numbers, as Jackson reads it.
    pub(in crate::matching) fn exact(&self) -> Option<&Json> {
        let parse = || Json::read(self.text.as_deref()?, Reader::Jackson).ok();
        self.exact.get_or_init(parse).as_ref()
    }

    /// Returns the text as JSON, as json-smart reads it: nearly every text is some value.
    pub(super) fn permissive(&self) -> Option<&Json> {
        let parse = || Json::read(self.text.as_deref()?, Reader::Smart).ok();
        self.permissive.get_or_init(parse).as_ref()
    }
}
