//! `ValidatingAdmissionPolicy` and `MutatingAdmissionPolicy` with their bindings (`pkg/admission/plugin/policy` in
//! `k8s.io/apiserver`).
//!
//! ```text
//! policies, bindings → [PolicyCache]: [compiled] with their [rules] when they change
//! chain → [mutate]: all policies and bindings that match, with their [params] → one patch after another
//! chain → [validate]: policy matches → binding matches → [params] → [evaluate] → refusal, warnings
//! ```
//!
//! What policies say for the audit of a request goes through [audit] into its notes.

mod audit;
mod cache;
mod compiled;
mod evaluate;
mod mutate;
#[cfg(test)]
mod mutating_tests;
mod params;
mod rules;
mod select;
#[cfg(test)]
mod tests;
mod validate;

pub(in super::super) use cache::{PolicyCache, has_mutating, has_validating};
pub(in super::super) use mutate::mutate;
pub(in super::super) use select::Caller;
pub(in super::super) use validate::validate;
