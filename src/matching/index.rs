//! The stubs of a set, found by URL: the cost of a request is flat in their number.
//!
//! ```text
//! url       ── hash map ─┐
//! urlPath   ── hash map ─┤
//! patterns  ── by prefix ┼─ candidates, merged in precedence order ── the first full match wins
//! any URL   ── list ─────┘
//! ```
//!
//! Precedence is `WireMock`'s: the lower priority number first, and of equal ones the most recently
//! added first.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use regex::{RegexSet, RegexSetBuilder};

use crate::message::Request;
use crate::redact::Redactor;

use super::near_miss::{self, MissReport};
use super::pattern::Pattern;
use super::request::Facts;
use super::stub::Stub;
use super::url::UrlPattern;

/// The position of a stub in precedence order.
type Rank = u32;

/// How large a set of patterns may compile, in bytes: each pattern was small enough by itself.
const SET_BYTES: usize = 1 << 30;

/// How much of a prefix counts, in bytes: as many lengths are looked up at most.
const MAX_PREFIX: usize = 64;

/// Up to so many patterns of one prefix are tried one by one.
const MAX_SINGLES: usize = 8;

/// The cache of the lazily built automaton of a set, in bytes.
const SET_CACHE_BYTES: usize = 64 << 20;

/// All stubs of a set, immutable.
#[derive(Debug, Default)]
pub struct StubIndex {
    /// In precedence order.
    stubs: Vec<Arc<Stub>>,
    by_id: HashMap<Arc<str>, Rank>,
    by_url: HashMap<Box<str>, Vec<Rank>>,
    by_path: HashMap<Box<str>, Vec<Rank>>,
    path_patterns: PatternIndex,
    url_patterns: PatternIndex,
    /// Stubs for any URL, and those whose pattern cannot stand in a set.
    singles: Vec<Rank>,
    any_body: bool,
}

impl StubIndex {
    /// Indexes stubs given in the order they were added.
    #[must_use]
    pub fn new(stubs: Vec<Stub>) -> Self {
        let mut ordered: Vec<(usize, Stub)> = stubs.into_iter().enumerate().collect();
        ordered.sort_by_key(|(added, stub)| (stub.priority, Reverse(*added)));
        let mut index = Self::default();
        for (rank, (_, stub)) in (0..).zip(ordered) {
            index.insert(rank, stub);
        }
        index
    }

    fn insert(&mut self, rank: Rank, stub: Stub) {
        let set = match &stub.request.url {
            UrlPattern::Any => None,
            UrlPattern::Url(text) => {
                self.by_url.entry(text.clone()).or_default().push(rank);
                Some(())
            }
            UrlPattern::Path(text) => {
                self.by_path.entry(text.clone()).or_default().push(rank);
                Some(())
            }
            UrlPattern::UrlRegex(pattern) => self.url_patterns.push(rank, pattern),
            UrlPattern::PathRegex(pattern) => self.path_patterns.push(rank, pattern),
            UrlPattern::Template(template) => self.path_patterns.push(rank, template.pattern()),
        };
        if set.is_none() {
            self.singles.push(rank);
        }
        self.any_body |= stub.has_body_patterns();
        self.by_id.insert(Arc::clone(&stub.id), rank);
        self.stubs.push(Arc::new(stub));
    }

    /// Whether there are no stubs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stubs.is_empty()
    }

    /// How many stubs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stubs.len()
    }

    /// The stubs in precedence order.
    pub fn stubs(&self) -> impl Iterator<Item = &Arc<Stub>> {
        self.stubs.iter()
    }

    /// The paths that stubs name, and whether some of them match by a pattern.
    pub(crate) fn paths(&self) -> (Vec<String>, bool) {
        let mut paths = Vec::new();
        let mut open = false;
        for stub in &self.stubs {
            match &stub.request.url {
                UrlPattern::Path(path) => paths.push(path.to_string()),
                UrlPattern::Url(url) => {
                    paths.push(url.split('?').next().unwrap_or_default().to_owned());
                }
                UrlPattern::Any
                | UrlPattern::UrlRegex(_)
                | UrlPattern::PathRegex(_)
                | UrlPattern::Template(_) => open = true,
            }
        }
        (paths, open)
    }

    /// A stub by its id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Stub>> {
        self.stubs.get(*self.by_id.get(id)? as usize)
    }

    /// Whether the body must be read before [`Self::find`] can tell: the first stub that fits in all
    /// else has body patterns.
    #[must_use]
    pub fn wants_body(&self, request: &Request) -> bool {
        if !self.any_body {
            return false;
        }
        let facts = Facts::new(request);
        let fits = |stub: &&Arc<Stub>| stub.request.head_matches(&facts);
        self.candidates(&facts).find(fits).is_some_and(|stub| stub.has_body_patterns())
    }

    /// The stub that answers a request; looks at the body only as far as it has been read.
    #[must_use]
    pub fn find(&self, request: &Request) -> Option<&Arc<Stub>> {
        let facts = Facts::new(request);
        self.candidates(&facts).find(|stub| stub.rest_matches(&facts))
    }

    /// Whether a stub that is written for URLs below a prefix has the request's URL.
    pub(crate) fn has_url_below(&self, prefix: &str, request: &Request) -> bool {
        if self.stubs.is_empty() {
            return false;
        }
        let facts = Facts::new(request);
        self.candidates(&facts).any(|stub| stub.request.url.literal_prefix().starts_with(prefix))
    }

    /// Why no stub answers: the nearest ones, part by part. A slow path, of bounded work.
    #[must_use]
    pub(crate) fn nearest(&self, request: &Request, redactor: &Redactor) -> MissReport {
        let facts = Facts::new(request);
        let same_url = self.candidates(&facts);
        near_miss::report(&facts, redactor, same_url, &self.stubs)
    }

    /// The stubs for a request's URL, in precedence order.
    fn candidates<'a, 'f>(&'a self, facts: &'f Facts<'_>) -> impl Iterator<Item = &'a Arc<Stub>> {
        let listed = |map: &'a HashMap<Box<str>, Vec<Rank>>, text: &str| {
            if map.is_empty() { &[][..] } else { map.get(text).map_or(&[][..], Vec::as_slice) }
        };
        let mut merge = Merge {
            exact: [listed(&self.by_url, facts.target), listed(&self.by_path, facts.path)],
            hits: [self.path_patterns.hits(facts.path), self.url_patterns.hits(facts.target)],
            singles: &self.singles,
        };
        std::iter::from_fn(move || {
            while let Some((rank, sure)) = merge.next() {
                let stub = &self.stubs[rank as usize];
                if sure || stub.url_matches(facts) {
                    return Some(stub);
                }
            }
            None
        })
    }
}

