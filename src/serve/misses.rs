//! The requests that nothing answered, for the report of a replay.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::message::Asked;
use crate::redact::Redactor;

/// How many different requests are kept.
const MOST_MISSES: usize = 1000;

/// The requests that nothing answered, each once, without secrets.
#[derive(Debug, Default)]
pub(crate) struct Misses(Mutex<BTreeSet<String>>);

impl Misses {
    pub(super) fn add(&self, asked: &Asked<'_>, redactor: &Redactor) {
        let mut misses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if misses.len() < MOST_MISSES {
            let target = redactor.target(asked.target());
            misses.insert(format!("{} {target}", asked.method()));
        }
    }

    /// All of them, sorted.
    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
