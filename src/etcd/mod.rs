//! A client of etcd: keys, transactions on revisions, watches and leases. What is kept there is the business of
//! `serve::commit`.
//!
//! ```text
//! --store → [StoreAddress], [StoreAccess] → [operations] of [Members] (connections, failing over; TLS in [connect],
//!    the user's token in [credentials]) → [messages] of etcd's API, over gRPC
//! ```

mod access;
mod address;
mod calls;
mod connect;
mod credentials;
mod members;
mod messages;
mod operations;
mod watch;

pub(crate) use access::Access;
pub use access::StoreAccess;
pub(crate) use address::StoreAddress;
pub(crate) use members::{Failure, Members, revision_of};
pub(crate) use messages::{
    Compare, Event, EventType, KeyValue, RequestOp, TxnRequest, TxnResponse, WatchResponse,
};
