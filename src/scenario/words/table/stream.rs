//! The words for changes to the lines of a body: events and bookmarks of a watch.

use crate::scenario::words::choice::Choice;
use crate::scenario::words::kind::Either;
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{Percentage, Time};
use crate::scenario::words::shape::{Must, Shape, constraint, word};

/// What happens to lines of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum LineChange {
    Drop,
    Duplicate,
    Reorder,
}

impl Choice for LineChange {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("drop", Self::Drop, "they are omitted"),
        ("duplicate", Self::Duplicate, "they are sent twice"),
        ("reorder", Self::Reorder, "they are sent after the next of their kind"),
    ];
}

/// What happens to lines of a kind: to all of them, or as an object specifies.
type Lines = Either<LineChange, LinesWords<'static>>;

words! {
    /// Words of `then` about all lines of a kind.
    StreamWords: Shape::new("then: streams", "What happens to all lines of a kind in a stream.")
        .frame("rules: [{then: {…}}]");
    events: Lines = word(
        "events",
        "What happens to events: ADDED, MODIFIED, DELETED, ERROR; in another body to any line.",
    )
    .example("events: {drop: 20%}"),
    bookmarks: Lines = word("bookmarks", "What happens to bookmarks.").example("bookmarks: drop"),
    initial_end: Lines = word(
        "initial_end",
        "What happens to the bookmark that ends the initial events of a streaming list.",
    )
    .example("initial_end: {delay: 2s}"),
}

words! {
    /// What happens to a share of the lines, or a delay.
    LinesWords: Shape::new("lines", "What happens to a drawn share of the lines, or a delay.")
        .frame("rules: [{then: {events: {…}}}]")
        .constraints(&[constraint(
            Must::ExactlyOne(&["drop", "duplicate", "reorder", "delay"]),
            "a kind of lines has one change",
            "write drop, duplicate or reorder, {drop: 10%}, or {delay: 2s}; use two rules for two changes",
        )]);
    drop: Percentage = word("drop", "The share of them that is omitted.").positive().example("drop: 20%"),
    duplicate: Percentage = word("duplicate", "The share of them that is sent twice.").positive().example("duplicate: 5%"),
    reorder: Percentage = word("reorder", "The share of them that is sent after the next of its kind.")
        .positive().example("reorder: 50%"),
    delay: Time = word("delay", "How long they are delayed, while other lines overtake them.")
        .positive().example("delay: 2s"),
}
