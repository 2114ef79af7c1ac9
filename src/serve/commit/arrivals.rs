//! Who waits for a revision. Each is woken once, when it is reached: a channel that tells every revision to all who wait
//! would wake all writers for each write of one.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::k8s::Revision;

/// Who waits, by the revision, and by a number of its own.
#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    of: BTreeMap<(Revision, u64), oneshot::Sender<()>>,
}

/// Who waits for revisions.
#[derive(Debug, Default)]
pub(super) struct Arrivals(Mutex<Waiting>);

impl Arrivals {
    /// A revision is reached: who waits for it, or for an earlier one, goes on. Called after it can be seen.
    pub(super) fn reach(&self, revision: Revision) {
        let reached = {
            let mut waiting = self.lock();
            if waiting.of.is_empty() {
                return;
            }
            let later = waiting.of.split_off(&(Revision(revision.0.saturating_add(1)), 0));
            std::mem::replace(&mut waiting.of, later)
        };
        for sender in reached.into_values() {
            // Who does not wait any more needs no word.
            let _ = sender.send(());
        }
    }

    /// Waits for a revision, where `now` does not have it yet.
    pub(super) async fn wait(&self, revision: Revision, now: impl Fn() -> Revision) {
        let (receiver, _place) = {
            let mut waiting = self.lock();
            // Who reaches it after this look finds who waits.
            if now() >= revision {
                return;
            }
            waiting.last += 1;
            let key = (revision, waiting.last);
            let (sender, receiver) = oneshot::channel();
            waiting.of.insert(key, sender);
            (receiver, PlaceHeld { arrivals: self, key })
        };
        // The sender is only dropped after it has sent.
        let _ = receiver.await;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the place of one who does not wait any more free.
struct PlaceHeld<'a> {
    arrivals: &'a Arrivals,
    key: (Revision, u64),
}

impl Drop for PlaceHeld<'_> {
    fn drop(&mut self) {
        self.arrivals.lock().of.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicU64, Ordering};

    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn each_goes_on_when_its_revision_is_reached() {
        let (arrivals, at) = (Arrivals::default(), AtomicU64::new(3));
        let now = || Revision(at.load(Ordering::Relaxed));
        assert_eq!(arrivals.wait(Revision(3), now).now_or_never(), Some(()));
        let mut two = pin!(arrivals.wait(Revision(5), now));
        let mut three = pin!(arrivals.wait(Revision(7), now));
        assert_eq!((two.as_mut().now_or_never(), three.as_mut().now_or_never()), (None, None));
        at.store(6, Ordering::Relaxed);
        arrivals.reach(Revision(6));
        assert_eq!((two.now_or_never(), three.as_mut().now_or_never()), (Some(()), None));
        at.store(7, Ordering::Relaxed);
        arrivals.reach(Revision(7));
        assert_eq!(three.now_or_never(), Some(()));
    }

    #[test]
    fn who_gives_up_leaves_nothing() {
        let arrivals = Arrivals::default();
        {
            let mut waiting = pin!(arrivals.wait(Revision(9), || Revision(0)));
            assert_eq!(waiting.as_mut().now_or_never(), None);
            assert_eq!(arrivals.lock().of.len(), 1);
        }
        assert_eq!(arrivals.lock().of.len(), 0);
    }
}
