//! The admission plugins in upstream's order (`pkg/kubeapiserver/options/plugins.go` of `k8s.io/kubernetes`).
//!
//! ```text
//! decoded object → [mutate] → storage strategy: fields of the server, validation → [validate] → store
//! ```
//!
//! [`mutate`] has a second turn where a webhook or a policy has changed the object (`pkg/admission/reinvocation.go`).
//! Quotas come last, where the object is stored: they change other objects.

use serde_json::Value;

use super::super::status::ApiError;
use super::attributes::Attributes;
#[cfg(feature = "cel")]
use super::attributes::Operation;
#[cfg(feature = "cel")]
use super::authority::RequestAuthority;
#[cfg(feature = "cel")]
use super::policies;
use super::turns::Turns;
use super::webhooks::{self, Caller};

/// Lets the mutating plugins change the object of a request, which is null where it has none. The attributes have no
/// object.
///
/// # Errors
/// The refusal of a plugin.
pub(crate) fn mutate(
    caller: &Caller<'_>,
    request: &Attributes<'_>,
    object: &mut Value,
    built_in: &dyn Fn(&mut Value) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    let mut turns = Turns::default();
    loop {
        built_in(object)?;
        #[cfg(feature = "cel")]
        mutate_by_policies(caller, request, object, &mut turns)?;
        webhooks::mutate(caller, request, object, &mut turns)?;
        if !turns.has_another() {
            return Ok(());
        }
    }
}

/// Whether plugins may change objects, besides the built-in ones.
pub(crate) fn mutates(caller: &Caller<'_>) -> bool {
    #[cfg(feature = "cel")]
    if policies::has_mutating(&caller.state.snapshot) {
        return true;
    }
    caller.webhooks.has_mutating(&caller.state.snapshot)
}

/// Whether plugins may judge requests, besides the built-in ones.
pub(crate) fn validates(caller: &Caller<'_>) -> bool {
    #[cfg(feature = "cel")]
    if policies::has_validating(&caller.state.snapshot) {
        return true;
    }
    caller.webhooks.has_validating(&caller.state.snapshot)
}

/// Lets the validating plugins judge a request.
///
/// # Errors
/// The refusal of a plugin.
pub(crate) fn validate(caller: &Caller<'_>, request: &Attributes<'_>) -> Result<(), ApiError> {
    #[cfg(feature = "cel")]
    validate_policies(caller, request)?;
    webhooks::validate(caller, request)
}

/// `MutatingAdmissionPolicy`: before the webhooks, and never for deletions.
#[cfg(feature = "cel")]
fn mutate_by_policies(
    caller: &Caller<'_>,
    request: &Attributes<'_>,
    object: &mut Value,
    turns: &mut Turns,
) -> Result<(), ApiError> {
    if request.operation == Operation::Delete || !policies::has_mutating(&caller.state.snapshot) {
        return Ok(());
    }
    with_policies(caller, request, |policies| policies::mutate(policies, request, object, turns))
}

/// `ValidatingAdmissionPolicy`: before the webhooks.
#[cfg(feature = "cel")]
fn validate_policies(caller: &Caller<'_>, request: &Attributes<'_>) -> Result<(), ApiError> {
    if !policies::has_validating(&caller.state.snapshot) {
        return Ok(());
    }
    with_policies(caller, request, |policies| policies::validate(policies, request))
}

/// Calls something with what policies need besides the request.
#[cfg(feature = "cel")]
fn with_policies(
    caller: &Caller<'_>,
    request: &Attributes<'_>,
    run: impl FnOnce(&policies::Caller<'_>) -> Result<(), ApiError>,
) -> Result<(), ApiError> {
    run(&policies::Caller {
        state: caller.state,
        cache: &caller.webhooks.policies,
        forms: caller.forms,
        authority: &RequestAuthority { authorizer: caller.authorizer, user: request.user },
        shown: &|found| webhooks::review_request(request, found, None, None),
        warn: &|text| caller.reviews.warn(text),
        notes: caller.reviews.notes(),
    })
}
