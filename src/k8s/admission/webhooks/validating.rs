//! Validating webhooks, all at once (`pkg/admission/plugin/webhook/validating/dispatcher.go`).

use super::super::super::status::ApiError;
use super::super::attributes::Attributes;
use super::super::matching::is_exempt;
use super::invocation::{Caller, Trouble, Turn};
use super::table::not_asked;
use super::{answer, audit};

/// Lets the validating webhooks judge a request.
///
/// # Errors
/// The first refusal of a webhook, or failure to ask one.
pub(crate) fn validate(caller: &Caller<'_>, request: &Attributes<'_>) -> Result<(), ApiError> {
    if is_exempt(request) {
        return Ok(());
    }
    let Some(webhooks) = caller.webhooks.validating(&caller.state.snapshot) else { return Ok(()) };
    let mut matching = Vec::new();
    for webhook in &*webhooks {
        if let Some(found) = caller.find(webhook, request)? {
            matching.push((webhook, found));
        }
    }
    // All are asked before one answer counts.
    let mut answers = Vec::with_capacity(matching.len());
    for (webhook, found) in matching {
        answers.push((webhook, caller.ask(webhook, request, &found, Turn::Validating)));
    }
    if answers.iter().any(|(_, answer)| matches!(answer, Err(Trouble::NotAsked))) {
        return Err(not_asked());
    }
    let mut first = None;
    for (index, (webhook, answer)) in answers.into_iter().enumerate() {
        let error = match answer {
            Ok(answer) => {
                audit::take(caller.reviews, webhook, &answer);
                (!answer.allowed).then(|| answer::refusal(&webhook.name, &answer.status))
            }
            Err(trouble) => {
                let error = trouble.error(webhook);
                if error.is_none() {
                    audit::failed_open(caller.reviews, webhook, index);
                }
                error
            }
        };
        first = first.or(error);
    }
    first.map_or(Ok(()), Err)
}
