//! Impersonation: a request as another user, where its sender may act as that user
//! (`k8s.io/apiserver/pkg/endpoints/filters/impersonation`).
//!
//! Since Kubernetes 1.36 the modes of constrained impersonation come before the legacy verb `impersonate`: each needs
//! a right to the mode for this very request, and rights to each part of the user.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;

use super::super::golang::quote;
use super::super::names;
use super::super::status::ApiError;
use super::authorizer::{Authorizer, forbidden};
use super::impersonation_headers::{is_asked, wanted};
use super::user::{
    ANONYMOUS, AUTHENTICATED, Attributes, MASTERS, UNAUTHENTICATED, User, node, service_account,
    service_account_groups,
};

/// The group of the resources of constrained impersonation, of uids and of extra values.
const AUTHENTICATION: &str = "authentication.k8s.io";
/// The extra value of a service account's token that names its node.
const NODE_NAME: &str = "authentication.kubernetes.io/node-name";
/// From how many groups or extra values on the right to all of them is asked for first.
const MANY: usize = 4;
/// How many users' last modes are kept.
const MAX_USERS: usize = 10_000;

/// The modes, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    AssociatedNode,
    ArbitraryNode,
    ServiceAccount,
    UserInfo,
    Legacy,
}

impl Mode {
    const ALL: [Self; 5] = [
        Self::AssociatedNode,
        Self::ArbitraryNode,
        Self::ServiceAccount,
        Self::UserInfo,
        Self::Legacy,
    ];

    /// Whether the mode is for a user (`constrainedImpersonationModeFilter`).
    fn is_for(self, wanted: &User, requestor: &User) -> bool {
        let is_name_alone =
            wanted.uid.is_empty() && wanted.groups.is_empty() && wanted.extra.is_empty();
        match self {
            Self::AssociatedNode => {
                let own = requestor.extra.get(NODE_NAME).map_or(&[][..], Vec::as_slice);
                is_name_alone
                    && service_account(&requestor.name).is_some()
                    && matches!((own, node(&wanted.name)), ([own], Some(node)) if own == node)
            }
            Self::ArbitraryNode => is_name_alone && node(&wanted.name).is_some(),
            Self::ServiceAccount => is_name_alone && service_account(&wanted.name).is_some(),
            Self::UserInfo => {
                node(&wanted.name).is_none() && service_account(&wanted.name).is_none()
            }
            Self::Legacy => true,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::AssociatedNode => "associated-node",
            Self::ArbitraryNode => "arbitrary-node",
            Self::ServiceAccount => "serviceaccount",
            Self::UserInfo => "user-info",
            Self::Legacy => "",
        }
    }
}

/// By which mode each user impersonated last: it is tried first, and its refusal is the one that is reported.
#[derive(Debug, Default)]
pub(super) struct LastModes(Mutex<HashMap<String, Mode>>);

impl LastModes {
    fn get(&self, user: &str) -> Option<Mode> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(user).copied()
    }

    /// The constraint under which a user impersonated last: the verb that it needs; empty for the legacy one.
    pub(super) fn constraint(&self, user: &str) -> &'static str {
        match self.get(user) {
            Some(Mode::AssociatedNode) => "impersonate:associated-node",
            Some(Mode::ArbitraryNode) => "impersonate:arbitrary-node",
            Some(Mode::ServiceAccount) => "impersonate:serviceaccount",
            Some(Mode::UserInfo) => "impersonate:user-info",
            Some(Mode::Legacy) | None => "",
        }
    }

    fn set(&self, user: &str, mode: Mode) {
        let mut modes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if modes.len() >= MAX_USERS && !modes.contains_key(user) {
            modes.clear();
        }
        modes.insert(user.to_owned(), mode);
    }
}

/// The user that a request is to be made as, if its sender may. `legacy_alone` leaves out the modes of constrained
/// impersonation.
///
/// # Errors
/// 400 for headers without a user, 403 with upstream's message.
pub(super) fn impersonated(
    headers: &HeaderMap,
    requestor: &User,
    attributes: &Attributes<'_>,
    authorizer: &Authorizer<'_>,
    last: &LastModes,
    legacy_alone: bool,
) -> Result<Option<Arc<User>>, ApiError> {
    if !is_asked(headers) {
        return Ok(None);
    }
    let Some(wanted) = wanted(headers)? else { return Ok(None) };
    let known = last.get(&requestor.name);
    let others = Mode::ALL.into_iter().filter(|mode| Some(*mode) != known);
    let mut first = None;
    let modes = known.into_iter().chain(others);
    let modes = modes.filter(|mode| !legacy_alone || *mode == Mode::Legacy);
    for mode in modes.filter(|mode| mode.is_for(&wanted, requestor)) {
        let check = Check { mode, requestor, authorizer };
        match check.request(attributes).and_then(|()| check.user(&wanted)) {
            Ok(user) => {
                last.set(&requestor.name, mode);
                return Ok(Some(Arc::new(user)));
            }
            Err(error) => drop(first.get_or_insert(error)),
        }
    }
    // The legacy mode is for everybody.
    Err(first.unwrap_or_else(|| ApiError::unclassified("all impersonation modes failed")))
}

/// The checks of one mode (`impersonationModeState`).
struct Check<'a> {
    mode: Mode,
    requestor: &'a User,
    authorizer: &'a Authorizer<'a>,
}

