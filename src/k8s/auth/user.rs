//! Users and the attributes of their requests: what a policy compares.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::message::{ClientCertificate, RequestInfo};

use super::super::names;

/// The name of the sender of a request without credentials (`k8s.io/apiserver/pkg/authentication/user`).
pub(super) const ANONYMOUS: &str = "system:anonymous";

/// The group of all authenticated users.
pub(super) const AUTHENTICATED: &str = "system:authenticated";

/// The group of anonymous users.
pub(super) const UNAUTHENTICATED: &str = "system:unauthenticated";

/// The group whose members may do everything.
pub(super) const MASTERS: &str = "system:masters";

/// The beginning of the names of service accounts.
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// The beginning of the names of nodes.
const NODE: &str = "system:node:";

/// The sender of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct User {
    /// The name.
    pub name: String,
    /// The uid; may be empty.
    pub uid: String,
    /// The groups; those of an authenticated user include `system:authenticated`.
    pub groups: Vec<String>,
    /// What else is known about the user, by lower-case keys.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// The subject of a trusted client certificate.
pub(super) fn certified(certificate: Option<&ClientCertificate>) -> Option<Arc<User>> {
    let Some(ClientCertificate::Trusted { common_name, organizations }) = certificate else {
        return None;
    };
    if common_name.is_empty() {
        return None;
    }
    let mut groups = organizations.clone();
    groups.push(AUTHENTICATED.to_owned());
    Some(Arc::new(User { name: common_name.clone(), groups, ..User::default() }))
}

/// The sender of a request without credentials.
pub(super) fn anonymous() -> Arc<User> {
    Arc::new(User {
        name: ANONYMOUS.to_owned(),
        groups: vec![UNAUTHENTICATED.to_owned()],
        ..User::default()
    })
}

impl User {
    /// Who may do everything, for what the server itself reads.
    #[cfg(feature = "console")]
    pub(crate) fn administrator() -> Self {
        Self {
            name: "standin:admin".to_owned(),
            groups: vec![MASTERS.to_owned(), AUTHENTICATED.to_owned()],
            ..Self::default()
        }
    }

    /// A service account.
    #[cfg(feature = "cel")]
    pub(in super::super) fn service_account(namespace: &str, name: &str) -> Self {
        Self {
            name: service_account_user(namespace, name),
            groups: service_account_groups(namespace),
            ..Self::default()
        }
    }

    /// Whether the user is a member of `system:masters`.
    pub(super) fn is_master(&self) -> bool {
        self.groups.iter().any(|group| group == MASTERS)
    }
}

/// The namespace and name of a service account, by its user name (`serviceaccount.SplitUsername`).
pub(super) fn service_account(user: &str) -> Option<(&str, &str)> {
    let (namespace, name) = user.strip_prefix(SERVICE_ACCOUNT)?.split_once(':')?;
    let is_valid = names::label(namespace).is_empty() && names::subdomain(name).is_empty();
    is_valid.then_some((namespace, name))
}

/// The user name of a service account.
pub(super) fn service_account_user(namespace: &str, name: &str) -> String {
    format!("{SERVICE_ACCOUNT}{namespace}:{name}")
}

/// The groups of the service accounts of a namespace (`serviceaccount.MakeGroupNames`).
pub(super) fn service_account_groups(namespace: &str) -> Vec<String> {
    vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")]
}

/// The name of a node, by its user name.
pub(super) fn node(user: &str) -> Option<&str> {
    user.strip_prefix(NODE).filter(|name| names::subdomain(name).is_empty())
}

/// What a request asks to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Attributes<'a> {
    pub(in super::super) verb: &'a str,
    /// Empty for requests for paths that are not resources.
    pub(in super::super) resource: &'a str,
    pub(in super::super) group: &'a str,
    /// The version of the group; empty where it does not matter.
    pub(in super::super) version: &'a str,
    pub(in super::super) subresource: &'a str,
    pub(in super::super) namespace: &'a str,
    pub(in super::super) name: &'a str,
    /// The path of a request that is for no resource.
    pub(in super::super) path: &'a str,
}

impl<'a> Attributes<'a> {
    pub(in super::super) fn of(path: &'a str, info: &'a RequestInfo<'_>) -> Self {
        match &info.resource {
            None => Self { verb: &info.verb, path, ..Self::default() },
            Some(of) => Self {
                verb: &info.verb,
                resource: &of.resource,
                group: &of.group,
                version: &of.version,
                subresource: &of.subresource,
                namespace: &of.namespace,
                name: &of.name,
                path: "",
            },
        }
    }

    pub(in super::super) fn is_resource(&self) -> bool {
        !self.resource.is_empty()
    }
}
