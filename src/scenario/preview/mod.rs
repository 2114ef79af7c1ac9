//! What will happen before it does: the order of outcomes, and why a rule does not match.

pub(in crate::scenario) mod explain;
pub(in crate::scenario) mod requests;
