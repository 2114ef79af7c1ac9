//! The last stage: a bounded log of exchanges, for people, for tests and for verification.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Uri};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::message::{DEFAULT_WORLD, Origin, Plan, Request, RequestBody};
use crate::redact::{Media, Redacted, Redactor};

/// How many exchanges are kept by default.
const MAX_EXCHANGES: usize = 10_000;
/// How many bytes of one request body are kept.
const MAX_ONE_BODY: usize = 64 << 10;

/// A request and the response that was decided for it, as the [`Journal`] keeps it.
///
/// Its fields are as they were sent; [`Exchange::to_line`] and [`Exchange::to_json`] show pseudonyms in place of
/// secrets.
///
/// ```
/// # async fn run() -> Result<(), standin::Error> {
/// let server = standin::Server::builder()
///     .observe(|exchange| {
///         assert_eq!((exchange.method.as_str(), exchange.path()), ("GET", "/version"));
///         assert_eq!(exchange.status.as_u16(), 200);
///         println!("{}", exchange.to_line()); // GET /version → 200 kubernetes
///     })
///     .start()
///     .await?;
/// # server.shutdown().await; Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// Counts from 1 in the order in which responses were decided.
    pub number: u64,
    /// When the response was decided.
    pub at: SystemTime,
    /// The world of the request.
    pub world: Arc<str>,
    /// The method.
    pub method: Method,
    /// Path and query, without the prefix of a world.
    pub target: Uri,
    /// The header fields of the request.
    pub headers: HeaderMap,
    /// The body of the request, as far as it was read and fits the journal (64 KiB).
    pub body: Bytes,
    /// The status of the response. A connection fault may have kept it from the client.
    pub status: StatusCode,
    /// What answered.
    pub origin: Origin,
    /// The fault that was injected into the response, if any.
    pub fault: Option<&'static str>,
    /// How long the decision took, without an injected delay.
    pub took: Duration,
    /// Hides secrets in what is shown of it.
    redactor: Arc<Redactor>,
}

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
}

/// An exchange as it is kept. Request and headers are slices of the connection's read buffer: to keep
/// them would keep all of it, and would make the connection allocate a new one for each request. So
/// they are copied, into one allocation.
#[derive(Debug)]
struct Entry {
    number: u64,
    at: Timestamp,
    world: Arc<str>,
    method: Method,
    /// The target, then the header fields: each name and value with their lengths before them.
    head: Box<[u8]>,
    target_len: usize,
    body: Bytes,
    status: StatusCode,
    origin: Origin,
    fault: Option<&'static str>,
    took: Duration,
}

#[derive(Default)]
struct Inner {
    exchanges: VecDeque<Entry>,
    bytes: usize,
    recorded: u64,
}

impl Journal {
    pub(crate) fn new(
        observer: Option<Observer>,
        limits: JournalLimits,
        redactor: Arc<Redactor>,
    ) -> Self {
        Self { inner: Mutex::default(), observer, limits, redactor }
    }

    /// Keeps an exchange, and shows it to the observer.
    pub(crate) fn record(&self, request: Request, plan: &Plan, took: Duration, world: &Arc<str>) {
        let mut exchange = Entry::of(request, plan, took, world);
        // What falls out is dropped after the lock is given back.
        let mut dropped = Vec::new();
        let observed;
        {
            let mut inner = self.lock();
            inner.recorded += 1;
            exchange.number = inner.recorded;
            inner.bytes += exchange.weight();
            // Whoever looks on may be slow, and must not hold up the others.
            observed =
                self.observer.as_ref().map(|observer| (observer, exchange.view(&self.redactor)));
            inner.exchanges.push_back(exchange);
            let JournalLimits { entries, bytes } = self.limits;
            while inner.exchanges.len() > entries || inner.bytes > bytes {
                let Some(oldest) = inner.exchanges.pop_front() else { break };
                inner.bytes -= oldest.weight();
                dropped.push(oldest);
            }
        }
        drop(dropped);
        if let Some((observer, exchange)) = observed {
            observer(&exchange);
        }
    }

    /// Shows an exchange to the observer, and does not keep it.
    pub(crate) fn observe(&self, request: Request, plan: &Plan, took: Duration, world: &Arc<str>) {
        if let Some(observer) = &self.observer {
            observer(&Entry::of(request, plan, took, world).view(&self.redactor));
        }
    }

