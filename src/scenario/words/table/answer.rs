//! The words of answers in place of the real one: `status` with its details, `reply`.

use crate::scenario::words::choice::Choice;
use crate::scenario::words::kind::{HeaderName, Map, OneOrMany};
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{FileName, Json, Scalar, Text, Time, Whole};
use crate::scenario::words::shape::{Literal, Must, Shape, constraint, word};

/// The codes that an answer can have.
pub(super) type Code = Whole<200, 599>;

/// Header fields of an answer.
pub(super) type Headers = Map<HeaderName, OneOrMany<Scalar>>;

/// Whether a 410 has a continue token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContinueToken {
    /// One that continues from the latest revision, inconsistently.
    Fresh,
    /// None: the client must list again.
    None,
}

impl Choice for ContinueToken {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("fresh", Self::Fresh, "one that continues from the latest revision, inconsistently"),
        ("none", Self::None, "no token: the client must list again"),
    ];
}

/// The format of an error's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum As {
    Text,
    Status,
}

impl Choice for As {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("text", Self::Text, "plain text, as the max-in-flight limit of a Kubernetes API answers"),
        ("status", Self::Status, "a Status object"),
    ];
}

words! {
    /// The words that go with `status`.
    StatusWords: Shape::new("status", "The details of a `status`.")
        .frame("rules: [{then: {status: 429, …}}]")
        .constraints(&[
            constraint(
                Must::Accompany(
                    &["reason", "message", "retry_after", "errorCode", "continue", "as"],
                    &["status"],
                ),
                "{given} goes with a status",
                "add status: 500, or leave it out",
            ),
            constraint(
                Must::Restrict {
                    word: "continue",
                    is: None,
                    other: "status",
                    only: Literal::Number(410),
                },
                "continue belongs to status 410",
                "write status: 410, or leave continue out",
            ),
        ]);
    reason: Text = word("reason", "The reason of the Status object.")
        .default("the usual one for the code")
        .example("status: 503, reason: Busy"),
    message: Text = word("message", "The message of the Status object.")
        .default("the usual one for the code")
        .example("status: 503, message: try later"),
    retry_after: Time = word("retry_after", "The value of `Retry-After`, sent in whole seconds, rounded up.")
        .default("no `Retry-After`")
        .example("status: 429, retry_after: 1s"),
    headers: Headers = word(
        "headers",
        "Header fields, each with one value or a list: further ones of the `status`; without one, fields of the real answer, in place of those of the same names.",
    )
    .example("status: 429, headers: {X-Why: quota}"),
    error_code: Text = word("errorCode", "The `errorCode` of the Status object, which is then sent even where the body is usually text.")
        .example("status: 400, errorCode: CCI.01.400101"),
    continues: ContinueToken = word("continue", "Whether a 410 has a continue token.")
        .example("status: 410, continue: fresh"),
    body: As = word("as", "The format of the body.")
        .default("a Status object on API paths, plain text elsewhere")
        .example("status: 429, as: text"),
}

words! {
    /// `reply`.
    ReplyWords: Shape::new("reply", "A literal answer.")
        .frame("rules: [{then: {reply: {…}}}]")
        .constraints(&[constraint(
            Must::AtMostOne(&["body", "json", "file"]),
            "body, json and file all set the body",
            "keep one of them",
        )]);
    status: Code = word("status", "The status code.").default("200").example("status: 202"),
    headers: Headers = word("headers", "Header fields, each with one value or a list.")
        .example("headers: {Set-Cookie: [a=1, b=2]}"),
    body: Text = word("body", "The body, as text.").default("no body").example("body: sick"),
    json: Json = word("json", "The body, as a value that is sent as JSON.")
        .example("json: {major: \"1\", minor: \"31\"}"),
    file: FileName = word(
        "file",
        "The name of a file beside the scenario that holds the body, of at most 64 MiB.",
    )
    .example("file: body.json"),
}
