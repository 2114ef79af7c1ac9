//! Admission webhooks: the plugins `MutatingAdmissionWebhook` and `ValidatingAdmissionWebhook`
//! (`pkg/admission/plugin/webhook` in `k8s.io/apiserver`).
//!
//! ```text
//! configurations → [WebhookCache]: compiled when they change
//! chain → [mutate] one after another, [validate] all at once → invocation (is it for this webhook?) → [Reviews]
//!    answered: the result is read (answer), patches are applied
//!    not answered: the engine stops, the server calls the webhook, and the engine runs again
//! ```

mod answer;
mod audit;
#[cfg(feature = "cel")]
mod conditions;
mod configuration;
mod fields;
mod invocation;
mod mutating;
mod review;
mod table;
#[cfg(test)]
mod tests;
mod validating;

pub(crate) use configuration::WebhookCache;
pub(crate) use invocation::Caller;
pub(crate) use mutating::mutate;
#[cfg(feature = "cel")]
pub(super) use review::request as review_request;
pub(crate) use table::{AdmissionReview, Reviews};
pub(crate) use validating::validate;
