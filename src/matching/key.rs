//! Index keys: literals that every request of a stub has.
//!
//! A stub offers several keys and is indexed under one of them; a request is looked up by all of
//! its keys.
//!
//! | key | the stub has | the request has |
//! |---|---|---|
//! | path, URL | `urlPath`, `url`, or a pattern that is one literal | the path; path and query |
//! | prefix | a pattern that begins with whole path segments | the path up to each slash |
//! | segment | a pattern with a whole segment further on | each segment of the path |
//! | header, query | `equalTo` (`includes`, `hasExactly`, `and` of it) | each value of that name |
//! | window | a pattern with a literal anywhere | each eight, and each three, bytes of the URL |

use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;
use http::HeaderName;

use crate::message::Asked;

use super::pieces::Piece;
use super::request::RequestPattern;
use super::url::UrlPattern;

/// A prefix of more segments than this is cut: a request's path is hashed up to this many slashes.
pub(super) const MAX_SEGMENTS: usize = 16;

/// How many windows of a pattern are offered.
const MAX_WINDOWS: usize = 64;

/// The bytes of a long and of a short window.
const LONG: usize = 8;
const SHORT: usize = 3;

/// The kinds of keys: each is looked up only while some stub is indexed under one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Path,
    Url,
    Prefix,
    Segment,
    Header,
    Query,
    Long,
    Short,
}

impl Kind {
    /// Returns the cost per request of looking up keys of this kind, in stubs that could be
    /// compared in the same time.
    pub(super) fn price(self) -> usize {
        match self {
            Self::Path | Self::Url | Self::Prefix => 0,
            Self::Segment | Self::Header | Self::Query => 1,
            Self::Long | Self::Short => 8,
        }
    }
}

/// The number of kinds.
pub(super) const KINDS: usize = 8;

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key<'s> {
    Path(&'s str),
    Url(&'s str),
    Prefix(&'s str),
    Segment(&'s str),
    Header(&'s HeaderName, &'s str),
    Query(&'s str, &'s str),
    /// Eight bytes of the URL.
    Long(u64),
    /// Three bytes.
    Short(u64),
}

impl Key<'_> {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Path(_) => Kind::Path,
            Self::Url(_) => Kind::Url,
            Self::Prefix(_) => Kind::Prefix,
            Self::Segment(_) => Kind::Segment,
            Self::Header(..) => Kind::Header,
            Self::Query(..) => Kind::Query,
            Self::Long(_) => Kind::Long,
            Self::Short(_) => Kind::Short,
        }
    }

    /// Returns the hash of the key in an index. A collision only costs a comparison with more
    /// stubs.
    pub(super) fn hash(&self, state: &RandomState) -> u64 {
        fn hash(state: &RandomState, kind: Kind, parts: impl Hash) -> u64 {
            state.hash_one((kind, parts))
        }
        let kind = self.kind();
        match self {
            Self::Path(text) | Self::Url(text) | Self::Prefix(text) | Self::Segment(text) => {
                hash(state, kind, text.as_bytes())
            }
            Self::Header(name, value) => hash(state, kind, (name.as_str(), value)),
            Self::Query(name, value) => hash(state, kind, (name, value)),
            Self::Long(window) | Self::Short(window) => hash(state, kind, window),
        }
    }
}

/// Returns the keys that a pattern offers, the most selective kinds first.
pub(super) fn of_pattern(pattern: &RequestPattern) -> Vec<Key<'_>> {
    let mut keys = Vec::new();
    match &pattern.url {
        UrlPattern::Any => {}
        UrlPattern::Url(text) => keys.push(Key::Url(text)),
        UrlPattern::Path(text) => keys.push(Key::Path(text)),
        UrlPattern::UrlRegex(regex) => {
            let sequence = regex.sequence();
            match sequence.literal() {
                Some(text) => keys.push(Key::Url(text)),
                // Text that looks like a path may be part of a query.
                None => keys.extend(prefix(sequence.prefix()).map(Key::Prefix)),
            }
        }
        UrlPattern::PathRegex(regex) => {
            let sequence = regex.sequence();
            if let Some(text) = sequence.literal() {
                keys.push(Key::Path(text));
            } else {
                keys.extend(prefix(sequence.prefix()).map(Key::Prefix));
                keys.extend(segments(sequence.pieces()).map(Key::Segment));
            }
        }
        UrlPattern::Template(template) => {
            let sequence = template.sequence();
            if let Some(text) = sequence.literal() {
                keys.push(Key::Path(text));
            } else {
                keys.extend(prefix(sequence.prefix()).map(Key::Prefix));
                keys.extend(segments(sequence.pieces()).map(Key::Segment));
            }
        }
    }
    let conditions = pattern.conditions();
    for (variable, _, wanted) in &conditions.rare().path_parameters {
        if let (UrlPattern::Template(template), Some(text)) = (&pattern.url, wanted.required_text())
            && variable.is_some_and(|variable| template.is_whole_segment(variable))
        {
            keys.push(Key::Segment(text));
        }
    }
    for (name, wanted) in &conditions.headers {
        keys.extend(wanted.required_text().map(|value| Key::Header(name, value)));
    }
    for (name, wanted) in &conditions.query {
        keys.extend(wanted.required_text().map(|value| Key::Query(name, value)));
    }
    let pieces = match &pattern.url {
        UrlPattern::UrlRegex(regex) | UrlPattern::PathRegex(regex) => regex.sequence().pieces(),
        UrlPattern::Template(template) => template.sequence().pieces(),
        UrlPattern::Any | UrlPattern::Url(_) | UrlPattern::Path(_) => &[],
    };
    keys.extend(windows(pieces).take(MAX_WINDOWS));
    keys
}

