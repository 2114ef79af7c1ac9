//! The journal's record of one exchange: small, built before the journal is locked, and immutable.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, Version};
use uuid::Uuid;

use super::fields::{field_len, read_fields, write_fields};
use super::late_body::LateBody;
use crate::matching::Stub;
use crate::message::{Body, FaultPoint, Origin, Plan, Request, RequestBody, SubEvent};

/// How many bytes of one request body are stored.
pub(super) const MAX_REQUEST_BODY: usize = 1 << 20;
/// The largest response body that is stored completely, in bytes: it is shared, not copied. That of
/// a stub may be larger, because recordings are made from proxied ones.
const MAX_RESPONSE_BODY: usize = 64 << 10;
const MAX_STUB_BODY: usize = 1 << 20;
/// How many bytes are read from a backend at once: a smaller body shares its memory with the bytes
/// after it.
const READ_BUFFER: usize = 8 << 10;
/// How many bytes are stored of a larger body, or of one in pieces: these are copied.
const RESPONSE_PREFIX: usize = 4 << 10;

/// A request and its answer, as the pipeline has them.
pub(crate) struct Answered<'a> {
    pub(crate) request: &'a Request,
    pub(crate) plan: &'a Plan,
    /// The body, if it is unread: it is read concurrently with the answer.
    pub(crate) late: Option<Arc<LateBody>>,
    /// When the request arrived.
    pub(crate) began: Instant,
    /// When its answer was made.
    pub(crate) made: Instant,
    pub(crate) world: &'a Arc<str>,
    pub(crate) stub: ByStub<'a>,
}

