//! The engine: requests → decisions, and the state of scenarios in a world.

pub(in crate::scenario) mod decide;
pub(in crate::scenario) mod limits;
pub(in crate::scenario) mod listening;
pub(in crate::scenario) mod progress;
pub(in crate::scenario) mod state;
pub(in crate::scenario) mod steer;
