//! The set of all served stubs: cheap to change while requests are answered from an older copy.
//!
//! ```text
//! files, in their order ─┐
//!                        ├─ in precedence order ── by id
//! admin API, as added ───┘            └──────────── [Index] → the stubs that may answer → the first that does
//! ```
//!
//! Precedence is `WireMock`'s: the lower priority number first, and of equal ones the most recently
//! added first. The stubs of the files count as added at the start, in the order of the files,
//! however often these are read again: a reload replaces only that layer, and the stubs of the
//! admin API are layered on top.
//!
//! A set is persistent: a copy is O(1) and shares everything, and a change copies only the path to
//! it. So a world that has its own stubs is a copy of the set with those added.

mod choose;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use imbl::OrdMap;
use uuid::Uuid;

use crate::message::{Asked, Request};
use crate::parallel;

use super::files::{Changes, Files, StubFile, added_by_admin, number_by_admin};
use super::ids::Ids;
use super::index::Index;
use super::keys::StubScenario;
use super::order::Order;
use super::sequences::Scope;
use super::stub::Stub;
use super::url::UrlPattern;

/// The number of stubs from which a set is built by two threads.
const MANY: usize = 2_000;

/// Stubs in precedence order, found by id and by request.
#[derive(Debug, Clone, Default)]
pub struct StubSet {
    stubs: OrdMap<Order, Placed>,
    ids: Ids,
    index: Index,
    files: Files,
    /// How many stubs the admin API has added, and how many it has replaced.
    added: u64,
    replaced: u32,
    /// How many stubs match the body.
    body_patterns: usize,
    /// How many match the body by its digest.
    digests: usize,
    /// The scenarios of stubs, with how many stubs each has.
    scenarios: OrdMap<Arc<str>, usize>,
    /// The insertion index of the first stub that the admin API adds.
    first_index: i64,
    /// What was changed, where that is noted.
    noted: Option<Vec<StubChange>>,
}

/// A change of a set, as other servers repeat it.
#[derive(Debug, Clone)]
pub(crate) enum StubChange {
    /// A stub was added as the most recent one.
    Added(Arc<Stub>),
    /// A stub was put in place of the one with its id.
    Replaced(Arc<Stub>),
    /// A stub was removed.
    Removed(Uuid),
    /// All stubs were removed.
    Cleared,
}

/// A stub of a set.
#[derive(Debug, Clone)]
struct Placed {
    stub: Arc<Stub>,
    layer: Layer,
}

/// Where a stub of a set comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Files,
    Admin,
}

impl StubSet {
    /// Returns the stubs of files, given in the order of precedence: those of a later file, and the
    /// later ones of a file, come first.
    #[must_use]
    pub fn of_files(files: Vec<Arc<StubFile>>) -> Self {
        Self::of(Files::new(files))
    }

    fn of(files: Files) -> Self {
        let mut ordered: Vec<(Order, Placed)> = files
            .stubs()
            .map(|(order, stub)| (order, Placed { stub: Arc::clone(stub), layer: Layer::Files }))
            .collect();
        ordered.sort_unstable_by_key(|(order, _)| *order);
        let index = || {
            let mut index = Index::default();
            for (order, placed) in &ordered {
                index.insert(*order, &placed.stub);
            }
            index
        };
        let rest = || {
            let mut ids = Ids::default();
            for (order, placed) in &ordered {
                ids.insert(placed.stub.id, *order);
            }
            (ids, ordered.iter().cloned().collect())
        };
        let (index, (ids, stubs)) = parallel::both(ordered.len() >= MANY, index, rest);
        let body_patterns =
            ordered.iter().filter(|(_, placed)| placed.stub.has_body_patterns()).count();
        let digests =
            ordered.iter().filter(|(_, placed)| placed.stub.request.asks_for_digest()).count();
        let mut scenarios = OrdMap::new();
        for (_, placed) in &ordered {
            count_scenario(&mut scenarios, &placed.stub);
        }
        let first_index = files.next_index();
        Self {
            stubs,
            ids,
            index,
            files,
            body_patterns,
            digests,
            scenarios,
            first_index,
            added: 0,
            replaced: 0,
            noted: None,
        }
    }

