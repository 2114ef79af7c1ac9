//! The values that travel through the pipeline.
//!
//! ```text
//! socket → transport → [message::Request] → serve::pipeline → [message::Plan] → transport → socket
//! ```
//!
//! A [`Request`] is the received message, [`Asked`] its lazily decoded view. A [`Plan`] is the
//! answer: head, body and [`Delivery`], which has its delay, pace and faults. Engines make plans,
//! only the transport performs them. Nothing here uses any other module of the crate.

pub(crate) mod asked;
mod bodies;
mod body_digest;
mod damage;
pub(crate) mod decoded;
mod delay;
mod delivery;
pub(crate) mod echo;
mod fault;
mod head_layout;
mod informational;
pub(crate) mod json_rpc;
mod listening;
pub(crate) mod multipart;
mod pace;
pub(crate) mod parameters;
mod passed;
mod plan;
mod point;
mod request;
mod request_body;
mod request_trailers;
mod speed;
mod sub_event;
mod target;
mod tunnel;
mod world;

use std::pin::Pin;

use tokio::sync::watch;

pub use asked::Asked;
pub(crate) use asked::{LazyJson, RequestInfo, ResourceInfo, call_id, is_true};
pub(crate) use bodies::{Bodies, BodyError};
pub(crate) use body_digest::{BodyDigest, GrowingDigest};
pub(crate) use damage::{BrokenGzip, Damage, WrongCharset, WrongLength};
pub(crate) use delay::Delay;
pub(crate) use delivery::{Delivery, Effects, SlowHead};
pub(crate) use fault::{Fault, FaultAction, FaultPoint, LastStream};
pub(crate) use head_layout::HeadLayout;
pub(crate) use informational::{Informational, InformationalSink};
pub(crate) use listening::{Excess, HandshakeFault, Idle, ListenMode, Listening};
pub(crate) use pace::{Pace, Schedule, TimedChunk};
pub(crate) use passed::PassedBody;
pub use plan::Origin;
pub(crate) use plan::{AnswerEnd, Body, Ending, Guard, Plan};
pub(crate) use point::{LineAction, LineChange, LineKind, Point, PointAction, Position, Sampling};
pub(crate) use request::ClientCertificate;
pub use request::Request;
pub(crate) use request_body::{BodyStream, RequestBody};
pub(crate) use request_trailers::RequestTrailers;
pub use speed::ReplaySpeed;
pub(crate) use sub_event::SubEvent;
pub(crate) use target::{Query, TargetError, decode_segment};
#[cfg(any(feature = "record", feature = "websocket"))]
pub(crate) use tunnel::{ABNORMAL, NO_CODE};
pub(crate) use tunnel::{Conversation, Message, Tunnel, Turn};
pub(crate) use world::{BadWorldName, DEFAULT_WORLD, WorldName};

/// Answers requests. The transport calls it; `serve` implements it, so that the transport depends on no
/// engine.
pub(crate) trait Handler: Send + Sync + 'static {
    /// Answers a request. It never fails: every error is a plan. The request is boxed, because it
    /// is passed on several times.
    fn handle(&self, request: Box<Request>) -> Handling<'_>;

    /// Returns how connections are treated, if that can change.
    fn listening(&self) -> Option<watch::Receiver<Listening>> {
        None
    }

    /// Returns whether a backend may answer, with informational answers before its own: they are
    /// passed on as they arrive.
    fn passes_on(&self) -> bool {
        false
    }

    /// Returns the settings that a new HTTP/2 connection announces.
    fn http2(&self) -> Http2Settings {
        Http2Settings::default()
    }
}

/// The answer to a request, or a future of it.
pub(crate) enum Handling<'a> {
    /// It is decided, as most are: such an answer needs no future.
    Ready(Plan),
    /// It has to wait: for the request's body, a delay, a backend.
    Waiting(Pin<Box<dyn Future<Output = Plan> + Send + 'a>>),
}

impl Handling<'_> {
    /// Waits for the plan.
    pub(crate) async fn plan(self) -> Plan {
        match self {
            Self::Ready(plan) => plan,
            Self::Waiting(plan) => plan.await,
        }
    }
}

impl std::fmt::Debug for Handling<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ready(plan) => f.debug_tuple("Ready").field(plan).finish(),
            Self::Waiting(_) => f.write_str("Waiting"),
        }
    }
}

/// Settings of an HTTP/2 connection that replace the transport's own limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Http2Settings {
    /// The most streams at once.
    pub max_concurrent_streams: Option<u32>,
    /// How much of a request's body may be sent before some of it was read, in bytes.
    pub initial_window: Option<u32>,
}