/// Returns the whole path segments that a pattern begins with.
fn prefix(text: &str) -> Option<&str> {
    let path = text.split('?').next().unwrap_or_default();
    let mut ends = slashes(path);
    let end = ends.by_ref().take(MAX_SEGMENTS).last();
    end.map(|end| &path[..end])
}

/// Returns the positions of a path's slashes, except for the first.
fn slashes(path: &str) -> impl Iterator<Item = usize> {
    path.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0)
}

/// Returns the whole segments that a pattern has after its first literal.
fn segments(pieces: &[Piece]) -> impl Iterator<Item = &str> {
    let last = pieces.len().saturating_sub(1);
    pieces.iter().enumerate().skip(1).flat_map(move |(at, piece)| {
        let text = match piece {
            Piece::Literal(text) => &**text,
            _ => "",
        };
        // Text before the first slash belongs to the previous piece, and text after the last slash
        // to the next one.
        let whole = text.find('/').map_or("", |slash| &text[slash + 1..]);
        let whole =
            if at == last { whole } else { whole.rfind('/').map_or("", |end| &whole[..end]) };
        whole.split('/').filter(|segment| !segment.is_empty())
    })
}

/// Returns the windows of a pattern's literals.
fn windows(pieces: &[Piece]) -> impl Iterator<Item = Key<'_>> {
    pieces.iter().flat_map(|piece| {
        let bytes = match piece {
            Piece::Literal(text) => text.as_bytes(),
            _ => &[],
        };
        let (long, short) = if bytes.len() >= LONG { (bytes, &[][..]) } else { (&[][..], bytes) };
        let long = long.windows(LONG).map(|window| Key::Long(number(window)));
        long.chain(short.windows(SHORT).map(|window| Key::Short(number(window))))
    })
}

/// Returns a window as a number.
fn number(window: &[u8]) -> u64 {
    window.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Returns how many segments a prefix has.
pub(super) fn depth(prefix: &str) -> usize {
    slashes(prefix).count() + 1
}

/// Calls `found` with the prefixes of a request's path that have a number of segments for which `wanted` holds.
pub(super) fn of_prefixes<'r>(
    asked: &Asked<'r>,
    wanted: impl Fn(usize) -> bool,
    mut found: impl FnMut(Key<'r>),
) {
    let path = asked.path();
    for (depth, end) in (1..=MAX_SEGMENTS).zip(slashes(path)) {
        if wanted(depth) {
            found(Key::Prefix(&path[..end]));
        }
    }
}

/// Calls `found` with each key of a kind that a request has. Prefixes and names are looked up one
/// by one: see [`of_prefixes`], [`of_header`] and [`of_query`].
pub(super) fn of_request<'r>(asked: &Asked<'r>, kind: Kind, mut found: impl FnMut(Key<'r>)) {
    let (path, target) = (asked.path(), asked.target());
    match kind {
        Kind::Path => found(Key::Path(path)),
        Kind::Url => found(Key::Url(target)),
        Kind::Segment => path.split('/').for_each(|segment| found(Key::Segment(segment))),
        Kind::Long => {
            let windows = target.as_bytes().windows(LONG);
            windows.for_each(|window| found(Key::Long(number(window))));
        }
        Kind::Short => {
            let windows = target.as_bytes().windows(SHORT);
            windows.for_each(|window| found(Key::Short(number(window))));
        }
        Kind::Prefix | Kind::Header | Kind::Query => {}
    }
}

/// Calls `found` with each value that a request has for a header.
pub(super) fn of_header(asked: &Asked<'_>, name: &HeaderName, mut found: impl FnMut(Key<'_>)) {
    for value in asked.header(name) {
        found(Key::Header(name, &value));
    }
}

/// Calls `found` with each value that a request has for a query parameter.
pub(super) fn of_query(asked: &Asked<'_>, name: &str, mut found: impl FnMut(Key<'_>)) {
    for value in asked.parameter(name) {
        found(Key::Query(name, value));
    }
}
