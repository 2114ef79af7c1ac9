//! `CustomResourceDefinition` → [`ResourceType`].

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::meta;

use super::resource::{
    Column, GroupResource, ResourceType, Scale, SelectableField, TypeOrigin, Version,
};
use super::schema::Schema;

/// Why a CRD is invalid: the key, dotted, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub(crate) struct CrdError {
    /// The key, such as `spec.names.kind`.
    pub key: String,
    /// The reason, and how to fix it.
    pub message: String,
}

fn wrong(key: impl Into<String>, message: impl Into<String>) -> CrdError {
    CrdError { key: key.into(), message: message.into() }
}

/// Parses a CRD (`apiextensions.k8s.io/v1`).
///
/// # Errors
/// [`CrdError`] for the first missing or invalid key.
pub(super) fn resource_type(crd: &Value) -> Result<ResourceType, CrdError> {
    let spec = &crd["spec"];
    let names = &spec["names"];
    let required = |value: &Value, key: &str| match value.as_str() {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(wrong(key, "must be a non-empty string")),
    };
    let group = required(&spec["group"], "spec.group")?;
    let plural = required(&names["plural"], "spec.names.plural")?;
    let kind = required(&names["kind"], "spec.names.kind")?;
    let name = crd["metadata"]["name"].as_str().unwrap_or_default();
    if name != format!("{plural}.{group}") {
        return Err(wrong(
            "metadata.name",
            format!("must be spec.names.plural+\".\"+spec.group: {plural}.{group}"),
        ));
    }
    let namespaced = match spec["scope"].as_str() {
        Some("Namespaced") => true,
        Some("Cluster") => false,
        _ => return Err(wrong("spec.scope", "must be Namespaced or Cluster")),
    };
    let texts = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let versions = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut parsed = Vec::with_capacity(versions.len());
    for (index, found) in versions.iter().enumerate() {
        parsed.push(version(found, &format!("spec.versions[{index}]"))?);
    }
    if parsed.iter().filter(|version| version.storage).count() != 1 {
        return Err(wrong(
            "spec.versions",
            "must have exactly one version marked as storage version",
        ));
    }
    parsed.sort_by(|a, b| super::version::compare(&b.name, &a.name));
    let or =
        |value: &Value, other: String| value.as_str().map_or(other, str::to_owned).into_boxed_str();
    Ok(ResourceType {
        group_resource: Arc::new(GroupResource::new(&group, &plural)),
        list_kind: or(&names["listKind"], format!("{kind}List")),
        singular: or(&names["singular"], kind.to_lowercase()),
        kind: kind.into(),
        short_names: texts(&names["shortNames"]),
        categories: texts(&names["categories"]),
        namespaced,
        stored: true,
        origin: TypeOrigin::Custom,
        versions: parsed,
    })
}

/// The status of a served definition: `NamesAccepted` and `Established`. A condition that was true before
/// keeps its transition time.
pub(super) fn status(crd: &Value, now: Timestamp) -> Value {
    let names = &crd["spec"]["names"];
    let condition = |kind: &str, reason: &str, message: &str| {
        let held = crd["status"]["conditions"].as_array().into_iter().flatten();
        let mut held = held.filter(|held| held["type"] == kind && held["status"] == "True");
        let since = held.find_map(|held| held["lastTransitionTime"].as_str());
        json!({
            "type": kind, "status": "True", "reason": reason, "message": message,
            "lastTransitionTime": since.map_or_else(|| meta::time_text(now), str::to_owned),
        })
    };
    let versions = crd["spec"]["versions"].as_array().into_iter().flatten();
    let stored: Vec<&Value> = versions
        .filter(|version| version["storage"] == true)
        .map(|version| &version["name"])
        .collect();
    json!({
        "acceptedNames": names,
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
        "storedVersions": stored,
    })
}

fn version(value: &Value, key: &str) -> Result<Version, CrdError> {
    let name =
        value["name"].as_str().ok_or_else(|| wrong(format!("{key}.name"), "must be a string"))?;
    let schema = match &value["schema"]["openAPIV3Schema"] {
        Value::Null => None,
        schema => {
            let parsed = Schema::parse(schema)
                .map_err(|why| wrong(format!("{key}.schema.openAPIV3Schema"), why))?;
            Some(Arc::new(parsed))
        }
    };
    let path = |value: &Value| value.as_str().map(steps);
    let scale = &value["subresources"]["scale"];
    let columns = value["additionalPrinterColumns"].as_array().into_iter().flatten();
    let selectable = value["selectableFields"].as_array().into_iter().flatten();
    Ok(Version {
        name: name.into(),
        served: value["served"].as_bool().unwrap_or_default(),
        storage: value["storage"].as_bool().unwrap_or_default(),
        status: value["subresources"]["status"].is_object(),
        scale: path(&scale["specReplicasPath"]).zip(path(&scale["statusReplicasPath"])).map(
            |(spec, status)| Scale {
                spec_replicas: spec,
                status_replicas: status,
                label_selector: path(&scale["labelSelectorPath"]),
            },
        ),
        schema,
        raw_schema: value["schema"].get("openAPIV3Schema").cloned().map(Arc::new),
        columns: columns.map(column).collect(),
        selectable: selectable
            .filter_map(|field| field["jsonPath"].as_str())
            .map(|path| SelectableField {
                label: path.trim_start_matches('.').to_owned(),
                path: steps(path),
            })
            .collect(),
    })
}

fn column(value: &Value) -> Column {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let json_path = text("jsonPath");
    let description = match text("description") {
        empty if empty.is_empty() => {
            format!("Custom resource definition column (in JSONPath format): {json_path}")
        }
        description => description,
    };
    Column {
        name: text("name"),
        kind: text("type"),
        format: text("format"),
        description,
        priority: value["priority"].as_i64().unwrap_or_default(),
        json_path,
    }
}

fn steps(path: &str) -> Vec<String> {
    path.split('.').filter(|step| !step.is_empty()).map(str::to_owned).collect()
}
