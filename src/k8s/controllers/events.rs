//! Events → the objects that controllers look at after them.

use serde_json::json;

use super::super::core::rules::selects;
use super::super::resource::GroupResource;
use super::super::store::{Event, EventKind, Object, State};
use super::names::Controller;
use super::namespaces;
use super::objects::{QUOTAS, SERVICES, controller};

/// The controllers of types, by group and plural.
const TYPES: [(&str, &str, Controller); 13] = [
    ("", "pods", Controller::Pod),
    ("", "replicationcontrollers", Controller::ReplicationController),
    ("apps", "replicasets", Controller::ReplicaSet),
    ("apps", "deployments", Controller::Deployment),
    ("apps", "statefulsets", Controller::StatefulSet),
    ("apps", "daemonsets", Controller::DaemonSet),
    ("batch", "jobs", Controller::Job),
    ("batch", "cronjobs", Controller::CronJob),
    ("", "persistentvolumeclaims", Controller::Claim),
    ("", "resourcequotas", Controller::ResourceQuota),
    ("", "namespaces", Controller::ServiceAccount),
    ("", "namespaces", Controller::RootCertificates),
    ("admissionregistration.k8s.io", "validatingadmissionpolicies", Controller::PolicyStatus),
];

/// The resource whose status a controller writes.
pub(super) fn resource(of: Controller) -> Option<GroupResource> {
    let (group, plural, _) = TYPES.iter().find(|(_, _, controller)| *controller == of)?;
    Some(GroupResource::new(group, plural))
}

/// The kinds of controllers that objects refer to.
const OWNERS: [(&str, Controller); 8] = [
    ("ReplicaSet", Controller::ReplicaSet),
    ("ReplicationController", Controller::ReplicationController),
    ("Deployment", Controller::Deployment),
    ("StatefulSet", Controller::StatefulSet),
    ("DaemonSet", Controller::DaemonSet),
    ("Job", Controller::Job),
    ("CronJob", Controller::CronJob),
    ("Service", Controller::EndpointSlice),
];

/// Adds what an event concerns.
pub(super) fn concerned(state: &State, event: &Event, mut add: impl FnMut(Controller, &str)) {
    let object = &event.object;
    let (group, plural) = (&*object.resource.group, &*object.resource.resource);
    if event.kind != EventKind::Deleted {
        for (_, _, of) in TYPES.iter().filter(|(g, p, _)| *g == group && *p == plural) {
            add(*of, &object.key);
        }
    }
    match (group, plural) {
        ("batch", "jobs") => add(Controller::TtlAfterFinished, &object.key),
        ("", "services") => {
            add(Controller::Endpoints, &object.key);
            add(Controller::EndpointSlice, &object.key);
        }
        ("", "pods") => {
            for service in services(state, object, event.previous.as_deref()) {
                add(Controller::Endpoints, &service);
                add(Controller::EndpointSlice, &service);
            }
        }
        // What is deleted is created again.
        ("", "serviceaccounts") if &*object.meta.name == namespaces::ACCOUNT => {
            add(Controller::ServiceAccount, &object.meta.namespace);
        }
        ("", "configmaps") if &*object.meta.name == namespaces::CERTIFICATES => {
            add(Controller::RootCertificates, &object.meta.namespace);
        }
        ("", "nodes") => {
            for (of, plural) in [("apps", "daemonsets"), ("", "pods")] {
                let resource = GroupResource::new(of, plural);
                let all = state.snapshot.collection(&resource);
                let waits = |one: &&std::sync::Arc<Object>| {
                    plural != "pods" || one.value("", "")["spec"]["nodeName"].is_null()
                };
                let all = all.into_iter().flat_map(|all| all.range("", "")).filter(waits);
                for one in all {
                    let of = if plural == "pods" { Controller::Pod } else { Controller::DaemonSet };
                    add(of, &one.key);
                }
            }
        }
        ("", "persistentvolumes") => {
            let resource = GroupResource::new("", "persistentvolumeclaims");
            let all = state.snapshot.collection(&resource);
            for one in all.into_iter().flat_map(|all| all.range("", "")) {
                add(Controller::Claim, &one.key);
            }
        }
        _ => {}
    }
    // Objects that are gone or have changed are counted anew.
    let quotas = state.snapshot.collection(&QUOTAS.resource());
    if let Some(quotas) = quotas.filter(|_| plural != "events" && !object.meta.namespace.is_empty())
    {
        for quota in quotas.range(&object.meta.namespace, "") {
            add(Controller::ResourceQuota, &quota.key);
        }
    }
    // The owner counts what it controls; one that was let go, too.
    for one in [Some(object), event.previous.as_ref()].into_iter().flatten() {
        if one.meta.owners.is_empty() {
            continue;
        }
        let value = one.value("", "");
        let Some(owner) = controller(&value) else { continue };
        let kind = owner["kind"].as_str().unwrap_or_default();
        let name = owner["name"].as_str().unwrap_or_default();
        if let Some((_, of)) = OWNERS.iter().find(|(known, _)| *known == kind) {
            add(*of, &format!("{}/{name}", one.meta.namespace));
        }
    }
}

/// The services whose selector selects a pod, as it is or was.
fn services(state: &State, pod: &Object, before: Option<&Object>) -> Vec<String> {
    let all = state.snapshot.collection(&SERVICES.resource());
    let all = all.into_iter().flat_map(|all| all.range(&pod.meta.namespace, ""));
    let labels = |object: &Object| {
        let labels = object.meta.labels.iter();
        labels.map(|(key, value)| (key.to_string(), json!(value))).collect()
    };
    let own: serde_json::Value = serde_json::Value::Object(labels(pod));
    let earlier = before.map(|object| serde_json::Value::Object(labels(object)));
    all.filter(|service| {
        let selector = &service.value("", "")["spec"]["selector"];
        let selector = json!({"matchLabels": selector});
        selects(&selector, &own) || earlier.as_ref().is_some_and(|old| selects(&selector, old))
    })
    .map(|service| service.key.to_string())
    .collect()
}