/// Which stub answered, and how.
#[derive(Clone, Copy)]
pub(crate) enum ByStub<'a> {
    /// No stub.
    No,
    /// The plan is the stub's own and is not stored, because the stub can produce it again.
    Fixed(&'a Arc<Stub>),
    /// The plan was made for this request, or changed on its way.
    Rendered(&'a Arc<Stub>),
}

/// How many events after an answer are stored.
const MOST_LATER: usize = 64;

/// The stored data of an exchange. There are thousands, each written and freed once: smaller ones
/// cause fewer cache misses.
#[derive(Debug)]
pub(super) struct Entry {
    /// Nanoseconds since the journal began.
    pub(super) at: u64,
    pub(super) took: Duration,
    pub(super) world: Arc<str>,
    pub(super) method: Method,
    pub(super) version: Version,
    /// Whether it came over TLS.
    pub(super) tls: bool,
    pub(super) peer: Option<SocketAddr>,
    pub(super) status: StatusCode,
    pub(super) origin: Origin,
    /// The stub that answered.
    pub(super) stub: Option<Arc<Stub>>,
    /// `None` if the response is the stub's own and was sent undisturbed.
    more: Option<Box<More>>,
    /// The events after the answer.
    later: OnceLock<Box<Mutex<Vec<TimedEvent>>>>,
    /// The target, its scheme and authority, the header fields, the body, the header fields of the response.
    text: Box<[u8]>,
    /// The length of each of them.
    lengths: [u32; 5],
    /// How long the body of the request was, where that is known.
    pub(super) body_length: Option<u64>,
}

/// An event, and how long after the request it was.
type TimedEvent = (Duration, SubEvent);

/// The data that fixed and undisturbed answers of stubs do not have.
#[derive(Debug)]
struct More {
    /// The id that the answer was made with; most have the one that follows from their number.
    id: Option<Uuid>,
    delay: Duration,
    fault: Option<&'static str>,
    fault_at: Option<FaultPoint>,
    response: KeptBody,
    sub_events: Box<[TimedEvent]>,
    /// The body of the request, if it is read concurrently with the answer.
    late: Option<Arc<LateBody>>,
    rule: Option<Arc<str>>,
    hint: Option<Box<str>>,
}

/// The stored part of a response body.
#[derive(Debug)]
enum KeptBody {
    /// The response is the stub's own.
    OfStub,
    /// The first bytes, and the full length if known.
    First(Bytes, Option<u64>),
}

impl Entry {
    pub(super) fn of(answered: &Answered<'_>, epoch: Instant) -> Self {
        let Answered { request, plan, ref late, began, made, world, stub } = *answered;
        let since = made.saturating_duration_since(epoch);
        let (stub, fixed) = match stub {
            ByStub::No => (None, false),
            ByStub::Fixed(stub) => (Some(stub), true),
            ByStub::Rendered(stub) => (Some(stub), false),
        };
        let (text, lengths, body_length) = text_of(request, (!fixed).then_some(&plan.headers));
        let event = |event: &SubEvent| (event.at.saturating_duration_since(began), event.clone());
        let is_plain =
            fixed && late.is_none() && plan.journal.is_none() && plan.delivery.is_plain();
        let more = (!is_plain).then(|| More {
            id: plan.exchange_id(),
            delay: plan.delivery.delay(),
            fault: plan.delivery.label(),
            fault_at: plan.delivery.fault().map(|fault| fault.at),
            response: if fixed { KeptBody::OfStub } else { KeptBody::of(plan) },
            sub_events: plan.sub_events().iter().map(event).collect(),
            late: late.clone(),
            rule: plan.journal.as_ref().and_then(|details| details.rule.clone()),
            hint: plan.journal.as_ref().and_then(|details| details.hint.clone()),
        });
        Self {
            at: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
            took: made.saturating_duration_since(began),
            world: Arc::clone(world),
            method: request.method.clone(),
            version: request.version,
            tls: request.tls,
            peer: request.peer,
            status: plan.status,
            origin: plan.origin.clone(),
            stub: stub.cloned(),
            more: more.map(Box::new),
            later: OnceLock::new(),
            text,
            lengths,
            body_length,
        }
    }

    /// Adds an event after the answer, up to a bound.
    pub(super) fn add_sub_event(&self, epoch: Instant, event: SubEvent) {
        let began = epoch + Duration::from_nanos(self.at).saturating_sub(self.took);
        let later = self.later.get_or_init(Box::default);
        let mut later = later.lock().unwrap_or_else(PoisonError::into_inner);
        if later.len() < MOST_LATER {
            later.push((event.at.saturating_duration_since(began), event));
        }
    }

    /// Returns the further events, in order.
    pub(super) fn all_sub_events(&self) -> Vec<(Duration, SubEvent)> {
        let mut all = self.more.as_ref().map_or_else(Vec::new, |more| more.sub_events.to_vec());
        if let Some(later) = self.later.get() {
            all.extend(later.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
        }
        all
    }

    /// Returns how many bytes of memory it takes.
    pub(super) fn weight(&self) -> usize {
        let more = self.more.as_ref().map_or(0, |more| {
            let response = match &more.response {
                KeptBody::OfStub => 0,
                KeptBody::First(bytes, _) => bytes.len(),
            };
            let late = more.late.as_ref().map_or(0, |late| late.most);
            size_of::<More>() + response + late + more.hint.as_ref().map_or(0, |hint| hint.len())
        });
        size_of::<Self>() + self.text.len() + more
    }

    /// Returns the id that the answer was made with, where it is not the one that follows from its
    /// number.
    pub(super) fn id(&self) -> Option<Uuid> {
        self.more.as_ref()?.id
    }

    /// Returns the injected delay of the answer.
    pub(super) fn delay(&self) -> Duration {
        self.more.as_ref().map_or(Duration::ZERO, |more| more.delay)
    }

    /// Returns the fault that was injected.
    pub(super) fn fault(&self) -> Option<&'static str> {
        self.more.as_ref()?.fault
    }

    /// Returns where the fault ended the answer, if it did.
    pub(super) fn fault_at(&self) -> Option<FaultPoint> {
        self.more.as_ref()?.fault_at
    }

    /// Returns the rule that changed an answer from another origin.
    pub(super) fn rule(&self) -> Option<&Arc<str>> {
        self.more.as_ref()?.rule.as_ref()
    }

    /// Returns why nothing answered.
    pub(super) fn hint(&self) -> Option<&str> {
        self.more.as_ref()?.hint.as_deref()
    }

    /// Returns the body of the request, if it is read concurrently with the answer.
    pub(super) fn late(&self) -> Option<&Arc<LateBody>> {
        self.more.as_ref()?.late.as_ref()
    }

    /// Returns the response, where it is not the stub's own.
    fn response(&self) -> &KeptBody {
        self.more.as_ref().map_or(&KeptBody::OfStub, |more| &more.response)
    }

    /// Path and query, as they were sent.
    pub(super) fn target(&self) -> &str {
        std::str::from_utf8(self.part(0)).unwrap_or("/")
    }

    /// Returns the path, without the query.
    pub(super) fn path(&self) -> &str {
        self.target().split('?').next().unwrap_or_default()
    }

    /// Returns what the target names before the path: `http://host:1`, or nothing.
    pub(super) fn origin_of_target(&self) -> &str {
        std::str::from_utf8(self.part(1)).unwrap_or_default()
    }

    /// Returns the header fields of the request.
    pub(super) fn headers(&self) -> HeaderMap {
        read_fields(self.part(2))
    }

    /// Returns the body of the request, as far as it is kept.
    pub(super) fn body(&self) -> &[u8] {
        match self.late() {
            Some(late) => late.bytes().unwrap_or_default(),
            None => self.part(3),
        }
    }

    /// Returns whether all of the body is kept.
    pub(super) fn has_whole_body(&self) -> bool {
        match self.late() {
            Some(late) => late.bytes().is_some(),
            None => self.body_length == Some(self.lengths[3].into()),
        }
    }

    /// Returns the header fields of the response.
    pub(super) fn response_headers(&self) -> HeaderMap {
        match (self.response(), &self.stub) {
            (KeptBody::OfStub, Some(stub)) => {
                stub.plan().map(|plan| plan.headers).unwrap_or_default()
            }
            _ => read_fields(self.part(4)),
        }
    }

    /// Returns the body of the response, as far as it is kept, and how long it was where more was
    /// known of it.
    pub(super) fn response_body(&self) -> (Bytes, Option<u64>) {
        match (self.response(), &self.stub) {
            (KeptBody::First(bytes, whole), _) => (bytes.clone(), *whole),
            (KeptBody::OfStub, stub) => {
                let plan = stub.as_ref().and_then(|stub| stub.plan());
                let body = plan.map(|plan| plan.body).unwrap_or_default();
                let bytes = body.into_bytes().unwrap_or_default();
                let whole = bytes.len() as u64;
                (bytes, Some(whole))
            }
        }
    }

    /// Rebuilds the request, for matching with patterns.
    pub(super) fn request(&self) -> Request {
        let mut request = Request::new(self.method.clone(), "/");
        request.uri = self.uri();
        request.version = self.version;
        request.tls = self.tls;
        request.headers = self.headers();
        request.peer = self.peer;
        request.body = match self.body() {
            [] => RequestBody::Empty,
            body => RequestBody::Bytes(Bytes::copy_from_slice(body)),
        };
        request
    }

    /// Returns the target, with scheme and authority where they were sent.
    fn uri(&self) -> Uri {
        let whole = format!("{}{}", self.origin_of_target(), self.target());
        Uri::try_from(whole).or_else(|_| Uri::try_from(self.target())).unwrap_or_default()
    }

    fn part(&self, number: usize) -> &[u8] {
        let start: u32 = self.lengths[..number].iter().sum();
        let start = start as usize;
        self.text.get(start..start + self.lengths[number] as usize).unwrap_or_default()
    }
}

impl KeptBody {
    fn of(plan: &Plan) -> Self {
        let of_stub = matches!(plan.origin, Origin::Stub(_));
        let most = if of_stub { MAX_STUB_BODY } else { MAX_RESPONSE_BODY };
        let body = &plan.body;
        match body {
            Body::Empty | Body::Tunnel(_) => Self::First(Bytes::new(), Some(0)),
            Body::Bytes(bytes) if bytes.len() <= most => {
                // A slice would keep the read buffer of the connection to the backend.
                let is_slice = plan.origin == Origin::Upstream && bytes.len() < READ_BUFFER;
                let kept = if is_slice { Bytes::copy_from_slice(bytes) } else { bytes.clone() };
                Self::First(kept, Some(bytes.len() as u64))
            }
            // A slice would keep all of it.
            Body::Bytes(bytes) => {
                let first = Bytes::copy_from_slice(&bytes[..RESPONSE_PREFIX]);
                Self::First(first, Some(bytes.len() as u64))
            }
            Body::Pieces(pieces) => {
                let mut first = Vec::new();
                for piece in pieces {
                    let room = RESPONSE_PREFIX - first.len();
                    first.extend_from_slice(&piece[..piece.len().min(room)]);
                    if first.len() == RESPONSE_PREFIX {
                        break;
                    }
                }
                Self::First(first.into(), body.known_len())
            }
            Body::Stream(_) | Body::Passed(_) | Body::WebSocket(_) => {
                Self::First(Bytes::new(), None)
            }
        }
    }
}

/// Writes the stored text. The parts are copied: slices would keep the connection's read buffer
/// alive.
fn text_of(request: &Request, response: Option<&HeaderMap>) -> (Box<[u8]>, [u32; 5], Option<u64>) {
    let target = request.target();
    let whole = request.body.bytes();
    let body = whole.map_or(&[][..], |bytes| &bytes[..bytes.len().min(MAX_REQUEST_BODY)]);
    let body_length = whole.map(|bytes| bytes.len() as u64);
    let scheme = request.uri.scheme_str().zip(request.uri.authority());
    let origin =
        scheme.map_or(0, |(scheme, authority)| scheme.len() + 3 + authority.as_str().len());
    let fields = |headers: &HeaderMap| headers.iter().map(|(n, v)| field_len(n, v)).sum();
    let lengths: [usize; 5] =
        [target.len(), origin, fields(&request.headers), body.len(), response.map_or(0, fields)];
    let mut text = Vec::with_capacity(lengths.iter().sum());
    text.extend_from_slice(target.as_bytes());
    if let Some((scheme, authority)) = scheme {
        for part in [scheme, "://", authority.as_str()] {
            text.extend_from_slice(part.as_bytes());
        }
    }
    write_fields(&request.headers, &mut text);
    text.extend_from_slice(body);
    if let Some(headers) = response {
        write_fields(headers, &mut text);
    }
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    (text.into(), lengths.map(length), body_length)
}
