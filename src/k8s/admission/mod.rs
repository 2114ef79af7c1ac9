//! What admission plugins set in objects and refuse: webhooks, policies, `LimitRanger` and `ResourceQuota`
//! (`plugin/pkg/admission/limitranger` of `k8s.io/kubernetes`, `pkg/admission/plugin/resourcequota` of
//! `k8s.io/apiserver`), and the others that are built in.
//!
//! ```text
//! verbs: new object → [limit_ranges::set_defaults] → [plugins::mutate] and [chain::mutate] → validation
//!    → [chain::validate] → [limit_ranges::check] → [plugins::validate] → [quotas::charge] → store
//! controllers: a quota whose namespace has changed → [quotas::recount] → its status
//! ```
//!
//! A quota counts once it has a status: a controller writes it, as in a cluster.

pub(crate) mod attributes;
#[cfg(feature = "cel")]
mod authority;
pub(crate) mod chain;
pub(crate) mod forms;
mod json_patches;
pub(super) mod limit_ranges;
pub(crate) mod matching;
pub(super) mod plugins;
#[cfg(feature = "cel")]
mod policies;
pub(super) mod quotas;
mod resources;
mod scopes;
mod turns;
mod usage;
pub(crate) mod webhooks;

pub(crate) use plugins::AdmissionPlugins;

#[cfg(test)]
mod tests;
