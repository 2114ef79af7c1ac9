//! What scenarios remember, for one world: counters, draws, tokens.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::draw;
use super::token::Token;

/// How many live tokens are remembered; the oldest is forgotten first.
const MAX_TOKENS: usize = 10_000;

/// Counters, draws and tokens of one world. All begin anew with [`ScenarioState::reset`].
#[derive(Debug, Default)]
pub struct ScenarioState {
    inner: Mutex<Memory>,
}

/// What is behind the lock.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// How many requests each rule has counted; `at` entries have a key of their own.
    counters: HashMap<(Arc<str>, usize), u64>,
    tokens: BTreeMap<String, Issued>,
    order: VecDeque<String>,
    issued: u64,
}

#[derive(Debug)]
struct Issued {
    kind: String,
    expires: Option<Duration>,
    uses: Option<u64>,
}

impl ScenarioState {
    /// Forgets everything.
    pub fn reset(&self) {
        *self.lock() = Memory::default();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Memory> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// The number of this request among those a rule has counted, from 0; `part` tells apart what one
    /// rule counts separately.
    pub(super) fn count(&mut self, rule: &Arc<str>, part: usize) -> u64 {
        let counter = self.counters.entry((Arc::clone(rule), part)).or_default();
        let n = *counter;
        *counter += 1;
        n
    }

    /// Gives out a token.
    pub(super) fn issue(&mut self, token: &Token, seed: u64, world: &str, now: Duration) -> String {
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

    /// Whether one of the carried tokens is live; one that is has one use less.
    pub(super) fn spend(&mut self, token: &Token, carried: &[&str], now: Duration) -> bool {
        for text in carried {
            let Some(issued) =
                self.tokens.get_mut(*text).filter(|issued| issued.kind == token.name)
            else {
                continue;
            };
            if issued.expires.is_some_and(|expires| now >= expires) || issued.uses == Some(0) {
                self.tokens.remove(*text);
                continue;
            }
            if let Some(uses) = &mut issued.uses {
                *uses -= 1;
            }
            return true;
        }
        false
    }
}
