//! The rules of cluster roles with an `aggregationRule`: those of the roles that it selects
//! (`k8s.io/kubernetes/pkg/controller/clusterroleaggregation`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::super::super::core::rules::selects;
use super::super::super::meta;
use super::super::super::resource::{GroupResource, Registry};
use super::super::super::store::{Object, Revision, Snapshot, State, StoreChange};
use super::GROUP;

/// How often all roles are looked at: a role may aggregate roles that aggregate others.
const PASSES: usize = 10;

/// The cluster roles whose aggregation is up to date.
#[derive(Debug, Default)]
pub(in super::super) struct Aggregation {
    content: AtomicU64,
}

impl Aggregation {
    /// The rules that aggregating roles get after a change of cluster roles; nothing where none has changed.
    pub(in super::super) fn after(&self, state: &Arc<State>) -> Option<StoreChange> {
        let content = state.snapshot.collection(&cluster_roles())?.content();
        if self.content.load(Ordering::Acquire) == content {
            return None;
        }
        let change = aggregate(state);
        if change.is_empty() {
            self.content.store(content, Ordering::Release);
        }
        Some(change)
    }
}

fn aggregate(state: &Arc<State>) -> StoreChange {
    let mut change = StoreChange::on(state);
    change.rely_on_all(&Arc::new(cluster_roles()));
    for _ in 0..PASSES {
        let outdated = outdated(change.snapshot());
        if outdated.is_empty() {
            break;
        }
        for role in outdated {
            let revision = change.next_revision();
            if let Some(object) = render(change.types(), role, revision) {
                change.put(object);
            }
        }
    }
    change
}

/// A first state with the rules of its aggregating roles.
pub(crate) fn aggregated(mut state: State) -> State {
    for _ in 0..PASSES {
        let outdated = outdated(&state.snapshot);
        if outdated.is_empty() {
            break;
        }
        for role in outdated {
            if let Some(object) = render(&state.types, role, state.revision) {
                state.snapshot.insert(object);
            }
        }
    }
    state
}

fn cluster_roles() -> GroupResource {
    GroupResource::new(GROUP, "clusterroles")
}

/// The aggregating roles whose rules are not those of the roles that they select, with their new rules.
fn outdated(snapshot: &Snapshot) -> Vec<Value> {
    let objects = snapshot.collection(&cluster_roles());
    let objects: Vec<&Arc<Object>> =
        objects.into_iter().flat_map(|all| all.range("", "")).collect();
    let roles: Vec<Value> = objects.iter().map(|object| object.value("", "")).collect();
    let mut found = Vec::new();
    for role in &roles {
        let selectors = role["aggregationRule"]["clusterRoleSelectors"].as_array();
        let Some(selectors) = selectors.filter(|_| role["aggregationRule"].is_object()) else {
            continue;
        };
        let mut rules: Vec<&Value> = Vec::new();
        for selector in selectors {
            let selected = roles.iter().filter(|other| {
                other["metadata"]["name"] != role["metadata"]["name"]
                    && selects(selector, &other["metadata"]["labels"])
            });
            for rule in selected.flat_map(|other| other["rules"].as_array().into_iter().flatten()) {
                if !rules.contains(&rule) {
                    rules.push(rule);
                }
            }
        }
        let own = role["rules"].as_array().map_or(&[][..], Vec::as_slice);
        if !own.iter().eq(rules.iter().copied()) {
            let mut changed = role.clone();
            changed["rules"] = json!(rules);
            found.push(changed);
        }
    }
    found
}

/// A changed role as it is stored.
fn render(types: &Registry, mut role: Value, revision: Revision) -> Option<Arc<Object>> {
    let of = types.get(&cluster_roles())?;
    meta::set(&mut role, "resourceVersion", revision.to_string().into());
    let resource = Arc::clone(&of.group_resource);
    Some(Arc::new(Object::render(resource, role, &of.selectable_paths())))
}
