//! Performs deliveries: a body and its delivery → the steps that send it, with the bytes in order
//! and the end of the answer.
//!
//! ```text
//! [source] → [schedule] → [lines] → points and changes ([performer]) → [pace] → [step]s
//!     → HTTP/1.1: framing, HTTP/2: body
//! ```
//!
//! The steps do not depend on the protocol; their encoding on the wire does. The delay of a
//! delivery and a fault before the headers are performed before the body is begun (`answer`).

mod lines;
mod pace;
mod performer;
mod schedule;
mod source;
mod step;

#[cfg(test)]
mod tests;

pub(super) use performer::steps;
pub(super) use source::Source;
pub(super) use step::{Step, Steps};
