//! The words of keys: what tells requests apart that are counted for themselves.

use crate::scenario::words::kind::{Either, OneOrMany};
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{HeaderText, JsonPath, KeyText, Text};
use crate::scenario::words::shape::{Must, Shape, constraint, word};

/// A part of a request, in short or in full.
pub(super) type RequestKey = Either<KeyText, KeyWords<'static>>;

/// Parts of a request that together tell requests apart.
pub(super) type RequestKeys = OneOrMany<RequestKey, 1>;

words! {
    /// A part of a request, in full.
    KeyWords: Shape::new("key", "The part of a request that tells counters apart; requests without it share one.")
        .frame("rules: [{per: {…}, steps: [{times: 1, then: {status: 503}}]}]")
        .constraints(&[constraint(
            Must::ExactlyOne(&["header", "query", "body"]),
            "a key is one part of a request",
            "give it one of {words}; a list of keys has several parts",
        )]);
    header: HeaderText = word("header", "A header field.").example("header: X-Request-Id"),
    query: Text = word("query", "A query parameter.").example("query: tenant"),
    body: JsonPath = word("body", "What a JSONPath finds in a JSON body.")
        .example("body: $.metadata.name"),
}
