//! The words of `limit`: how many requests pass in a time, and which header fields announce it.

use crate::scenario::words::choice::Choice;
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{Time, Whole};
use crate::scenario::words::shape::{Literal, Must, Shape, constraint, word};

use super::answer::Headers;
use super::key::RequestKeys;
use super::then::Then;

/// How requests are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::scenario) enum Algorithm {
    #[default]
    FixedWindow,
    SlidingWindow,
    TokenBucket,
}

impl Choice for Algorithm {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        (
            "fixed_window",
            Self::FixedWindow,
            "a window begins with the first request after the previous window",
        ),
        (
            "sliding_window",
            Self::SlidingWindow,
            "at any time, the requests within the window before it",
        ),
        (
            "token_bucket",
            Self::TokenBucket,
            "each request takes a token from a bucket, which is refilled evenly",
        ),
    ];
}

/// The standard header fields that announce a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::scenario) enum Announce {
    #[default]
    All,
    Ietf,
    X,
    None,
}

impl Choice for Announce {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("all", Self::All, "both kinds"),
        (
            "ietf",
            Self::Ietf,
            "`RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers",
        ),
        (
            "x",
            Self::X,
            "`X-RateLimit-Limit`, `X-RateLimit-Remaining`, and `X-RateLimit-Reset` in seconds since 1970",
        ),
        ("none", Self::None, "none"),
    ];
}

/// How a refused request learns when to try again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::scenario) enum RetryAfterAs {
    #[default]
    Seconds,
    Date,
    None,
}

impl Choice for RetryAfterAs {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("seconds", Self::Seconds, "in whole seconds, rounded up"),
        ("date", Self::Date, "as a date of the world's clock, in whole seconds, rounded up"),
        ("none", Self::None, "not at all"),
    ];
}

/// A number of requests.
type Requests = Whole<1, 1_000_000>;

words! {
    /// `limit`.
    LimitWords: Shape::new(
        "limit",
        "A number of requests in a time of the world's clock. A request past it is refused and does not count.",
    )
    .frame("rules: [{limit: {requests: 10, window: 1s, …}}]")
    .constraints(&[
        constraint(
            Must::Accompany(&["burst"], &["algorithm"]),
            "a window has no burst",
            "add algorithm: token_bucket",
        ),
        constraint(
            Must::Restrict {
                word: "burst",
                is: None,
                other: "algorithm",
                only: Literal::Text("token_bucket"),
            },
            "a window has no burst",
            "write algorithm: token_bucket, or leave burst out",
        ),
    ]);
    requests: Requests = word("requests", "How many requests pass in a window.")
        .required()
        .example("requests: 2"),
    window: Time = word("window", "How long a window is; for a bucket, the time in which it refills.")
        .required()
        .example("window: 1m"),
    algorithm: Algorithm = word("algorithm", "How requests are counted.")
        .default("`fixed_window`")
        .example("algorithm: sliding_window"),
    burst: Requests = word("burst", "How many requests a full bucket holds.")
        .default("as many as `requests`")
        .example("algorithm: token_bucket, burst: 20"),
    per: RequestKeys = word(
        "per",
        "The key by which requests are counted separately: one key or a list. The 10,000 most recently used values are kept.",
    )
    .default("all requests of the rule together")
    .example("per: [client, path]"),
    announce: Announce = word("announce", "Which of the standard header fields all answers have.")
        .default("`all`")
        .example("announce: x"),
    headers: Headers = word(
        "headers",
        "Further header fields of all answers. `{limit}`, `{remaining}`, `{window}`, `{reset}` (the seconds until all may be used again) and `{reset_at}` (that time, in seconds since 1970) stand for their numbers.",
    )
    .example("headers: {X-Quota: \"{remaining} of {limit}\"}"),
    retry_after: RetryAfterAs = word("retry_after", "How `Retry-After` announces when a request passes again.")
        .default("`seconds`")
        .example("retry_after: date"),
    otherwise: Then = word("else", "What happens to requests past the limit.")
        .default("`{status: 429}`")
        .example("else: {status: 503}"),
}
