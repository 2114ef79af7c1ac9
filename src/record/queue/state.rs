//! What is queued: in memory, on disk, and in the hands of a thread.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::record::backlog::{Entry, Journal};
use crate::record::exchange::{ReceivedAnswer, SentRequest};

use super::budget::Reserved;

/// How many exchanges are looked at for one whose request no other thread works on.
const LOOK_AHEAD: usize = 64;

/// A larger exchange goes to the disk before a mapping is made of it, in bytes.
const LARGE: usize = 256 << 10;

/// An exchange that has ended.
pub(super) type Exchange = (SentRequest, ReceivedAnswer);

/// An exchange in memory.
pub(super) struct Job {
    /// The thread that makes a mapping of it shares it with [`Busy`].
    pub(super) exchange: Arc<Exchange>,
    /// Nothing for what another thread works on.
    pub(super) reserved: Option<Reserved>,
    /// Those with the same key are taken one after the other.
    pub(super) key: u64,
    /// Its number among all that were taken or brought to the disk, once it is.
    pub(super) order: u64,
    pub(super) since: Instant,
}

/// An exchange that a thread works on.
struct Busy {
    key: u64,
    order: u64,
    /// Where it was taken from memory.
    in_memory: Option<InMemory>,
}

/// An exchange that a thread works on and that is not on disk, as far as the queue knows.
struct InMemory {
    exchange: Arc<Exchange>,
    since: Instant,
    /// Whether it is on disk, or on its way there.
    is_spilled: bool,
    /// Its place on disk.
    entry: Option<Entry>,
}

/// Whether a thread may take the time of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    /// It makes mappings at once while there are few requests, and none while there are many.
    Normal,
    /// It makes mappings in the time that nothing else needs.
    Low,
}

/// What a thread takes to work on.
pub(super) enum Task {
    Memory(Job),
    Disk(Entry, Arc<Mutex<Journal>>),
}

impl Job {
    fn bytes(&self) -> usize {
        self.reserved.as_ref().map_or(0, Reserved::bytes)
    }
}

impl InMemory {
    fn of(job: &Job) -> Self {
        let exchange = Arc::clone(&job.exchange);
        Self { exchange, since: job.since, is_spilled: false, entry: None }
    }
}

impl Task {
    pub(super) fn key(&self) -> u64 {
        match self {
            Self::Memory(job) => job.key,
            Self::Disk(entry, _) => entry.key,
        }
    }

    pub(super) fn order(&self) -> u64 {
        match self {
            Self::Memory(job) => job.order,
            Self::Disk(entry, _) => entry.order,
        }
    }
}

/// How many exchanges ended of late.
#[derive(Default)]
struct Rate {
    /// When the window began, and how many it has.
    window: Option<(Instant, u32)>,
    /// How many the one before had.
    before: u32,
}

impl Rate {
    const WINDOW: Duration = Duration::from_millis(50);
    /// More in a window are a rush: 2,000 a second.
    const RUSH: u32 = 100;

    fn add(&mut self, now: Instant) {
        match &mut self.window {
            Some((began, count)) if now.saturating_duration_since(*began) < Self::WINDOW => {
                *count += 1;
            }
            window => {
                self.before = window.map_or(0, |(_, count)| count);
                *window = Some((now, 1));
            }
        }
    }

    fn is_high(&self, now: Instant) -> bool {
        let Some((began, count)) = self.window else { return false };
        let is_late = now.saturating_duration_since(began) < 2 * Self::WINDOW;
        is_late && self.before.max(count) > Self::RUSH
    }
}

