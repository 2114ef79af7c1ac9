//! The authorizer, as expressions ask it (`k8s.io/apiserver/pkg/cel/library/authz.go`).

use super::super::auth::{Attributes, Authorizer, User};
use super::super::schema::admission::{Action, Authority};

/// The authorizer, and who sends the request.
#[derive(Debug)]
pub(in super::super) struct RequestAuthority<'a> {
    /// Decides.
    pub(in super::super) authorizer: Authorizer<'a>,
    /// The sender of the request.
    pub(in super::super) user: &'a User,
}

impl Authority for RequestAuthority<'_> {
    fn decide(&self, action: &Action) -> (bool, String) {
        let asked = Attributes {
            verb: &action.verb,
            resource: &action.resource,
            group: &action.group,
            version: "*",
            subresource: &action.subresource,
            namespace: &action.namespace,
            name: &action.name,
            path: &action.path,
        };
        match &action.account {
            None => self.authorizer.explain(self.user, &asked),
            Some((namespace, name)) => {
                self.authorizer.explain(&User::service_account(namespace, name), &asked)
            }
        }
    }
}
