//! Plans: answers as values. Engines decide them, the transport performs them.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};
use uuid::Uuid;

use super::{BodyStream, Delivery, PassedBody, SubEvent, Tunnel};

/// The answer to one request.
#[derive(Debug)]
pub struct Plan {
    /// The status code.
    pub status: StatusCode,
    /// The header fields; the transport adds `content-length` or chunked coding, and `date` unless
    /// [`Origin::is_undated`].
    pub headers: HeaderMap,
    /// Over HTTP/1.1 the body is sent in chunks although its length is known; Content-Length is
    /// sent only if the header fields contain it.
    pub chunked: bool,
    /// It is the recorded answer of a backend: nothing is compressed or added.
    pub exact: bool,
    /// The body.
    pub body: Body,
    /// How the answer is sent: its delay, pace and faults.
    pub delivery: Delivery,
    /// Dropped when the answer is sent, or its client has closed the connection. It belongs to this
    /// answer alone, and so not to the delivery, which answers may share.
    pub guard: Option<Guard>,
    /// Who answered: for the journal, the console line and `X-Standin-Rule`.
    pub origin: Origin,
    /// Rare data for the journal. A plan is moved several times per request, so this is boxed.
    pub journal: Option<Box<JournalDetails>>,
}

/// Rare data of an answer for the journal.
#[derive(Debug, Default)]
pub struct JournalDetails {
    /// Further events.
    pub sub_events: Vec<SubEvent>,
    /// The id of the exchange, if the answer was rendered with one: templates may refer to it.
    pub exchange_id: Option<Uuid>,
    /// The scenario rule that changed an answer from another origin.
    pub rule: Option<Arc<str>>,
    /// Why nothing answered, as text: near misses.
    pub hint: Option<Box<str>>,
}

/// The body of a plan.
#[derive(Default)]
pub enum Body {
    /// No body.
    #[default]
    Empty,
    /// A body known whole.
    Bytes(Bytes),
    /// A body of rendered pieces, sent in order with one Content-Length.
    Pieces(Vec<Bytes>),
    /// A body that is generated while it is sent: a watch, a proxied answer. Every item is flushed
    /// immediately.
    Stream(BodyStream),
    /// A body that a backend sends: frames and trailers are sent as they arrive, with its length if
    /// known.
    Passed(PassedBody),
    /// No body: after a head with status 101 the connection is a tunnel.
    Tunnel(Tunnel),
    /// A stream that is sent as `WebSocket` messages, one for each line, after the requested
    /// upgrade.
    WebSocket(BodyStream),
}

/// A value whose drop marks the end of an answer.
pub struct Guard(pub Box<dyn AnswerEnd>);

/// A callback for the end of an answer.
pub trait AnswerEnd: Send + Sync {
    /// Records how the answer ended. Not called if the client closed the connection first, or if
    /// the source of the body failed.
    fn ends(&mut self, how: Ending);
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Ending {
    /// It was sent completely.
    Whole,
    /// A fault of its delivery ended it.
    Fault,
}

impl Guard {
    /// Records how the answer ended.
    pub(crate) fn ends(&mut self, how: Ending) {
        self.0.ends(how);
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guard")
    }
}

/// What answered a request, in [`Exchange::origin`](crate::Exchange::origin).
///
/// ```
/// let origin = standin::Origin::Scenario("lists-fail/1".into());
/// assert_eq!((origin.label(), origin.id().as_deref()), ("scenario", Some("lists-fail/1")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The admin API.
    Admin,
    /// A scenario rule, by its id.
    Scenario(Arc<str>),
    /// A stub mapping, by its id.
    Stub(Uuid),
    /// The Kubernetes resource engine.
    Kubernetes,
    /// The proxied backend.
    Upstream,
    /// A file below `__files` that no stub names.
    Files,
    /// Nothing: the near-miss report.
    Unmatched,
    /// The server itself refused the request (malformed target, body too large).
    Server,
}

