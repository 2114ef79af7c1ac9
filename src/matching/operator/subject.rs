//! What operators look at: one value of a request.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde_json::Value;

/// One value of a request, or its absence; parsed as JSON at most once.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    text: Option<Cow<'a, str>>,
    /// What a body consists of; nothing for other values.
    bytes: Cow<'a, [u8]>,
    json: OnceCell<Option<Value>>,
}

impl<'a> Subject<'a> {
    /// A header, parameter or cookie.
    pub(crate) fn new(text: Option<&'a str>) -> Self {
        let bytes = Cow::Borrowed(&[][..]);
        Self { text: text.map(Cow::Borrowed), bytes, json: OnceCell::new() }
    }

    /// A body in UTF-8: an empty one counts as absent, bytes that are not UTF-8 are replaced.
    #[cfg(test)]
    pub(crate) fn body(bytes: &'a [u8]) -> Self {
        Self::decoded(Cow::Borrowed(bytes), String::from_utf8_lossy(bytes))
    }

    /// A body with its text: an empty one counts as absent.
    pub(crate) fn decoded(bytes: Cow<'a, [u8]>, text: Cow<'a, str>) -> Self {
        let text = (!bytes.is_empty()).then_some(text);
        Self { text, bytes, json: OnceCell::new() }
    }

    /// The content of a part: an empty one is there.
    pub(crate) fn content(bytes: &'a [u8], text: &'a str) -> Self {
        Self { text: Some(Cow::Borrowed(text)), bytes: Cow::Borrowed(bytes), json: OnceCell::new() }
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
}
