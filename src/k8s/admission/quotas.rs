//! `ResourceQuota`: a new or changed object is refused where a quota of its namespace has not enough left, and is
//! counted in the status of the quotas that are about it (`CheckRequest`).

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::core::quantity::Quantity;
use super::super::meta;
use super::super::resource::GroupResource;
use super::super::store::{Object, Snapshot};
use super::resources::{self, Resources};
use super::{scopes, usage};

/// An object that is about to be stored, with its type and its last version.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Charged<'a> {
    pub(in super::super) resource: &'a GroupResource,
    pub(in super::super) new: &'a Value,
    pub(in super::super) old: Option<&'a Value>,
}

impl Charged<'_> {
    /// Whether it is counted at all (`Handles`).
    fn is_counted(&self) -> bool {
        let resource = (&*self.resource.group, &*self.resource.resource);
        match (resource, self.old) {
            (("" | "events.k8s.io", "events"), _) => false,
            (_, None) | (("", "services" | "persistentvolumeclaims"), Some(_)) => true,
            (("", "pods"), Some(old)) => {
                scopes::is_terminating(self.new) != scopes::is_terminating(old)
            }
            _ => false,
        }
    }
}

/// The quotas whose status an object changes, with the new status.
///
/// # Errors
/// What the first quota that refuses it says.
pub(in super::super) fn charge(
    snapshot: &Snapshot,
    charged: Charged<'_>,
) -> Result<Vec<(Arc<Object>, Value)>, String> {
    let Some(all) = snapshot.collection(&GroupResource::new("", "resourcequotas")) else {
        return Ok(Vec::new());
    };
    if !charged.is_counted() {
        return Ok(Vec::new());
    }
    let (group, plural) = (&*charged.resource.group, &*charged.resource.resource);
    let mut matching = Vec::new();
    for object in all.range(meta::text(charged.new, "namespace"), "") {
        let quota = object.value("v1", "ResourceQuota");
        let hard = resources::read(&quota["status"]["hard"]);
        let counted: Vec<&str> = hard
            .keys()
            .map(String::as_str)
            .filter(|name| usage::is_counted(group, plural, name))
            .collect();
        if counted.is_empty() || !is_about(&quota, group, plural, charged.new) {
            continue;
        }
        let name = &object.meta.name;
        if (group, plural) == ("", "pods")
            && let Some(why) = usage::missing(charged.new, &counted)
        {
            return Err(format!("failed quota: {name}: {why}"));
        }
        let used = resources::read(&quota["status"]["used"]);
        if counted.iter().any(|name| !used.contains_key(*name)) {
            let names = counted.join(",");
            return Err(format!("status unknown for quota: {name}, resources: {names}"));
        }
        matching.push((Arc::clone(object), quota, hard, used));
    }
    if matching.is_empty() {
        return Ok(Vec::new());
    }
    let now = usage::of(group, plural, charged.new);
    let before = charged.old.map(|old| usage::of(group, plural, old)).unwrap_or_default();
    let mut changed = Vec::new();
    for (object, mut quota, hard, used) in matching {
        let counted_before = charged.old.is_some_and(|old| is_about(&quota, group, plural, old));
        let mut asked = now.clone();
        for (name, amount) in &mut asked {
            if let Some(before) = before.get(name).filter(|_| counted_before) {
                *amount = amount.minus_to_zero(before);
            }
        }
        asked.retain(|name, amount| !amount.is_zero() && hard.contains_key(name));
        if asked.is_empty() {
            continue;
        }
        let mut sum = used.clone();
        resources::add(&mut sum, &asked);
        let exceeded = |name: &&String| sum.get(*name) > hard.get(*name);
        let exceeded: Vec<&String> = asked.keys().filter(exceeded).collect();
        if !exceeded.is_empty() {
            return Err(format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                object.meta.name,
                shown(&asked, &exceeded),
                shown(&used, &exceeded),
                shown(&hard, &exceeded)
            ));
        }
        quota["status"]["used"] = resources::write(&sum);
        changed.push((object, quota));
    }
    Ok(changed)
}

/// Whether all scopes of a quota are those of an object.
fn is_about(quota: &Value, group: &str, plural: &str, object: &Value) -> bool {
    let all = scopes::of_quota(quota);
    all.iter().all(|scope| scopes::matches(group, plural, scope, object))
}

fn shown(list: &Resources, names: &[&String]) -> String {
    let one = |name: &&&String| list.get(**name).map(|amount| format!("{name}={}", amount.text()));
    names.iter().filter_map(|name| one(&name)).collect::<Vec<_>>().join(",")
}

/// The status of a quota: its limits, and what the objects of its namespace count now (`syncResourceQuota`).
pub(in super::super) fn recount(snapshot: &Snapshot, quota: &Value) -> Value {
    let hard = resources::read(&quota["spec"]["hard"]);
    let namespace = meta::text(quota, "namespace");
    let mut used = Resources::new();
    for (resource, collection) in snapshot.collections() {
        let (group, plural) = (&*resource.group, &*resource.resource);
        let counted: Vec<&String> =
            hard.keys().filter(|name| usage::is_counted(group, plural, name)).collect();
        if counted.is_empty() {
            continue;
        }
        for object in collection.range(namespace, "") {
            let object = object.value("", "");
            if is_about(quota, group, plural, &object) {
                let mut own = usage::of(group, plural, &object);
                own.retain(|name, _| counted.contains(&name));
                resources::add(&mut used, &own);
            }
        }
    }
    for name in hard.keys() {
        used.entry(name.clone()).or_insert_with(|| Quantity::whole(0));
    }
    json!({"hard": resources::write(&hard), "used": resources::write(&used)})
}
