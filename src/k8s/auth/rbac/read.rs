//! Roles and bindings as the policy keeps them. One that has not changed is not read again.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::resource::GroupResource;
use super::super::super::store::{Object, Snapshot};
use super::super::user::service_account_user;
use super::GROUP;
use super::rule::{Rule, rules_of};

/// The role that a binding refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super::super) struct RoleRef {
    pub(in super::super::super) group: Box<str>,
    pub(in super::super::super) kind: Box<str>,
    pub(in super::super::super) name: Box<str>,
}

impl RoleRef {
    /// The role that a binding refers to.
    pub(in super::super::super) fn of(binding: &Value) -> Self {
        let text = |field: &str| binding["roleRef"][field].as_str().unwrap_or_default().into();
        Self { group: text("apiGroup"), kind: text("kind"), name: text("name") }
    }
}

/// A binding.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) name: Arc<str>,
    /// Empty for a `ClusterRoleBinding`.
    pub(super) namespace: Arc<str>,
    pub(super) role: RoleRef,
    pub(super) subjects: Vec<Subject>,
}

/// Who a binding is for.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) who: Who,
    /// The subject as messages name it.
    pub(super) shown: Box<str>,
}

#[derive(Debug)]
pub(super) enum Who {
    /// A user by name, also a service account.
    User(Box<str>),
    Group(Box<str>),
    /// Nobody: a kind that is not known.
    Nobody,
}

impl Binding {
    fn read(object: &Object) -> Self {
        let value = object.value("", "");
        let namespace = &object.meta.namespace;
        let subjects = value["subjects"].as_array().into_iter().flatten();
        Self {
            name: Arc::clone(&object.meta.name),
            namespace: Arc::clone(namespace),
            role: RoleRef::of(&value),
            subjects: subjects.map(|subject| Subject::read(subject, namespace)).collect(),
        }
    }
}

impl Subject {
    /// Reads a subject of a binding in a namespace. A service account without a namespace is one of the binding's.
    fn read(subject: &Value, namespace: &str) -> Self {
        let text = |field: &str| subject[field].as_str().unwrap_or_default();
        let (kind, name) = (text("kind"), text("name"));
        let mut shown = format!("{kind} {}", quote(name));
        let who = match kind {
            "User" => Who::User(name.into()),
            "Group" => Who::Group(name.into()),
            "ServiceAccount" => {
                let own = Some(text("namespace")).filter(|own| !own.is_empty());
                let namespace = own.unwrap_or(namespace);
                let full = format!("{name}/{namespace}");
                shown = format!("{kind} {}", quote(&full));
                if namespace.is_empty() {
                    Who::Nobody
                } else {
                    Who::User(service_account_user(namespace, name).into())
                }
            }
            _ => Who::Nobody,
        };
        Self { who, shown: shown.into() }
    }
}

/// The objects of one type by key, each as it was read.
#[derive(Debug)]
pub(super) struct Known<T>(HashMap<Arc<str>, (Arc<Object>, Arc<T>)>);

/// The rules of the roles of one type.
pub(super) type Roles = Known<Vec<Rule>>;
/// The bindings of one type.
pub(super) type Bindings = Known<Binding>;

impl Roles {
    /// The roles of a state; those that have not changed are those of `before`.
    pub(super) fn of(snapshot: &Snapshot, plural: &str, before: Option<&Self>) -> Self {
        Self::read(snapshot, plural, before, |object| rules_of(&object.value("", "")))
    }
}

impl Bindings {
    /// The bindings of a state; those that have not changed are those of `before`.
    pub(super) fn of(snapshot: &Snapshot, plural: &str, before: Option<&Self>) -> Self {
        Self::read(snapshot, plural, before, Binding::read)
    }
}

impl<T> Known<T> {
    fn read(
        snapshot: &Snapshot,
        plural: &str,
        before: Option<&Self>,
        read: impl Fn(&Object) -> T,
    ) -> Self {
        let resource = GroupResource::new(GROUP, plural);
        let all = snapshot.collection(&resource).into_iter().flat_map(|all| all.range("", ""));
        let known = |object: &Arc<Object>| {
            let (same, read) = before?.0.get(&object.key)?;
            Arc::ptr_eq(same, object).then(|| Arc::clone(read))
        };
        let entry = |object: &Arc<Object>| {
            let value = known(object).unwrap_or_else(|| Arc::new(read(object)));
            (Arc::clone(&object.key), (Arc::clone(object), value))
        };
        Self(all.map(entry).collect())
    }

    /// One object, by its key.
    pub(super) fn get(&self, key: &str) -> Option<&Arc<T>> {
        self.0.get(key).map(|(_, value)| value)
    }

    /// All objects, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<T>> {
        self.0.values().map(|(_, value)| value)
    }
}
