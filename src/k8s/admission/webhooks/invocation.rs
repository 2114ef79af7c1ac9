//! Whether a request is for a webhook, and what is said to it (`Webhook.ShouldCallHook` in
//! `pkg/admission/plugin/webhook/generic/webhook.go`).

use std::sync::Arc;

use serde_json::Value;

#[cfg(feature = "cel")]
use super::super::super::auth::Authorizer;
use super::super::super::golang::quote;
use super::super::super::status::ApiError;
use super::super::super::store::State;
use super::super::attributes::Attributes;
use super::super::forms::Forms;
use super::super::matching::Match;
use super::answer::Answer;
#[cfg(feature = "cel")]
use super::conditions;
use super::configuration::{Webhook, WebhookCache};
use super::review;
use super::table::{Reviews, not_asked};

/// What calls the webhooks of a request.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// The state of the request.
    pub state: &'a State,
    /// The compiled webhooks.
    pub webhooks: &'a WebhookCache,
    /// What was asked already.
    pub reviews: &'a Reviews,
    /// The forms of the objects.
    pub forms: &'a dyn Forms,
    /// Whom conditions and policies ask about actions.
    #[cfg(feature = "cel")]
    pub authorizer: Authorizer<'a>,
}

/// How a call ended, where it is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The webhook has to be called first.
    NotAsked,
    /// It could not be asked: `failurePolicy` says what comes of it.
    Failed(String),
    /// The request fails, whatever `failurePolicy` says.
    Refused(Box<ApiError>),
}

impl Trouble {
    /// A failure of the server itself.
    pub(super) fn internal(why: &str) -> Self {
        Self::Refused(Box::new(ApiError::internal(why)))
    }

    /// The error for the request: none for a failure that is ignored.
    pub(super) fn error(self, webhook: &Webhook) -> Option<ApiError> {
        match self {
            Self::NotAsked => Some(not_asked()),
            Self::Refused(error) => Some(*error),
            Self::Failed(_) if webhook.ignores_failures => None,
            Self::Failed(why) => {
                let name = quote(&webhook.name);
                Some(ApiError::internal(&format!("failed calling webhook {name}: {why}")))
            }
        }
    }
}

/// Why a webhook is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// To change an object, for the first time.
    Mutating,
    /// Again, because others have changed it.
    Reinvoking,
    /// To judge it.
    Validating,
}

impl Turn {
    fn name(self) -> &'static str {
        match self {
            Self::Mutating => "mutating",
            Self::Reinvoking => "reinvoking",
            Self::Validating => "validating",
        }
    }
}

impl<'a> Caller<'a> {
    /// What a request is to a webhook; nothing where it is not for it.
    ///
    /// # Errors
    /// A selector that cannot be evaluated, for a request that the rules name.
    pub(super) fn find<'r>(
        &self,
        webhook: &Webhook,
        request: &Attributes<'r>,
    ) -> Result<Option<Match<'r>>, ApiError>
    where
        'a: 'r,
    {
        if webhook.rules.is_empty() {
            return Ok(None);
        }
        let in_namespace = webhook.selectors.select_namespace(request, &self.state.snapshot);
        let of_object = webhook.selectors.select_object(request);
        if matches!(in_namespace, Ok(false)) || matches!(of_object, Ok(false)) {
            return Ok(None);
        }
        let state: &'a State = self.state;
        let Some(found) = webhook.rules.find(request, &state.types) else { return Ok(None) };
        in_namespace?;
        of_object?;
        #[cfg(feature = "cel")]
        if !webhook.conditions.is_empty() {
            let shown = |value: Option<&Value>| match self.shown(request, &found, value) {
                Ok(value) => Ok(value.unwrap_or_default()),
                Err(trouble) => trouble.error(webhook).map_or(Ok(Value::Null), Err),
            };
            if !conditions::meets(webhook, request, &found, self.authorizer, shown)? {
                return Ok(None);
            }
        }
        Ok(Some(found))
    }

    /// An object of the request in the version that a webhook is sent.
    pub(super) fn shown(
        &self,
        request: &Attributes<'_>,
        found: &Match<'_>,
        value: Option<&Value>,
    ) -> Result<Option<Value>, Trouble> {
        match value {
            Some(value) if found.resource != request.resource => {
                let shown = self.forms.in_version(value, found.resource);
                shown.map(Some).map_err(|why| Trouble::internal(&why))
            }
            value => Ok(value.cloned()),
        }
    }

    /// Asks a webhook. `turn` tells apart what is asked again on purpose.
    pub(super) fn ask(
        &self,
        webhook: &Arc<Webhook>,
        request: &Attributes<'_>,
        found: &Match<'_>,
        turn: Turn,
    ) -> Result<Answer, Trouble> {
        if request.dry_run && !webhook.supports_dry_run {
            let name = quote(&webhook.name);
            let why = format!("admission webhook {name} does not support dry run");
            return Err(Trouble::Refused(Box::new(ApiError::bad_request(why))));
        }
        let Some(version) = webhook.review else {
            let why = "could not create admission objects: webhook does not accept known AdmissionReview versions \
                       (v1, v1beta1)";
            return Err(Trouble::Failed(why.to_owned()));
        };
        let object = self.shown(request, found, request.object)?;
        let old_object = self.shown(request, found, request.old_object)?;
        let asked = review::request(request, found, object.as_ref(), old_object.as_ref());
        let called = self.reviews.ask(webhook, version, turn.name(), asked);
        let called = called.ok_or(Trouble::NotAsked)?;
        called.answer(version, turn != Turn::Validating).map_err(Trouble::Failed)
    }
}
