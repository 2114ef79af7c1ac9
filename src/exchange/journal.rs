//! The last stage: a bounded log of exchanges, for people, for tests and for verification.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Uri};

use crate::message::{Origin, Plan, Request, RequestBody};
use crate::redact::Redactor;

use super::byte_queue::ByteQueue;
use super::exchange::Exchange;

/// How many exchanges are kept by default.
const MAX_EXCHANGES: usize = 10_000;
/// How many bytes of one request body are kept.
const MAX_ONE_BODY: usize = 64 << 10;

/// How much the journal keeps, for [`Bounds::journal`](crate::Bounds::journal). Older exchanges are dropped.
///
/// ```
/// let mut bounds = standin::Bounds::default();
/// bounds.journal.entries = 100;
/// let builder = standin::Server::builder().bounds(bounds);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct JournalLimits {
    /// The most exchanges; 10,000 by default.
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
    observer: Option<Observer>,
    limits: JournalLimits,
    redactor: Arc<Redactor>,
    /// When the journal began, on both clocks: the time of an exchange follows from one of them.
    epoch: (Instant, SystemTime),
}

/// What is kept of an exchange besides the bytes of its request, which lie in the [`ByteQueue`].
#[derive(Debug)]
struct Entry {
    number: u64,
    /// Nanoseconds since the journal began.
    at: u64,
    took: Duration,
    world: Arc<str>,
    method: Method,
    status: StatusCode,
    origin: Origin,
    fault: Option<&'static str>,
    /// How long each part of its bytes is: the target, the header fields, the body.
    lengths: [u32; 3],
}

#[derive(Default)]
struct Inner {
    entries: VecDeque<Entry>,
    /// The bytes of the entries, in the same order.
    queue: ByteQueue,
    recorded: u64,
}

impl Journal {
    pub(crate) fn new(
        observer: Option<Observer>,
        limits: JournalLimits,
        redactor: Arc<Redactor>,
    ) -> Self {
        let epoch = (Instant::now(), SystemTime::now());
        Self { inner: Mutex::default(), observer, limits, redactor, epoch }
    }

    /// Keeps an exchange that began at a time and is decided now, and shows it to the observer.
    pub(crate) fn record(&self, request: &Request, plan: &Plan, began: Instant, world: &Arc<str>) {
        let mut entry = self.entry(request, plan, began, world);
        let observed;
        // What falls out is dropped after the lock is given back.
        let mut dropped = None;
        {
            let mut inner = self.lock();
            inner.recorded += 1;
            entry.number = inner.recorded;
            let bytes = inner.queue.push(entry.length());
            write_request(request, body_of(request), bytes);
            // Whoever looks on may be slow, and must not hold up the others.
            observed = self.observer.as_ref().map(|observer| {
                let bytes = inner.queue.last(entry.length());
                (observer, entry.view(bytes, self.epoch.1, &self.redactor))
            });
            inner.entries.push_back(entry);
            let JournalLimits { entries, bytes } = self.limits;
            while inner.entries.len() > entries || inner.held() > bytes {
                let Some(oldest) = inner.entries.pop_front() else { break };
                inner.queue.pop(oldest.length());
                dropped = Some(oldest);
            }
        }
        drop(dropped);
        if let Some((observer, exchange)) = observed {
            observer(&exchange);
        }
    }

    /// Shows an exchange to the observer, and does not keep it.
    pub(crate) fn observe(&self, request: &Request, plan: &Plan, began: Instant, world: &Arc<str>) {
        if let Some(observer) = &self.observer {
            let entry = self.entry(request, plan, began, world);
            let mut bytes = Vec::new();
            write_request(request, body_of(request), &mut bytes);
            observer(&entry.view(&bytes, self.epoch.1, &self.redactor));
        }
    }

    fn entry(&self, request: &Request, plan: &Plan, began: Instant, world: &Arc<str>) -> Entry {
        let now = Instant::now();
        let since = now.saturating_duration_since(self.epoch.0);
        let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let fields = request.headers.iter().map(|(name, value)| field_len(name, value));
        Entry {
            number: 0,
            at: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
            took: now.saturating_duration_since(began),
            world: Arc::clone(world),
            method: request.method.clone(),
            status: plan.status,
            origin: plan.origin.clone(),
            fault: plan.delivery.label(),
            lengths: [
                length(request.target().len()),
                length(fields.sum()),
                length(body_of(request).len()),
            ],
        }
    }

