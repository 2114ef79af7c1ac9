//! The decision on an action: the modes are asked in order, and the first that allows it counts
//! (`k8s.io/apiserver/pkg/authorization/union`).

use std::fmt;
use std::sync::Arc;

use crate::message::ResourceInfo;

use super::super::golang::quote;
use super::super::resource::GroupResource;
use super::super::status::ApiError;
use super::super::store::State;
use super::modes::{Mode, Modes};
use super::rbac::{Grant, Policy, PolicyCache, Rule};
use super::rules::UserRule;
use super::user::{Attributes, User};

/// Authorization on one state of a world.
#[derive(Clone, Copy)]
pub(crate) struct Authorizer<'a> {
    modes: &'a Modes,
    state: &'a State,
    cache: &'a PolicyCache,
}

/// Whether an action is allowed, and why.
#[derive(Debug)]
pub(super) enum Decision {
    /// It is allowed; by this grant, where RBAC allows it.
    Allowed(Option<Grant>),
    /// It is not allowed. The reason may be empty.
    Denied(String),
}

impl<'a> Authorizer<'a> {
    pub(super) fn new(modes: &'a Modes, state: &'a State, cache: &'a PolicyCache) -> Self {
        Self { modes, state, cache }
    }

    /// The compiled RBAC objects.
    pub(in super::super) fn policy(&self) -> Arc<Policy> {
        self.cache.policy(self.state)
    }

    /// Whether a user may act.
    pub(in super::super) fn allows(&self, user: &User, attributes: &Attributes<'_>) -> bool {
        matches!(self.decide(user, attributes), Decision::Allowed(_))
    }

    /// Whether a user may act, and why.
    #[cfg(feature = "cel")]
    pub(in super::super) fn explain(
        &self,
        user: &User,
        attributes: &Attributes<'_>,
    ) -> (bool, String) {
        match self.decide(user, attributes) {
            Decision::Allowed(Some(grant)) => (true, format!("RBAC: allowed by {grant}")),
            Decision::Allowed(None) => (true, String::new()),
            Decision::Denied(reason) => (false, reason),
        }
    }

    /// Decides on an action.
    pub(super) fn decide(&self, user: &User, attributes: &Attributes<'_>) -> Decision {
        if user.is_master() {
            return Decision::Allowed(None);
        }
        let mut reasons = Vec::new();
        for mode in self.modes.modes() {
            match mode {
                Mode::AlwaysAllow => return Decision::Allowed(None),
                Mode::AlwaysDeny => reasons.push("Everything is forbidden.".to_owned()),
                Mode::Abac => {
                    let policies = self.modes.policies();
                    if policies.is_some_and(|policies| policies.allow(user, attributes)) {
                        return Decision::Allowed(None);
                    }
                    if self.modes.explain() {
                        reasons.push("No policy matched.".to_owned());
                    }
                }
                Mode::Node => {}
                Mode::Rbac => match self.policy().decide(user, attributes) {
                    Ok(grant) => return Decision::Allowed(Some(grant)),
                    Err(reason) => reasons.extend(reason),
                },
            }
        }
        Decision::Denied(reasons.join("\n"))
    }

    /// What a user may do in a namespace, and the problems of finding that out.
    pub(super) fn rules(&self, user: &User, namespace: &str) -> (Vec<UserRule>, Option<String>) {
        let (mut rules, mut problems) = (Vec::new(), Vec::new());
        for mode in self.modes.modes() {
            match mode {
                Mode::AlwaysAllow => rules.extend(UserRule::everything()),
                Mode::Abac => {
                    let policies = self.modes.policies();
                    rules.extend(policies.into_iter().flat_map(|all| all.rules(user, namespace)));
                }
                Mode::Rbac => {
                    let found = self.policy().rules(user, namespace);
                    rules.extend(found.rules.iter().map(Rule::as_user_rule));
                    problems.extend(found.problem());
                }
                Mode::AlwaysDeny | Mode::Node => {}
            }
        }
        (rules, (!problems.is_empty()).then(|| problems.join(", ")))
    }

    /// Refuses to create the object of an update.
    ///
    /// # Errors
    /// Upstream's 403.
    pub(in super::super) fn check_create(
        &self,
        user: &User,
        info: &ResourceInfo<'_>,
    ) -> Result<(), ApiError> {
        let asked = Attributes {
            verb: "create",
            resource: &info.resource,
            group: &info.group,
            subresource: &info.subresource,
            namespace: &info.namespace,
            name: &info.name,
            path: "",
        };
        self.check(user, &asked)
    }

    /// Refuses an action that is not allowed.
    ///
    /// # Errors
    /// Upstream's 403.
    pub(super) fn check(&self, user: &User, attributes: &Attributes<'_>) -> Result<(), ApiError> {
        match self.decide(user, attributes) {
            Decision::Allowed(_) => Ok(()),
            Decision::Denied(reason) => Err(forbidden(user, attributes, &reason)),
        }
    }
}

/// Upstream's 403 (`responsewriters.ForbiddenStatusError`).
pub(super) fn forbidden(user: &User, attributes: &Attributes<'_>, reason: &str) -> ApiError {
    let Attributes { verb, resource, group, subresource, namespace, name, path } = *attributes;
    let who = quote(&user.name);
    let because = |why: &str| {
        let why = html(why);
        if reason.is_empty() { why } else { format!("{why}: {reason}") }
    };
    if !attributes.is_resource() {
        let why = format!("User {who} cannot {verb} path {}", quote(path));
        return ApiError::forbidden(&GroupResource::default(), "", &because(&why));
    }
    let what = if subresource.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}/{subresource}")
    };
    let place = if namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace {}", quote(namespace))
    };
    let why = format!(
        "User {who} cannot {verb} resource {} in API group {} {place}",
        quote(&what),
        quote(group)
    );
    ApiError::forbidden(&GroupResource::new(group, resource), name, &because(&why))
}

/// Upstream escapes the text for browsers.
fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

impl fmt::Debug for Authorizer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorizer({:?})", self.modes.modes())
    }
}
