//! One step of an answer's body.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;

use crate::message::{BodyError, FaultAction};

/// The next step on a connection or stream.
#[derive(Debug)]
pub(in crate::transport) enum Step {
    /// Send these bytes of the body.
    Send(Bytes),
    /// The answer ends with a fault. Nothing follows.
    Fail(FaultAction),
    /// The source of the body failed. Nothing follows.
    Broken(BodyError),
}

/// The steps of a body. If they end without [`Step::Fail`] or [`Step::Broken`], the body is
/// complete.
pub(in crate::transport) type Steps = Pin<Box<dyn Stream<Item = Step> + Send>>;