    /// Replaces the stubs of the files. Unchanged stubs stay as they are, and changes by the admin
    /// API are preserved.
    pub fn replace_files(&mut self, files: Vec<Arc<StubFile>>) {
        let before = std::mem::take(&mut self.files);
        self.files = before.replaced(files);
        let Changes { gone, new } = self.files.changes_since(&before);
        for (order, stub) in gone {
            let ours = |placed: &Placed| placed.layer == Layer::Files && placed.stub.id == stub.id;
            if self.stubs.get(&order).is_some_and(ours) {
                self.take(order);
            }
        }
        for (order, stub) in new {
            if self.ids.get(stub.id).is_none() {
                self.place(order, Placed { stub, layer: Layer::Files });
            }
        }
    }

    /// Resets the set to the stubs of the files as last read.
    pub fn discard_changes(&mut self) {
        *self = Self::of(std::mem::take(&mut self.files));
    }

    /// Removes all stubs. Those of a file come back when it changes, or by [`Self::discard_changes`].
    pub fn clear(&mut self) {
        let files = std::mem::take(&mut self.files);
        let noted = self.noted.is_some().then(|| vec![StubChange::Cleared]);
        let Self { first_index, added, .. } = *self;
        *self = Self { files, added, first_index, noted, ..Self::default() };
    }

    /// Adds a stub as the most recent one. It replaces a stub with the same id.
    pub fn add(&mut self, stub: Arc<Stub>) {
        if let Some(before) = self.ids.get(stub.id) {
            self.take(before);
        }
        self.note(|| StubChange::Added(Arc::clone(&stub)));
        let order = added_by_admin(stub.priority, self.added);
        self.added += 1;
        self.place(order, Placed { stub, layer: Layer::Admin });
    }

    /// Replaces the stub with the same id and keeps its insertion order. Returns whether there was
    /// one.
    pub fn replace(&mut self, stub: Arc<Stub>) -> bool {
        let Some(before) = self.ids.get(stub.id) else { return false };
        self.take(before);
        self.note(|| StubChange::Replaced(Arc::clone(&stub)));
        self.replaced = self.replaced.wrapping_add(1);
        let order = Order { priority: stub.priority, edition: self.replaced, ..before };
        self.place(order, Placed { stub, layer: Layer::Admin });
        true
    }

    /// Removes the stub that has an id.
    pub fn remove(&mut self, id: Uuid) -> Option<Arc<Stub>> {
        let removed = self.take(self.ids.get(id)?);
        self.note(|| StubChange::Removed(id));
        removed
    }

    /// Notes the changes from now on.
    pub(crate) fn begin_notes(&mut self) {
        self.noted = Some(Vec::new());
    }

    /// Returns the changes that were noted.
    pub(crate) fn take_notes(&mut self) -> Vec<StubChange> {
        self.noted.take().unwrap_or_default()
    }

    fn note(&mut self, change: impl FnOnce() -> StubChange) {
        if let Some(noted) = &mut self.noted {
            noted.push(change());
        }
    }

    fn place(&mut self, order: Order, placed: Placed) {
        self.ids.insert(placed.stub.id, order);
        self.index.insert(order, &placed.stub);
        self.body_patterns += usize::from(placed.stub.has_body_patterns());
        self.digests += usize::from(placed.stub.request.asks_for_digest());
        count_scenario(&mut self.scenarios, &placed.stub);
        self.stubs.insert(order, placed);
    }

    fn take(&mut self, order: Order) -> Option<Arc<Stub>> {
        let Placed { stub, .. } = self.stubs.remove(&order)?;
        self.ids.remove(stub.id);
        self.index.remove(order, &stub);
        self.body_patterns -= usize::from(stub.has_body_patterns());
        self.digests -= usize::from(stub.request.asks_for_digest());
        if let Some(scenario) = stub.scenario()
            && let Some(count) = self.scenarios.get(&*scenario.name).copied()
        {
            if count > 1 {
                self.scenarios.insert(scenario.name.as_ref().into(), count - 1);
            } else {
                self.scenarios.remove(&*scenario.name);
            }
        }
        Some(stub)
    }

    /// Returns the file that holds a stub, and the stub as it is there.
    pub(crate) fn file_of(&self, id: Uuid) -> Option<(&Arc<StubFile>, &Arc<Stub>)> {
        self.files.of_stub(id)
    }

