//! `CustomResourceDefinition`s: what their words mean.
//!
//! ```text
//! body, file → [old] (v1beta1 → v1) → [typed] (Go's types) → [defaults] → [validate] → 422, or a place in the file
//!    → [names], [status] (conditions) → [types] → ResourceType
//! ```
//!
//! Rules and messages are those of `k8s.io/apiextensions-apiserver`.

mod approval;
mod defaults;
mod names;
mod old;
mod status;
mod typed;
mod types;
mod validate;

pub(super) use defaults::set_defaults;
pub(super) use names::accept;
pub(super) use old::to_v1;
pub(super) use status::{
    CLEANUP, condition, initial as initial_status, is_established, served as served_status,
    stored_versions, terminating,
};
pub(super) use typed::decode;
pub(super) use types::{CrdError, parse, resource_type};
pub(super) use validate::{format_warnings, validate_new, validate_update};

#[cfg(test)]
mod tests;
