//! Requests → decisions, with what scenarios remember of a world.

pub(in crate::scenario) mod decide;
pub(in crate::scenario) mod state;
pub(in crate::scenario) mod steer;
