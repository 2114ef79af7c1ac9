//! The state of scenarios in one world: counters, draws, tokens and the start of time.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;

use super::entry::{EntryKey, Issued, Notes};
use super::limits::Limits;
use crate::scenario::rule::decision::PlannedPlace;
use crate::scenario::rule::limit::{Limit, LimitState};
use crate::scenario::rule::timeline::{Now, Timeline};
use crate::scenario::words::table::Start;

/// The most requests with separate counters where a rule draws by request; the least recently used
/// one is evicted first.
const MAX_REQUESTS: usize = 10_000;

/// Counters, draws, tokens and timelines of one world. [`ScenarioState::reset`] clears them.
#[derive(Debug, Default)]
pub(crate) struct ScenarioState {
    inner: Mutex<Memory>,
}

/// How often a rule matched, and how often it acted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RuleUse {
    /// How many requests it matched.
    pub matched: u64,
    /// In how many of them it had an effect.
    pub acted: u64,
}

/// A rule, and the id of a request.
type RuleRequest = (Arc<str>, [u8; 32]);

/// The state behind the lock.
#[derive(Debug)]
pub(in crate::scenario) struct Memory {
    /// How many requests each rule has counted; `at` entries have their own key.
    pub(super) counters: HashMap<(Arc<str>, usize), u64>,
    pub(super) uses: HashMap<Arc<str>, RuleUse>,
    /// How many bodies reached a place of a rule, by the rule's key and the entry of its `at`.
    pub(super) reached: HashMap<(Arc<str>, usize), u64>,
    /// Attempts of requests, by rule and request.
    pub(super) attempts: Option<LruCache<RuleRequest, u64>>,
    /// The counts of limits.
    pub(in crate::scenario) limits: Limits,
    pub(super) tokens: BTreeMap<String, Issued>,
    pub(super) order: VecDeque<String>,
    pub(super) issued: u64,
    /// The numbers of the first tokens of each kind that are not revoked.
    pub(super) revoked: HashMap<String, u64>,
    /// The number of the first token that is not forgotten.
    pub(super) forgotten: u64,
    /// When each scenario's timeline began, and by how much it was advanced since.
    pub(super) starts: HashMap<Arc<str>, (Duration, Duration)>,
    /// When the state was last reset; nothing where servers share it, and no server knows.
    pub(super) began: Option<Duration>,
    /// What the decision under way has changed, where servers share the state.
    pub(super) noted: Option<Notes>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            counters: HashMap::new(),
            uses: HashMap::new(),
            reached: HashMap::new(),
            attempts: None,
            limits: Limits::default(),
            tokens: BTreeMap::new(),
            order: VecDeque::new(),
            issued: 0,
            revoked: HashMap::new(),
            forgotten: 0,
            starts: HashMap::new(),
            began: Some(Duration::ZERO),
            noted: None,
        }
    }
}

impl ScenarioState {
    /// Clears the state; time counts from `now`.
    pub(crate) fn reset(&self, now: Duration) {
        let mut memory = self.lock();
        let began = memory.began.map(|_| now);
        *memory = Memory { began, ..Memory::default() };
    }

    /// Restarts the timeline of a scenario.
    pub(crate) fn forget_timeline(&self, scenario: &str) {
        let mut memory = self.lock();
        memory.note(|| EntryKey::Timeline(scenario.into()));
        memory.starts.retain(|name, _| **name != *scenario);
    }

    /// Invalidates all tokens: they are unknown from now on.
    pub(crate) fn forget_tokens(&self) {
        let mut memory = self.lock();
        memory.note(|| EntryKey::Forgotten);
        memory.forgotten = memory.issued;
        if !memory.notes() {
            memory.tokens.clear();
            memory.order.clear();
        }
    }

    /// Returns how often a rule matched, and how often it acted.
    #[must_use]
    pub(crate) fn uses(&self, rule: &str) -> RuleUse {
        self.lock().uses.get(rule).copied().unwrap_or_default()
    }

    /// Counts a body that reached a place of a rule.
    pub(crate) fn reached(&self, place: &PlannedPlace) {
        *self.lock().reached.entry((Arc::clone(&place.rule), place.entry)).or_default() += 1;
    }

    pub(in crate::scenario) fn lock(&self) -> MutexGuard<'_, Memory> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Returns the number of this request among those a rule has counted, from 0; `part` is the
    /// counter, where a rule has several.
    pub(in crate::scenario) fn count(&mut self, rule: &Arc<str>, part: usize) -> u64 {
        self.note(|| EntryKey::Counter(Arc::clone(rule), part));
        let counter = self.counters.entry((Arc::clone(rule), part)).or_default();
        let n = *counter;
        *counter += 1;
        n
    }

    /// Counts for reports alone, on each server.
    pub(in crate::scenario) fn tally(&mut self, rule: &Arc<str>, part: usize) {
        if !self.is_counted() {
            *self.counters.entry((Arc::clone(rule), part)).or_default() += 1;
        }
    }

