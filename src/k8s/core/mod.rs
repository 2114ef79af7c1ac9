//! The built-in types of upstream's API server: their resources, Go types, defaults and rules.
//!
//! ```text
//! data/discovery.txt → [resources] → builtin (registry), discovery
//! data/types.txt     → [types]     → [decode], [written] (typed values) → [defaults] → [rules]
//!                                  → [merge] (how lists merge) → fields (apply), strategic
//! data/columns.txt   → [columns]   → table, with the cells of [cells]
//! data/openapi.bin   → [documents] → openapi
//! [convert]: the forms of a type that is stored in another one
//! ```

pub(super) mod cells;
mod cells_of_pods;
pub(super) mod columns;
pub(super) mod convert;
mod converted;
pub(super) mod decode;
mod defaults;
mod diff;
pub(super) mod documents;
pub(super) mod encode;
pub(super) mod merge;
mod pod_resources;
pub(super) mod quantity;
pub(super) mod resources;
pub(super) mod rules;
mod shown;
pub(super) mod types;
mod written;

pub(super) use defaults::apply as apply_defaults;