/// The state of a queue.
#[derive(Default)]
pub(super) struct State {
    /// In memory: newer than all that is on disk.
    pending: VecDeque<Job>,
    pending_bytes: usize,
    /// On disk, and not taken.
    spilled: VecDeque<Entry>,
    /// How many of these have a key.
    spilled_keys: HashMap<u64, u32>,
    /// Reads what is on disk.
    pub(super) reader: Option<Arc<Mutex<Journal>>>,
    /// Backlogs whose files are removed, once the last handle is.
    pub(super) removed: Vec<Arc<Mutex<Journal>>>,
    /// What was pending is on its way to the disk.
    spilling: bool,
    /// What threads work on.
    busy: Vec<Busy>,
    /// The number of the next exchange.
    next: u64,
    /// How much is pushed.
    rate: Rate,
    /// How many threads of normal priority wait for work.
    pub(super) normal_waits: usize,
    pub(super) spiller_waits: bool,
    /// Something was written since the last sync.
    pub(super) unsynced: bool,
    /// The thread that syncs waits for that.
    pub(super) syncer_waits: bool,
    /// The recorder ends: threads of normal priority do all the work.
    pub(super) ends: bool,
    /// Nothing more is pushed.
    pub(super) closed: bool,
    /// The work ends, and what is left goes to the disk.
    pub(super) spills_all: bool,
    pub(super) when_drained: Vec<oneshot::Sender<()>>,
    pub(super) when_spilled: Option<oneshot::Sender<()>>,
}

impl State {
    pub(super) fn new(spilled: VecDeque<Entry>, reader: Option<Arc<Mutex<Journal>>>) -> Self {
        let mut state = Self { reader, ..Self::default() };
        state.add_spilled(spilled);
        state
    }