    /// The exchanges that are kept, oldest first.
    pub fn exchanges(&self) -> Vec<Exchange> {
        let inner = self.lock();
        let mut reader = inner.queue.reader();
        let view =
            |entry: &Entry| entry.view(reader.next(entry.length()), self.epoch.1, &self.redactor);
        inner.entries.iter().map(view).collect()
    }

    /// How many exchanges were recorded since the start or the last [`Journal::clear`], dropped ones included.
    pub fn recorded(&self) -> u64 {
        self.lock().recorded
    }

    /// How many of the kept exchanges satisfy a condition.
    pub fn count(&self, condition: impl Fn(&Exchange) -> bool) -> usize {
        self.exchanges().iter().filter(|exchange| condition(exchange)).count()
    }

    /// How many bytes are kept, and how many may be.
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.lock().held(), self.limits.bytes)
    }

    /// Drops everything.
    pub fn clear(&self) {
        *self.lock() = Inner::default();
    }

    /// Drops the exchanges of one world.
    pub(crate) fn clear_world(&self, world: &str) {
        let mut inner = self.lock();
        let Inner { entries, queue, .. } = &mut *inner;
        let mut kept = ByteQueue::default();
        let mut reader = queue.reader();
        entries.retain(|entry| {
            let bytes = reader.next(entry.length());
            let stays = &*entry.world != world;
            if stays {
                kept.push(bytes.len()).extend_from_slice(bytes);
            }
            stays
        });
        *queue = kept;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// How many bytes are kept.
    fn held(&self) -> usize {
        self.entries.len() * size_of::<Entry>() + self.queue.len()
    }
}

/// As much of a request's body as is kept.
fn body_of(request: &Request) -> &[u8] {
    match &request.body {
        RequestBody::Bytes(bytes) if bytes.len() <= MAX_ONE_BODY => bytes,
        _ => &[],
    }
}

/// How many bytes a header field takes: name and value, each behind its length.
fn field_len(name: &HeaderName, value: &HeaderValue) -> usize {
    8 + name.as_str().len() + value.len()
}

/// Writes a request's target, header fields and body. They are copied: as slices they would keep the connection's
/// read buffer.
fn write_request(request: &Request, body: &[u8], bytes: &mut Vec<u8>) {
    let size = |length: usize| u32::try_from(length).unwrap_or(0).to_le_bytes();
    bytes.extend_from_slice(request.target().as_bytes());
    for (name, value) in &request.headers {
        for part in [name.as_str().as_bytes(), value.as_bytes()] {
            bytes.extend_from_slice(&size(part.len()));
            bytes.extend_from_slice(part);
        }
    }
    bytes.extend_from_slice(body);
}

impl Entry {
    /// How many bytes it has in the queue.
    fn length(&self) -> usize {
        self.lengths.iter().map(|length| *length as usize).sum()
    }

