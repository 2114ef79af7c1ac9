//! The RBAC objects of one state, indexed by subject: the cost of a decision does not depend on how many roles and
//! bindings there are, but on how many apply to the user.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use super::super::super::golang::quote;
use super::super::super::resource::GroupResource;
use super::super::super::status::ApiError;
use super::super::super::store::{Collection, Snapshot, State};
use super::super::user::{Attributes, User};
use super::GROUP;
use super::read::{Binding, Bindings, RoleRef, Roles, Who};
use super::rule::Rule;

/// The plurals of the RBAC types.
const PLURALS: [&str; 4] = ["clusterroles", "roles", "clusterrolebindings", "rolebindings"];

/// The policy of one state, until an RBAC object changes.
#[derive(Debug, Default)]
pub(in super::super) struct PolicyCache(ArcSwapOption<Policy>);

impl PolicyCache {
    /// The policy of a state.
    pub(in super::super) fn policy(&self, state: &State) -> Arc<Policy> {
        let content = PLURALS.map(|plural| {
            let collection = state.snapshot.collection(&GroupResource::new(GROUP, plural));
            collection.map_or(0, Collection::content)
        });
        let known = self.0.load_full();
        if let Some(policy) = known.as_ref().filter(|policy| policy.content == content) {
            return Arc::clone(policy);
        }
        let policy = Arc::new(Policy::compile(&state.snapshot, content, known.as_deref()));
        self.0.store(Some(Arc::clone(&policy)));
        policy
    }
}

/// The compiled RBAC objects of a state.
#[derive(Debug)]
pub(in super::super::super) struct Policy {
    /// The contents of the collections that it is made of.
    content: [u64; 4],
    cluster_roles: Roles,
    roles: Roles,
    cluster_bindings: Bindings,
    bindings: Bindings,
    /// The cluster role bindings by subject.
    cluster: Index,
    /// The role bindings by namespace and subject.
    namespaces: HashMap<Arc<str>, Index>,
}

/// Bindings by the name of their subjects.
#[derive(Debug, Default)]
struct Index {
    users: HashMap<Box<str>, Vec<Grant>>,
    groups: HashMap<Box<str>, Vec<Grant>>,
}

/// A binding that applies to a user, with the subject by which it does.
#[derive(Debug, Clone)]
pub(in super::super) struct Grant {
    binding: Arc<Binding>,
    subject: usize,
}

/// The rules that apply to a user.
#[derive(Debug, Default)]
pub(in super::super::super) struct UserRules {
    pub(in super::super::super) rules: Vec<Rule>,
    /// The roles that bindings refer to and that are not there.
    missing: Vec<RoleRef>,
}

impl Policy {
    fn compile(snapshot: &Snapshot, content: [u64; 4], before: Option<&Self>) -> Self {
        let [cluster_roles, roles, cluster_bindings, bindings] = PLURALS;
        let cluster_bindings =
            Bindings::of(snapshot, cluster_bindings, before.map(|before| &before.cluster_bindings));
        let bindings = Bindings::of(snapshot, bindings, before.map(|before| &before.bindings));
        let mut cluster = Index::default();
        for binding in cluster_bindings.all() {
            cluster.add(binding);
        }
        let mut namespaces = HashMap::<Arc<str>, Index>::new();
        for binding in bindings.all() {
            namespaces.entry(Arc::clone(&binding.namespace)).or_default().add(binding);
        }
        Self {
            content,
            cluster_roles: Roles::of(
                snapshot,
                cluster_roles,
                before.map(|before| &before.cluster_roles),
            ),
            roles: Roles::of(snapshot, roles, before.map(|before| &before.roles)),
            cluster_bindings,
            bindings,
            cluster,
            namespaces,
        }
    }

