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
use super::opinions::{Opinion, Opinions};
use super::rbac::{Grant, Policy, PolicyCache, Rule};
use super::rules::UserRule;
use super::user::{Attributes, User};

/// Authorization on one state of a world.
#[derive(Clone, Copy)]
pub(crate) struct Authorizer<'a> {
    modes: &'a Modes,
    state: &'a State,
    cache: &'a PolicyCache,
    opinions: &'a Opinions,
}

/// Whether an action is allowed, and why.
#[derive(Debug)]
pub(super) enum Decision {
    /// It is allowed; by this grant, where RBAC allows it.
    Allowed(Option<Grant>),
    /// A webhook allows it. The reason may be empty.
    AllowedBecause(String),
    /// Nobody allows it. The reason may be empty.
    Denied(String),
    /// A webhook refuses it. The reason may be empty.
    Refused(String),
    /// A webhook could not be asked, and nobody else allows it.
    Failed(String),
}

impl Decision {
    /// Whether it is allowed, and why or why not.
    pub(super) fn reason(self) -> (bool, String) {
        match self {
            Self::Allowed(Some(grant)) => (true, format!("RBAC: allowed by {grant}")),
            Self::Allowed(None) => (true, String::new()),
            Self::AllowedBecause(reason) => (true, reason),
            Self::Denied(reason) | Self::Refused(reason) => (false, reason),
            Self::Failed(_) => (false, String::new()),
        }
    }
}

impl<'a> Authorizer<'a> {
    pub(super) fn new(
        modes: &'a Modes,
        state: &'a State,
        cache: &'a PolicyCache,
        opinions: &'a Opinions,
    ) -> Self {
        Self { modes, state, cache, opinions }
    }

    /// The compiled RBAC objects.
    pub(in super::super) fn policy(&self) -> Arc<Policy> {
        self.cache.policy(self.state)
    }

    /// Whether a user may act.
    pub(in super::super) fn allows(&self, user: &User, attributes: &Attributes<'_>) -> bool {
        matches!(self.decide(user, attributes), Decision::Allowed(_) | Decision::AllowedBecause(_))
    }

    /// Whether a user may act, and why.
    #[cfg(feature = "cel")]
    pub(in super::super) fn explain(
        &self,
        user: &User,
        attributes: &Attributes<'_>,
    ) -> (bool, String) {
        self.decide(user, attributes).reason()
    }

    /// Decides on an action.
    pub(super) fn decide(&self, user: &User, attributes: &Attributes<'_>) -> Decision {
        if user.is_master() {
            return Decision::Allowed(None);
        }
        let (mut reasons, mut failures) = (Vec::new(), Vec::new());
        for mode in self.modes.modes() {
            match mode {
                Mode::AlwaysAllow => return Decision::Allowed(None),
                Mode::Webhook(place) => {
                    let Some(webhook) = self.modes.webhook(*place) else { continue };
                    match webhook.opinion(*place, self.opinions, user, attributes) {
                        Some(Opinion::Allowed(why)) => return Decision::AllowedBecause(why),
                        Some(Opinion::Denied(why)) => return Decision::Refused(why),
                        Some(Opinion::None(why)) => {
                            reasons.extend((!why.is_empty()).then_some(why));
                        }
                        Some(Opinion::Failed(why)) if webhook.denies_on_failure => {
                            return Decision::Failed(why);
                        }
                        Some(Opinion::Failed(why)) => failures.push(why),
                        // It is decided again when the webhook has answered.
                        None => return Decision::Denied(String::new()),
                    }
                }
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
        match failures.as_slice() {
            [] => Decision::Denied(reasons.join("\n")),
            [one] => Decision::Failed(one.clone()),
            all => Decision::Failed(format!("[{}]", all.join(", "))),
        }
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
                Mode::Webhook(_) => {
                    let why = "webhook authorizer does not support user rule resolution";
                    problems.push(why.to_owned());
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
            version: &info.version,
            subresource: &info.subresource,
            namespace: &info.namespace,
            name: &info.name,
            path: "",
        };
        self.check(user, &asked)
    }

    /// Refuses a stream to a pod where the user may not create it, by whatever method it is opened
    /// (`ensureAuthorizedForVerb` in `pkg/registry/core/pod/rest/authorize.go`).
    ///
    /// # Errors
    /// A 403 with the reason of the authorizer alone.
    pub(in super::super) fn check_stream(
        &self,
        user: &User,
        info: &ResourceInfo<'_>,
    ) -> Result<(), ApiError> {
        let asked = Attributes {
            verb: "create",
            resource: &info.resource,
            group: &info.group,
            version: &info.version,
            subresource: &info.subresource,
            namespace: &info.namespace,
            name: &info.name,
            path: "",
        };
        match self.decide(user, &asked) {
            Decision::Allowed(_) | Decision::AllowedBecause(_) => Ok(()),
            Decision::Denied(reason) | Decision::Refused(reason) => {
                let resource = GroupResource::new(&info.group, &info.resource);
                Err(ApiError::forbidden(&resource, &info.name, &reason))
            }
            Decision::Failed(why) => Err(ApiError::undecided(&why)),
        }
    }

    /// Refuses an action that is not allowed.
    ///
    /// # Errors
    /// Upstream's 403.
    pub(super) fn check(&self, user: &User, attributes: &Attributes<'_>) -> Result<(), ApiError> {
        match self.decide(user, attributes) {
            Decision::Allowed(_) | Decision::AllowedBecause(_) => Ok(()),
            Decision::Denied(reason) | Decision::Refused(reason) => {
                Err(forbidden(user, attributes, &reason))
            }
            Decision::Failed(why) => Err(ApiError::undecided(&why)),
        }
    }
}

/// Upstream's 403 (`responsewriters.ForbiddenStatusError`).
pub(super) fn forbidden(user: &User, attributes: &Attributes<'_>, reason: &str) -> ApiError {
    let Attributes { verb, resource, group, subresource, namespace, name, path, .. } = *attributes;
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
