//! `listen` and `idle`: how connections are treated before and between requests.

use crate::message::{HandshakeFault, Idle, ListenMode, Listening};
use crate::scenario::words::Either;
use crate::scenario::words::table::{IdleWords, ListenWords};

/// Checks and compiles `listen`.
pub(in crate::scenario) fn listening(words: &Either<ListenMode, ListenWords<'_>>) -> Listening {
    match words {
        Either::Short(mode) => Listening { mode: *mode, ..Listening::default() },
        Either::Object(words) => {
            let connections = words.connections.and_then(|most| usize::try_from(most).ok());
            Listening {
                bound: connections.map(|most| (most, words.excess.unwrap_or_default())),
                tls: words.tls,
                ..Listening::default()
            }
        }
    }
}

/// Merges two treatments: the stricter value of each part.
pub(in crate::scenario) fn both(one: Listening, other: Listening) -> Listening {
    let mode = match (one.mode, other.mode) {
        (ListenMode::Refuse, _) | (_, ListenMode::Refuse) => ListenMode::Refuse,
        (ListenMode::Silent, _) | (_, ListenMode::Silent) => ListenMode::Silent,
        (ListenMode::Open, ListenMode::Open) => ListenMode::Open,
    };
    let bounds = one.bound.into_iter().chain(other.bound);
    Listening {
        mode,
        bound: bounds.min_by_key(|(most, _)| *most),
        tls: one.tls.or(other.tls),
        cuts: one.cuts + other.cuts,
    }
}

/// Returns a description as text, or `None` if connections are served normally.
pub(in crate::scenario) fn describe(listening: &Listening) -> Option<String> {
    let mut parts = Vec::new();
    match listening.mode {
        ListenMode::Open => {}
        ListenMode::Refuse => parts.push("connections are refused".to_owned()),
        ListenMode::Silent => parts.push("connections are never answered".to_owned()),
    }
    if let Some((most, _)) = listening.bound {
        parts.push(format!("at most {most} connections"));
    }
    if let Some(fault) = listening.tls {
        let what = match fault {
            HandshakeFault::WrongName => "a certificate of another host",
            HandshakeFault::Expired => "an expired certificate",
            HandshakeFault::UnknownCa => "a certificate of an unknown CA",
            HandshakeFault::Cut => "interrupted handshakes",
        };
        parts.push(format!("TLS with {what}"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Checks and compiles `idle`.
pub(in crate::scenario) fn idle(words: &IdleWords<'_>) -> Option<Idle> {
    let close = words.close.map(|after| Idle { after, reset: false });
    close.or_else(|| Some(Idle { after: words.reset?, reset: true }))
}
