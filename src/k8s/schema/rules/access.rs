//! Questions to the authorizer: `authorizer` and what its functions give (`k8s.io/apiserver/pkg/cel/library/authz.go`).

use std::fmt;
use std::sync::Arc;

/// An action that expressions ask about.
#[derive(Debug, Clone, Default)]
pub(in super::super::super) struct Action {
    /// Namespace and name of the service account that acts; nothing for the sender of the request.
    pub(in super::super::super) account: Option<(Arc<str>, Arc<str>)>,
    pub(in super::super::super) verb: Arc<str>,
    pub(in super::super::super) group: Arc<str>,
    /// Empty where the action is for a path.
    pub(in super::super::super) resource: Arc<str>,
    pub(in super::super::super) subresource: Arc<str>,
    pub(in super::super::super) namespace: Arc<str>,
    pub(in super::super::super) name: Arc<str>,
    pub(in super::super::super) path: Arc<str>,
}

/// Who decides on actions.
pub(in super::super::super) trait Authority:
    fmt::Debug + Send + Sync
{
    /// Whether an action is allowed, and why.
    fn decide(&self, action: &Action) -> (bool, String);
}

/// A value of the library.
#[derive(Debug, Clone)]
pub(super) struct Access<'v> {
    pub(super) authority: &'v dyn Authority,
    pub(super) stage: Stage,
    pub(super) action: Arc<Action>,
}

/// How much of a question is there.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    Authorizer,
    Path,
    Group,
    Resource,
    Decision(bool, Arc<str>),
}

impl Access<'_> {
    /// The name of its type.
    pub(super) fn type_name(&self) -> &'static str {
        match self.stage {
            Stage::Authorizer => "kubernetes.authorization.Authorizer",
            Stage::Path => "kubernetes.authorization.PathCheck",
            Stage::Group => "kubernetes.authorization.GroupCheck",
            Stage::Resource => "kubernetes.authorization.ResourceCheck",
            Stage::Decision(..) => "kubernetes.authorization.Decision",
        }
    }
}
