//! Mutating webhooks, one after another (`pkg/admission/plugin/webhook/mutating/dispatcher.go`).

use std::sync::Arc;

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::ApiError;
use super::super::attributes::Attributes;
use super::super::json_patches;
use super::super::matching::{Match, is_exempt};
use super::super::turns::Turns;
use super::answer::{self, Answer};
use super::audit::{self, Annotator};
use super::configuration::Webhook;
use super::invocation::{Caller, Trouble, Turn};

/// Lets the mutating webhooks change the object of a request, which is null where it has none.
///
/// # Errors
/// The refusal of a webhook, and the failure to ask one.
pub(crate) fn mutate(
    caller: &Caller<'_>,
    request: &Attributes<'_>,
    object: &mut Value,
    turns: &mut Turns,
) -> Result<(), ApiError> {
    if is_exempt(request) {
        return Ok(());
    }
    let Some(webhooks) = caller.webhooks.mutating(&caller.state.snapshot) else { return Ok(()) };
    if turns.is_second() {
        turns.webhooks.resume(object);
    }
    for (index, webhook) in webhooks.iter().enumerate() {
        one(caller, (index, webhook), request, object, turns)?;
    }
    turns.webhooks.end(object);
    Ok(())
}

fn one(
    caller: &Caller<'_>,
    (index, webhook): (usize, &Arc<Webhook>),
    request: &Attributes<'_>,
    object: &mut Value,
    turns: &mut Turns,
) -> Result<(), ApiError> {
    let before = object.clone();
    let shown = Some(&before).filter(|object| !object.is_null());
    let request = Attributes { object: shown, ..*request };
    let Some(found) = caller.find(webhook, &request)? else { return Ok(()) };
    if turns.is_second() && !turns.webhooks.is_due(&webhook.id) {
        return Ok(());
    }
    let round = usize::from(turns.is_second());
    let annotator = Annotator { notes: caller.reviews.notes(), webhook, round, index };
    let turn = if turns.is_second() { Turn::Reinvoking } else { Turn::Mutating };
    let changed = caller
        .ask(webhook, &request, &found, turn)
        .and_then(|answer| patched(caller, annotator, &request, &found, &answer))
        .map(|changed| changed.filter(|new| *new != before));
    if !matches!(changed, Err(Trouble::NotAsked)) {
        annotator.mutation(matches!(changed, Ok(Some(_))));
    }
    let changed = match changed {
        Ok(changed) => changed,
        Err(trouble) => {
            if let Some(error) = trouble.error(webhook) {
                return Err(error);
            }
            annotator.failed_open();
            None
        }
    };
    if let Some(new) = changed {
        *object = new;
        turns.webhooks.ask_again();
        turns.want_another();
    }
    if webhook.is_reinvoked {
        turns.webhooks.wait(&webhook.id);
    }
    Ok(())
}

/// The object after the patch of an answer; nothing where there is none.
fn patched(
    caller: &Caller<'_>,
    annotator: Annotator<'_>,
    request: &Attributes<'_>,
    found: &Match<'_>,
    answer: &Answer,
) -> Result<Option<Value>, Trouble> {
    let internal = |why: String| Trouble::internal(&why);
    let webhook = annotator.webhook;
    audit::take(caller.reviews, webhook, answer);
    if !answer.allowed {
        let refusal = answer::refusal(&webhook.name, &answer.status);
        return Err(Trouble::Refused(Box::new(refusal)));
    }
    if answer.patch.is_empty() {
        return Ok(None);
    }
    let operations = json_patches::operations(&answer.patch).map_err(|why| {
        Trouble::Failed(format!("received undecodable patch in webhook response: {why}"))
    })?;
    if operations.is_empty() {
        return Ok(None);
    }
    let Some(mut object) = caller.shown(request, found, request.object)? else {
        return Err(internal(format!(
            "admission webhook {} attempted to modify the object, which is not supported for this operation",
            quote(&webhook.name)
        )));
    };
    if answer.patch_type != "JSONPatch" {
        let found = quote(&answer.patch_type);
        return Err(Trouble::Failed(format!("unsupported patch type {found}")));
    }
    json_patches::apply(operations, &mut object).map_err(|failed| internal(failed.why))?;
    if found.resource != request.resource {
        object = caller.forms.of_version(object, found.resource).map_err(internal)?;
    }
    let object = caller.forms.decoded(object).map_err(internal)?;
    annotator.patch(&answer.patch);
    Ok(Some(object))
}