    /// Returns the insertion index of a stub that the admin API has added.
    pub(crate) fn insertion_index(&self, id: Uuid) -> Option<i64> {
        let number = number_by_admin(self.ids.get(id)?)?;
        Some(self.first_index.saturating_add(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    /// Returns whether there are no stubs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stubs.is_empty()
    }

    /// Returns how many stubs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stubs.len()
    }

    /// Returns the stubs in precedence order.
    pub fn stubs(&self) -> impl Iterator<Item = &Arc<Stub>> {
        self.stubs.values().map(|placed| &placed.stub)
    }

    /// Returns up to `most` stubs after the given one in precedence order, or the first ones.
    pub(super) fn after(
        &self,
        last: Option<Order>,
        most: usize,
    ) -> impl Iterator<Item = (Order, &Arc<Stub>)> {
        let from = last.map_or(Bound::Unbounded, Bound::Excluded);
        let range = self.stubs.range((from, Bound::Unbounded));
        range.take(most).map(|(order, placed)| (*order, &placed.stub))
    }

    /// Returns the paths that stubs name, and whether some of them match by a pattern.
    pub(crate) fn paths(&self) -> (Vec<String>, bool) {
        let mut paths = Vec::new();
        let mut open = false;
        for stub in self.stubs() {
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

    /// Returns a stub by its id.
    #[must_use]
    pub fn get(&self, id: Uuid) -> Option<&Arc<Stub>> {
        self.stubs.get(&self.ids.get(id)?).map(|placed| &placed.stub)
    }

    /// Returns whether some stub may match a body that is too large to be buffered.
    #[must_use]
    pub(crate) fn takes_digests(&self) -> bool {
        self.digests > 0
    }

    /// Returns the scenarios of stubs, by name.
    pub(crate) fn scenarios(&self) -> impl Iterator<Item = &Arc<str>> {
        self.scenarios.keys()
    }

    /// Returns whether stubs have this scenario.
    pub(crate) fn has_scenario(&self, name: &str) -> bool {
        self.scenarios.contains_key(name)
    }

    /// Returns the scenarios of stubs by name, each with its stubs, the first added first.
    pub(crate) fn stubs_by_scenario(&self) -> BTreeMap<&str, Vec<&Arc<Stub>>> {
        let mut found: BTreeMap<&str, Vec<(Order, &Arc<Stub>)>> = BTreeMap::new();
        for (order, Placed { stub, .. }) in &self.stubs {
            if let Some(scenario) = stub.scenario() {
                found.entry(&scenario.name).or_default().push((*order, stub));
            }
        }
        let in_order = |mut stubs: Vec<(Order, _)>| {
            stubs.sort_unstable_by_key(|(order, _)| Reverse(order.added));
            stubs.into_iter().map(|(_, stub)| stub).collect()
        };
        found.into_iter().map(|(name, stubs)| (name, in_order(stubs))).collect()
    }

    /// Returns the states that the stubs of a scenario require or set.
    pub(crate) fn possible_states(&self, scenario: &str) -> BTreeSet<&str> {
        let belongs = |stub: &&Arc<Stub>| stub.scenario().is_some_and(|of| *of.name == *scenario);
        states_of(self.stubs().filter(belongs))
    }

    /// Returns whether a stub whose URL is below a prefix matches the request's URL.
    pub(crate) fn has_url_below(&self, prefix: &str, request: &Request) -> bool {
        let asked = Asked::new(request);
        let below = |stub: &Arc<Stub>| {
            let url = &stub.request.url;
            (url.literal_prefix().starts_with(prefix) && url.matches(asked.path(), asked.target()))
                .then_some(())
        };
        self.index.search(&asked, Scope::All, below).is_some()
    }

    /// Returns the first stubs, at most `most`, for a request's URL, with their positions.
    pub(super) fn of_url(&self, asked: &Asked<'_>, most: usize) -> Vec<(Order, Arc<Stub>)> {
        let mut found = Vec::new();
        self.index.search(asked, Scope::All, |stub| {
            if stub.request.url.matches(asked.path(), asked.target())
                && let Some(order) = self.ids.get(stub.id)
            {
                found.push((order, Arc::clone(stub)));
            }
            (found.len() >= most).then_some(())
        });
        found
    }
}

/// Returns the states that stubs require or set.
pub(crate) fn states_of<'s>(stubs: impl IntoIterator<Item = &'s Arc<Stub>>) -> BTreeSet<&'s str> {
    let scenarios = stubs.into_iter().filter_map(|stub| stub.scenario());
    let states = |of: &'s StubScenario| {
        of.required_state.as_deref().into_iter().chain(of.new_state.as_deref())
    };
    scenarios.flat_map(states).collect()
}

fn count_scenario(scenarios: &mut OrdMap<Arc<str>, usize>, stub: &Stub) {
    if let Some(scenario) = stub.scenario() {
        let count = scenarios.get(&*scenario.name).copied().unwrap_or_default();
        scenarios.insert(scenario.name.as_ref().into(), count + 1);
    }
}
