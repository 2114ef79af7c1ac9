//! Exchanges that are on disk and not made into mappings yet: a file that only grows, beside the mappings.
//!
//! ```text
//! [queue](super::queue) → [encode] → [seal] → [journal]: .standin-backlog → decode → ledger → mappings
//! ```
//!
//! Each exchange is in it whole or not at all. What a killed recorder left is made into mappings at the next start.
//! The exchanges are as they were on the wire, so they are sealed: the key follows from that of the recording. Of a
//! body in a file of its own ([spool](super::spool)) it has the name.

mod encode;
mod journal;
mod seal;

pub(super) use encode::{decode, decode_request, encode};
pub(super) use journal::{Entry, Journal};
pub(super) use seal::SealStream;

/// The name of the file.
pub(super) const FILE: &str = ".standin-backlog";
