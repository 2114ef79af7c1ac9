//! One step of an answer's body.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;

use crate::message::{BodyError, FaultAction};

/// What happens next on a connection or stream.
#[derive(Debug)]
pub(in crate::transport) enum Step {
    /// These bytes of the body go out.
    Send(Bytes),
    /// The answer ends with a fault. Nothing follows.
    Fail(FaultAction),
    /// The source of the body broke. Nothing follows.
    Broken(BodyError),
}

/// The steps of a body. Where they end without [`Step::Fail`] or [`Step::Broken`], the body is complete.
pub(in crate::transport) type Steps = Pin<Box<dyn Stream<Item = Step> + Send>>;
