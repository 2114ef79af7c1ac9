//! What servers that share a store do together besides keeping objects: stubs, settings, clocks, scenarios and their
//! state are the same on all of them.
//!
//! ```text
//! the admin API → a change → `commit`: one transaction → the local copy of each server
//! [follow]: what came → taken over: [stubs] and settings of the server, scenarios and restarts of [worlds]
//! the admin API → [peers]: what each server keeps for itself is asked of all
//! a request → [follow]: has this server all that was changed before? → the stages
//! ```
//!
//! A server without a shared store pays one look for it.

mod follow;
mod held;
mod peers;
mod stubs;
mod worlds;

pub(super) use follow::AskedRules;
pub(super) use held::{Replicas, TakenOver};
pub(super) use peers::PeerRequest;
