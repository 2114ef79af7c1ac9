//! Follows the journal: what is there, then what comes, in batches.

use std::sync::Arc;

use super::feed::{Batch, Progress};
use super::journal::Journal;

/// How many exchanges a batch has at most.
const BATCH: usize = 128;

/// One who follows the journal.
#[derive(Debug)]
pub(crate) struct Follower {
    journal: Arc<Journal>,
    /// The number of the exchange that comes next.
    next: u64,
    /// How many exchanges had been recorded when the journal was last cleared.
    cleared: u64,
}

impl Follower {
    /// Follows the journal from behind an exchange, or from the oldest one that is kept. Nothing where too many do so
    /// already.
    pub(crate) fn new(journal: &Arc<Journal>, after: Option<u64>) -> Option<Self> {
        if !journal.feed().join() {
            return None;
        }
        let (first, last, cleared) = journal.ends();
        // What was dropped before one begins is not lost to it. A number that is still to come is of another journal.
        let next = after.filter(|after| *after <= last).map_or(first, |after| after + 1);
        Some(Self { journal: Arc::clone(journal), next, cleared })
    }

    /// Waits for something new.
    pub(crate) async fn next(&mut self) -> Batch {
        let journal = Arc::clone(&self.journal);
        loop {
            let changed = journal.feed().changed();
            tokio::pin!(changed);
            // What is recorded between the look and the wait counts.
            changed.as_mut().enable();
            let Progress { batch, next, cleared } = journal.since(self.next, self.cleared, BATCH);
            (self.next, self.cleared) = (next, cleared);
            if !batch.is_empty() {
                return batch;
            }
            changed.await;
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.journal.feed().leave();
    }
}

#[cfg(test)]
mod tests {
    use http::{Method, StatusCode};
    use std::time::Instant;

    use super::*;
    use crate::exchange::{Answered, ByStub, JournalLimits, MAX_FOLLOWERS, Slot};
    use crate::message::{Body, Origin, Plan, Request};

    fn journal(entries: usize) -> Arc<Journal> {
        let limits = JournalLimits { entries, ..JournalLimits::default() };
        Arc::new(Journal::new(None, limits, Arc::default()))
    }

    fn record(journal: &Journal, target: &str) {
        let (request, world) = (Request::new(Method::GET, target), Arc::from("default"));
        journal.record(&Answered {
            request: &request,
            plan: &Plan::new(StatusCode::OK, Origin::Kubernetes, Body::Empty),
            late: None,
            began: Instant::now(),
            made: Instant::now(),
            world: &world,
            stub: ByStub::No,
        });
    }

    fn numbers(batch: &Batch) -> Vec<u64> {
        batch.slots.iter().map(Slot::number).collect()
    }

    #[tokio::test]
    async fn a_follower_gets_what_is_there_and_then_what_comes() {
        let journal = journal(10);
        record(&journal, "/1");
        record(&journal, "/2");
        let mut follower = Follower::new(&journal, None).unwrap();
        assert_eq!(numbers(&follower.next().await), [1, 2]);
        let waits = tokio::spawn(async move { (numbers(&follower.next().await), follower) });
        tokio::task::yield_now().await;
        record(&journal, "/3");
        let (got, follower) = waits.await.unwrap();
        assert_eq!(got, [3]);
        drop(follower);
        let mut later = Follower::new(&journal, Some(2)).unwrap();
        assert_eq!(numbers(&later.next().await), [3]);
        // A number of another journal: all that there is.
        let mut other = Follower::new(&journal, Some(99)).unwrap();
        assert_eq!(numbers(&other.next().await), [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_slow_follower_loses_the_oldest_and_learns_how_many() {
        let journal = journal(3);
        for _ in 0..5 {
            record(&journal, "/before");
        }
        let mut follower = Follower::new(&journal, None).unwrap();
        let batch = follower.next().await;
        assert_eq!((numbers(&batch), batch.lost), (vec![3, 4, 5], 0));
        for _ in 0..10 {
            record(&journal, "/meanwhile");
        }
        let batch = follower.next().await;
        assert_eq!((numbers(&batch), batch.lost), (vec![13, 14, 15], 7));
        // What was removed is not lost.
        for _ in 0..2 {
            record(&journal, "/gone");
        }
        journal.clear_world("default");
        record(&journal, "/after");
        let batch = follower.next().await;
        assert_eq!((numbers(&batch), batch.lost, batch.cleared), (vec![18], 0, false));
        journal.clear();
        record(&journal, "/anew");
        let batch = follower.next().await;
        assert_eq!((numbers(&batch), batch.lost, batch.cleared), (vec![19], 0, true));
    }

    #[tokio::test]
    async fn batches_and_followers_are_bounded() {
        let journal = journal(BATCH * 3);
        for _ in 0..=BATCH {
            record(&journal, "/x");
        }
        let mut all: Vec<Follower> = (0..MAX_FOLLOWERS)
            .map(|_| Follower::new(&journal, None).expect("there is room"))
            .collect();
        assert!(Follower::new(&journal, None).is_none());
        let batch = all[0].next().await;
        assert_eq!((batch.slots.len(), batch.more), (BATCH, true));
        let batch = all[0].next().await;
        assert_eq!((batch.slots.len(), batch.more), (1, false));
        all.pop();
        assert!(Follower::new(&journal, None).is_some());
    }
}
