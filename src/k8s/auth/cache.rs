//! What authorization keeps for one world.

#![cfg_attr(
    not(any(feature = "record", test)),
    expect(dead_code, reason = "a build without a client asks no webhooks")
)]

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::super::store::{State, StoreChange};
use super::opinions::{Opinions, Question};
use super::{Auth, impersonation, rbac};

/// What authorization keeps for one world, as a request sees it.
#[derive(Debug, Default)]
pub(crate) struct AuthCache {
    pub(super) policy: Arc<rbac::PolicyCache>,
    pub(super) modes: Arc<impersonation::LastModes>,
    aggregation: Arc<rbac::Aggregation>,
    pub(super) opinions: Opinions,
}

impl AuthCache {
    /// The change that gives cluster roles with an `aggregationRule` their rules; nothing where no cluster role has
    /// changed.
    pub(crate) fn aggregate_roles(&self, state: &Arc<State>) -> Option<StoreChange> {
        self.aggregation.after(state)
    }

    /// The same, for one request: what webhooks have to be asked about it is kept apart.
    #[must_use]
    pub(crate) fn for_request(&self, now: Timestamp) -> Self {
        Self {
            policy: Arc::clone(&self.policy),
            modes: Arc::clone(&self.modes),
            aggregation: Arc::clone(&self.aggregation),
            opinions: self.opinions.at(now),
        }
    }

    /// What webhooks have to be asked before the request can be decided on.
    pub(crate) fn take_unasked(&self) -> Vec<Question> {
        self.opinions.take_unasked()
    }
}

impl Auth {
    /// Whether webhooks are asked about actions.
    pub(crate) fn asks_webhooks(&self) -> bool {
        self.modes.has_webhooks()
    }

    /// Keeps what a webhook has answered. The error says why it has not.
    pub(crate) fn learn_opinion(
        &self,
        cache: &AuthCache,
        question: Question,
        answer: Result<&Value, String>,
    ) {
        if let Some(webhook) = self.modes.webhook(question.webhook) {
            webhook.learn(&cache.opinions, question, answer);
        }
    }
}
