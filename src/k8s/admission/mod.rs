//! What admission plugins set in objects and refuse: `LimitRanger` and `ResourceQuota`
//! (`plugin/pkg/admission/limitranger` of `k8s.io/kubernetes`, `pkg/admission/plugin/resourcequota` of
//! `k8s.io/apiserver`).
//!
//! ```text
//! verbs: new object → [limit_ranges::set_defaults] → validation → [limit_ranges::check] → [quotas::charge] → store
//! controllers: a quota whose namespace has changed → [quotas::recount] → its status
//! ```
//!
//! A quota counts once it has a status: a controller writes it, as in a cluster.

#[cfg_attr(not(test), expect(dead_code, reason = "webhooks and policies are about to use it"))]
pub(crate) mod attributes;
pub(super) mod limit_ranges;
#[cfg_attr(not(test), expect(dead_code, reason = "webhooks and policies are about to use it"))]
pub(crate) mod matching;
pub(super) mod quotas;
mod resources;
mod scopes;
mod usage;

#[cfg(test)]
mod tests;
