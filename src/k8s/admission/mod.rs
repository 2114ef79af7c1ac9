//! What admission plugins set in objects and refuse: `LimitRanger` and `ResourceQuota`
//! (`plugin/pkg/admission/limitranger` of `k8s.io/kubernetes`, `pkg/admission/plugin/resourcequota` of
//! `k8s.io/apiserver`), and the others that are built in.
//!
//! ```text
//! verbs: new object → [limit_ranges::set_defaults] → [plugins::mutate] → validation
//!          → [limit_ranges::check] → [plugins::validate] → [quotas::charge] → store
//! controllers: a quota whose namespace has changed → [quotas::recount] → its status
//! ```
//!
//! A quota counts once it has a status: a controller writes it, as in a cluster.

#[cfg_attr(not(test), expect(dead_code, reason = "webhooks and policies are about to use it"))]
pub(crate) mod attributes;
pub(super) mod limit_ranges;
pub(super) mod plugins;
pub(super) mod quotas;
mod resources;
mod scopes;
mod usage;

pub(crate) use plugins::AdmissionPlugins;

#[cfg(test)]
mod tests;