    /// The grants of a user in a namespace and in the cluster; one binding may occur several times.
    fn grants<'a>(
        &'a self,
        user: &'a User,
        namespace: &str,
    ) -> impl Iterator<Item = &'a Grant> + use<'a> {
        let local = if namespace.is_empty() { None } else { self.namespaces.get(namespace) };
        std::iter::once(&self.cluster).chain(local).flat_map(|index| index.grants(user))
    }

    /// The rules of a role that a binding in a namespace refers to; nothing where there is no such role.
    pub(in super::super::super) fn role(&self, role: &RoleRef, namespace: &str) -> Option<&[Rule]> {
        let found = match &*role.kind {
            "ClusterRole" => self.cluster_roles.get(&role.name),
            "Role" => self.roles.get(&format!("{namespace}/{}", role.name)),
            _ => None,
        };
        found.map(|rules| rules.as_slice())
    }

    /// Decides on an action: the grant that allows it, or why none does.
    pub(in super::super) fn decide(
        &self,
        user: &User,
        asked: &Attributes<'_>,
    ) -> Result<Grant, Option<String>> {
        let mut errors = Vec::new();
        for grant in self.grants(user, asked.namespace) {
            match self.role(&grant.binding.role, &grant.binding.namespace) {
                Some(rules) if rules.iter().any(|rule| rule.allows(asked)) => {
                    return Ok(grant.clone());
                }
                Some(_) => {}
                None => errors.push(missing(&grant.binding.role)),
            }
        }
        Err(aggregate(errors).map(|errors| format!("RBAC: {errors}")))
    }

    /// The rules that apply to a user in a namespace, cluster role bindings first.
    pub(in super::super::super) fn rules(&self, user: &User, namespace: &str) -> UserRules {
        let mut grants: Vec<&Grant> = self.grants(user, namespace).collect();
        grants.sort_by_key(|grant| (&grant.binding.namespace, &grant.binding.name));
        grants.dedup_by(|a, b| Arc::ptr_eq(&a.binding, &b.binding));
        let mut found = UserRules::default();
        for Grant { binding, .. } in grants {
            match self.role(&binding.role, &binding.namespace) {
                Some(rules) => found.rules.extend_from_slice(rules),
                None => found.missing.push(binding.role.clone()),
            }
        }
        found
    }
}

impl UserRules {
    /// The roles that were not found, as the authorizer reports them.
    pub(in super::super) fn problem(&self) -> Option<String> {
        aggregate(self.missing.iter().map(missing).collect())
    }

    /// The roles that were not found, as the storage reports them: under the resource of the request
    /// (`qualifiedResourceFromContext`).
    pub(super) fn resolution_error(&self, resource: &GroupResource) -> Option<String> {
        let error = |role: &RoleRef| ApiError::not_found(resource, &role.name).message;
        aggregate(self.missing.iter().map(error).collect())
    }
}

/// The error of listers about a role that is not there.
fn missing(role: &RoleRef) -> String {
    let resource = match &*role.kind {
        "ClusterRole" => "clusterrole",
        "Role" => "role",
        kind => return format!("unsupported role reference kind: {}", quote(kind)),
    };
    ApiError::not_found(&GroupResource::new(GROUP, resource), &role.name).message
}

/// Several errors as one text (`utilerrors.NewAggregate`).
fn aggregate(errors: Vec<String>) -> Option<String> {
    let mut distinct: Vec<String> = Vec::new();
    for error in errors {
        if !distinct.contains(&error) {
            distinct.push(error);
        }
    }
    match distinct.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        all => Some(format!("[{}]", all.join(", "))),
    }
}

impl Index {
    fn add(&mut self, binding: &Arc<Binding>) {
        for (subject, found) in binding.subjects.iter().enumerate() {
            let (of, name) = match &found.who {
                Who::User(name) => (&mut self.users, name),
                Who::Group(name) => (&mut self.groups, name),
                Who::Nobody => continue,
            };
            let grants = of.entry(name.clone()).or_default();
            grants.push(Grant { binding: Arc::clone(binding), subject });
        }
    }

    fn grants<'a>(&'a self, user: &'a User) -> impl Iterator<Item = &'a Grant> {
        let by_name = self.users.get(&*user.name).into_iter().flatten();
        by_name.chain(user.groups.iter().filter_map(|group| self.groups.get(&**group)).flatten())
    }
}

impl fmt::Display for Grant {
    /// As upstream's reason names the binding.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Binding { name, namespace, role, subjects } = &*self.binding;
        let (kind, name) = match &**namespace {
            "" => ("ClusterRoleBinding", name.to_string()),
            namespace => ("RoleBinding", format!("{name}/{namespace}")),
        };
        let shown = subjects.get(self.subject).map_or("", |subject| &subject.shown);
        let (name, role_name) = (quote(&name), quote(&role.name));
        write!(f, "{kind} {name} of {} {role_name} to {shown}", role.kind)
    }
}
