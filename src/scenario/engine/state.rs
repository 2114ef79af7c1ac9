//! The state of scenarios in one world: counters, draws, tokens and the start of time.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;

use super::limits::Limits;
use crate::scenario::rule::decision::{GateSeen, PlannedPlace};
use crate::scenario::rule::draw;
use crate::scenario::rule::timeline::{Now, Timeline};
use crate::scenario::rule::token::Token;
use crate::scenario::words::table::Start;

/// The most live tokens that are stored; the oldest is evicted first.
const MAX_TOKENS: usize = 10_000;
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
#[derive(Debug, Default)]
pub(in crate::scenario) struct Memory {
    /// How many requests each rule has counted; `at` entries have their own key.
    counters: HashMap<(Arc<str>, usize), u64>,
    uses: HashMap<Arc<str>, RuleUse>,
    /// How many bodies reached a place of a rule, by the rule's key and the entry of its `at`.
    reached: HashMap<(Arc<str>, usize), u64>,
    /// Attempts of requests, by rule and request.
    attempts: Option<LruCache<RuleRequest, u64>>,
    /// The counts of limits.
    pub(in crate::scenario) limits: Limits,
    tokens: BTreeMap<String, Issued>,
    order: VecDeque<String>,
    issued: u64,
    /// When each scenario's timeline began, and by how much it was advanced since.
    starts: HashMap<Arc<str>, (Duration, Duration)>,
    /// When the state was last reset.
    began: Duration,
}

#[derive(Debug)]
struct Issued {
    kind: String,
    expires: Option<Duration>,
    uses: Option<u64>,
}

impl ScenarioState {
    /// Clears the state; time counts from `now`.
    pub(crate) fn reset(&self, now: Duration) {
        *self.lock() = Memory { began: now, ..Memory::default() };
    }

    /// Restarts the timeline of a scenario.
    pub(crate) fn forget_timeline(&self, scenario: &str) {
        self.lock().starts.retain(|name, _| **name != *scenario);
    }

    /// Invalidates all tokens: they are unknown from now on.
    pub(crate) fn forget_tokens(&self) {
        let mut memory = self.lock();
        memory.tokens.clear();
        memory.order.clear();
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
        let counter = self.counters.entry((Arc::clone(rule), part)).or_default();
        let n = *counter;
        *counter += 1;
        n
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
        let limit = NonZeroUsize::new(MAX_REQUESTS).unwrap_or(NonZeroUsize::MIN);
        let attempts = self.attempts.get_or_insert_with(|| {
            // Unbounded so that no memory is reserved; entries beyond the limit are evicted below.
            let mut attempts = LruCache::unbounded();
            attempts.resize(limit);
            attempts
        });
        let counter = attempts.get_or_insert_mut((Arc::clone(rule), request), || 0);
        let n = *counter;
        *counter += 1;
        n
    }

    /// Counts that a rule matched, and whether it acted.
    pub(in crate::scenario) fn used(&mut self, rule: &Arc<str>, acted: bool) {
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
            return Some(now.saturating_sub(*start) + *ahead);
        }
        let start = match timeline.start {
            Start::Ready => self.began,
            Start::FirstRequest if request => now,
            Start::FirstRequest | Start::Admin => return None,
        };
        self.starts.insert(Arc::clone(name), (start, Duration::ZERO));
        Some(now.saturating_sub(start))
    }

    /// Starts a scenario's timeline now, at a position on it.
    pub(in crate::scenario) fn start(&mut self, name: &Arc<str>, now: Duration, ahead: Duration) {
        self.starts.insert(Arc::clone(name), (now, ahead));
    }

    /// Issues a token.
    pub(in crate::scenario) fn issue(
        &mut self,
        token: &Token,
        seed: u64,
        world: &str,
        now: Duration,
    ) -> String {
        let text = draw::token(seed, &token.name, world, self.issued);
        self.issued += 1;
        let expires = token.ttl.map(|ttl| now + ttl);
        let issued = Issued { kind: token.name.clone(), expires, uses: token.uses };
        self.tokens.insert(text.clone(), issued);
        self.order.push_back(text.clone());
        while self.tokens.len() > MAX_TOKENS {
            let Some(oldest) = self.order.pop_front() else { break };
            self.tokens.remove(&oldest);
        }
        text
    }

    /// Returns whether a token of a kind is valid.
    pub(in crate::scenario) fn has_live(&self, token: &Token, now: Duration) -> bool {
        self.tokens.values().any(|issued| issued.kind == token.name && issued.is_live(now))
    }

    /// Invalidates all tokens of a kind.
    pub(in crate::scenario) fn revoke(&mut self, token: &Token) {
        for issued in self.tokens.values_mut().filter(|issued| issued.kind == token.name) {
            issued.uses = Some(0);
        }
    }

    /// Returns whether one of the carried tokens is valid; the one that is loses a use.
    pub(in crate::scenario) fn spend(
        &mut self,
        token: &Token,
        carried: &[&str],
        now: Duration,
    ) -> GateSeen {
        let mut spent = if carried.is_empty() { GateSeen::Missing } else { GateSeen::Unknown };
        for text in carried {
            let Some(issued) =
                self.tokens.get_mut(*text).filter(|issued| issued.kind == token.name)
            else {
                continue;
            };
            if !issued.is_live(now) {
                spent = GateSeen::Spent;
                continue;
            }
            if let Some(uses) = &mut issued.uses {
                *uses -= 1;
            }
            return GateSeen::Valid;
        }
        spent
    }
}

impl Issued {
    fn is_live(&self, now: Duration) -> bool {
        self.expires.is_none_or(|expires| now < expires) && self.uses != Some(0)
    }
}
