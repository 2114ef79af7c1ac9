//! The index of the journal: exchanges by stub, by path, and unmatched ones, without a scan of all.
//!
//! Queries update the index in small steps: a request only adds its exchange to the log.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::Arc;

use bytes::Bytes;
use foldhash::fast::RandomState;
use http::{HeaderMap, StatusCode};
use uuid::Uuid;

use crate::matching::Stub;
use crate::message::{Origin, Request};

use super::entry::Entry;

/// The size from which the index is rebuilt when most of its entries have left the log.
const SMALL: usize = 1024;

/// An exchange of the log, under its number.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    /// Counts all exchanges since the start.
    pub(super) number: u64,
    /// The bytes of the entry, stored here because the entry is no longer in the CPU cache when it
    /// is dropped.
    pub(super) weight: usize,
    pub(super) entry: Arc<Entry>,
}

impl Slot {
    /// The request, for patterns.
    pub(crate) fn request(&self) -> Request {
        self.entry.request()
    }

    /// The world it was sent to.
    pub(crate) fn world(&self) -> &str {
        &self.entry.world
    }

    /// Counts all exchanges since the start.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.entry.status
    }

    /// The header fields and the body of the answer, as far as it is kept.
    pub(crate) fn response(&self) -> (HeaderMap, Bytes) {
        (self.entry.response_headers(), self.entry.response_body().0)
    }

    /// Whether all of the answer's body is kept.
    pub(crate) fn has_whole_response(&self) -> bool {
        let (kept, whole) = self.entry.response_body();
        whole == Some(kept.len() as u64)
    }

    /// The stub that answered.
    pub(crate) fn stub(&self) -> Option<&Arc<Stub>> {
        self.entry.stub.as_ref()
    }
}

/// Which exchanges are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup<'a> {
    All,
    /// Those with a path, as sent.
    Path(&'a str),
    /// Those that a stub answered.
    Stub(Uuid),
    /// Those that nothing answered.
    Unmatched,
}

/// The numbers of exchanges by search key, oldest first.
#[derive(Debug, Default)]
pub(super) struct Index {
    state: RandomState,
    /// By the hash of the path: others may have the same.
    paths: HashMap<u64, VecDeque<u64>, RandomState>,
    stubs: HashMap<Uuid, VecDeque<u64>, RandomState>,
    unmatched: VecDeque<u64>,
    /// The number of the first exchange that is not indexed yet.
    next: u64,
    /// How many numbers there are in all lists.
    size: usize,
    /// How many exchanges were ever indexed.
    #[cfg(test)]
    steps: usize,
}

impl Index {
    /// Indexes at most this many exchanges of the log. Returns whether there are more.
    pub(super) fn catch_up(&mut self, log: &VecDeque<Slot>, most: usize) -> bool {
        if self.size > SMALL && self.size / 4 > log.len() {
            *self = Self {
                #[cfg(test)]
                steps: self.steps,
                ..Self::default()
            };
        }
        let from = log.partition_point(|slot| slot.number < self.next);
        for slot in log.iter().skip(from).take(most) {
            self.add(slot);
        }
        log.len() - from > most
    }

    fn add(&mut self, Slot { number, entry, .. }: &Slot) {
        self.next = number + 1;
        self.size += 1;
        #[cfg(test)]
        {
            self.steps += 1;
        }
        self.paths.entry(self.state.hash_one(entry.path())).or_default().push_back(*number);
        if let Some(stub) = &entry.stub {
            self.size += 1;
            self.stubs.entry(stub.id).or_default().push_back(*number);
        }
        if entry.origin == Origin::Unmatched {
            self.size += 1;
            self.unmatched.push_back(*number);
        }
    }

    #[cfg(test)]
    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Returns the exchanges of a query, oldest first. The index must be up to date.
    pub(super) fn find(&mut self, log: &VecDeque<Slot>, lookup: Lookup<'_>) -> Vec<Slot> {
        let numbers = match lookup {
            Lookup::All => return log.iter().cloned().collect(),
            Lookup::Path(path) => self.paths.get_mut(&self.state.hash_one(path)),
            Lookup::Stub(id) => self.stubs.get_mut(&id),
            Lookup::Unmatched => Some(&mut self.unmatched),
        };
        let Some(numbers) = numbers else { return Vec::new() };
        let oldest = log.front().map_or(u64::MAX, |slot| slot.number);
        let gone = numbers.partition_point(|number| *number < oldest);
        numbers.drain(..gone);
        self.size -= gone;
        let slot = |number: &u64| {
            let at = log.binary_search_by_key(number, |slot| slot.number).ok()?;
            Some(log[at].clone())
        };
        let is_of_path = |slot: &Slot| match lookup {
            Lookup::Path(path) => slot.entry.path() == path,
            _ => true,
        };
        numbers.iter().filter_map(slot).filter(is_of_path).collect()
    }
}
