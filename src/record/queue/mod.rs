//! Exchanges that have ended → mappings, in their order and beside the requests.
//!
//! ```text
//! the proxy pushes → pending, in memory ──────────────────→ [map], when there is time → sink
//!                        └ after 10 ms, or half of the [budget] → [spill] → backlog on disk ┘
//! ```
//!
//! An exchange that [map] has taken from memory and works on for more than 10 ms goes to the backlog too, in case that the
//! process is killed before its mapping is written.
//!
//! The proxy only pushes. Making a mapping costs much more than passing an exchange on, so it waits while the
//! machine is busy; by then the exchange is on disk. So a killed process loses what it answered in the last
//! moment, and nothing else.

mod budget;
mod dispatch;
mod map;
mod shared;
mod slot;
mod spill;
mod state;
mod sync;
mod turns;

#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::redact::Redactor;

use super::backlog::{Journal, decode_request};
use super::exchange::{ReceivedAnswer, SentRequest};
use super::spool::SpoolFolder;

pub(super) use budget::{Budget, Reserved};
pub(crate) use shared::QueueLimits;
use shared::Shared;
pub(super) use shared::Sink;
use slot::Slot;
use state::{Job, State};
use turns::Turns;

/// How long the end waits for what threads work on.
const LAST_WAIT: Duration = Duration::from_millis(300);

/// The most threads that make mappings.
const MAX_MAPPERS: usize = 4;

/// The names of threads, by their priority.
const NORMAL: &str = "standin-recorder";
const LOW: &str = "standin-mapper";

/// How many threads make mappings at once.
fn mappers() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(MAX_MAPPERS)
}

/// A queue with its threads. Its drop waits until the sink has everything.
pub(super) struct Queue {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    budget: Arc<Budget>,
}

impl Queue {
    /// Starts the threads of a queue, with what an earlier process left in the folder. The second value is how many
    /// exchanges that is.
    ///
    /// # Errors
    /// When the backlog cannot be read, or a thread cannot be started.
    pub(super) fn start(
        folder: &Path,
        limits: QueueLimits,
        redactor: Arc<Redactor>,
        spools: SpoolFolder,
        sink: Box<dyn Sink>,
    ) -> io::Result<(Self, usize)> {
        let key = |bytes| decode_request(bytes).map(|sent| sink.key(&sent));
        let (journal, entries, cut) =
            Journal::open(folder, &redactor, key).map_err(io::Error::other)?;
        if cut > 0 {
            sink.lost(1, &format!("it was cut off when the last recorder ended ({cut} bytes)"));
        }
        let left = entries.len();
        let reader = journal.as_ref().map(Journal::reader).transpose()?;
        let state = State::new(entries, reader.map(|reader| Arc::new(Mutex::new(reader))));
        let mappers = mappers();
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            newest: Condvar::new(),
            slots: (0..mappers).map(|_| Slot::default()).collect(),
            dispatcher: OnceLock::new(),
            turns: Turns::default(),
            arrived: Condvar::new(),
            written: Condvar::new(),
            folder: folder.to_path_buf(),
            spools,
            redactor,
            sink,
            limits,
        });
        let budget = Arc::new(Budget::new(limits.memory));
        let queue = Self { shared, threads: Mutex::default(), budget };
        queue.thread(NORMAL, map::run)?;
        queue.thread(NORMAL, dispatch::run)?;
        for at in 0..mappers {
            queue.thread(LOW, move |shared| dispatch::run_mapper(shared, &shared.slots[at]))?;
        }
        queue.thread(NORMAL, move |shared| spill::run(shared, journal))?;
        queue.thread(NORMAL, sync::run)?;
        Ok((queue, left))
    }

    fn thread(&self, name: &str, run: impl FnOnce(&Shared) + Send + 'static) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || run(&shared))?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    /// The memory budget of the exchanges.
    pub(super) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Queues an exchange that has ended.
    pub(super) fn push(&self, sent: SentRequest, answer: ReceivedAnswer, reserved: Reserved) {
        let key = self.shared.sink.key(&sent);
        let (exchange, since) = (Arc::new((sent, answer)), Instant::now());
        let reserved = Some(reserved);
        let job = Job { exchange, reserved, key, order: 0, since };
        let mut state = self.shared.lock();
        state.push(job);
        if state.normal_waits > 0 {
            self.shared.newest.notify_one();
        }
        if state.spiller_waits {
            self.shared.arrived.notify_one();
        }
    }

    /// Waits until the sink has all that was pushed.
    pub(super) async fn drained(&self) {
        let (done, drained) = oneshot::channel();
        {
            let mut state = self.shared.lock();
            if state.is_empty() {
                return;
            }
            state.when_drained.push(done);
        }
        // Fails only where the threads have ended.
        let _ = drained.await;
    }

    /// Lets threads of normal priority do all that is left: there are no more requests to give way to, and a thread of low
    /// priority may get no time at all beside other programs.
    fn hasten(&self) {
        self.shared.lock().ends = true;
        for _ in 1..mappers() {
            // There is one already.
            let _ = self.thread(NORMAL, map::run);
        }
        self.shared.newest.notify_all();
    }

    /// Ends the work: what the sink does not have by then stays on disk for the next start. Returns how many
    /// exchanges that is.
    pub(super) async fn end(&self, within: Duration) -> usize {
        self.hasten();
        if tokio::time::timeout(within, self.drained()).await.is_ok() {
            return 0;
        }
        let (done, spilled) = oneshot::channel();
        {
            let mut state = self.shared.lock();
            state.spills_all = true;
            state.when_spilled = Some(done);
        }
        self.shared.spools.end();
        self.shared.newest.notify_all();
        self.shared.wake_dispatcher();
        self.shared.arrived.notify_all();
        let _ = spilled.await;
        // All that threads work on is on disk by now, and may be left.
        self.shared.turns.open();
        // Small exchanges in the hands of a thread are done in a moment; large ones are on disk.
        let began = Instant::now();
        while !self.shared.lock().is_idle() && began.elapsed() < LAST_WAIT {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.shared.lock().spilled_count()
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.newest.notify_all();
        self.shared.wake_dispatcher();
        self.shared.arrived.notify_all();
        self.shared.written.notify_all();
        let threads = self.threads.get_mut().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            // A panic of the thread was printed already.
            let _ = thread.join();
        }
    }
}