/// Ascending lists of ranks, merged into one. With each rank comes whether its URL is known to match.
struct Merge<'a> {
    exact: [&'a [Rank]; 2],
    hits: [Hits; 2],
    singles: &'a [Rank],
}

/// What a set of patterns says about a URL.
struct Hits {
    /// With each, whether it matches or only may.
    ranks: std::iter::Peekable<std::vec::IntoIter<(Rank, bool)>>,
}

impl Merge<'_> {
    fn next(&mut self) -> Option<(Rank, bool)> {
        let [by_url, by_path] = self.exact.map(|list| list.first().copied());
        let [path_hit, url_hit] =
            self.hits.each_mut().map(|hits| hits.ranks.peek().map(|hit| hit.0));
        let single = self.singles.first().copied();
        let least = [by_url, by_path, path_hit, url_hit, single].into_iter().flatten().min()?;
        // Every rank stands in one list only.
        if single == Some(least) {
            self.singles = &self.singles[1..];
            return Some((least, false));
        }
        for list in &mut self.exact {
            if list.first() == Some(&least) {
                *list = &list[1..];
                return Some((least, true));
            }
        }
        let hit = self.hits.iter_mut().find_map(|hits| hits.ranks.next_if(|hit| hit.0 == least));
        hit.or(Some((least, false)))
    }
}

/// Patterns in buckets by what they begin with, so that few are tried for each URL.
#[derive(Debug, Default)]
struct PatternIndex {
    /// The lengths of the prefixes, without repetition.
    lengths: Vec<usize>,
    buckets: HashMap<Box<str>, PatternSet>,
}

impl PatternIndex {
    /// Adds a pattern that can stand in a set; says whether it can.
    fn push(&mut self, rank: Rank, pattern: &Pattern) -> Option<()> {
        let text = pattern.for_set()?;
        let prefix = pattern.prefix();
        let end = prefix.floor_char_boundary(MAX_PREFIX);
        let prefix = &prefix[..end];
        if !self.lengths.contains(&prefix.len()) {
            self.lengths.push(prefix.len());
        }
        self.buckets.entry(prefix.into()).or_default().push(rank, text);
        Some(())
    }

    /// The ranks of the patterns that match, or may match, ascending.
    fn hits(&self, value: &str) -> Hits {
        let mut ranks: Vec<(Rank, bool)> = Vec::new();
        for length in &self.lengths {
            let bucket = value.get(..*length).and_then(|prefix| self.buckets.get(prefix));
            if let Some(bucket) = bucket {
                bucket.hits(value, &mut ranks);
            }
        }
        ranks.sort_unstable();
        Hits { ranks: ranks.into_iter().peekable() }
    }
}

/// Patterns that begin alike: tried one by one while they are few, else all at once.
#[derive(Debug, Default)]
struct PatternSet {
    /// By position in the set; ascending, as stubs are inserted in precedence order.
    ranks: Vec<Rank>,
    texts: Vec<String>,
    set: OnceLock<Option<RegexSet>>,
}

impl PatternSet {
    fn push(&mut self, rank: Rank, text: String) {
        self.ranks.push(rank);
        self.texts.push(text);
    }

    /// Adds the ranks of the patterns that match, each with whether it is sure to.
    fn hits(&self, value: &str, hits: &mut Vec<(Rank, bool)>) {
        let build = || {
            let mut builder = RegexSetBuilder::new(&self.texts);
            builder.size_limit(SET_BYTES).dfa_size_limit(SET_CACHE_BYTES).build().ok()
        };
        let set = if self.ranks.len() > MAX_SINGLES {
            self.set.get_or_init(build).as_ref()
        } else {
            None
        };
        match set {
            Some(set) => {
                hits.extend(set.matches(value).into_iter().map(|at| (self.ranks[at], true)));
            }
            // Few, or past the size limit of the whole set: each is a candidate, none is missed.
            None => hits.extend(self.ranks.iter().map(|rank| (*rank, false))),
        }
    }
}
