//! What operators look at: one value of a request.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde_json::Value;

/// One value of a request, or its absence; parsed as JSON at most once.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    text: Option<Cow<'a, str>>,
    json: OnceCell<Option<Value>>,
}

impl<'a> Subject<'a> {
    /// A header, parameter or cookie.
    pub(crate) fn new(text: Option<&'a str>) -> Self {
        Self { text: text.map(Cow::Borrowed), json: OnceCell::new() }
    }

    /// A body: an empty one counts as absent, bytes that are not UTF-8 are replaced.
    pub(crate) fn body(bytes: &'a [u8]) -> Self {
        let text = (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes));
        Self { text, json: OnceCell::new() }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    pub(crate) fn json(&self) -> Option<&Value> {
        let parse = || serde_json::from_str(self.text.as_deref()?).ok();
        self.json.get_or_init(parse).as_ref()
    }
}
