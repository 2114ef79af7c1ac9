//! Previews and explanations: the outcomes of the first requests, and why a rule does not match.

pub(in crate::scenario) mod explain;
mod limit;
pub(in crate::scenario) mod requests;
