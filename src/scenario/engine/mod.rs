//! The engine: requests → decisions, and the state of scenarios in a world.

pub(in crate::scenario) mod decide;
#[cfg_attr(not(feature = "etcd"), allow(dead_code, reason = "no store is shared"))]
pub(in crate::scenario) mod entry;
pub(in crate::scenario) mod issued;
pub(in crate::scenario) mod limits;
pub(in crate::scenario) mod listening;
pub(in crate::scenario) mod number;
pub(in crate::scenario) mod progress;
#[cfg_attr(not(feature = "etcd"), allow(dead_code, reason = "no store is shared"))]
pub(in crate::scenario) mod shared;
pub(in crate::scenario) mod state;
pub(in crate::scenario) mod steer;
pub(in crate::scenario) mod tally;
