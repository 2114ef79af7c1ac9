//! The words of `listen` and `idle`: what happens to connections before and between requests.

use crate::document::Node;
use crate::message::{Excess, HandshakeFault, ListenMode};
use crate::scenario::words::choice::Choice;
use crate::scenario::words::kind::{Either, Kind};
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::{Time, Whole};
use crate::scenario::words::shape::{Form, Looks, Must, Shape, Type, constraint, word};

impl Choice for ListenMode {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("open", Self::Open, "connections are served"),
        (
            "refuse",
            Self::Refuse,
            "the listening socket is closed, and open connections are cut: clients see \"connection refused\"",
        ),
        (
            "silent",
            Self::Silent,
            "connections are accepted, but nothing is read or sent on them; open ones are cut",
        ),
    ];
}

impl Choice for Excess {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("wait", Self::Wait, "they are accepted, and served once there is room"),
        ("close", Self::Close, "they are closed immediately"),
        ("reset", Self::Reset, "they are reset immediately"),
    ];
}

impl Choice for HandshakeFault {
    const CHOICES: &'static [(&'static str, Self, &'static str)] = &[
        ("wrong_name", Self::WrongName, "the certificate is for another host"),
        ("expired", Self::Expired, "the certificate has expired"),
        ("unknown_ca", Self::UnknownCa, "the certificate is from an unknown CA"),
        ("cut", Self::Cut, "the connection is closed after the client's first message"),
    ];
}

/// How connections are treated, in short or in full.
pub(in crate::scenario) type Listen = Either<ListenMode, ListenWords<'static>>;

words! {
    /// `listen`, in full.
    ListenWords: Shape::new(
        "listen",
        "How connections are treated before any request is read; of several settings the strictest applies.",
    )
    .frame("{timeline: {phases: [{for: 10s, listen: {…}}]}}")
    .constraints(&[
        constraint(
            Must::AtLeastOne(&["connections", "tls"]),
            "this changes nothing",
            "write refuse or silent, or give it {words}",
        ),
        constraint(
            Must::Accompany(&["excess"], &["connections"]),
            "{given} goes with a number of connections",
            "add connections: 10, or remove it",
        ),
    ]);
    connections: Whole<1, 1_000_000> = word("connections", "The most connections at once.")
        .default("the server's own bound")
        .example("connections: 2"),
    excess: Excess = word("excess", "What happens to further ones.")
        .default("`wait`")
        .example("connections: 2, excess: reset"),
    tls: HandshakeFault = word("tls", "A fault of TLS handshakes; without effect on plain HTTP.")
        .example("tls: expired"),
}

/// The moment at which the next request arrives.
#[derive(Debug, Clone, Copy)]
pub(in crate::scenario) struct NextRequest;

impl Choice for NextRequest {
    const CHOICES: &'static [(&'static str, Self, &'static str)] =
        &[("next_request", Self, "when the next request arrives, which gets no answer")];
}

/// A time of idleness, or the next request.
#[derive(Debug)]
pub(in crate::scenario) enum IdleTime {}

impl Kind for IdleTime {
    /// The time; nothing for the next request.
    type Value<'d> = Option<std::time::Duration>;

    fn form() -> Form {
        const IDLE_TIME: Type = Type {
            name: "idle time",
            meaning: "An idle time after an answer, or the arrival of the next request.",
            looks: Looks::Form(|| Form::AnyOf(vec![Time::form(), NextRequest::form()])),
        };
        Form::Type(&IDLE_TIME)
    }

    fn read(node: &Node<'_>) -> Option<Self::Value<'static>> {
        if NextRequest::words().iter().any(|word| node.value() == word) {
            return Some(None);
        }
        Time::read(node).map(Some)
    }
}

words! {
    /// `idle`.
    IdleWords: Shape::new("idle", "The end of an idle connection, without notice.")
        .frame("rules: [{then: {idle: {…}}}]")
        .constraints(&[constraint(
            Must::ExactlyOne(&["close", "reset"]),
            "a connection ends once",
            "give it one of {words}",
        )]);
    close: IdleTime = word("close", "It is closed, by TCP FIN.").example("close: 300ms"),
    reset: IdleTime = word("reset", "It is reset, by TCP RST.").example("reset: next_request"),
}
