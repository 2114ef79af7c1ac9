//! The state of rules in parts: what each is called, and which of them a decision has changed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// A part of the state of rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EntryKey {
    /// How many requests a counter of a rule has counted.
    Counter(Arc<str>, usize),
    /// How many a rule has counted of one request, or of one value of its key.
    Attempt(Arc<str>, [u8; 32]),
    /// The count of a limit for one value of its key.
    Limit(Arc<str>, [u8; 32]),
    /// A token.
    Token(String),
    /// How many tokens were issued.
    Issued,
    /// The number of the first token of a kind that is not revoked.
    Revoked(String),
    /// The number of the first token that is not forgotten.
    Forgotten,
    /// When a timeline began.
    Timeline(Arc<str>),
}

impl EntryKey {
    /// The key as a text of words between slashes.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        let name = |name: &str| utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
        let hex =
            |bytes: &[u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        match self {
            Self::Counter(rule, part) => format!("counter/{}/{part}", name(rule)),
            Self::Attempt(rule, of) => format!("attempt/{}/{}", name(rule), hex(of)),
            Self::Limit(rule, of) => format!("limit/{}/{}", name(rule), hex(of)),
            Self::Token(text) => format!("token/{}", name(text)),
            Self::Issued => "issued".to_owned(),
            Self::Revoked(kind) => format!("revoked/{}", name(kind)),
            Self::Forgotten => "forgotten".to_owned(),
            Self::Timeline(scenario) => format!("timeline/{}", name(scenario)),
        }
    }

    /// The key that has this text.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let name = |text: &str| percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned);
        let rule = |text: &str| name(text).map(Arc::<str>::from);
        let parts: Vec<&str> = text.split('/').collect();
        Some(match *parts.as_slice() {
            ["counter", of, part] => Self::Counter(rule(of)?, part.parse().ok()?),
            ["attempt", of, value] => Self::Attempt(rule(of)?, unhex(value)?),
            ["limit", of, value] => Self::Limit(rule(of)?, unhex(value)?),
            ["token", text] => Self::Token(name(text)?),
            ["issued"] => Self::Issued,
            ["revoked", kind] => Self::Revoked(name(kind)?),
            ["forgotten"] => Self::Forgotten,
            ["timeline", scenario] => Self::Timeline(rule(scenario)?),
            _ => return None,
        })
    }
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

/// Entries as they were.
pub(super) type Entries = BTreeMap<EntryKey, Option<String>>;

/// What a decision under way has changed.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// The shared entries as they were before.
    pub(super) before: Entries,
    /// Those of this server alone, where they are taken back as well.
    pub(super) own: Entries,
    /// The entries that the decision relied on.
    pub(super) relied: BTreeSet<EntryKey>,
    /// Whether the decision is taken back as a whole.
    pub(super) is_dry: bool,
    /// Whether what is changed now is of this server alone.
    pub(super) is_local: bool,
    /// Whether the request was counted before: it is decided again.
    pub(super) is_again: bool,
}

/// A token that was issued.
#[derive(Debug)]
pub(super) struct Issued {
    pub(super) kind: String,
    /// How many were issued before.
    pub(super) number: u64,
    pub(super) expires: Option<Duration>,
    pub(super) uses: Option<u64>,
}

impl Issued {
    /// The token as a text: its number, when it expires in nanoseconds, its uses, and its kind.
    pub(super) fn text(&self) -> String {
        let expires = self.expires.map(|expires| expires.as_nanos());
        let or_none = |number: Option<String>| number.unwrap_or_else(|| "-".to_owned());
        let expires = or_none(expires.map(|nanos| nanos.to_string()));
        let uses = or_none(self.uses.map(|uses| uses.to_string()));
        format!("{} {expires} {uses} {}", self.number, self.kind)
    }

    /// The token that has this text.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ' ');
        let mut number = || {
            let text = parts.next()?;
            if text == "-" { Some(None) } else { text.parse::<u64>().ok().map(Some) }
        };
        let (issued, expires, uses) = (number()??, number()?, number()?);
        let kind = parts.next()?.to_owned();
        Some(Self { kind, number: issued, expires: expires.map(Duration::from_nanos), uses })
    }
}