    /// Whether requests come so fast that making mappings would slow them down.
    pub(super) fn is_rush(&self) -> bool {
        !self.closed && !self.ends && self.rate.is_high(Instant::now())
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(super) fn push(&mut self, job: Job) {
        self.rate.add(job.since);
        self.pending_bytes += job.bytes();
        self.pending.push_back(job);
    }

    /// Takes the next exchange whose request no other thread works on. A thread of low priority may be kept from
    /// its work for seconds, so it takes only what is on disk already. In memory none is passed over but large ones:
    /// nothing else would take it.
    pub(super) fn take(&mut self, priority: Priority) -> Option<Task> {
        let free = |busy: &[Busy], key: u64| busy.iter().all(|busy| busy.key != key);
        let task = if self.spilled.is_empty() {
            if priority == Priority::Low {
                return None;
            }
            // What is on its way to the disk is older.
            let mut first = self.pending.iter().take(LOOK_AHEAD).filter(|_| !self.spilling);
            // A large body may take longer than the recorder has at its end, and an exchange in the hands of a thread is
            // in memory alone: it goes to the backlog first.
            let mut passed_over = Vec::new();
            let at = first.position(|job| {
                let is_large = job.exchange.1.body.file().is_some() || job.bytes() > LARGE;
                passed_over.extend(is_large.then_some(job.key));
                !is_large
            })?;
            let key = self.pending.get(at)?.key;
            if passed_over.contains(&key) || !free(&self.busy, key) {
                return None;
            }
            let mut job = self.pending.remove(at)?;
            self.pending_bytes -= job.bytes();
            job.order = self.number();
            Task::Memory(job)
        } else {
            // At the end no thread passes one over: each could wait for its secrets, and none would be left to take it.
            let most = if self.ends { 1 } else { LOOK_AHEAD };
            let mut first = self.spilled.iter().take(most);
            let at = first.position(|entry| free(&self.busy, entry.key))?;
            let next = self.spilled.remove(at)?;
            if let Some(count) = self.spilled_keys.get_mut(&next.key) {
                *count -= 1;
                if *count == 0 {
                    self.spilled_keys.remove(&next.key);
                }
            }
            Task::Disk(next, self.reader.clone()?)
        };
        let in_memory = match &task {
            Task::Memory(job) => Some(InMemory::of(job)),
            Task::Disk(..) => None,
        };
        self.busy.push(Busy { key: task.key(), order: task.order(), in_memory });
        Some(task)
    }

    /// An exchange that was taken is done. Returns its place on disk where it was spilled meanwhile, and what marks it as
    /// done there.
    pub(super) fn done(&mut self, key: u64) -> Option<(Entry, Arc<Mutex<Journal>>)> {
        let at = self.busy.iter().position(|busy| busy.key == key);
        let busy = at.map(|at| self.busy.swap_remove(at));
        self.tell_drained();
        Some((busy?.in_memory?.entry?, self.reader.clone()?))
    }

    /// An exchange on disk that was taken and is not done: it comes before all others again.
    pub(super) fn put_back(&mut self, entry: Entry) {
        *self.spilled_keys.entry(entry.key).or_default() += 1;
        self.spilled.push_front(entry);
    }

    fn tell_drained(&mut self) {
        if self.is_empty() {
            for done in self.when_drained.drain(..) {
                // Nobody may wait for it any more.
                let _ = done.send(());
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.is_disk_empty() && self.pending.is_empty() && !self.spilling
    }

    /// Whether nothing on disk is needed.
    pub(super) fn is_disk_empty(&self) -> bool {
        self.spilled.is_empty() && self.busy.is_empty()
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether what is pending has waited since before `since`, or is more than `bytes`.
    pub(super) fn is_due(&self, since: Instant, bytes: usize) -> bool {
        self.pending_bytes > bytes || self.pending.front().is_some_and(|job| job.since <= since)
    }

    /// Whether a thread works on an exchange that is in memory alone.
    pub(super) fn has_held(&self) -> bool {
        self.held().next().is_some()
    }

    fn held(&self) -> impl Iterator<Item = &InMemory> {
        self.busy.iter().filter_map(|busy| busy.in_memory.as_ref()).filter(|held| !held.is_spilled)
    }

    /// Copies of exchanges in memory alone that threads have worked on since before `since`. They are older than all that
    /// is pending.
    pub(super) fn copy_held(&mut self, since: Instant) -> VecDeque<Job> {
        let mut copies: Vec<Job> = Vec::new();
        for busy in &mut self.busy {
            let Some(held) = &mut busy.in_memory else { continue };
            if !held.is_spilled && held.since <= since {
                held.is_spilled = true;
                let (exchange, since) = (Arc::clone(&held.exchange), held.since);
                let (key, order) = (busy.key, busy.order);
                copies.push(Job { exchange, reserved: None, key, order, since });
            }
        }
        copies.sort_by_key(|job| job.order);
        copies.into()
    }

    /// Copies are on disk; returns those whose exchanges are done by now.
    pub(super) fn end_copies(&mut self, entries: VecDeque<Entry>) -> Vec<Entry> {
        let mut done = Vec::new();
        for entry in entries {
            let busy = self.busy.iter_mut().find(|busy| busy.order == entry.order);
            match busy.and_then(|busy| busy.in_memory.as_mut()) {
                Some(held) => held.entry = Some(entry),
                None => done.push(entry),
            }
        }
        done
    }

    /// Takes all that is pending, to bring it to the disk.
    pub(super) fn begin_spill(&mut self) -> VecDeque<Job> {
        self.spilling = true;
        self.pending_bytes = 0;
        std::mem::take(&mut self.pending)
    }

    /// What was taken to be spilled, if anything was, is on disk.
    pub(super) fn end_spill(&mut self, entries: VecDeque<Entry>) {
        self.add_spilled(entries);
        self.spilling = false;
        self.tell_drained();
    }

    /// Whether nothing older than what is being spilled has this key.
    pub(super) fn is_free(&self, key: u64) -> bool {
        self.busy.iter().all(|busy| busy.key != key) && !self.spilled_keys.contains_key(&key)
    }

    /// Whether no thread works on an exchange.
    pub(super) fn is_idle(&self) -> bool {
        self.busy.is_empty()
    }

    pub(super) fn spilled_count(&self) -> usize {
        self.spilled.len()
    }

    fn add_spilled(&mut self, mut entries: VecDeque<Entry>) {
        for entry in &mut entries {
            *self.spilled_keys.entry(entry.key).or_default() += 1;
            entry.order = self.number();
        }
        self.spilled.extend(entries);
    }
}
