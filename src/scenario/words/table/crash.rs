//! The words of `crash`: what a restart of the server loses.

use crate::scenario::words::choice::Choice;
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::Time;
use crate::scenario::words::shape::{Must, Shape, constraint, word};

/// A restart with the defaults.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) struct Restart;

impl Choice for Restart {
    const CHOICES: &'static [(&'static str, Self, &'static str)] =
        &[("restart", Self, "a restart with the defaults of this object")];
}

/// What happens to a part of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum Kept {
    Kept,
    Lost,
}

impl Choice for Kept {
    const CHOICES: &'static [(&'static str, Self, &'static str)] =
        &[("kept", Self::Kept, ""), ("lost", Self::Lost, "")];
}

words! {
    /// `crash`, in full.
    CrashWords: Shape::new(
        "crash",
        "What a restart of the server loses. Counters of rules, draws and timelines continue.",
    )
    .frame("rules: [{then: {crash: {…}}}]")
    .constraints(&[constraint(
        Must::NotBeEmpty,
        "this object is empty",
        "write crash: restart, or give it some of {words}",
    )]);
    down: Time = word("down", "How long connections are refused until the server is back.")
        .default("no time")
        .positive().example("down: 2s"),
    revisions: Kept = word(
        "revisions",
        "Whether objects and their revisions are kept, as by etcd; otherwise the objects are reset to those of the fixtures, and revisions restart.",
    )
    .default("`kept`")
    .example("revisions: lost"),
    tokens: Kept = word("tokens", "Whether tokens stay valid.").default("`lost`").example("tokens: kept"),
}
