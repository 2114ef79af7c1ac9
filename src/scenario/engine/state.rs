//! What scenarios remember, for one world: counters, draws, tokens, where time began.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;

use crate::scenario::rule::decision::GateSeen;
use crate::scenario::rule::draw;
use crate::scenario::rule::timeline::{Now, Timeline};
use crate::scenario::rule::token::Token;
use crate::scenario::words::table::Start;

/// How many live tokens are remembered; the oldest is forgotten first.
const MAX_TOKENS: usize = 10_000;
/// How many different requests are told apart where a rule draws by request; the one unused for
/// longest is forgotten first.
const MAX_REQUESTS: usize = 10_000;

/// Counters, draws, tokens and timelines of one world. All begin anew with [`ScenarioState::reset`].
#[derive(Debug, Default)]
pub struct ScenarioState {
    inner: Mutex<Memory>,
}

/// How often a rule was asked, and did something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RuleUse {
    /// How many requests it matched.
    pub matched: u64,
    /// In how many of them it did something.
    pub acted: u64,
}

/// A rule, and the id of a request.
type RuleRequest = (Arc<str>, [u8; 32]);

/// What is behind the lock.
#[derive(Debug, Default)]
pub(in crate::scenario) struct Memory {
    /// How many requests each rule has counted; `at` entries have a key of their own.
    counters: HashMap<(Arc<str>, usize), u64>,
    uses: HashMap<Arc<str>, RuleUse>,
    /// Attempts of requests, by rule and request.
    attempts: Option<LruCache<RuleRequest, u64>>,
    tokens: BTreeMap<String, Issued>,
    order: VecDeque<String>,
    issued: u64,
    /// When each scenario's timeline began, and how far it was moved on besides.
    starts: HashMap<Arc<str>, (Duration, Duration)>,
    /// When all began anew.
    began: Duration,
}

#[derive(Debug)]
struct Issued {
    kind: String,
    expires: Option<Duration>,
    uses: Option<u64>,
}

impl ScenarioState {
    /// Forgets everything; time begins to count anew.
    pub fn reset(&self, now: Duration) {
        *self.lock() = Memory { began: now, ..Memory::default() };
    }

    /// How often each rule was asked, and did something.
    #[must_use]
    pub fn uses(&self, rule: &str) -> RuleUse {
        self.lock().uses.get(rule).copied().unwrap_or_default()
    }

    pub(in crate::scenario) fn lock(&self) -> MutexGuard<'_, Memory> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// The number of this request among those a rule has counted, from 0; `part` tells apart what one
    /// rule counts separately.
    pub(in crate::scenario) fn count(&mut self, rule: &Arc<str>, part: usize) -> u64 {
        let counter = self.counters.entry((Arc::clone(rule), part)).or_default();
        let n = *counter;
        *counter += 1;
        n
    }

    /// The number of this attempt of one and the same request, from 0.
    pub(in crate::scenario) fn attempt(&mut self, rule: &Arc<str>, request: [u8; 32]) -> u64 {
        let limit = NonZeroUsize::new(MAX_REQUESTS).unwrap_or(NonZeroUsize::MIN);
        let attempts = self.attempts.get_or_insert_with(|| {
            // Grows with the requests; the limit is no reservation.
            let mut attempts = LruCache::unbounded();
            attempts.resize(limit);
            attempts
        });
        let counter = attempts.get_or_insert_mut((Arc::clone(rule), request), || 0);
        let n = *counter;
        *counter += 1;
        n
    }

    /// Notes that a rule was asked, and whether it did something.
    pub(in crate::scenario) fn used(&mut self, rule: &Arc<str>, acted: bool) {
        let uses = self.uses.entry(Arc::clone(rule)).or_default();
        uses.matched += 1;
        uses.acted += u64::from(acted);
    }

    /// Where a scenario is on its timeline. A first request starts what waits for one.
    pub(in crate::scenario) fn now(
        &mut self,
        name: &Arc<str>,
        timeline: &Timeline,
        now: Duration,
    ) -> Now {
        timeline.at(self.since_start(name, timeline, now, true))
    }

    /// How long ago a scenario's timeline began.
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

    /// Lets a scenario's timeline begin now, or be so far on its way.
    pub(in crate::scenario) fn start(&mut self, name: &Arc<str>, now: Duration, ahead: Duration) {
        self.starts.insert(Arc::clone(name), (now, ahead));
    }

    /// Gives out a token.
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

    /// Whether a token of a kind is live.
    pub(in crate::scenario) fn has_live(&self, token: &Token, now: Duration) -> bool {
        self.tokens.values().any(|issued| issued.kind == token.name && issued.is_live(now))
    }

    /// Lets all tokens of a kind die.
    pub(in crate::scenario) fn revoke(&mut self, token: &Token) {
        for issued in self.tokens.values_mut().filter(|issued| issued.kind == token.name) {
            issued.uses = Some(0);
        }
    }

    /// Whether one of the carried tokens is live; one that is has one use less.
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
                spent = GateSeen::Dead;
                continue;
            }
            if let Some(uses) = &mut issued.uses {
                *uses -= 1;
            }
            return GateSeen::Live;
        }
        spent
    }
}

impl Issued {
    fn is_live(&self, now: Duration) -> bool {
        self.expires.is_none_or(|expires| now < expires) && self.uses != Some(0)
    }
}
