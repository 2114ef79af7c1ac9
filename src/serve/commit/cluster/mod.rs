//! A store in etcd, which several servers share.
//!
//! ```text
//! [start]: wait for etcd, agree on the format, join with the fingerprint of the fixtures
//! [follow]: load, then watch: the writes of all servers → the local state of each world → [Published]
//! writer: decide on the local state → [transact]: transactions on the revisions of keys → wait for [follow]
//! list at a revision that the local state does not remember: [past]
//! worlds that no server uses: removed by [idle]
//! `standin store`: [tools]
//! what each server keeps for itself is asked of all: [register] says where they are
//! reader: [fresh]: when was the last write? → wait for [follow] → read the local state
//! ```
//!
//! What servers share besides objects goes the same ways: [shared] makes its changes, [`super::proposal`] has their form;
//! of a world, [`shared_world`] is the local copy, [`world_share`] has its changes, and [rules] decides by its rules.
//!
//! Where worlds are in several clusters of etcd, [several] says in which.
//!
//! The objects of the fixtures are not in etcd: every server has them, and a world begins with them. What is in etcd
//! lies over them.

mod attached;
mod counts;
mod driver;
mod fingerprint;
mod follow;
mod fresh;
mod health;
mod idle;
mod inner;
mod keys;
mod lead;
mod load;
mod park;
mod past;
mod register;
mod rules;
mod several;
mod shared;
mod shared_world;
mod start;
mod store;
#[cfg(feature = "cli")]
mod tools;
mod transact;
mod world_share;

pub(crate) use attached::Attached;
pub(crate) use lead::LEASE;
pub(crate) use start::Reached;
pub(crate) use store::Cluster;
#[cfg(feature = "cli")]
pub(crate) use tools::{Contents, StoreTools};
pub(crate) use world_share::WorldShare;
