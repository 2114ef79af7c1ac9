//! The stubs of a set, found by URL: the cost of a request is flat in their number.
//!
//! ```text
//! url       ── hash map ─┐
//! urlPath   ── hash map ─┤
//! patterns  ── RegexSet ─┼─ candidates, merged in precedence order ── the first full match wins
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

use super::near_miss::{self, MissReport};
use super::request::Facts;
use super::stub::Stub;
use super::url::UrlPattern;

/// The position of a stub in precedence order.
type Rank = u32;

/// How large a set of patterns may compile, in bytes: each pattern was small enough by itself.
const SET_BYTES: usize = 1 << 30;

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
    path_patterns: PatternSet,
    url_patterns: PatternSet,
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
            UrlPattern::UrlRegex(pattern) => {
                pattern.for_set().map(|text| self.url_patterns.push(rank, text))
            }
            UrlPattern::PathRegex(pattern) => {
                pattern.for_set().map(|text| self.path_patterns.push(rank, text))
            }
            UrlPattern::Template(template) => {
                template.pattern().for_set().map(|text| self.path_patterns.push(rank, text))
            }
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

    /// Why no stub answers: the nearest ones, part by part. A slow path, of bounded work.
    #[must_use]
    pub fn nearest(&self, request: &Request) -> MissReport {
        let facts = Facts::new(request);
        let same_url = self.candidates(&facts);
        near_miss::report(&facts, same_url, &self.stubs)
    }

    /// The stubs for a request's URL, in precedence order.
    fn candidates<'a, 'f>(&'a self, facts: &'f Facts<'_>) -> impl Iterator<Item = &'a Arc<Stub>> {
        let listed = |map: &'a HashMap<Box<str>, Vec<Rank>>, text: &str| match map.is_empty() {
            true => &[][..],
            false => map.get(text).map_or(&[][..], Vec::as_slice),
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
    ranks: std::iter::Peekable<std::vec::IntoIter<Rank>>,
    /// Whether these match, or only may.
    sure: bool,
}

impl Merge<'_> {
    fn next(&mut self) -> Option<(Rank, bool)> {
        let [by_url, by_path] = self.exact.map(|list| list.first().copied());
        let [path_hit, url_hit] = self.hits.each_mut().map(|hits| hits.ranks.peek().copied());
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
        let hit = self.hits.iter_mut().find_map(|hits| {
            let rank = hits.ranks.next_if_eq(&least)?;
            Some((rank, hits.sure))
        });
        hit.or(Some((least, false)))
    }
}

/// Patterns that are tried all at once, compiled when first asked.
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

    /// The ranks of the patterns that match, ascending.
    fn hits(&self, value: &str) -> Hits {
        let hits = |ranks: Vec<Rank>, sure| Hits { ranks: ranks.into_iter().peekable(), sure };
        if self.ranks.is_empty() {
            return hits(Vec::new(), true);
        }
        let build = || {
            let mut builder = RegexSetBuilder::new(&self.texts);
            builder.size_limit(SET_BYTES).dfa_size_limit(SET_CACHE_BYTES).build().ok()
        };
        match self.set.get_or_init(build) {
            Some(set) => {
                hits(set.matches(value).into_iter().map(|at| self.ranks[at]).collect(), true)
            }
            // Past the size limit of the whole set: every stub is a candidate, none is missed.
            None => hits(self.ranks.clone(), false),
        }
    }
}
