//! The journal: a bounded log of exchanges, for the console, tests and verification.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use uuid::Uuid;

use crate::message::SubEvent;
use crate::redact::Redactor;

use super::entry::{Answered, Entry};
use super::exchange::Exchange;
#[cfg(feature = "console")]
use super::feed::Feed;
use super::ids::{Ids, Of};
use super::index::{Index, Lookup, Slot};

/// How many exchanges are stored by default.
const MAX_EXCHANGES: usize = 10_000;

/// How long a query waits for bodies that are still being read.
const SETTLED: Duration = Duration::from_secs(1);

/// How many dropped exchanges are freed together, and how many bytes they have at most.
const FREED_AT_ONCE: usize = 64;
const MOST_UNFREED: usize = 256 << 10;

/// How many exchanges are indexed at once while requests wait to be recorded.
const INDEXED_AT_ONCE: usize = 256;

/// How much the journal keeps, for [`Bounds::journal`](crate::Bounds::journal). The oldest
/// exchanges are dropped.
///
/// ```
/// let mut bounds = standin::Bounds::default();
/// bounds.journal.entries = 100;
/// let builder = standin::Server::builder().bounds(bounds);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct JournalLimits {
    /// The most exchanges; 10,000 by default. With 0, the journal is off.
    pub entries: usize,
    /// The most bytes of memory that they may take; 32 MiB by default.
    pub bytes: usize,
}

impl Default for JournalLimits {
    fn default() -> Self {
        Self { entries: MAX_EXCHANGES, bytes: 32 << 20 }
    }
}

/// Called with each exchange as it is recorded.
pub(crate) type Observer = Box<dyn Fn(&Exchange) + Send + Sync>;

/// The log of exchanges, of all worlds, bounded by [`JournalLimits`].
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// let server = standin::Server::builder().start().await?;
/// // … the client's requests …
/// assert_eq!(server.journal().count(|exchange| exchange.status == 404), 0);
/// for exchange in server.journal().exchanges() {
///     println!("{}", exchange.to_line());
/// }
/// server.journal().clear();
/// assert_eq!(server.journal().recorded(), 0);
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
pub struct Journal {
    inner: Mutex<Inner>,
    /// How many exchanges were recorded before the journal was cleared.
    cleared: AtomicU64,
    observer: Option<Observer>,
    limits: JournalLimits,
    redactor: Arc<Redactor>,
    ids: Ids,
    /// When the journal began, on both clocks: the time of an exchange follows from one of them.
    epoch: (Instant, SystemTime),
    /// Who follows it.
    #[cfg(feature = "console")]
    feed: Feed,
}

#[derive(Default)]
struct Inner {
    log: VecDeque<Slot>,
    index: Index,
    /// How many bytes the log takes.
    bytes: usize,
    /// How many exchanges were recorded since the start.
    recorded: u64,
    /// How many were dropped to make room, since the journal was cleared.
    dropped: u64,
    /// The number of the last of them.
    last_dropped: u64,
    /// Those that are not freed yet, and their bytes.
    gone: Vec<Slot>,
    gone_bytes: usize,
}

impl Journal {
    pub(crate) fn new(
        observer: Option<Observer>,
        limits: JournalLimits,
        redactor: Arc<Redactor>,
    ) -> Self {
        let epoch = (Instant::now(), SystemTime::now());
        let ids = Ids::default();
        let (inner, cleared) = (Mutex::default(), AtomicU64::new(0));
        Self {
            inner,
            cleared,
            observer,
            limits,
            redactor,
            ids,
            epoch,
            #[cfg(feature = "console")]
            feed: Feed::default(),
        }
    }

    /// Returns whether exchanges are not stored.
    pub(crate) fn is_off(&self) -> bool {
        self.limits.entries == 0
    }

