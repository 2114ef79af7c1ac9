//! Whose turn it is: an exchange is made into a mapping once the secrets of all before it are known.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Which exchanges have told their secrets. Their numbers have no gaps. It has a lock of its own: threads of low
/// priority wait here.
#[derive(Debug, Default)]
pub(super) struct Turns {
    told: Mutex<Told>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Told {
    /// All exchanges up to this number have told theirs.
    all_until: u64,
    /// Others that have: at most one of each thread.
    others: BTreeSet<u64>,
    /// Nobody waits any more.
    is_open: bool,
}

impl Turns {
    /// The secrets of an exchange are known, or it has none.
    pub(super) fn learned(&self, order: u64) {
        let mut told = self.lock();
        if order > told.all_until {
            told.others.insert(order);
        }
        let before = told.all_until;
        while told.others.first() == Some(&(told.all_until + 1)) {
            told.others.pop_first();
            told.all_until += 1;
        }
        if told.all_until != before {
            self.changed.notify_all();
        }
    }

    /// Waits until the secrets of all exchanges before this one are known; returns whether they are. They are not where
    /// the recorder ends first.
    pub(super) fn wait(&self, order: u64) -> bool {
        let is_turn = |told: &Told| told.all_until + 1 >= order;
        let waits = |told: &mut Told| !told.is_open && !is_turn(told);
        let waited = self.changed.wait_while(self.lock(), waits);
        is_turn(&waited.unwrap_or_else(PoisonError::into_inner))
    }

    /// The recorder ends: whoever waits does so no more.
    pub(super) fn open(&self) {
        self.lock().is_open = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_waits_for_all_before_it() {
        let turns = Turns::default();
        assert!(turns.wait(1));
        turns.learned(3);
        turns.learned(3);
        assert_eq!(turns.lock().all_until, 0);
        std::thread::scope(|scope| {
            let third = scope.spawn(|| turns.wait(3));
            turns.learned(1);
            assert!(turns.wait(2));
            assert!(!third.is_finished());
            turns.learned(2);
        });
        assert_eq!(turns.lock().all_until, 3);
        assert!(turns.lock().others.is_empty());
        turns.learned(1);
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(!turns.wait(9)));
            turns.open();
        });
    }
}