    /// Raises a counter to at least a count.
    pub(in crate::scenario) fn raise(&mut self, rule: &Arc<str>, part: usize, count: u64) {
        let counter = self.counters.entry((Arc::clone(rule), part)).or_default();
        *counter = count.max(*counter);
    }

    /// Returns how many requests a counter of a rule has counted.
    pub(in crate::scenario) fn counted(&self, rule: &Arc<str>, part: usize) -> u64 {
        self.counters.get(&(Arc::clone(rule), part)).copied().unwrap_or_default()
    }

    /// Returns how many bodies reached a place of a rule.
    pub(in crate::scenario) fn bodies_at(&self, rule: &Arc<str>, entry: usize) -> u64 {
        self.reached.get(&(Arc::clone(rule), entry)).copied().unwrap_or_default()
    }

    /// Returns how many requests a rule matched.
    pub(in crate::scenario) fn matched(&self, rule: &str) -> u64 {
        self.uses.get(rule).map_or(0, |uses| uses.matched)
    }

    /// Returns the number of this attempt of the same request, from 0.
    pub(in crate::scenario) fn attempt(&mut self, rule: &Arc<str>, request: [u8; 32]) -> u64 {
        if self.notes() {
            self.note(|| EntryKey::Attempt(Arc::clone(rule), request));
            let attempts = self.attempts();
            let is_full = attempts.len() >= MAX_REQUESTS;
            let oldest = attempts.peek_lru().map(|(oldest, _)| oldest.clone());
            let is_there = attempts.contains(&(Arc::clone(rule), request));
            if let Some((rule, oldest)) = oldest.filter(|_| is_full && !is_there) {
                self.note(|| EntryKey::Attempt(rule, oldest));
            }
        }
        let counter = self.attempts().get_or_insert_mut((Arc::clone(rule), request), || 0);
        let n = *counter;
        *counter += 1;
        n
    }

    pub(super) fn attempts(&mut self) -> &mut LruCache<RuleRequest, u64> {
        self.attempts.get_or_insert_with(|| {
            // Unbounded so that no memory is reserved; entries beyond the limit are evicted.
            let mut attempts = LruCache::unbounded();
            attempts.resize(NonZeroUsize::new(MAX_REQUESTS).unwrap_or(NonZeroUsize::MIN));
            attempts
        })
    }

    /// Counts a request against a limit and returns whether it passes.
    pub(in crate::scenario) fn spend_limit(
        &mut self,
        rule: &Arc<str>,
        limit: &Limit,
        key: [u8; 32],
        now: Duration,
    ) -> LimitState {
        if self.notes() {
            self.note(|| EntryKey::Limit(Arc::clone(rule), key));
            if let Some(oldest) = self.limits.makes_room(rule, &key) {
                self.note(|| EntryKey::Limit(Arc::clone(rule), oldest));
            }
        }
        self.limits.spend(rule, limit, key, now)
    }

    /// Counts that a rule matched, and whether it acted.
    pub(in crate::scenario) fn used(&mut self, rule: &Arc<str>, acted: bool) {
        if self.is_counted() {
            return;
        }
        let uses = self.uses.entry(Arc::clone(rule)).or_default();
        uses.matched += 1;
        uses.acted += u64::from(acted);
    }

    /// Returns where a scenario is on its timeline. The first request starts a timeline that waits
    /// for one.
    pub(in crate::scenario) fn now(
        &mut self,
        name: &Arc<str>,
        timeline: &Timeline,
        now: Duration,
    ) -> Now {
        timeline.at(self.since_start(name, timeline, now, true))
    }

    /// Returns how long ago a scenario's timeline began.
    pub(in crate::scenario) fn since_start(
        &mut self,
        name: &Arc<str>,
        timeline: &Timeline,
        now: Duration,
        request: bool,
    ) -> Option<Duration> {
        if let Some((start, ahead)) = self.starts.get(name) {
            let since = now.saturating_sub(*start) + *ahead;
            self.rely(|| EntryKey::Timeline(Arc::clone(name)));
            return Some(since);
        }
        let start = match (timeline.start, self.began) {
            (Start::Ready, Some(began)) => began,
            (Start::FirstRequest | Start::Ready, _) if request => now,
            _ => return None,
        };
        self.note(|| EntryKey::Timeline(Arc::clone(name)));
        self.starts.insert(Arc::clone(name), (start, Duration::ZERO));
        Some(now.saturating_sub(start))
    }

    /// Starts a scenario's timeline now, at a position on it.
    pub(in crate::scenario) fn start(&mut self, name: &Arc<str>, now: Duration, ahead: Duration) {
        self.note(|| EntryKey::Timeline(Arc::clone(name)));
        self.starts.insert(Arc::clone(name), (now, ahead));
    }
}
