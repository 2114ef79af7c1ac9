//! Which requests an admission webhook or a policy is for.
//!
//! ```text
//! configuration → [ResourceRules], [Selectors], compiled once
//! Attributes → [Selectors] (labels of namespace and object) → [ResourceRules] → [Match]: the resource and the kind
//! in the version that the configuration asks for
//! ```

#[cfg(feature = "cel")]
mod conditions;
mod resource_rules;
mod selectors;
#[cfg(test)]
mod tests;

#[cfg(feature = "cel")]
pub(in super::super) use conditions::{Conditions, Verdict};
pub(crate) use resource_rules::{Match, ResourceRules};
pub(crate) use selectors::Selectors;

use super::attributes::Attributes;

/// Whether a request is for a configuration of admission itself: nothing but the built-in plugins sees those
/// (`IsExemptAdmissionConfigurationResource` in `pkg/admission/plugin/webhook/predicates/rules`).
pub(crate) fn is_exempt(request: &Attributes<'_>) -> bool {
    request.kind.group == "admissionregistration.k8s.io"
        && matches!(
            request.kind.name,
            "ValidatingWebhookConfiguration"
                | "MutatingWebhookConfiguration"
                | "ValidatingAdmissionPolicy"
                | "ValidatingAdmissionPolicyBinding"
                | "MutatingAdmissionPolicy"
                | "MutatingAdmissionPolicyBinding"
        )
}