    /// Stores an exchange and passes it to the observer. Returns its number.
    pub(crate) fn record(&self, answered: &Answered<'_>) -> u64 {
        if self.is_off() {
            self.observe(answered);
            return 0;
        }
        // All expensive work is done outside of the lock.
        let entry = Arc::new(Entry::of(answered, self.epoch.0));
        let weight = entry.weight();
        let observed = self.observer.as_ref().map(|observer| (observer, Arc::clone(&entry)));
        let mut freed = Vec::new();
        let number = {
            let mut inner = self.lock();
            inner.recorded += 1;
            let number = inner.recorded;
            inner.bytes += weight;
            inner.log.push_back(Slot { number, weight, entry });
            while inner.log.len() > self.limits.entries || inner.bytes > self.limits.bytes {
                let Some(oldest) = inner.log.pop_front() else { break };
                inner.bytes -= oldest.weight;
                inner.dropped += 1;
                inner.last_dropped = oldest.number;
                inner.gone_bytes += oldest.weight;
                inner.gone.push(oldest);
            }
            if inner.gone.len() >= FREED_AT_ONCE || inner.gone_bytes >= MOST_UNFREED {
                freed = std::mem::replace(&mut inner.gone, Vec::with_capacity(FREED_AT_ONCE));
                inner.gone_bytes = 0;
            }
            number
        };
        free(freed);
        #[cfg(feature = "console")]
        self.feed.announce();
        if let Some((observer, entry)) = observed {
            observer(&self.view(number, entry));
        }
        number
    }

    /// Adds an event after an answer to its exchange, unless that was dropped.
    pub(crate) fn add_sub_event(&self, number: u64, event: SubEvent) {
        let entry = {
            let inner = self.lock();
            let at = inner.log.binary_search_by_key(&number, |slot| slot.number);
            at.ok().map(|at| Arc::clone(&inner.log[at].entry))
        };
        if let Some(entry) = entry {
            entry.add_sub_event(self.epoch.0, event);
        }
    }

    /// Passes an exchange to the observer without storing it.
    pub(crate) fn observe(&self, answered: &Answered<'_>) {
        if let Some(observer) = &self.observer {
            let entry = Arc::new(Entry::of(answered, self.epoch.0));
            observer(&self.view(0, entry));
        }
    }

