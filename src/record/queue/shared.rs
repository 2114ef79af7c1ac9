//! What the threads of a queue share, and where they bring exchanges.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use crate::record::exchange::{ReceivedAnswer, SentRequest};
use crate::record::spool::SpoolFolder;
use crate::redact::Redactor;

use super::slot::Slot;
use super::state::State;
use super::turns::Turns;

/// Takes exchanges, those of one request in the order in which they ended. It reports its own errors.
pub(in crate::record) trait Sink: Send + Sync + 'static {
    /// Prepares what the first exchange would wait for.
    fn prepare(&self) {}

    /// Takes an exchange that repeats the last one of its request; returns whether it does. It waits for no other thread:
    /// where it would have to, it does not take it.
    fn repeats(&self, sent: &SentRequest, answer: &ReceivedAnswer) -> bool;

    /// Takes an exchange; returns whether it did. One that it leaves since the recorder ends stays in the backlog. It
    /// calls `learned` when the secrets of the exchange are known, which waits for those of all before it, and returns
    /// whether they are known: an exchange is left where they are not.
    fn record(&self, sent: SentRequest, answer: ReceivedAnswer, learned: &dyn Fn() -> bool)
    -> bool;

    /// Exchanges are lost.
    fn lost(&self, count: usize, why: &str);

    /// Which exchanges are of one request.
    fn key(&self, sent: &SentRequest) -> u64;
}

/// The settings of a queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueLimits {
    /// The most bytes of exchanges in memory; new requests wait above it.
    pub(crate) memory: usize,
    /// The most bytes on disk; above it exchanges stay in memory. With 0 all of them do.
    pub(crate) backlog: u64,
    /// Whether its threads give way to requests. Nothing is served while an earlier recording is made whole, and a
    /// server waits for that: then they have all of the machine.
    pub(crate) gives_way: bool,
}

/// What the threads of a queue share.
pub(super) struct Shared {
    /// No thread of low priority takes it; see [`super::dispatch`].
    pub(super) state: Mutex<State>,
    /// Wakes the threads of normal priority that make mappings: one, and more at the end.
    pub(super) newest: Condvar,
    /// Where the threads of low priority that make mappings get their work.
    pub(super) slots: Vec<Slot>,
    /// The thread that gives it to them, once it runs.
    pub(super) dispatcher: OnceLock<Thread>,
    /// When the secrets of which exchanges are known.
    pub(super) turns: Turns,
    /// Wakes the thread that spills.
    pub(super) arrived: Condvar,
    /// Wakes the thread that syncs.
    pub(super) written: Condvar,
    pub(super) folder: PathBuf,
    /// Where the files of large bodies are.
    pub(super) spools: SpoolFolder,
    pub(super) redactor: Arc<Redactor>,
    pub(super) sink: Box<dyn Sink>,
    pub(super) limits: QueueLimits,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the threads of normal priority that make mappings, where they wait for work.
    pub(super) fn wake_normal(&self, state: &State) {
        if state.normal_waits > 0 {
            self.newest.notify_all();
        }
    }

    /// Wakes the thread that spills, where it may remove the backlog or end: a thread is done with an exchange.
    pub(super) fn wake_spiller(&self, state: &State) {
        if state.is_disk_empty() || state.closed && state.is_idle() {
            self.arrived.notify_one();
        }
    }

    /// Wakes the thread that gives work to those of low priority. Before it runs, it needs no news.
    pub(super) fn wake_dispatcher(&self) {
        if let Some(thread) = self.dispatcher.get() {
            thread.unpark();
        }
    }

    /// Has what was written synced.
    pub(super) fn sync_soon(&self, state: &mut State) {
        state.unsynced = true;
        if state.syncer_waits {
            self.written.notify_one();
        }
    }

    /// Waits for a time, or until the queue is closed.
    pub(super) fn wait_for<'s>(
        on: &Condvar,
        state: MutexGuard<'s, State>,
        time: Duration,
    ) -> MutexGuard<'s, State> {
        let waited = on.wait_timeout_while(state, time, |state| !state.closed);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits until another thread wakes this one.
    pub(super) fn wait<'s>(on: &Condvar, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        on.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}