    /// The exchange as it is shown.
    fn view(&self, bytes: &[u8], epoch: SystemTime, redactor: &Arc<Redactor>) -> Exchange {
        let [target, fields, _] = self.lengths.map(|length| length as usize);
        let (target, rest) = bytes.split_at_checked(target).unwrap_or_default();
        let (mut fields, body) = rest.split_at_checked(fields).unwrap_or_default();
        let mut part = || {
            let (length, after) = fields.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let (part, after) = after.split_at_checked(length)?;
            fields = after;
            Some(part)
        };
        let mut headers = HeaderMap::new();
        while let (Some(name), Some(value)) = (part(), part()) {
            // Both were a header field before.
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
            {
                headers.append(name, value);
            }
        }
        Exchange {
            number: self.number,
            at: epoch + Duration::from_nanos(self.at),
            world: Arc::clone(&self.world),
            method: self.method.clone(),
            target: Uri::try_from(target).unwrap_or_default(),
            headers,
            body: Bytes::copy_from_slice(body),
            status: self.status,
            origin: self.origin.clone(),
            fault: self.fault,
            took: self.took,
            redactor: Arc::clone(redactor),
        }
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Journal({} exchanges)", self.lock().entries.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Body, DEFAULT_WORLD};

    fn journal(limits: JournalLimits) -> Journal {
        Journal::new(None, limits, Arc::new(Redactor::new(crate::redact::Key::of(b"k"))))
    }

    fn world() -> Arc<str> {
        DEFAULT_WORLD.into()
    }

    #[test]
    fn the_journal_is_bounded_and_counts_what_it_drops() {
        let journal = journal(JournalLimits::default());
        let plan = Plan::new(StatusCode::OK, Origin::Kubernetes, Body::Empty);
        for n in 0..MAX_EXCHANGES + 5 {
            let request = Request::new(Method::GET, &format!("/x/{n}"));
            journal.record(&request, &plan, Instant::now(), &world());
        }
        let kept = journal.exchanges();
        assert_eq!(kept.len(), MAX_EXCHANGES);
        assert_eq!(kept[0].path(), "/x/5");
        assert_eq!(journal.recorded(), MAX_EXCHANGES as u64 + 5);
    }

    #[test]
    fn what_is_observed_only_is_not_kept() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&seen);
        let observer: Observer = Box::new(move |exchange: &Exchange| {
            lines.lock().unwrap().push(exchange.to_line());
        });
        let journal = Journal::new(Some(observer), JournalLimits::default(), Arc::default());
        let plan = Plan::new(StatusCode::OK, Origin::Admin, Body::Empty);
        journal.observe(&Request::new(Method::GET, "/a"), &plan, Instant::now(), &world());
        journal.record(&Request::new(Method::GET, "/b"), &plan, Instant::now(), &world());
        assert_eq!(*seen.lock().unwrap(), ["GET /a → 200 admin", "GET /b → 200 admin"]);
        assert_eq!(journal.exchanges().len(), 1);
    }

    #[test]
    fn bodies_have_a_bound_of_their_own() {
        let journal = journal(JournalLimits::default());
        let plan = Plan::new(StatusCode::OK, Origin::Kubernetes, Body::Empty);
        for _ in 0..800 {
            let mut request = Request::new(Method::POST, "/x");
            request.body = RequestBody::Bytes(Bytes::from(vec![b'x'; MAX_ONE_BODY]));
            journal.record(&request, &plan, Instant::now(), &world());
        }
        let bytes: usize = journal.exchanges().iter().map(|exchange| exchange.body.len()).sum();
        let (held, most) = journal.held();
        assert!(bytes <= held && held <= most && most - held < 2 * MAX_ONE_BODY, "{bytes} {held}");
    }

    #[test]
    fn heads_count_as_bodies_do() {
        let journal = journal(JournalLimits { bytes: 1 << 20, ..JournalLimits::default() });
        let plan = Plan::new(StatusCode::OK, Origin::Kubernetes, Body::Empty);
        for n in 0..200 {
            let mut request = Request::new(Method::GET, "/x");
            request.headers.insert("x-n", n.into());
            request.headers.insert("x-long", "y".repeat(60_000).parse().unwrap());
            journal.record(&request, &plan, Instant::now(), &world());
        }
        let kept = journal.exchanges();
        assert!((15..=17).contains(&kept.len()), "{}", kept.len());
        assert_eq!(kept.last().unwrap().headers["x-n"], "199");
        journal.clear_world(DEFAULT_WORLD);
        assert_eq!(journal.held().0, 0);
    }

    #[test]
    fn credentials_are_not_shown() {
        let journal = journal(JournalLimits::default());
        let mut request = Request::new(Method::GET, "/x?a=b&access_token=very-secret");
        request.headers.insert("authorization", "Bearer very-secret".parse().unwrap());
        request.headers.insert("x-client", "a".parse().unwrap());
        journal.record(
            &request,
            &Plan::text(StatusCode::OK, Origin::Admin, ""),
            Instant::now(),
            &world(),
        );
        let exchange = &journal.exchanges()[0];
        let line = exchange.to_line();
        assert!(
            line.starts_with("GET /x?a=b&access_token=") && line.ends_with(" → 200 admin"),
            "{line}"
        );
        assert!(!line.contains("very-secret"), "{line}");
        let shown = exchange.to_json().to_string();
        assert!(!shown.contains("very-secret") && shown.contains("\"x-client\":\"a\""), "{shown}");
    }
}
