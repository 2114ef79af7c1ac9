//! The words of `timeline`.

use crate::scenario::words::choice::Choice;
use crate::scenario::words::kind::List;
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{Flag, Reference, Text, Time};
use crate::scenario::words::shape::{Must, Shape, constraint, word};

use super::listen::Listen;
use super::rule::RuleWords;

/// When the time of a timeline begins to count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::scenario) enum Start {
    /// With the first request of the world.
    #[default]
    FirstRequest,
    /// With the world.
    Ready,
    /// When the admin API starts it.
    Admin,
}

impl Choice for Start {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("first_request", Self::FirstRequest, "with the first request of the world"),
        ("ready", Self::Ready, "with the world"),
        ("admin", Self::Admin, "when the admin API starts it"),
    ];
}

words! {
    /// `timeline`.
    TimelineWords: Shape::new("timeline", "Phases that follow each other on the world's clock.")
        .frame("{timeline: {…}, rules: [{then: pass}]}")
        .constraints(&[constraint(
            Must::HaveSome(&["phases", "ttl"]),
            "this timeline has no phases and no end",
            "give it phases, or a ttl",
        )]);
    start: Start = word("start", "When the timeline starts.")
        .default("`first_request`")
        .example("start: admin, ttl: 10m"),
    ttl: Time = word("ttl", "How long after the start all rules of the scenario become inactive.")
        .default("they stay active")
        .positive().example("ttl: 10m"),
    phases: List<PhaseWords<'static>> = word(
        "phases",
        "The phases, in order; after the last one only the rules outside of phases stay active.",
    )
    .example("phases: [{name: healthy, for: 30s}, {name: outage, forever: true}]"),
}

words! {
    /// An entry of `phases`.
    PhaseWords: Shape::new("phase", "A part of the timeline.")
        .frame("{timeline: {phases: [{…}]}, clients: {canary: {query: {c: \"1\"}}}, rules: [{then: pass}]}")
        .constraints(&[constraint(
            Must::OrForever("for"),
            "a phase has one length",
            "give it for: 30s, or forever: true for the last one",
        )]);
    name: Text = word("name", "Its name: its rules are `SCENARIO/PHASE/ID`.")
        .default("`phase-N` for the N-th")
        .example("name: outage, for: 10s"),
    length: Time = word("for", "How long it is.").positive().example("for: 30s"),
    forever: Flag = word("forever", "`true` for the last phase, which does not end.")
        .default("`false`")
        .example("forever: true"),
    client: Reference = word("client", "The client whose requests its rules match.")
        .default("all clients")
        .example("client: canary, for: 10s"),
    listen: Listen = word("listen", "How connections are treated in it.")
        .default("as always")
        .example("for: 1s, listen: refuse"),
    rules: List<RuleWords<'static>> = word("rules", "The rules that are active in this phase only.")
        .example("for: 10s, rules: [{match: {verb: list}, then: {status: 503}}]"),
}
