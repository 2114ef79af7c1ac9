//! The words of counter keys: the parts of a request by which requests are counted separately.

use crate::scenario::words::kind::{Either, OneOrMany};
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{HeaderText, JsonPath, KeyText, Text};
use crate::scenario::words::shape::{Must, Shape, constraint, word};

/// A part of a request, in short or in full.
pub(super) type RequestKey = Either<KeyText, KeyWords<'static>>;

/// Parts of a request that make up a key.
pub(super) type RequestKeys = OneOrMany<RequestKey, 1>;

words! {
    /// A part of a request, in full.
    KeyWords: Shape::new("key", "The part of a request by which counters are separate; requests without it share one.")
        .frame("rules: [{per: {…}, steps: [{times: 1, then: {status: 503}}]}]")
        .constraints(&[constraint(
            Must::ExactlyOne(&["header", "query", "body"]),
            "a key is one part of a request",
            "give it one of {words}; a list of keys has several parts",
        )]);
    header: HeaderText = word("header", "A header field.").example("header: X-Request-Id"),
    query: Text = word("query", "A query parameter.").example("query: tenant"),
    body: JsonPath = word("body", "The values that a JSONPath finds in a JSON body.")
        .example("body: $.metadata.name"),
}
