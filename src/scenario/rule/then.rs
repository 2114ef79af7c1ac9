//! `then`: what a rule does.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::document::{Keys, Node};
use crate::message::{
    Delay, Fault, FaultAction, FaultPoint, LastStream, LineAction, LineKind, Pace, PointAction,
    Position,
};

use super::context::{Context, named};
use super::delay::{delay, stall};
use super::flow::flow;
use super::kubernetes::{KubernetesThen, WORDS as KUBERNETES};
use super::reply::Reply;
use super::status::{StatusAnswer, status};
use super::wire::{self, strike};

/// One `then`. Without anything in it the request passes.
#[derive(Debug, Clone)]
pub(in crate::scenario) struct Then {
    /// As it stands in the file, on one line.
    pub(in crate::scenario) text: Arc<str>,
    /// It is answered later.
    pub(in crate::scenario) delay: Option<Delay>,
    /// Nothing is sent for so long.
    pub(in crate::scenario) stall: Option<Duration>,
    /// The body goes out slowly.
    pub(in crate::scenario) slow: Option<Pace>,
    /// The request's body is not read for so long.
    pub(in crate::scenario) withhold: Option<Duration>,
    /// In place of the true answer, or laid on it.
    pub(in crate::scenario) terminal: Option<Terminal>,
    /// What happens to all lines of a kind.
    pub(in crate::scenario) lines: Vec<LinesThen>,
    /// What happens within the first line.
    pub(in crate::scenario) cut: Option<(Position, PointAction)>,
    /// What goes wrong on the Kubernetes side.
    pub(in crate::scenario) kubernetes: Option<Box<KubernetesThen>>,
    /// The index of a kind of tokens of which all are dead now.
    pub(in crate::scenario) revoke: Option<usize>,
}

/// What ends a `then`: only one of them can stand in it.
#[derive(Debug, Clone)]
pub(in crate::scenario) enum Terminal {
    /// An error of the API.
    Status(Box<StatusAnswer>),
    /// A literal answer.
    Reply(Box<Reply>),
    /// A fault of the connection.
    Fault(Fault),
}

/// What happens to all lines of a kind, or to a share of them.
#[derive(Debug, Clone)]
pub(in crate::scenario) struct LinesThen {
    pub(in crate::scenario) of: LineKind,
    pub(in crate::scenario) action: LineAction,
    pub(in crate::scenario) share: Option<f64>,
}

/// The words that end a `then`.
const TERMINAL: [&str; 9] = [
    "status",
    "reply",
    "reset",
    "close",
    "garbage",
    "malformed_chunk",
    "rst_stream",
    "goaway",
    "cut",
];
/// The words that go with others.
const TOGETHER: [&str; 8] =
    ["delay", "stall", "slow", "withhold", "events", "bookmarks", "initial_end", "revoke"];

impl Default for Then {
    fn default() -> Self {
        Self {
            text: "pass".into(),
            delay: None,
            stall: None,
            slow: None,
            withhold: None,
            terminal: None,
            lines: Vec::new(),
            cut: None,
            kubernetes: None,
            revoke: None,
        }
    }
}

impl Then {
    /// What a closed gate says when the rule does not.
    pub(in crate::scenario) fn unauthorized() -> Self {
        let status = StatusAnswer::of(StatusCode::UNAUTHORIZED);
        let terminal = Some(Terminal::Status(Box::new(status)));
        Self { text: "{status: 401}".into(), terminal, ..Self::default() }
    }

    /// Reads a `then`.
    pub(in crate::scenario) fn decode(node: &Node<'_>, context: &Context<'_>) -> Option<Self> {
        if node.value().is_string() {
            return node.word(&[("pass", ())]).map(|()| Self::default());
        }
        let keys = node.keys()?;
        let has = |word: &str| keys.present().any(|key| key == word);
        // A status of `fail_after` is what the rest of the collection fails with.
        let found: Vec<&str> = keys.present().filter(|key| TERMINAL.contains(key)).collect();
        if let [first, second, ..] = found.as_slice() {
            node.error(format!("{first} and {second} cannot both happen"), "keep one of them");
        }
        let kubernetes = KubernetesThen::decode(&keys);
        let fails_later = kubernetes.as_ref().is_some_and(|then| then.fail_after.is_some());
        let mut then = Self {
            text: flow(node.value()).into(),
            delay: keys.get("delay").and_then(|node| delay(&node)),
            stall: stall(&keys, "stall"),
            withhold: stall(&keys, "withhold"),
            slow: keys.get("slow").and_then(|node| wire::pace(&node)),
            lines: lines(&keys),
            terminal: None,
            cut: None,
            revoke: keys.get("revoke").and_then(|node| named(&node, "token", &context.tokens)),
            kubernetes: kubernetes.map(Box::new),
        };
        if has("status") {
            let status = status(&keys).map(Box::new);
            match &mut then.kubernetes {
                Some(kubernetes) if fails_later => kubernetes.fails_with = status,
                _ => then.terminal = status.map(Terminal::Status),
            }
        } else if let Some(node) = keys.get("reply") {
            then.terminal =
                Reply::decode(&node, &context.files).map(|reply| Terminal::Reply(Box::new(reply)));
        } else if let Some(node) = keys.get("cut") {
            match cut(&node) {
                Some(Cut::Bytes(at)) => {
                    let at = FaultPoint::AfterBytes(at);
                    then.terminal = Some(Terminal::Fault(Fault { at, action: FaultAction::Close }));
                }
                Some(Cut::Line) => then.cut = Some((Position::Event(1), PointAction::CutLine)),
                None => {}
            }
        } else {
            then.terminal = fault(&keys).map(Terminal::Fault);
        }
        for word in TERMINAL.iter().chain(&TOGETHER).chain(&KUBERNETES) {
            let _ = keys.get(word);
        }
        if keys.present().next().is_none() {
            node.error("this does nothing", format!("say pass, or some of {}", words()));
        }
        keys.finish();
        Some(then)
    }

