//! The index of stubs: the cost of a request does not grow with their number.
//!
//! Every stub is indexed under one key: of those it offers, the one that had the fewest stubs when
//! it was added. A request is looked up by its keys of each kind in use; the lists found are merged
//! in precedence order. The results are candidates: each stub is compared completely. Stubs without
//! keys are candidates for every request.

use std::borrow::Borrow;
use std::sync::Arc;

use foldhash::fast::RandomState;
use http::HeaderName;

use crate::message::Asked;

use super::filter::Filter;
use super::key::{self, KINDS, Key, Kind};
use super::list::{Lists, StubList};
use super::order::Order;
use super::sequences::Scope;
use super::stub::Stub;
use super::table::Table;

/// How many header names, and how many query parameters, are looked up.
const MAX_NAMES: usize = 16;

/// Stubs by their keys. A copy shares everything that is not changed.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    state: RandomState,
    lists: Table<StubList>,
    /// Stubs that offer no key.
    others: StubList,
    /// How many stubs are indexed under a key of each kind.
    kinds: [usize; KINDS],
    /// How many stubs are indexed under a prefix of each number of segments. A prefix length that
    /// no stub has is not looked up: in a large set each lookup is a cache miss.
    depths: [u32; key::MAX_SEGMENTS + 1],
    /// The names of the headers and of the parameters that keys have.
    headers: Names<HeaderName>,
    parameters: Names<Box<str>>,
    /// The windows that keys have.
    windows: Filter,
}

/// The names that keys have, with the number of stubs under each.
#[derive(Debug, Clone)]
struct Names<N>(Arc<Vec<(N, usize)>>);

impl Index {
    pub(super) fn insert(&mut self, order: Order, stub: &Arc<Stub>) {
        let Some(key) = self.choose(stub) else {
            return self.others.insert(order, Arc::clone(stub));
        };
        let hash = key.hash(&self.state);
        self.kinds[key.kind() as usize] += 1;
        match key {
            Key::Header(name, _) => self.headers.add(name),
            Key::Query(name, _) => self.parameters.add(name),
            Key::Prefix(prefix) => self.depths[key::depth(prefix)] += 1,
            Key::Long(_) | Key::Short(_) => self.windows.insert(hash),
            _ => {}
        }
        self.lists.change(
            hash,
            |_| true,
            |list| list.insert(order, Arc::clone(stub)),
            || StubList::One(order, Arc::clone(stub)),
        );
    }

    pub(super) fn remove(&mut self, order: Order, stub: &Stub) {
        let keys = key::of_pattern(&stub.request);
        let under = |key: &&Key<'_>| {
            self.list(key.hash(&self.state)).is_some_and(|list| list.contains(order))
        };
        let Some(key) = keys.iter().find(under) else {
            return self.others.remove(order);
        };
        let hash = key.hash(&self.state);
        self.kinds[key.kind() as usize] -= 1;
        match key {
            Key::Header(name, _) => self.headers.remove(*name),
            Key::Query(name, _) => self.parameters.remove(*name),
            Key::Prefix(prefix) => self.depths[key::depth(prefix)] -= 1,
            _ => {}
        }
        if self.list(hash).is_some_and(|list| list.len() == 1) {
            self.lists.remove(hash, |_| true);
        } else {
            let none = || StubList::Empty;
            self.lists.change(hash, |_| true, |list| list.remove(order), none);
        }
    }

    /// Visits the stubs in a scope that may answer a request, in precedence order, until `visit` returns a
    /// value.
    pub(super) fn search<'a, T>(
        &'a self,
        asked: &Asked<'_>,
        scope: Scope<'_>,
        visit: impl FnMut(&'a Arc<Stub>) -> Option<T>,
    ) -> Option<T> {
        let mut lists = Lists::default();
        for kind in [Kind::Path, Kind::Url, Kind::Segment] {
            if self.has(kind) {
                key::of_request(asked, kind, |key| self.find(&key, scope, &mut lists));
            }
        }
        if self.has(Kind::Prefix) {
            let wanted = |depth| self.depths[depth] > 0;
            key::of_prefixes(asked, wanted, |key| self.find(&key, scope, &mut lists));
        }
        for kind in [Kind::Long, Kind::Short] {
            if self.has(kind) {
                key::of_request(asked, kind, |key| {
                    if self.windows.may_have(key.hash(&self.state)) {
                        self.find(&key, scope, &mut lists);
                    }
                });
            }
        }
        for name in self.headers.iter() {
            key::of_header(asked, name, |key| self.find(&key, scope, &mut lists));
        }
        for name in self.parameters.iter() {
            key::of_query(asked, name, |key| self.find(&key, scope, &mut lists));
        }
        lists.push(&self.others, scope);
        lists.search(visit)
    }

    fn has(&self, kind: Kind) -> bool {
        self.kinds[kind as usize] > 0
    }

    fn find<'a>(&'a self, key: &Key<'_>, scope: Scope<'_>, lists: &mut Lists<'a>) {
        if let Some(list) = self.list(key.hash(&self.state)) {
            lists.push(list, scope);
        }
    }

    fn list(&self, hash: u64) -> Option<&StubList> {
        self.lists.find(hash, |_| true)
    }

    /// Returns the key that a new stub is indexed under: the one with the fewest stubs, plus the
    /// lookup cost that the key's kind adds to every request; of equal ones the first.
    fn choose<'s>(&self, stub: &'s Stub) -> Option<Key<'s>> {
        let mut best: Option<(usize, Key<'s>)> = None;
        for key in key::of_pattern(&stub.request) {
            let takes_names = match key {
                Key::Header(name, _) => self.headers.takes(name),
                Key::Query(name, _) => self.parameters.takes(name),
                _ => true,
            };
            if !takes_names || best.is_some_and(|(least, _)| least <= key.kind().price()) {
                continue;
            }
            let stubs = self.list(key.hash(&self.state)).map_or(0, StubList::len);
            let price = stubs + key.kind().price();
            if best.is_none_or(|(least, _)| price < least) {
                best = Some((price, key));
            }
        }
        best.map(|(_, key)| key)
    }
}

impl<N> Default for Names<N> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<N: Clone> Names<N> {
    fn iter(&self) -> impl Iterator<Item = &N> {
        self.0.iter().map(|(name, _)| name)
    }

    /// Returns whether a stub may be indexed under this name.
    fn takes<Q: Eq + ?Sized>(&self, name: &Q) -> bool
    where
        N: Borrow<Q>,
    {
        self.0.len() < MAX_NAMES || self.iter().any(|known| known.borrow() == name)
    }

    fn add<'n, Q: Eq + ?Sized>(&mut self, name: &'n Q)
    where
        N: Borrow<Q> + From<&'n Q>,
    {
        let names = Arc::make_mut(&mut self.0);
        match names.iter_mut().find(|(known, _)| (*known).borrow() == name) {
            Some((_, stubs)) => *stubs += 1,
            None => names.push((name.into(), 1)),
        }
    }

    fn remove<Q: Eq + ?Sized>(&mut self, name: &Q)
    where
        N: Borrow<Q>,
    {
        let names = Arc::make_mut(&mut self.0);
        if let Some(at) = names.iter().position(|(known, _)| known.borrow() == name) {
            names[at].1 -= 1;
            if names[at].1 == 0 {
                names.swap_remove(at);
            }
        }
    }
}
