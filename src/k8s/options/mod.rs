//! The options of the verbs, decoded and validated as upstream does
//! (`k8s.io/apimachinery/pkg/apis/meta/{v1,internalversion}` and their `validation`).
//!
//! ```text
//! query → [parameters] (Go's conversions) → ListOptions | WriteOptions
//! query or body                           → DeleteOptions
//! ```

mod delete;
mod list;
mod parameters;
mod write;

pub(super) use delete::{DeleteOptions, Propagation};
pub(super) use list::ListOptions;
pub(super) use parameters::{check_timeout, include_object};
pub(super) use write::{FieldValidation, WriteOptions, check_manager};

#[cfg(test)]
mod tests;
