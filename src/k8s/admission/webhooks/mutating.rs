//! Mutating webhooks, one after another (`pkg/admission/plugin/webhook/mutating/dispatcher.go`).

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::ApiError;
use super::super::attributes::Attributes;
use super::super::matching::{Match, is_exempt};
use super::answer::{self, Answer};
use super::configuration::Webhook;
use super::invocation::{Caller, Trouble, Turn};
use super::patch;

/// The turns of a request's plugins: all have one, and a second one where a webhook has changed the object
/// (`pkg/admission/reinvocation.go`, `mutating/reinvocationcontext.go`).
#[derive(Debug, Default)]
pub(crate) struct Turns {
    is_second: bool,
    is_wanted: bool,
    /// The object after the last webhook.
    last: Option<Value>,
    /// The webhooks that are asked again once others have changed the object.
    waiting: HashSet<String>,
    /// Those of them for which that has happened.
    again: HashSet<String>,
}

impl Turns {
    /// Whether the plugins have another turn, which begins.
    pub(crate) fn has_another(&mut self) -> bool {
        let another = self.is_wanted && !self.is_second;
        self.is_second = true;
        another
    }

    fn ask_again(&mut self) {
        self.again.extend(self.waiting.drain());
    }
}

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
    if turns.is_second && turns.last.as_ref() != Some(object) {
        turns.ask_again();
    }
    for webhook in &*webhooks {
        one(caller, webhook, request, object, turns)?;
    }
    turns.last = Some(object.clone());
    Ok(())
}

fn one(
    caller: &Caller<'_>,
    webhook: &Arc<Webhook>,
    request: &Attributes<'_>,
    object: &mut Value,
    turns: &mut Turns,
) -> Result<(), ApiError> {
    let before = object.clone();
    let shown = Some(&before).filter(|object| !object.is_null());
    let request = Attributes { object: shown, ..*request };
    let Some(found) = caller.find(webhook, &request)? else { return Ok(()) };
    if turns.is_second && !turns.again.contains(&webhook.id) {
        return Ok(());
    }
    let turn = if turns.is_second { Turn::Reinvoking } else { Turn::Mutating };
    let changed = caller
        .ask(webhook, &request, &found, turn)
        .and_then(|answer| patched(caller, webhook, &request, &found, &answer));
    let changed = match changed {
        Ok(changed) => changed.filter(|new| *new != before),
        Err(trouble) => match trouble.error(webhook) {
            Some(error) => return Err(error),
            None => None,
        },
    };
    if let Some(new) = changed {
        *object = new;
        turns.ask_again();
        turns.is_wanted = true;
    }
    if webhook.is_reinvoked {
        turns.waiting.insert(webhook.id.clone());
    }
    Ok(())
}

/// The object after the patch of an answer; nothing where there is none.
fn patched(
    caller: &Caller<'_>,
    webhook: &Webhook,
    request: &Attributes<'_>,
    found: &Match<'_>,
    answer: &Answer,
) -> Result<Option<Value>, Trouble> {
    let internal = |why: String| Trouble::internal(&why);
    answer.warnings.iter().for_each(|warning| caller.reviews.warn(warning));
    if !answer.allowed {
        let refusal = answer::refusal(&webhook.name, &answer.status);
        return Err(Trouble::Refused(Box::new(refusal)));
    }
    if answer.patch.is_empty() {
        return Ok(None);
    }
    let operations = patch::operations(&answer.patch).map_err(|why| {
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
    patch::apply(operations, &mut object).map_err(internal)?;
    if found.resource != request.resource {
        object = caller.forms.of_version(object, found.resource).map_err(internal)?;
    }
    caller.forms.decoded(object).map(Some).map_err(internal)
}