    /// Returns the stored exchanges, oldest first.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.select(Lookup::All).into_iter().map(|slot| self.exchange(slot)).collect()
    }

    /// Returns how many exchanges were recorded since the start or the last [`Journal::clear`],
    /// dropped ones included.
    pub fn recorded(&self) -> u64 {
        self.lock().recorded - self.cleared.load(Ordering::Relaxed)
    }

    /// Returns the number of the last exchange, which counts all since the start.
    pub(crate) fn last_number(&self) -> u64 {
        self.lock().recorded
    }

    /// Returns how many of them were dropped to make room for others.
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// Returns how many of the kept exchanges satisfy a condition.
    pub fn count(&self, condition: impl Fn(&Exchange) -> bool) -> usize {
        self.exchanges().iter().filter(|exchange| condition(exchange)).count()
    }

    /// Returns how many bytes are stored, and the limit.
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.lock().bytes, self.limits.bytes)
    }

    /// Drops all exchanges.
    pub fn clear(&self) {
        let before = {
            let mut inner = self.lock();
            let recorded = inner.recorded;
            self.cleared.store(recorded, Ordering::Relaxed);
            std::mem::replace(&mut *inner, Inner { recorded, ..Inner::default() })
        };
        drop(before);
        #[cfg(feature = "console")]
        self.feed.announce();
    }

    /// Drops the exchanges of one world.
    pub(crate) fn clear_world(&self, world: &str) {
        self.retain(|slot| &*slot.entry.world != world);
    }

    /// Drops some exchanges.
    pub(crate) fn remove(&self, slots: &[Slot]) {
        let numbers: BTreeSet<u64> = slots.iter().map(|slot| slot.number).collect();
        self.retain(|slot| !numbers.contains(&slot.number));
    }

    fn retain(&self, stays: impl Fn(&Slot) -> bool) {
        let gone = {
            let mut inner = self.lock();
            let (kept, gone): (VecDeque<Slot>, VecDeque<Slot>) =
                std::mem::take(&mut inner.log).into_iter().partition(stays);
            inner.log = kept;
            inner.bytes -= gone.iter().map(|slot| slot.weight).sum::<usize>();
            gone
        };
        drop(gone);
    }

    /// Returns the exchanges of a query, oldest first.
    pub(crate) fn select(&self, lookup: Lookup<'_>) -> Vec<Slot> {
        if lookup != Lookup::All {
            while self.lock().catch_up() {}
        }
        let mut inner = self.lock();
        // Few exchanges were recorded in the meantime.
        while lookup != Lookup::All && inner.catch_up() {}
        let Inner { log, index, .. } = &mut *inner;
        index.find(log, lookup)
    }

    /// Waits for the bodies that were unread when their requests were answered.
    pub(crate) async fn settle(&self, slots: &[Slot]) {
        let late = slots.iter().filter_map(|slot| slot.entry.late());
        let all = async {
            for body in late {
                body.settled().await;
            }
        };
        // A client that stops sending its body is not waited for.
        let _ = tokio::time::timeout(SETTLED, all).await;
    }

    /// Returns the exchange of an id.
    pub(crate) fn find(&self, id: Uuid) -> Option<Slot> {
        let number = self.ids.number(id);
        let inner = self.lock();
        let log = &inner.log;
        let Some(number) = number else {
            // The id of an answer that was rendered with one. Such lookups are rare.
            return log.iter().rev().find(|slot| slot.entry.id() == Some(id)).cloned();
        };
        let at = log.binary_search_by_key(&number, |slot| slot.number).ok()?;
        Some(log[at].clone())
    }

    /// Returns the id of the exchange with a number; another one where it is not kept.
    pub(crate) fn id(&self, number: Option<u64>) -> Uuid {
        number.map_or_else(Uuid::new_v4, |number| self.ids.id(Of::Exchange, number))
    }

    /// Returns the id of an exchange.
    pub(crate) fn id_of(&self, slot: &Slot) -> Uuid {
        slot.entry.id().unwrap_or_else(|| self.ids.id(Of::Exchange, slot.number))
    }

    /// Returns when an exchange was decided.
    pub(crate) fn time_of(&self, slot: &Slot) -> SystemTime {
        self.epoch.1 + Duration::from_nanos(slot.entry.at)
    }

    /// Returns an exchange, to be shown.
    pub(crate) fn exchange(&self, Slot { number, entry, .. }: Slot) -> Exchange {
        self.view(number, entry)
    }

    fn view(&self, number: u64, entry: Arc<Entry>) -> Exchange {
        let cleared = self.cleared.load(Ordering::Relaxed);
        Exchange {
            id: entry.id().unwrap_or_else(|| self.ids.id(Of::Exchange, number)),
            no_stub: self.ids.id(Of::NoStub, 0),
            number: number.saturating_sub(cleared),
            at: self.epoch.1 + Duration::from_nanos(entry.at),
            world: Arc::clone(&entry.world),
            method: entry.method.clone(),
            target: entry.target().try_into().unwrap_or_default(),
            headers: entry.headers(),
            body: Bytes::copy_from_slice(entry.body()),
            status: entry.status,
            origin: entry.origin.clone(),
            fault: entry.fault(),
            took: entry.took,
            redactor: Arc::clone(&self.redactor),
            entry,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Advances the index. Returns whether there is more to do.
    fn catch_up(&mut self) -> bool {
        let Self { log, index, .. } = self;
        index.catch_up(log, INDEXED_AT_ONCE)
    }
}

/// Frees exchanges that were dropped.
fn free(gone: Vec<Slot>) {
    // The entries and the reference counts of their stubs have left the CPU cache. Reading them all
    // first overlaps the cache misses; freeing each without that would wait for every miss.
    let users = |slot: &Slot| slot.entry.stub.as_ref().map_or(0, Arc::strong_count);
    std::hint::black_box(gone.iter().map(users).sum::<usize>());
    drop(gone);
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Journal({} exchanges)", self.lock().log.len())
    }
}

#[cfg(feature = "console")]
mod follow;
#[cfg(feature = "console")]
mod row;
#[cfg(test)]
mod tests;
