//! What plugins know of a request besides its object.

use std::fmt;

use serde_json::Value;

use super::super::super::meta;
use super::super::super::resource::GroupResource;
use super::super::super::status::ApiError;
use super::super::super::store::Snapshot;
use super::set::{AdmissionPlugins, Plugin};

/// What plugins know of a request besides its object.
#[derive(Clone, Copy)]
pub(in super::super::super) struct Request<'a> {
    /// The plugins that are on.
    pub(in super::super::super) plugins: AdmissionPlugins,
    /// The resource of the path.
    pub(in super::super::super) resource: &'a GroupResource,
    /// The subresource of the path; empty for the object itself.
    pub(in super::super::super) subresource: &'a str,
    /// The namespace; empty for cluster-scoped objects.
    pub(in super::super::super) namespace: &'a str,
    /// The objects that are there.
    pub(in super::super::super) snapshot: &'a Snapshot,
    /// Whether the sender may do something (the verb) to a signer of certificates (its name).
    pub(in super::super::super) may_sign: &'a dyn Fn(&str, &str) -> bool,
    /// Whether something makes a default account for each namespace: it is there, or will be soon.
    pub(in super::super::super) makes_accounts: bool,
    /// The end of a generated name.
    pub(in super::super::super) suffix: &'a str,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("resource", &self.resource)
            .field("subresource", &self.subresource)
            .finish_non_exhaustive()
    }
}

impl Request<'_> {
    /// The group and the plural of the object.
    pub(super) fn of(&self) -> (&str, &str) {
        (&self.resource.group, &self.resource.resource)
    }

    /// Whether a plugin is on.
    pub(super) fn has(&self, plugin: Plugin) -> bool {
        self.plugins.has(plugin)
    }

    /// The 403 of a plugin (`admission.NewForbidden`).
    pub(super) fn forbidden(&self, object: &Value, why: &str) -> ApiError {
        let names = ["name", "generateName"].map(|field| meta::text(object, field));
        let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or("Unknown");
        ApiError::forbidden(self.resource, name, why)
    }
}
