//! A client of etcd: keys, transactions on revisions, watches and leases. What is kept there is the business of
//! `serve::commit`.
//!
//! ```text
//! --store → [StoreAddress] → [Members] (connections, failing over) → [messages] of etcd's API, over gRPC
//! ```

mod address;
mod members;
mod messages;

pub(crate) use address::StoreAddress;
pub(crate) use members::{Failure, Members, revision_of};
pub(crate) use messages::{
    Compare, Event, EventType, KeyValue, RequestOp, TxnRequest, WatchResponse,
};
