//! Scenario files → rules: reading, loading, and what is worth a warning.

pub(in crate::scenario) mod file;
pub(in crate::scenario) mod lint;
pub(in crate::scenario) mod load;
mod narrow;
pub(in crate::scenario) mod rules;
