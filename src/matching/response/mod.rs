//! Responses of stubs, either rendered once at load or for each request
//! (`C/http/ResponseDefinition.java`, `C/http/StubResponseRenderer.java`).
//!
//! ```text
//! response of a mapping → [read] → [Definition] ─┬─ nothing in it depends on a request → [FixedResponse] → Plan
//!                                                └─ templates, files, drawn delays ───→ [made] ──────────→ Plan,
//!                                                                                           or a [ProxyRequest]
//! ```

mod answer;
mod answering;
mod body;
mod context;
mod definition;
mod delays;
mod echo;
mod entity;
mod failure;
mod fixed;
mod headers;
mod json_body;
mod links;
mod made;
mod marks;
mod proxy;
mod proxy_request;
mod read;
mod reason;
mod resize;
mod rpc;
mod scalar;
mod settings;
mod template_request;
#[cfg(test)]
mod template_tests;
#[cfg(test)]
mod tests;
mod text;
mod webhook;

use uuid::Uuid;

use crate::message::Plan;

use super::header_pool::HeaderPool;

use definition::Definition;
use fixed::FixedResponse;
use marks::ascii;

pub(crate) use answer::StubAnswer;
pub(super) use answering::AnsweringStub;
pub(crate) use context::ResponseContext;
pub(crate) use delays::distribution;
pub(crate) use json_body::compact as compact_json;
pub(crate) use proxy_request::ProxyRequest;
pub(super) use read::RawResponse;
pub(crate) use reason::has_own_reason;
pub use settings::ResponseTemplating;
pub(crate) use settings::{ChunkedEncoding, ResponseSettings};
pub(crate) use webhook::WebhookRequest;
pub(super) use webhook::Webhooks;

/// The response of a stub.
#[derive(Debug)]
pub(super) enum Response {
    /// The same for every request.
    Fixed(FixedResponse),
    /// Rendered for each request.
    Made(Box<Definition>),
}

impl Response {
    /// Returns the response of a stub, marked with its name.
    pub(super) fn new(raw: RawResponse, name: Option<&str>, pool: &HeaderPool) -> Self {
        let definition = raw.0;
        if definition.is_fixed() {
            return Self::Fixed(FixedResponse::new(definition, name.and_then(ascii), pool));
        }
        Self::Made(Box::new(definition))
    }

    /// Takes `jsonBody` and the parameters of templates from the text of the mapping, which
    /// preserves the order of keys and the notation of numbers.
    pub(super) fn take_text(&mut self, mapping: &[u8]) {
        let is_json = match self {
            Self::Fixed(fixed) => fixed.has_json_body(),
            Self::Made(definition) => definition.has_json_body(),
        };
        if let Self::Made(definition) = self
            && definition.templated
            && let Some(parameters) = json_body::parameters_of_mapping(mapping)
        {
            definition.set_parameters(&parameters);
        }
        let Some(text) = is_json.then(|| json_body::of_mapping(mapping)).flatten() else { return };
        match self {
            Self::Fixed(fixed) => fixed.set_body(text.into()),
            Self::Made(definition) => definition.set_json_body(&text),
        }
    }

    /// Returns the answer, where it is the same for every request: this copies the headers and a
    /// small body, and shares a larger one.
    pub(super) fn fixed_plan(&self, id: Uuid, settings: &ResponseSettings) -> Option<Plan> {
        match self {
            Self::Fixed(fixed) if settings.are_default() => Some(fixed.plan(id)),
            _ => None,
        }
    }

    /// Returns whether the answer depends on the request's body.
    pub(super) fn needs_body(&self) -> bool {
        let Self::Made(definition) = self else { return false };
        let echoes = definition.echoes.as_deref().unwrap_or_default();
        definition.templated
            || definition.rpc_ids.is_some()
            || echoes.iter().any(echo::Echo::is_in_body)
    }

    /// Returns the answer to a request.
    pub(super) fn answer(
        &self,
        stub: AnsweringStub<'_>,
        context: &mut ResponseContext<'_>,
    ) -> StubAnswer {
        let speed = context.settings.speed;
        let mut answer = match self {
            Self::Fixed(fixed) => {
                let mut plan = fixed.plan(stub.id);
                let delay = context.settings.delay_beside(fixed.delays(), context.random);
                plan.delivery = plan.delivery.delayed(delay);
                context.settings.frame(&mut plan, false);
                StubAnswer::Plan(plan)
            }
            Self::Made(definition) => made::answer(definition, stub, context),
        };
        if let StubAnswer::Plan(plan) = &mut answer {
            plan.delivery = speed.of(std::mem::take(&mut plan.delivery));
        }
        answer
    }
}
