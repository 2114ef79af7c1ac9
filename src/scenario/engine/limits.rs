//! The counts of limits in one world.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use lru::LruCache;

use crate::scenario::rule::limit::{Limit, LimitState};
use crate::scenario::words::table::Algorithm;

/// The most values of a key that have separate counts; the least recently used one is evicted
/// first.
const MAX_KEYS: usize = 10_000;
/// The most requests that the sliding windows of a rule store, over all keys.
const MAX_REMEMBERED: usize = 1_000_000;

/// The counts of all limits, by the key of the rule.
#[derive(Debug, Default)]
pub(in crate::scenario) struct Limits(HashMap<Arc<str>, Counts>);

/// The counts of one limit.
#[derive(Debug)]
struct Counts {
    keys: LruCache<[u8; 32], Count>,
    /// How many requests the sliding windows store.
    remembered: usize,
}

/// The count of one value of a key.
#[derive(Debug)]
pub(super) enum Count {
    Fixed {
        began: Duration,
        passed: u64,
    },
    /// When the requests of the window passed.
    Sliding(VecDeque<Duration>),
    /// When the bucket is full, in nanoseconds times the requests of a window: integers, so that
    /// rounding loses nothing.
    Bucket {
        full_at: u128,
    },
}

impl Limits {
    /// Counts a request of a key and returns whether it passes.
    pub(in crate::scenario) fn spend(
        &mut self,
        rule: &Arc<str>,
        limit: &Limit,
        key: [u8; 32],
        now: Duration,
    ) -> LimitState {
        let counts = self.0.entry(Arc::clone(rule)).or_insert_with(Counts::new);
        counts.spend(limit, key, now)
    }

    /// The count of a value of a key.
    pub(super) fn get(&self, rule: &Arc<str>, key: &[u8; 32]) -> Option<&Count> {
        self.0.get(rule)?.keys.peek(key)
    }

    /// Sets a count, or forgets it.
    pub(super) fn set(&mut self, rule: &Arc<str>, key: [u8; 32], count: Option<Count>) {
        let counts = self.0.entry(Arc::clone(rule)).or_insert_with(Counts::new);
        if let Some(before) = counts.keys.pop(&key) {
            counts.remembered -= before.remembered();
        }
        if let Some(count) = count {
            if counts.keys.len() >= MAX_KEYS {
                counts.forget_oldest();
            }
            counts.remembered += count.remembered();
            counts.keys.put(key, count);
        }
    }

    /// Lets a value of a key be the first that is forgotten.
    pub(super) fn make_oldest(&mut self, rule: &Arc<str>, key: &[u8; 32]) {
        if let Some(counts) = self.0.get_mut(rule) {
            counts.keys.demote(key);
        }
    }

    /// The value of a key that is forgotten when another one is counted.
    pub(super) fn makes_room(&self, rule: &Arc<str>, key: &[u8; 32]) -> Option<[u8; 32]> {
        let keys = &self.0.get(rule)?.keys;
        let is_full = keys.len() >= MAX_KEYS && !keys.contains(key);
        keys.peek_lru().map(|(oldest, _)| *oldest).filter(|_| is_full)
    }
}

impl Counts {
    fn new() -> Self {
        // Unbounded so that no memory is reserved; `spend` evicts beyond the limit.
        let mut keys = LruCache::unbounded();
        keys.resize(NonZeroUsize::new(MAX_KEYS).unwrap_or(NonZeroUsize::MIN));
        Self { keys, remembered: 0 }
    }

    fn spend(&mut self, limit: &Limit, key: [u8; 32], now: Duration) -> LimitState {
        if self.keys.len() >= MAX_KEYS && !self.keys.contains(&key) {
            self.forget_oldest();
        }
        let count = self.keys.get_or_insert_mut(key, || Count::new(limit.algorithm, now));
        let before = count.remembered();
        let state = count.spend(limit, now);
        self.remembered = self.remembered + count.remembered() - before;
        while self.remembered > MAX_REMEMBERED && self.keys.len() > 1 {
            self.forget_oldest();
        }
        state
    }

