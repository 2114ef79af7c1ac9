//! The built-in resource types: all of upstream's API server that are served by default.

use std::sync::Arc;

use super::core::resources::{self, Resource};
use super::resource::{
    Deprecation, GroupResource, Registry, ResourceType, Scale, SelectableField, TypeOrigin, Version,
};

/// The fields that field selectors support, by group and plural (`AddFieldLabelConversionFunc` in
/// `pkg/apis/*/v1/conversion.go`).
const SELECTABLE: &[(&str, &str, &[&str])] = &[
    ("", "events", EVENT_FIELDS),
    ("", "namespaces", &["status.phase"]),
    ("", "nodes", &["spec.unschedulable"]),
    (
        "",
        "pods",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
    ),
    ("", "replicationcontrollers", &["status.replicas"]),
    ("", "secrets", &["type"]),
    ("", "services", &["spec.clusterIP", "spec.type"]),
    ("batch", "jobs", &["status.successful"]),
    ("certificates.k8s.io", "certificatesigningrequests", &["spec.signerName"]),
    ("resource.k8s.io", "resourceslices", &["spec.nodeName", "spec.driver"]),
];

const EVENT_FIELDS: &[&str] = &[
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "type",
    "source",
];

/// A label that no selector can have.
const UNNAMED: &str = "=";

/// A registry with the built-in types.
pub(super) fn registry() -> Registry {
    let mut registry = Registry::default();
    for (index, found) in resources::all().iter().enumerate() {
        let others =
            || resources::all().iter().enumerate().filter(|(_, of)| of.group == found.group);
        for resource in &found.resources {
            let has = |of: &resources::GroupVersion| {
                of.resources.iter().any(|other| other.name == resource.name)
            };
            // A type of several versions is inserted with the first of them, which is the stored one.
            if others().any(|(at, of)| at < index && has(of)) {
                continue;
            }
            let versions = others().filter(|(_, of)| has(of)).map(|(_, of)| of.version);
            registry.insert(resource_type(found.group, resource, versions.collect()));
        }
    }
    registry
}

fn resource_type(group: &str, resource: &Resource, versions: Vec<&str>) -> ResourceType {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let kind = resource.kind;
    let version = |(index, name): (usize, &str)| Version {
        name: name.into(),
        deprecation: Deprecation::None,
        served: true,
        storage: index == 0,
        status: resource.subresource("status").is_some(),
        // The selector of a built-in type is an object of labels, not a string.
        scale: resource.subresource("scale").map(|_| Scale {
            spec_replicas: vec!["spec".to_owned(), "replicas".to_owned()],
            status_replicas: vec!["status".to_owned(), "replicas".to_owned()],
            label_selector: None,
        }),
        schema: None,
        raw_schema: None,
        columns: Arc::default(),
        selectable: selectable(group, resource.name),
    };
    let group_resource = Arc::new(GroupResource::new(group, resource.name));
    let stored_as = match (group, resource.name) {
        ("events.k8s.io", "events") => Arc::new(GroupResource::new("", "events")),
        _ => Arc::clone(&group_resource),
    };
    ResourceType {
        group_resource,
        stored_as,
        kind: kind.into(),
        list_kind: format!("{kind}List").into(),
        singular: resource.singular.into(),
        short_names: texts(&resource.short_names),
        categories: texts(&resource.categories),
        namespaced: resource.namespaced,
        stored: resource.is_stored(),
        origin: TypeOrigin::BuiltIn,
        webhook: None,
        versions: versions.into_iter().enumerate().map(version).collect(),
    }
}

fn selectable(group: &str, plural: &str) -> Vec<SelectableField> {
    let found = SELECTABLE.iter().find(|(of, name, _)| (*of, *name) == (group, plural));
    let events = (group, plural) == ("events.k8s.io", "events");
    let labels = found.map_or(&[][..], |(_, _, labels)| labels);
    let labels = if events { EVENT_FIELDS } else { labels };
    let field = |label: &&str| SelectableField {
        label: if events { event_label(label) } else { (*label).to_owned() },
        path: match *label {
            "source" => vec!["source".to_owned(), "component".to_owned()],
            "status.successful" => vec!["status".to_owned(), "succeeded".to_owned()],
            label => label.split('.').map(str::to_owned).collect(),
        },
        absent: match *label {
            "spec.hostNetwork" | "spec.unschedulable" => "false",
            "status.replicas" | "status.successful" => "0",
            _ => "",
        },
    };
    labels.iter().map(field).collect()
}

/// The label of a field of core events in `events.k8s.io` (`AddFieldLabelConversionsForEvent`).
fn event_label(label: &str) -> String {
    match label.split_once('.') {
        Some(("involvedObject", field)) => format!("regarding.{field}"),
        _ if label == "reportingComponent" => "reportingController".to_owned(),
        _ if label == "source" => UNNAMED.to_owned(),
        _ => label.to_owned(),
    }
}
