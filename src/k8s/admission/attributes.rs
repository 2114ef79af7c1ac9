//! What admission sees of a request (`Attributes` in `k8s.io/apiserver/pkg/admission`).

use serde_json::Value;

use super::super::auth::User;

/// What a request does to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Adds it.
    Create,
    /// Changes it: update, patch and apply.
    Update,
    /// Removes it.
    Delete,
    /// Opens a connection to it: exec, attach, portforward, proxy.
    Connect,
}

impl Operation {
    /// The word of rules and reviews.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }
}

/// Group, version and the kind or the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Versioned<'a> {
    /// The group; empty for the core group.
    pub group: &'a str,
    /// The version.
    pub version: &'a str,
    /// The kind or the plural.
    pub name: &'a str,
}

/// A request as admission sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attributes<'a> {
    /// What the request does.
    pub operation: Operation,
    /// The kind of the object, in the version of the request.
    pub kind: Versioned<'a>,
    /// The resource of the path.
    pub resource: Versioned<'a>,
    /// The subresource of the path; empty for the object itself.
    pub subresource: &'a str,
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: &'a str,
    /// The name; empty where the server generates it, and for a collection.
    pub name: &'a str,
    /// The object as it is to be stored, in the version of the request; nothing for a deletion.
    pub object: Option<&'a Value>,
    /// The stored object, in the version of the request; nothing for a creation.
    pub old_object: Option<&'a Value>,
    /// The options of the request: `CreateOptions`, `UpdateOptions`, `PatchOptions` or `DeleteOptions`.
    pub options: &'a Value,
    /// Whether nothing is stored.
    pub dry_run: bool,
    /// Who asks.
    pub user: &'a User,
}
