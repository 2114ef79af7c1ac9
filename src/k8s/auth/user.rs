//! Users and the attributes of their requests: what a policy compares.

use crate::message::RequestInfo;

/// The sender of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct User {
    /// The name.
    pub name: String,
    /// The uid; may be empty.
    pub uid: String,
    /// The groups; those of an authenticated user include `system:authenticated`.
    pub groups: Vec<String>,
}

/// What a request asks to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Attributes<'a> {
    pub(in super::super) verb: &'a str,
    /// Empty for requests for paths that are not resources.
    pub(in super::super) resource: &'a str,
    pub(in super::super) group: &'a str,
    pub(in super::super) subresource: &'a str,
    pub(in super::super) namespace: &'a str,
    pub(in super::super) name: &'a str,
    /// The path of a request that is for no resource.
    pub(in super::super) path: &'a str,
}

impl<'a> Attributes<'a> {
    pub(super) fn of(path: &'a str, info: &'a RequestInfo<'_>) -> Self {
        match &info.resource {
            None => Self { verb: &info.verb, path, ..Self::default() },
            Some(of) => Self {
                verb: &info.verb,
                resource: &of.resource,
                group: &of.group,
                subresource: &of.subresource,
                namespace: &of.namespace,
                name: &of.name,
                path: "",
            },
        }
    }

    pub(super) fn is_resource(&self) -> bool {
        !self.resource.is_empty()
    }
}
