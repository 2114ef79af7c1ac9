//! The addresses and node ports of services: chosen by the client or the server from the ranges of the cluster, and held
//! by `IPAddress` objects (`pkg/registry/core/service/storage/alloc.go`).
//!
//! ```text
//! verbs (create, update) → families → [allocate] (addresses, then ports) → service, and the addresses it takes and gives up
//!                                          ↳ [ranges] what is free       ↳ [objects] IPAddress objects of the change
//! ```

mod allocate;
mod objects;
mod ranges;

pub(super) use allocate::{Allocated, Request, Unavailable, allocate};
pub(super) use objects::{has_address_objects, hold, release, removed};
pub(crate) use ranges::ServiceRanges;
pub(super) use ranges::family;