impl Plan {
    /// Creates an undisturbed answer without header fields.
    #[must_use]
    pub fn new(status: StatusCode, origin: Origin, body: Body) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            chunked: false,
            exact: false,
            body,
            delivery: Delivery::UNDISTURBED,
            guard: None,
            origin,
            journal: None,
        }
    }

    /// Adds events for the journal.
    pub(crate) fn add_sub_events(&mut self, events: impl IntoIterator<Item = SubEvent>) {
        let mut events = events.into_iter().peekable();
        if events.peek().is_some() {
            self.journal.get_or_insert_default().sub_events.extend(events);
        }
    }

    /// Returns the further events.
    pub(crate) fn sub_events(&self) -> &[SubEvent] {
        self.journal.as_ref().map_or(&[], |details| &details.sub_events)
    }

    /// Names the rule that changed the answer.
    pub(crate) fn set_rule(&mut self, rule: &Arc<str>) {
        self.journal.get_or_insert_default().rule = Some(Arc::clone(rule));
    }

    /// Returns the rule that changed an answer from another origin.
    pub(crate) fn rule(&self) -> Option<&Arc<str>> {
        self.journal.as_ref()?.rule.as_ref()
    }

    /// Sets why nothing answered.
    pub(crate) fn set_hint(&mut self, hint: String) {
        self.journal.get_or_insert_default().hint = Some(hint.into());
    }

    /// Sets the id of the exchange.
    pub(crate) fn set_exchange_id(&mut self, id: Option<Uuid>) {
        if id.is_some() {
            self.journal.get_or_insert_default().exchange_id = id;
        }
    }

    /// Returns the id of the exchange, if the answer was rendered with one.
    pub(crate) fn exchange_id(&self) -> Option<Uuid> {
        self.journal.as_ref()?.exchange_id
    }

    /// Creates a plain text answer.
    #[must_use]
    pub fn text(status: StatusCode, origin: Origin, text: impl Into<String>) -> Self {
        let mut plan = Self::new(status, origin, Body::Bytes(text.into().into()));
        plan.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        plan
    }

    /// Creates a JSON answer, from text that is JSON already.
    #[must_use]
    pub fn json(status: StatusCode, origin: Origin, json: impl Into<Bytes>) -> Self {
        let mut plan = Self::new(status, origin, Body::Bytes(json.into()));
        plan.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        plan
    }
}

impl Body {
    /// Returns the length in bytes, if it is known before sending.
    #[must_use]
    pub fn known_len(&self) -> Option<u64> {
        match self {
            Self::Empty | Self::Tunnel(_) => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Pieces(pieces) => Some(pieces.iter().map(|piece| piece.len() as u64).sum()),
            Self::Stream(_) | Self::Passed(_) | Self::WebSocket(_) => None,
        }
    }
}

impl Body {
    /// Returns the bytes of a body that is in one piece.
    #[must_use]
    pub(crate) fn into_bytes(self) -> Option<Bytes> {
        match self {
            Self::Empty => Some(Bytes::new()),
            Self::Bytes(bytes) => Some(bytes),
            Self::Pieces(_) | Self::Stream(_) | Self::Passed(_) | Self::WebSocket(_) => None,
            Self::Tunnel(_) => None,
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self, self.known_len()) {
            (Self::Empty, _) => f.write_str("Empty"),
            (_, Some(len)) => write!(f, "Bytes({len})"),
            (_, None) => f.write_str("Stream"),
        }
    }
}

impl Origin {
    /// Returns whether the answer has no `date` of the server: an imitated answer contains only
    /// what the other server would send.
    #[must_use]
    pub(crate) fn is_undated(&self) -> bool {
        matches!(self, Self::Stub(_) | Self::Files | Self::Unmatched)
    }

    /// Returns one word for the journal and the console.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Scenario(_) => "scenario",
            Self::Stub(_) => "stub",
            Self::Kubernetes => "kubernetes",
            Self::Upstream => "upstream",
            Self::Files => "files",
            Self::Unmatched => "unmatched",
            Self::Server => "server",
        }
    }

    /// Returns the stub's or rule's id.
    #[must_use]
    pub fn id(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Scenario(id) => Some(Cow::Borrowed(id)),
            Self::Stub(id) => Some(Cow::Owned(id.to_string())),
            _ => None,
        }
    }
}
