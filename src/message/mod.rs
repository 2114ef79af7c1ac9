//! The values that travel through the pipeline.
//!
//! ```text
//! socket → transport → [message::Request] → serve::pipeline → [message::Plan] → transport → socket
//! ```
//!
//! A [`Request`] is what came in, read once. A [`Plan`] is what shall go out: head, body, pacing and
//! fault. Engines make plans, only the transport carries them out. Nothing here knows any other
//! module of the crate.

mod fault;
mod plan;
mod request;
mod target;

pub use fault::{
    Change, Fault, FaultAction, FaultPoint, LastStream, LineChange, Lines, Lot, Pace, Place, Point,
    PointAct, StreamFaults,
};
pub use plan::{Body, Guard, Origin, Plan, TimedChunk};
pub use request::{BodyError, BodyStream, ClientCertificate, Request, RequestBody};
pub use target::{Query, TargetError, decode_segment};

/// What the transport calls for each request: implemented by `serve`, so that the transport knows
/// no engine.
pub trait Handler: Send + Sync + 'static {
    /// Decides what to answer. Never fails: every error is a plan already.
    fn handle(&self, request: Request) -> impl Future<Output = Plan> + Send;
}