impl Check<'_> {
    fn is_constrained(&self) -> bool {
        self.mode != Mode::Legacy
    }

    /// Whether the requestor may make this request in the mode.
    fn request(&self, attributes: &Attributes<'_>) -> Result<(), ApiError> {
        if !self.is_constrained() {
            return Ok(());
        }
        let verb = format!("impersonate-on:{}:{}", self.mode.name(), attributes.verb);
        let attributes = Attributes { verb: &verb, ..attributes.clone() };
        self.authorizer.check(self.requestor, &attributes)
    }

    /// The user with its groups, if the requestor may act as it.
    fn user(&self, wanted: &User) -> Result<User, ApiError> {
        let mut user = wanted.clone();
        let verb = match self.mode {
            Mode::Legacy => "impersonate".to_owned(),
            mode => format!("impersonate:{}", mode.name()),
        };
        let verb = verb.as_str();
        self.name(wanted, verb, &mut user)?;
        if !wanted.uid.is_empty() {
            self.part(verb, AUTHENTICATION, "uids", "", &wanted.uid)?;
        }
        self.groups(&wanted.groups, verb)?;
        self.extra(&wanted.extra, verb)?;
        let has = |user: &User, group: &str| user.groups.iter().any(|own| own == group);
        let needed = if user.name == ANONYMOUS { UNAUTHENTICATED } else { AUTHENTICATED };
        let is_left_out = needed == AUTHENTICATED && has(&user, UNAUTHENTICATED);
        if !has(&user, needed) && !is_left_out {
            user.groups.push(needed.to_owned());
        }
        Ok(user)
    }

    fn name(&self, wanted: &User, verb: &str, user: &mut User) -> Result<(), ApiError> {
        let group = self.subject_group();
        if let Some((namespace, name)) = service_account(&wanted.name) {
            if wanted.groups.is_empty() {
                user.groups = service_account_groups(namespace);
            }
            let resource = "serviceaccounts";
            let attributes =
                Attributes { verb, resource, group, namespace, name, ..Attributes::default() };
            return self.authorizer.check(self.requestor, &attributes);
        }
        match node(&wanted.name).filter(|_| self.is_constrained()) {
            Some(name) => {
                user.groups = vec!["system:nodes".to_owned()];
                let name = if self.mode == Mode::AssociatedNode { "*" } else { name };
                self.part(verb, group, "nodes", "", name)
            }
            None => self.part(verb, group, "users", "", &wanted.name),
        }
    }

    fn groups(&self, groups: &[String], verb: &str) -> Result<(), ApiError> {
        let group = self.subject_group();
        if self.is_constrained() {
            for (word, name, what) in
                [("", "", "the empty string group"), (MASTERS, MASTERS, "the system:masters group")]
            {
                if groups.iter().any(|group| group == word) {
                    let resource = "groups";
                    let asked = Attributes { verb, resource, group, name, ..Attributes::default() };
                    let why = format!("impersonating {what} is not allowed");
                    return Err(forbidden(self.requestor, &asked, &why));
                }
            }
            if groups.len() >= MANY && self.part(verb, group, "groups", "", "*").is_ok() {
                return Ok(());
            }
        }
        groups.iter().try_for_each(|name| self.part(verb, group, "groups", "", name))
    }

    fn extra(&self, extra: &BTreeMap<String, Vec<String>>, verb: &str) -> Result<(), ApiError> {
        let (group, resource) = (AUTHENTICATION, "userextras");
        if self.is_constrained() {
            if let Some(why) = extra.iter().find_map(|(key, values)| invalid_extra(key, values)) {
                let asked = Attributes { verb, resource, group, ..Attributes::default() };
                return Err(forbidden(self.requestor, &asked, &why));
            }
            let values: usize = extra.values().map(Vec::len).sum();
            let is_large = extra.len() >= MANY || values >= MANY;
            if is_large && self.part(verb, group, resource, "*", "*").is_ok() {
                return Ok(());
            }
        }
        for (key, values) in extra {
            for value in values {
                self.part(verb, group, resource, key, value)?;
            }
        }
        Ok(())
    }

    /// The group of users, groups and service accounts in this mode.
    fn subject_group(&self) -> &'static str {
        if self.is_constrained() { AUTHENTICATION } else { "" }
    }

    fn part(
        &self,
        verb: &str,
        group: &str,
        resource: &str,
        subresource: &str,
        name: &str,
    ) -> Result<(), ApiError> {
        let asked =
            Attributes { verb, resource, group, subresource, name, ..Attributes::default() };
        self.authorizer.check(self.requestor, &asked)
    }
}

/// What is wrong with an extra value in constrained modes (`validateExtra`).
fn invalid_extra(key: &str, values: &[String]) -> Option<String> {
    let why = "is not allowed";
    if key.is_empty() {
        return Some(format!("impersonating the empty string key in extra {why}"));
    }
    if let Some(problem) = not_a_prefixed_path(key) {
        return Some(format!("impersonating an invalid key in extra {why}: {problem}"));
    }
    if key != key.to_lowercase() {
        return Some(format!("impersonating a non-lowercase key in extra {why}: {}", quote(key)));
    }
    if values.iter().any(String::is_empty) {
        return Some(format!("impersonating the empty string value in extra {why}"));
    }
    None
}

/// Why a key is not a path behind a domain, such as `acme.io/foo` (`IsDomainPrefixedPath`).
fn not_a_prefixed_path(key: &str) -> Option<String> {
    let invalid =
        |value: &str, why: &str| format!("extra.key: Invalid value: {}: {why}", quote(value));
    let parts = key.split_once('/').filter(|(host, path)| !host.is_empty() && !path.is_empty());
    let Some((host, path)) = parts else {
        return Some(invalid(key, "must be a domain-prefixed path (such as \"acme.io/foo\")"));
    };
    let mut problems: Vec<String> =
        names::subdomain(host).iter().map(|why| invalid(host, why)).collect();
    let is_allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte);
    if !path.bytes().all(is_allowed) {
        let why = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
        problems.push(invalid(path, why));
    }
    match problems.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        all => Some(format!("[{}]", all.join(", "))),
    }
}
