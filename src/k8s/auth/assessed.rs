//! As whom a request is made and what becomes of it, for its audit (`k8s.io/apiserver/pkg/endpoints/filters`): asked once
//! more, so that requests that nobody audits do not pay for it.

use std::sync::Arc;

use super::super::store::State;
use super::{ALWAYS_ALLOWED, Attributes, Auth, AuthCache, AuthRequest, User};

/// As whom a request is made, and whether it is allowed.
#[derive(Debug, Default)]
pub(crate) struct Assessed {
    /// As whom it is made, where it impersonates, and under which constraint; that is empty for the legacy one.
    pub impersonated: Option<(Arc<User>, &'static str)>,
    /// Whether it is allowed, and why; nothing where that is not asked.
    pub decision: Option<(bool, String)>,
}

impl Auth {
    /// As whom a request of a sender is made, and whether it is allowed.
    pub(crate) fn assess(
        &self,
        sender: &Arc<User>,
        request: &AuthRequest<'_>,
        state: &State,
        cache: &AuthCache,
    ) -> Assessed {
        let attributes = Attributes::of(request.path, request.info);
        let authorizer = self.authorizer(state, cache);
        let (headers, modes) = (request.headers, &cache.modes);
        let found = self.impersonated(headers, sender, &attributes, &authorizer, modes);
        // Who may not impersonate is refused before anything is decided.
        let Ok(impersonated) = found else { return Assessed::default() };
        let user = impersonated.as_ref().unwrap_or(sender);
        let decision = if ALWAYS_ALLOWED.contains(&attributes.path) {
            (true, String::new())
        } else {
            authorizer.decide(user, &attributes).reason()
        };
        Assessed {
            decision: Some(decision),
            impersonated: impersonated.map(|user| (user, modes.constraint(&sender.name))),
        }
    }
}
