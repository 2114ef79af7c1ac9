//! The table of words: every key of the language, the type of its value, and what it means.
//!
//! ```text
//! table/ ─┬─ read       YAML → one struct for each kind of object, unknown keys with a hint
//!         ├─ schema     JSON Schema for editors
//!         └─ reference  the tables of docs/scenarios.md
//! ```
//!
//! A row of the table names a key, the type of its value, and what it means. The `words!` macro
//! makes a struct of the rows, with a field for each key. So the rest of the module cannot read a
//! key that is not in the table, and the compiler warns about a field that nothing reads.

#[cfg(test)]
mod agreement_tests;
mod choice;
#[cfg(test)]
mod examples_tests;
mod hint;
mod kind;
mod read;
mod reference;
mod scalar;
mod schema;
mod shape;
pub(in crate::scenario) mod table;
mod types;

pub(in crate::scenario) use hint::locate;
pub(in crate::scenario) use kind::{Either, Entry, Kind};
pub(crate) use reference::reference;
pub(crate) use schema::schema;
