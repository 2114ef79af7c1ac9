//! The language of rules: syntax, types, functions with their signatures, and the check of types
//! (`cel-go/{parser,checker}`).
//!
//! The crate `cel` parses; it has no types, so that everything behind the syntax is here.

pub(super) mod check;
pub(super) mod functions;
pub(super) mod literals;
mod macros;
mod mapping;
pub(super) mod parse;
pub(super) mod patch_types;
mod signatures;
mod structs;
pub(super) mod types;
