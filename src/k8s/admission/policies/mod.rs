//! `ValidatingAdmissionPolicy` with its bindings (`pkg/admission/plugin/policy/{generic,validating}` in
//! `k8s.io/apiserver`).
//!
//! ```text
//! policies, bindings → [PolicyCache]: compiled when they change
//! chain → [validate]: policy matches → binding matches → [params] → [evaluate] → refusal, warnings
//! ```
//!
//! Audit annotations are evaluated, because their errors refuse requests; nobody reads them.

mod compiled;
mod dispatch;
mod evaluate;
mod params;
#[cfg(test)]
mod tests;

pub(in super::super) use compiled::{PolicyCache, has_any};
pub(in super::super) use dispatch::{Caller, validate};
