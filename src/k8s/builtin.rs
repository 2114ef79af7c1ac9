//! The built-in resource types: those of upstream's API server that job clients use.

use std::sync::Arc;

use super::resource::{
    Column, Deprecation, GroupResource, Registry, ResourceType, Scale, SelectableField, TypeOrigin,
    Version,
};

/// Group, version, plural, Kind, short names, namespaced, with a status, categories.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    bool,
    bool,
    &'static [&'static str],
);

const ALL: &[&str] = &["all"];

const TYPES: &[Row] = &[
    ("", "v1", "configmaps", "ConfigMap", &["cm"], true, false, &[]),
    ("", "v1", "events", "Event", &["ev"], true, false, &[]),
    ("", "v1", "namespaces", "Namespace", &["ns"], false, true, &[]),
    ("", "v1", "pods", "Pod", &["po"], true, true, ALL),
    ("", "v1", "secrets", "Secret", &[], true, false, &[]),
    ("", "v1", "serviceaccounts", "ServiceAccount", &["sa"], true, false, &[]),
    ("", "v1", "services", "Service", &["svc"], true, true, ALL),
    ("apps", "v1", "deployments", "Deployment", &["deploy"], true, true, ALL),
    ("batch", "v1", "jobs", "Job", &[], true, true, ALL),
    ("coordination.k8s.io", "v1", "leases", "Lease", &[], true, false, &[]),
    (
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        &["crd", "crds"],
        false,
        true,
        &["api-extensions"],
    ),
];

/// Types whose objects are reviews and not stored: group, plural, Kind, namespaced.
const REVIEWS: &[(&str, &str, &str, bool)] = &[
    ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview", false),
    ("authentication.k8s.io", "tokenreviews", "TokenReview", false),
    ("authorization.k8s.io", "localsubjectaccessreviews", "LocalSubjectAccessReview", true),
    ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview", false),
    ("authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview", false),
];

/// The fields that field selectors support, by plural.
const SELECTABLE: &[(&str, &[&str])] = &[
    (
        "events",
        &[
            "involvedObject.kind",
            "involvedObject.name",
            "involvedObject.namespace",
            "involvedObject.uid",
            "reason",
            "type",
        ],
    ),
    ("namespaces", &["status.phase"]),
    ("pods", &["spec.nodeName", "spec.restartPolicy", "status.phase", "status.podIP"]),
    ("secrets", &["type"]),
    ("jobs", &["status.successful"]),
];

/// A registry with the built-in types.
pub(super) fn registry() -> Registry {
    let mut registry = Registry::default();
    for row in TYPES {
        registry.insert(resource_type(row));
    }
    for (group, plural, kind, namespaced) in REVIEWS {
        let row = (*group, "v1", *plural, *kind, &[][..], *namespaced, false, &[][..]);
        registry.insert(ResourceType { stored: false, ..resource_type(&row) });
    }
    registry
}

fn resource_type(row: &Row) -> ResourceType {
    let (group, version, plural, kind, short_names, namespaced, status, categories) = *row;
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let selectable =
        SELECTABLE.iter().find(|(of, _)| *of == plural && (group.is_empty() || plural == "jobs"));
    let selectable = selectable.map_or(&[][..], |(_, fields)| fields);
    ResourceType {
        group_resource: Arc::new(GroupResource::new(group, plural)),
        kind: kind.into(),
        list_kind: format!("{kind}List").into(),
        singular: kind.to_lowercase().into(),
        short_names: texts(short_names),
        categories: texts(categories),
        namespaced,
        stored: true,
        origin: TypeOrigin::BuiltIn,
        versions: vec![Version {
            name: version.into(),
            deprecation: Deprecation::None,
            served: true,
            storage: true,
            status,
            // A deployment's selector is an object of labels, not a string.
            scale: (plural == "deployments").then(|| Scale {
                spec_replicas: vec!["spec".to_owned(), "replicas".to_owned()],
                status_replicas: vec!["status".to_owned(), "replicas".to_owned()],
                label_selector: None,
            }),
            schema: None,
            raw_schema: None,
            columns: columns(plural).into(),
            selectable: selectable
                .iter()
                .map(|label| SelectableField {
                    label: (*label).to_owned(),
                    path: label.split('.').map(str::to_owned).collect(),
                })
                .collect(),
        }],
    }
}

/// The Table columns whose cells are values of the object at a path.
fn columns(plural: &str) -> Vec<Column> {
    let column = |name: &str, kind: &str, path: &str| Column {
        name: name.to_owned(),
        kind: kind.to_owned(),
        format: String::new(),
        description: String::new(),
        priority: 0,
        json_path: path.to_owned(),
    };
    let mut columns = match plural {
        "namespaces" => vec![column("Status", "string", ".status.phase")],
        "pods" => vec![column("Status", "string", ".status.phase")],
        "leases" => vec![column("Holder", "string", ".spec.holderIdentity")],
        "secrets" => vec![column("Type", "string", ".type")],
        "services" => vec![
            column("Type", "string", ".spec.type"),
            column("Cluster-IP", "string", ".spec.clusterIP"),
        ],
        "customresourcedefinitions" => {
            return vec![column("Created At", "date", ".metadata.creationTimestamp")];
        }
        _ => Vec::new(),
    };
    columns.push(column("Age", "string", ".metadata.creationTimestamp"));
    columns
}
