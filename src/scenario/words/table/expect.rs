//! The words of `expect` and `verdict`: how a client should behave, and which findings fail a
//! drill.

use crate::scenario::words::choice::Choice;
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{Count, Time};
use crate::scenario::words::shape::{Must, Shape, constraint, word};

/// The one word that an expectation can have as its value.
macro_rules! only_choices {
    ($($(#[$meta:meta])* $name:ident = $word:literal, $meaning:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        pub(in crate::scenario) struct $name;

        impl Choice for $name {
            const CHOICES: &'static [(&'static str, Self, &'static str)] = &[($word, Self, $meaning)];
        }
    )*};
}

only_choices! {
    /// Of `retry_after`.
    Honoured = "honoured", "";
    /// Of `backoff`.
    Exponential = "exponential", "";
    /// Of `jitter`, `recovers` and `relists`.
    Required = "required", "";
    /// Of `token`.
    RefreshedOnce = "refreshed_once", "";
    /// Of `creates` and `writes`.
    Once = "once", "";
    /// Of `bodies`.
    Whole = "whole", "";
    /// Of `watch`.
    Resumes = "resumes", "";
    /// Of `conflicts`.
    Reread = "reread", "";
    /// Of `hammering`.
    Never = "never", "";
}

/// The severity of a client's mistake, see [`Finding::grade`](crate::Finding::grade).
///
/// ```
/// use standin::Grade;
/// assert!(Grade::Ignore < Grade::Note && Grade::Note < Grade::Fail);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Grade {
    /// It is not reported.
    Ignore,
    /// It is reported.
    Note,
    /// It is reported, and the drill fails.
    Fail,
}

impl Choice for Grade {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("ignore", Self::Ignore, "not reported"),
        ("note", Self::Note, "reported"),
        ("fail", Self::Fail, "reported, and the drill fails"),
    ];
}

words! {
    /// `expect`.
    ExpectWords: Shape::new(
        "expect",
        "How a client should react to faults, for the requests that the rule matches; a drill grades it at its end.",
    )
    .frame("rules: [{expect: {…}}]")
    .constraints(&[
        constraint(
            Must::NotBeEmpty,
            "nothing is expected",
            "give it retry_after: honoured, or max_requests: 20",
        ),
        constraint(
            Must::Accompany(&["jitter"], &["backoff"]),
            "jitter is only allowed with backoff",
            "add backoff: exponential",
        ),
    ]);
    retry_after: Honoured = word(
        "retry_after",
        "After an answer with `Retry-After` the same call comes no earlier than requested, minus the slack.",
    )
    .example("retry_after: honoured"),
    slack: Time = word("slack", "How much earlier than `Retry-After` a retry may come.")
        .default("`200ms`")
        .example("retry_after: honoured, slack: 100ms"),
    max_requests: Count = word("max_requests", "The most requests in total.").example("max_requests: 50"),
    min_requests: Count = word("min_requests", "The fewest requests in total.").example("min_requests: 6"),
    max_in_flight: Count = word("max_in_flight", "The most requests at once.").example("max_in_flight: 8"),
    max_connections: Count = word("max_connections", "The most connections that carry the requests.")
        .example("max_connections: 8"),
    max_attempts: Count = word(
        "max_attempts",
        "After this many consecutive failures of a call, refusals of the rule included, the client does not retry it.",
    )
    .example("max_attempts: 5"),
    backoff: Exponential = word("backoff", "Pauses between failed attempts of a call grow.")
        .example("backoff: exponential"),
    jitter: Required = word("jitter", "Pauses are not regular.")
        .example("backoff: exponential, jitter: required"),
    relist_within: Time = word(
        "relist_within",
        "After a 410 the client lists again within this time, and does not request the old position again.",
    )
    .example("relist_within: 10s"),
    token: RefreshedOnce = word("token", "A rejected token is replaced, once.")
        .example("token: refreshed_once"),
    creates: Once = word("creates", "A create whose answer was lost does not succeed a second time.")
        .example("creates: once"),
    recovers: Required = word("recovers", "A call that failed succeeds later; after a lost write the client may also read the object.")
        .example("recovers: required"),
    bodies: Whole = word(
        "bodies",
        "An interrupted body is requested again before the client writes anything.",
    )
    .example("bodies: whole"),
    relists: Required = word("relists", "After the first of these requests the client lists the resource.")
        .example("relists: required"),
    watch: Resumes = word(
        "watch",
        "A watch that ended or went silent resumes from the last revision that was sent to it, or after a list.",
    )
    .example("watch: resumes"),
    writes: Once = word(
        "writes",
        "A create, update or patch that succeeded is not sent again without another write in between.",
    )
    .example("writes: once"),
    conflicts: Reread = word("conflicts", "An update that was answered 409 is not sent again before the object is read.")
        .example("conflicts: reread"),
    hammering: Never = word(
        "hammering",
        "After a failure a call is not repeated within 50 ms twice in a row.",
    )
    .example("hammering: never"),
    patience: Time = word("patience", "No request is abandoned before this time.").example("patience: 5s"),
}

words! {
    /// `verdict`.
    VerdictWords: Shape::new("verdict", "The severity of the findings of a drill.")
        .frame("{verdict: {…}, rules: [{then: pass}]}");
    unmatched: Grade = word("unmatched", "Unmatched requests: nothing answers them.")
        .default("`note`")
        .example("unmatched: fail"),
    unused_rules: Grade = word(
        "unused_rules",
        "Rules whose faults no request met, or not as often as their steps have it; `fail` makes the drill NOT MET.",
    )
    .default("`fail`")
    .example("unused_rules: ignore"),
    expectations: Grade = word("expectations", "Expectations that were not met.")
        .default("`fail`")
        .example("expectations: note"),
}
