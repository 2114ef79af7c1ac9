//! The words for faults of the Kubernetes API.

use crate::scenario::words::choice::Choice;
use crate::scenario::words::kind::Either;
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{Count, Flag, Time, Whole};
use crate::scenario::words::shape::{Shape, word};

/// The latest revision alone.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) struct Now;

impl Choice for Now {
    const CHOICES: &'static [(&'static str, Self, &'static str)] =
        &[("now", Self, "all but the latest")];
}

/// How a watch from a compacted revision is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum ExpiredAs {
    Status,
    Event,
}

impl Choice for ExpiredAs {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("status", Self::Status, "with HTTP status 410"),
        ("event", Self::Event, "with an ERROR event"),
    ];
}

/// A number from 0.
type Number = Whole<0, { i64::MAX }>;

words! {
    /// Words of `then` about revisions, continue tokens, watches and collections.
    KubernetesWords: Shape::new("then: Kubernetes", "Faults of the Kubernetes API.")
        .frame("rules: [{then: {…}}]");
    compact: Either<Now, KeepWords<'static>> = word(
        "compact",
        "Before the request is answered, older revisions are compacted: continue tokens and watches from them expire.",
    )
    .example("compact: now"),
    stale: Count = word(
        "stale",
        "A get, list or watch sees the state from this many writes ago, as far as history goes back.",
    )
    .example("stale: 3"),
    too_large: Flag = word(
        "too_large",
        "Whether a get, list or watch that names a revision is answered with 504, \"Too large resource version\".",
    )
    .default("`false`")
    .example("too_large: true"),
    fail_after: Number = word(
        "fail_after",
        "Deleting a collection fails after this many objects, which stay deleted, with the given `status` or 500.",
    )
    .example("fail_after: 2, status: 503"),
    finalizer: Time = word(
        "finalizer",
        "The finalizer `standin.dev/hold` holds objects that the request deletes for this time.",
    )
    .positive().example("finalizer: 5s"),
    expired: ExpiredAs = word("expired", "How a watch from a compacted revision is rejected.")
        .default("`event`")
        .example("expired: status"),
}

words! {
    /// `compact`, in full.
    KeepWords: Shape::new("compact", "All but some of the latest revisions are compacted.")
        .frame("rules: [{then: {compact: {…}}}]");
    keep: Number = word("keep", "How many revisions before the latest are kept.")
        .required()
        .example("keep: 2"),
}