    /// The exchanges that are kept, oldest first.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.lock().exchanges.iter().map(|entry| entry.view(&self.redactor)).collect()
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
        (self.lock().bytes, self.limits.bytes)
    }

    /// Drops everything.
    pub fn clear(&self) {
        *self.lock() = Inner::default();
    }

    /// Drops the exchanges of one world.
    pub(crate) fn clear_world(&self, world: &str) {
        let mut inner = self.lock();
        let Inner { exchanges, bytes, .. } = &mut *inner;
        exchanges.retain(|exchange| {
            let stays = &*exchange.world != world;
            if !stays {
                *bytes -= exchange.weight();
            }
            stays
        });
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The target and the header fields of a request, in one allocation, and the target's length.
fn head_of(request: &Request) -> (Box<[u8]>, usize) {
    let target = request.target();
    let size = |length: usize| u32::try_from(length).unwrap_or(0).to_le_bytes();
    let fields = request.headers.iter().map(|(name, value)| 8 + name.as_str().len() + value.len());
    let mut head = Vec::with_capacity(target.len() + fields.sum::<usize>());
    head.extend_from_slice(target.as_bytes());
    for (name, value) in &request.headers {
        for part in [name.as_str().as_bytes(), value.as_bytes()] {
            head.extend_from_slice(&size(part.len()));
            head.extend_from_slice(part);
        }
    }
    (head.into(), target.len())
}

impl Entry {
    fn of(request: Request, plan: &Plan, took: Duration, world: &Arc<str>) -> Self {
        let body = match &request.body {
            RequestBody::Bytes(bytes) if bytes.len() <= MAX_ONE_BODY => {
                Bytes::copy_from_slice(bytes)
            }
            _ => Bytes::new(),
        };
        let (head, target_len) = head_of(&request);
        Self {
            number: 0,
            at: Timestamp::now(),
            world: Arc::clone(world),
            method: request.method,
            head,
            target_len,
            body,
            status: plan.status,
            origin: plan.origin.clone(),
            fault: plan
                .fault
                .as_ref()
                .map(|fault| fault.action.label())
                .or_else(|| plan.stream.as_ref().map(|faults| faults.label())),
            took,
        }
    }

    /// What it counts in bytes.
    fn weight(&self) -> usize {
        size_of::<Self>() + self.head.len() + self.body.len()
    }

    /// The exchange as it is shown.
    fn view(&self, redactor: &Arc<Redactor>) -> Exchange {
        let (target, mut rest) = self.head.split_at(self.target_len);
        let mut part = || {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let (part, after) = after.split_at_checked(length)?;
            rest = after;
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
            at: self.at.into(),
            world: Arc::clone(&self.world),
            method: self.method.clone(),
            target: Uri::try_from(target).unwrap_or_default(),
            headers,
            body: self.body.clone(),
            status: self.status,
            origin: self.origin.clone(),
            fault: self.fault,
            took: self.took,
            redactor: Arc::clone(redactor),
        }
    }
}

impl Exchange {
    /// The path, without the query.
    pub fn path(&self) -> &str {
        self.target.path()
    }

    /// Path and query, as they were sent.
    fn sent_target(&self) -> &str {
        self.target.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
    }

    /// As JSON, as `/__admin/requests` shows it.
    pub fn to_json(&self) -> Value {
        let shown = self.shown();
        // Written by a clock of this program: it is no date that cannot be one.
        let at = Timestamp::try_from(self.at).unwrap_or_default();
        json!({
            "number": self.number,
            "at": at.to_string(),
            "world": &*self.world,
            "method": self.method.as_str(),
            "url": shown.target,
            "headers": shown.headers,
            "body": shown.body,
            "status": self.status.as_u16(),
            "answeredBy": self.origin.label(),
            "id": self.origin.id(),
            "fault": self.fault,
            "tookMicroseconds": u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
        })
    }

    /// What is shown of the request.
    fn shown(&self) -> Shown {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let target = self.sent_target();
        let pass = (!self.redactor.is_off()).then(|| self.redactor.pass(target));
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            let value = text(value.as_bytes());
            (name.clone(), pass.as_ref().map_or(value.clone(), |pass| pass.header(name, &value)))
        };
        let headers: Vec<(HeaderName, String)> = self.headers.iter().map(header).collect();
        let Some(pass) = &pass else {
            let headers = headers.into_iter().map(|(name, value)| (name.to_string(), value.into()));
            return Shown {
                target: target.to_owned(),
                headers: headers.collect(),
                body: text(&self.body),
            };
        };
        let body = match pass.body(&Media::of(&self.headers), &self.body) {
            Redacted::Same => text(&self.body),
            Redacted::Changed(bytes) => text(&bytes),
            Redacted::Opaque(why) => format!("(not shown, since it may hold secrets: {why})"),
        };
        let target = pass.target(target);
        // What one part tells to be secret is hidden in the others too.
        let found = pass.known();
        let clean = |text: String| self.redactor.without(&found, text);
        let headers =
            headers.into_iter().map(|(name, value)| (name.to_string(), clean(value).into()));
        Shown { headers: headers.collect(), target: clean(target), body: clean(body) }
    }

    /// As a line for people: method, target, status, what answered.
    pub fn to_line(&self) -> String {
        let target = self.redactor.target(self.sent_target());
        let mut line =
            format!("{} {target} → {} {}", self.method, self.status.as_u16(), self.origin.label());
        if &*self.world != DEFAULT_WORLD {
            line = format!("[{}] {line}", self.world);
        }
        if let Some(id) = self.origin.id() {
            line.push_str(&format!(" {id}"));
        }
        if let Some(fault) = self.fault {
            line.push_str(&format!(" fault={fault}"));
        }
        line
    }
}

/// What is shown of a request.
struct Shown {
    target: String,
    headers: serde_json::Map<String, Value>,
    body: String,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Journal({} exchanges)", self.lock().exchanges.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Body;

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
            journal.record(request, &plan, Duration::ZERO, &world());
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
        journal.observe(Request::new(Method::GET, "/a"), &plan, Duration::ZERO, &world());
        journal.record(Request::new(Method::GET, "/b"), &plan, Duration::ZERO, &world());
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
            journal.record(request, &plan, Duration::ZERO, &world());
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
            journal.record(request, &plan, Duration::ZERO, &world());
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
            request,
            &Plan::text(StatusCode::OK, Origin::Admin, ""),
            Duration::ZERO,
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