    /// Whether nothing happens.
    pub(in crate::scenario) fn is_pass(&self) -> bool {
        self.delay.is_none()
            && self.stall.is_none()
            && self.slow.is_none()
            && self.withhold.is_none()
            && self.terminal.is_none()
            && self.lines.is_empty()
            && self.cut.is_none()
            && self.kubernetes.is_none()
            && self.revoke.is_none()
    }
}

/// All words, for a hint.
fn words() -> String {
    let all = TERMINAL.iter().chain(&TOGETHER).chain(&KUBERNETES);
    all.copied().collect::<Vec<_>>().join(", ")
}

/// The fault of the connection that is asked for.
fn fault(keys: &Keys<'_>) -> Option<Fault> {
    use FaultPoint::{AfterHeaders, BeforeHeaders};
    let (node, action) = strike(keys, false)?;
    let (at, action) = match action {
        // With a code, or a stream, the place is a key among others.
        FaultAction::ResetStream(_) | FaultAction::GoAway { .. } => {
            let at = if node.value().is_object() {
                node.keys()?.get("at").map_or(Some(BeforeHeaders), |node| wire::point(&node))
            } else {
                Some(BeforeHeaders)
            };
            (at?, action)
        }
        action => (wire::point(&node)?, action),
    };
    if action == FaultAction::MalformedChunk && at == BeforeHeaders {
        node.error("a chunk comes after the headers", "say after_headers, or {bytes: N}");
        return Some(Fault { at: AfterHeaders, action });
    }
    if at != BeforeHeaders && matches!(action, FaultAction::GoAway { last: LastStream::None, .. }) {
        node.error(
            "a request that was not looked at has no answer",
            "leave `at` out, or say last_stream: this",
        );
    }
    Some(Fault { at, action })
}

enum Cut {
    Bytes(u64),
    Line,
}

/// `cut`: in the middle of the first line, or after so many bytes.
fn cut(node: &Node<'_>) -> Option<Cut> {
    if node.value().is_object() {
        let keys = node.keys()?;
        let bytes = keys.required("bytes").and_then(|node| node.size());
        keys.finish();
        return bytes.map(Cut::Bytes);
    }
    node.word(&[("mid_line", ())]).map(|()| Cut::Line)
}

/// `events`, `bookmarks`, `initial_end`.
fn lines(keys: &Keys<'_>) -> Vec<LinesThen> {
    let kinds = [
        ("events", LineKind::Events),
        ("bookmarks", LineKind::Bookmarks),
        ("initial_end", LineKind::InitialEnd),
    ];
    kinds
        .into_iter()
        .filter_map(|(key, of)| {
            let (action, share) = change(&keys.get(key)?)?;
            Some(LinesThen { of, action, share })
        })
        .collect()
}

/// `drop`, `duplicate`, `reorder`, each with a share if it has one; `{delay: TIME}`.
fn change(node: &Node<'_>) -> Option<(LineAction, Option<f64>)> {
    const WORDS: [(&str, LineAction); 3] = [
        ("drop", LineAction::Drop),
        ("duplicate", LineAction::Duplicate),
        ("reorder", LineAction::Reorder),
    ];
    if !node.value().is_object() {
        return node.word(&WORDS).map(|action| (action, None));
    }
    let keys = node.keys()?;
    let delay = keys.get("delay").and_then(|node| node.duration());
    if keys.present().count() > 1 {
        node.error("one thing happens to a kind of lines", "make two rules of it");
    }
    let share =
        WORDS.iter().find_map(|(word, action)| Some((*action, Some(keys.get(word)?.percent()?))));
    for (word, _) in WORDS {
        let _ = keys.get(word);
    }
    let found = match (delay, share) {
        (Some(delay), None) => Some((LineAction::Delay(delay), None)),
        (None, Some(share)) => Some(share),
        _ => {
            node.error(
                "this is nothing that happens to lines",
                "say drop, duplicate or reorder, {drop: 10%}, or {delay: 2s}",
            );
            None
        }
    };
    keys.finish();
    found
}
