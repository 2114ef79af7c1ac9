//! RBAC: the roles and bindings of a world as its policy
//! (`k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac`, `pkg/registry/rbac`).
//!
//! ```text
//! roles, bindings of the state → [read] → [policy]: indexed by subject, kept while none of them changes → allowed by, or why not
//! roles with an aggregationRule → [aggregate] → their rules
//! a written role or binding → [covers]: does its writer hold the rights that it grants?
//! ```

mod aggregate;
mod bootstrap;
mod covers;
mod policy;
mod read;
mod rule;
#[cfg(test)]
mod tests;

pub(super) use aggregate::Aggregation;
pub(crate) use aggregate::aggregated;
pub(crate) use bootstrap::bootstrap_objects;
pub(in super::super) use covers::{describe_missing, full_authority, missing};
pub(in super::super) use policy::Policy;
pub(super) use policy::{Grant, PolicyCache};
pub(in super::super) use read::RoleRef;
pub(in super::super) use rule::{Rule, rules_of};

/// The group of the RBAC types.
pub(in super::super) const GROUP: &str = "rbac.authorization.k8s.io";
