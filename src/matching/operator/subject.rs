//! What operators look at: one value of a request.

use std::borrow::Cow;

use serde_json::Value;

use crate::message::{Asked, LazyJson};

/// One value of a request, or its absence; parsed as JSON at most once.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    text: Option<Cow<'a, str>>,
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
        Self { text: text.map(Cow::Borrowed), json: Json::Own(LazyJson::default()) }
    }

    /// The body of a request, once it has been read: an empty one counts as absent.
    pub(crate) fn of_body(asked: &'a Asked<'_>) -> Option<Self> {
        asked.body()?;
        let text = asked.text().map(Cow::Borrowed);
        Some(Self { text, json: Json::OfRequest(asked.lazy_json()) })
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    pub(crate) fn json(&self) -> Option<&Value> {
        let json = match &self.json {
            Json::Own(json) => json,
            Json::OfRequest(json) => json,
        };
        json.of(self.text()?)
    }
}
