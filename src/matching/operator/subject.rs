//! What operators look at: one value of a request.

use std::borrow::Cow;
use std::cell::OnceCell;

use jiff::Timestamp;
use serde_json::Value;

use crate::java::json::{Json, Reader};

/// One value of a request, or its absence; each way of reading it is taken once at most.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    text: Option<Cow<'a, str>>,
    /// What a body consists of; nothing for other values.
    bytes: Cow<'a, [u8]>,
    /// The time that `now` is in patterns of dates, where the request has one.
    now: Option<Timestamp>,
    json: OnceCell<Option<Value>>,
    exact: OnceCell<Option<Json>>,
    permissive: OnceCell<Option<Json>>,
}

impl<'a> Subject<'a> {
    /// A header, parameter or cookie.
    pub(crate) fn new(text: Option<&'a str>) -> Self {
        Self::of(Cow::Borrowed(&[]), text.map(Cow::Borrowed))
    }

    /// A body in UTF-8: an empty one counts as absent, bytes that are not UTF-8 are replaced.
    #[allow(dead_code, reason = "tests use it")]
    pub(crate) fn body(bytes: &'a [u8]) -> Self {
        Self::decoded(Cow::Borrowed(bytes), String::from_utf8_lossy(bytes))
    }

    /// A body with its text: an empty one counts as absent.
    pub(crate) fn decoded(bytes: Cow<'a, [u8]>, text: Cow<'a, str>) -> Self {
        let text = (!bytes.is_empty()).then_some(text);
        Self::of(bytes, text)
    }

    /// The content of a part: an empty one is there.
    #[allow(dead_code, reason = "parts use it")]
    pub(crate) fn content(bytes: &'a [u8], text: &'a str) -> Self {
        Self::of(Cow::Borrowed(bytes), Some(Cow::Borrowed(text)))
    }

    fn of(bytes: Cow<'a, [u8]>, text: Option<Cow<'a, str>>) -> Self {
        Self {
            text,
            bytes,
            now: None,
            json: OnceCell::new(),
            exact: OnceCell::new(),
            permissive: OnceCell::new(),
        }
    }

    /// The same value at a time.
    #[allow(dead_code, reason = "the clock of a world gives it")]
    pub(crate) fn at(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// The time that `now` is; that of the system where none was given.
    pub(super) fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The bytes of a body.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn json(&self) -> Option<&Value> {
        let parse = || serde_json::from_str(self.text.as_deref()?).ok();
        self.json.get_or_init(parse).as_ref()
    }

    /// The text as JSON, with exact numbers, as Jackson reads it.
    pub(super) fn exact(&self) -> Option<&Json> {
        let parse = || Json::read(self.text.as_deref()?, Reader::Jackson).ok();
        self.exact.get_or_init(parse).as_ref()
    }

    /// The text as JSON, as json-smart reads it: nearly every text is some value.
    pub(super) fn permissive(&self) -> Option<&Json> {
        let parse = || Json::read(self.text.as_deref()?, Reader::Smart).ok();
        self.permissive.get_or_init(parse).as_ref()
    }
}