    fn forget_oldest(&mut self) {
        if let Some((_, count)) = self.keys.pop_lru() {
            self.remembered -= count.remembered();
        }
    }
}

impl Count {
    fn new(algorithm: Algorithm, now: Duration) -> Self {
        match algorithm {
            Algorithm::FixedWindow => Self::Fixed { began: now, passed: 0 },
            Algorithm::SlidingWindow => Self::Sliding(VecDeque::new()),
            Algorithm::TokenBucket => Self::Bucket { full_at: 0 },
        }
    }

    /// The count as a text: a word and numbers, times in nanoseconds.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Fixed { began, passed } => format!("fixed {} {passed}", began.as_nanos()),
            Self::Sliding(times) => {
                let times = times.iter().map(|time| format!(" {}", time.as_nanos()));
                std::iter::once("sliding".to_owned()).chain(times).collect()
            }
            Self::Bucket { full_at } => format!("bucket {full_at}"),
        }
    }

    /// The count that has this text.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let word = parts.next()?;
        let time = |text: &str| text.parse().ok().map(Duration::from_nanos);
        Some(match word {
            "fixed" => {
                Self::Fixed { began: time(parts.next()?)?, passed: parts.next()?.parse().ok()? }
            }
            "sliding" => Self::Sliding(parts.map(time).collect::<Option<_>>()?),
            "bucket" => Self::Bucket { full_at: parts.next()?.parse().ok()? },
            _ => return None,
        })
    }

    fn remembered(&self) -> usize {
        match self {
            Self::Sliding(passed) => passed.len(),
            Self::Fixed { .. } | Self::Bucket { .. } => 0,
        }
    }

    fn spend(&mut self, limit: &Limit, now: Duration) -> LimitState {
        let Limit { requests, window, burst, .. } = *limit;
        match self {
            Self::Fixed { began, passed } => {
                if now.saturating_sub(*began) >= window {
                    (*began, *passed) = (now, 0);
                }
                let passes = *passed < requests;
                *passed += u64::from(passes);
                let remaining = requests.saturating_sub(*passed);
                let reset = window.saturating_sub(now.saturating_sub(*began));
                state(passes, remaining, reset, reset)
            }
            Self::Sliding(times) => {
                let is_over = |time: &Duration| now.saturating_sub(*time) >= window;
                while times.front().is_some_and(is_over) {
                    times.pop_front();
                }
                let passes = (times.len() as u64) < requests;
                if passes {
                    times.push_back(now);
                }
                let left = |time: Option<&Duration>| {
                    time.map_or(Duration::ZERO, |time| {
                        window.saturating_sub(now.saturating_sub(*time))
                    })
                };
                let remaining = requests.saturating_sub(times.len() as u64);
                state(passes, remaining, left(times.back()), left(times.front()))
            }
            Self::Bucket { full_at } => {
                let (rate, each) = (u128::from(requests), window.as_nanos());
                let (now, room) = (now.as_nanos() * rate, u128::from(burst) * each);
                let spent = (*full_at).max(now) - now + each;
                let passes = spent <= room;
                let spent = if passes { spent } else { spent - each };
                *full_at = now + spent;
                let time = |scaled: u128| {
                    Duration::from_nanos(u64::try_from(scaled.div_ceil(rate)).unwrap_or(u64::MAX))
                };
                let remaining = u64::try_from((room - spent) / each).unwrap_or(u64::MAX);
                state(passes, remaining, time(spent), time((spent + each).saturating_sub(room)))
            }
        }
    }
}

fn state(passes: bool, remaining: u64, reset: Duration, next: Duration) -> LimitState {
    let retry_after = if remaining > 0 { Duration::ZERO } else { next };
    LimitState { passes, remaining, reset, retry_after }
}
