//! The policies for a request, and the refusal (`validating/dispatcher.go`).

use std::borrow::Cow;

use http::StatusCode;

use super::super::super::resource::GroupResource;
use super::super::super::schema::admission::Inputs;
use super::super::super::status::{ApiError, Cause};
use super::super::attributes::Attributes;
use super::super::matching::is_exempt;
use super::cache::Bound;
use super::rules::Validations;
use super::select::{Caller, converted, matches, namespace};
use super::{audit, evaluate, params};

/// A refusal: the policy, the binding where there is one, the message and the reason.
struct Denial {
    by: String,
    message: String,
    reason: Option<String>,
}

/// Lets the policies judge a request.
///
/// # Errors
/// The first refusal.
pub(in super::super::super) fn validate(
    caller: &Caller<'_>,
    request: &Attributes<'_>,
) -> Result<(), ApiError> {
    if is_exempt(request) {
        return Ok(());
    }
    let Some(bound) = caller.cache.validating(&caller.state.snapshot) else { return Ok(()) };
    let mut first = None;
    for bound in &*bound {
        let denial = judge(caller, request, bound)?;
        first = first.or(denial);
    }
    first.map_or(Ok(()), |denial| Err(refusal(request, denial)))
}

/// The first refusal by a policy.
fn judge(
    caller: &Caller<'_>,
    request: &Attributes<'_>,
    bound: &Bound<Validations>,
) -> Result<Option<Denial>, ApiError> {
    let policy = &*bound.policy;
    let by_policy = format!("ValidatingAdmissionPolicy '{}'", policy.name);
    let of_policy = |why: String| {
        let message = format!("failed to configure policy: {why}");
        let denial = Denial { by: by_policy.clone(), message, reason: None };
        Ok((!policy.ignores_failures).then_some(denial))
    };
    let found = match &policy.constraints {
        None => Err("policy contained no match constraints, a required field".to_owned()),
        Some(constraints) => matches(constraints, caller, request),
    };
    let found = match found {
        Err(why) => return of_policy(why),
        Ok(None) => return Ok(None),
        Ok(Some(found)) => found,
    };
    let served = match params::served(policy.param_kind.as_ref(), caller.state) {
        Ok(served) => served,
        Err(why) => return of_policy(why),
    };
    let mut annotations = audit::Annotations::default();
    let (shown, mut objects, mut first) = ((caller.shown)(&found), None, None);
    for binding in &bound.bindings {
        let by = format!("{by_policy} with binding '{}'", binding.name);
        let mut deny = |message: String, reason: Option<String>| {
            first.get_or_insert(Denial { by: by.clone(), message, reason });
        };
        let collected = match &binding.constraints {
            Some(constraints) => matches(constraints, caller, request),
            None => Ok(Some(found)),
        };
        let collected = match collected {
            Ok(None) => continue,
            Ok(Some(_)) => params::collect(served, binding, caller.state, request.namespace),
            Err(why) => Err(why),
        };
        let collected = collected.and_then(|params| {
            if objects.is_none() && !params.is_empty() {
                let converted = converted(caller, request, &found);
                let failed = |why| format!("failed to convert object version: {why}");
                objects = Some(converted.map_err(failed)?);
            }
            Ok(params)
        });
        let params = match collected {
            Ok(params) => params,
            Err(_) if policy.ignores_failures => continue,
            Err(why) => {
                deny(format!("failed to configure binding: {why}"), None);
                continue;
            }
        };
        let namespace = namespace(caller, request)?;
        let Some((object, old_object)) = &objects else { continue };
        for params in &params {
            let inputs = Inputs {
                object,
                old_object,
                request: &shown,
                namespace: &namespace,
                params,
                authority: Some(caller.authority),
                variables: &[],
            };
            let said = evaluate::evaluate(policy, inputs);
            for (key, value) in said.annotations {
                annotations.add(key, value);
            }
            for objection in said.objections {
                if objection.always {
                    deny(objection.message, None);
                    continue;
                }
                for action in &binding.actions {
                    match action.as_str() {
                        "Deny" => deny(objection.message.clone(), objection.reason.clone()),
                        "Warn" => (caller.warn)(&format!(
                            "Validation failed for {by}: {}",
                            objection.message
                        )),
                        "Audit" => {
                            if let Some(notes) = caller.notes {
                                audit::validation_failure(notes, policy, binding, &objection);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    if let Some(notes) = caller.notes {
        annotations.publish(notes, &policy.name);
    }
    Ok(first)
}

fn refusal(request: &Attributes<'_>, denial: Denial) -> ApiError {
    let message = format!("{} denied request: {}", denial.by, denial.message);
    let resource = GroupResource::new(request.resource.group, request.resource.name);
    let mut error = ApiError::forbidden(&resource, request.name, &message);
    let reason = denial.reason.unwrap_or_else(|| "Invalid".to_owned());
    error.code = match reason.as_str() {
        "Forbidden" => StatusCode::FORBIDDEN,
        "Unauthorized" => StatusCode::UNAUTHORIZED,
        "RequestEntityTooLarge" => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    error.reason = Cow::Owned(reason);
    if let Some(details) = &mut error.details {
        details.causes.push(Cause { reason: "", message, field: String::new() });
    }
    error
}
