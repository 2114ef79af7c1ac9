//! `CustomResourceDefinition` → [`ResourceType`].

use std::sync::Arc;

use serde_json::Value;

use super::super::resource::{
    Column, Deprecation, GroupResource, ResourceType, Scale, SelectableField, TypeOrigin, Version,
};
use super::super::schema::Schema;
use super::super::status::FieldError;
use super::super::version;
use super::super::webhook::ConversionWebhook;

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

/// The resource type of a definition, in any of its versions, that has not been validated yet.
///
/// # Errors
/// Every violation of upstream's rules for a new definition.
pub(in super::super) fn resource_type(crd: &Value) -> Result<ResourceType, Vec<CrdError>> {
    let mut crd = crd.clone();
    super::to_v1(&mut crd);
    super::decode(&mut crd).map_err(|why| vec![wrong("", why)])?;
    super::set_defaults(&mut crd);
    if crd["status"]["storedVersions"].as_array().is_none_or(Vec::is_empty) {
        crd["status"]["storedVersions"] = super::stored_versions(&crd);
    }
    let errors = super::validate_new(&crd);
    if errors.is_empty() {
        return parse(&crd).map_err(|error| vec![error]);
    }
    Err(errors.into_iter().map(CrdError::of).collect())
}

impl CrdError {
    /// A violation, with the key that a file has for its field.
    fn of(error: FieldError) -> Self {
        // What all versions have in common stands at the top in upstream's internal form.
        let key = ["validation", "subresources", "additionalPrinterColumns", "selectableFields"]
            .iter()
            .find_map(|part| {
                let rest = error.field.strip_prefix(&format!("spec.{part}"))?;
                let part = if *part == "validation" { "schema" } else { part };
                Some(format!("spec.versions[0].{part}{rest}"))
            })
            .unwrap_or_else(|| error.field.clone());
        let key = key.replace(".JSONPath", ".jsonPath");
        wrong(key, error.body)
    }
}

/// Parses a definition that is valid.
///
/// # Errors
/// [`CrdError`] for what cannot be served.
pub(in super::super) fn parse(crd: &Value) -> Result<ResourceType, CrdError> {
    let spec = &crd["spec"];
    let names = &spec["names"];
    let required = |value: &Value, key: &str| match value.as_str() {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(wrong(key, "must be a non-empty string")),
    };
    let group = required(&spec["group"], "spec.group")?;
    let plural = required(&names["plural"], "spec.names.plural")?;
    let kind = required(&names["kind"], "spec.names.kind")?;
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
        parsed.push(version_of(found, &format!("spec.versions[{index}]"))?);
    }
    if parsed.iter().filter(|version: &&Version| version.storage).count() != 1 {
        return Err(wrong(
            "spec.versions",
            "must have exactly one version marked as storage version",
        ));
    }
    parsed.sort_by(|a, b| version::compare(&b.name, &a.name));
    let or =
        |value: &Value, other: String| value.as_str().map_or(other, str::to_owned).into_boxed_str();
    let group_resource = Arc::new(GroupResource::new(&group, &plural));
    Ok(ResourceType {
        stored_as: Arc::clone(&group_resource),
        group_resource,
        list_kind: or(&names["listKind"], format!("{kind}List")),
        singular: or(&names["singular"], kind.to_lowercase()),
        kind: kind.into(),
        short_names: texts(&names["shortNames"]),
        categories: texts(&names["categories"]),
        namespaced,
        stored: true,
        origin: TypeOrigin::Custom,
        webhook: ConversionWebhook::of(&spec["conversion"]).map(Arc::new),
        versions: parsed,
    })
}

fn version_of(value: &Value, key: &str) -> Result<Version, CrdError> {
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
        deprecation: deprecation(value),
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
                absent: "",
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

/// What requests for a version are warned with.
fn deprecation(version: &Value) -> Deprecation {
    match &version["deprecationWarning"] {
        _ if version["deprecated"] != true => Deprecation::None,
        Value::String(text) => Deprecation::Text(text.as_str().into()),
        _ => Deprecation::Usual,
    }
}
