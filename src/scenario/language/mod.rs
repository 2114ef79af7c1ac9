//! The language: scenario files → rules. Reading, loading and lints.

pub(in crate::scenario) mod file;
pub(in crate::scenario) mod lint;
pub(in crate::scenario) mod load;
mod narrow;
pub(in crate::scenario) mod rules;
