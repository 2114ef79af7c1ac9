//! Ownership of fields: `metadata.managedFields`, and server-side apply.
//!
//! ```text
//! live, new object → [typed] (compare, merge, by the schema's list and map types) → [set] of paths
//! managedFields → [managers] → owners of the changed fields → conflicts, or the new managedFields
//! ```
//!
//! Follows `sigs.k8s.io/structured-merge-diff` and `k8s.io/apimachinery/pkg/util/managedfields`.

mod collect;
mod configured;
mod given;
mod managers;
mod set;
mod typed;

pub(super) use configured::merged;
pub(super) use given::{check_managers, wrong_managers};
pub(super) use managers::{Applied, FieldWriter, apply, can_track, problems, track_update};

#[cfg(test)]
mod tests;
