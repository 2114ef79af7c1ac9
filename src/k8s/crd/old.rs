//! Definitions of `apiextensions.k8s.io/v1beta1`, as v1 has them (`pkg/apis/apiextensions/v1beta1/{types,defaults,
//! conversion}.go`).

use serde_json::{Map, Value, json};

/// The apiVersion of the old form.
const OLD: &str = "apiextensions.k8s.io/v1beta1";

/// Makes a definition of the old form one of v1; leaves others as they are. Returns whether it was of the old form.
pub(crate) fn to_v1(definition: &mut Value) -> bool {
    if definition["apiVersion"] != OLD {
        return false;
    }
    definition["apiVersion"] = "apiextensions.k8s.io/v1".into();
    let Some(Value::Object(spec)) = definition.get_mut("spec") else { return true };
    let scope = spec.entry("scope").or_insert_with(|| "Namespaced".into());
    if scope.as_str().is_none_or(str::is_empty) {
        *scope = "Namespaced".into();
    }
    let name =
        spec.remove("version").filter(|name| name.as_str().is_some_and(|name| !name.is_empty()));
    let versions = spec.get("versions").and_then(Value::as_array);
    let has_versions = versions.is_some_and(|list| !list.is_empty());
    if let Some(name) = name.filter(|_| !has_versions) {
        let only = json!({"name": name, "served": true, "storage": true});
        spec.insert("versions".to_owned(), json!([only]));
    }
    let shared = [
        ("subresources", spec.remove("subresources")),
        ("schema", spec.remove("validation")),
        ("additionalPrinterColumns", spec.remove("additionalPrinterColumns")),
        ("selectableFields", spec.remove("selectableFields")),
    ];
    // Fields that no schema declares are kept, unless the definition says otherwise.
    let preserve = spec.remove("preserveUnknownFields") != Some(Value::Bool(false));
    let versions = spec.get_mut("versions").and_then(Value::as_array_mut);
    for version in versions.into_iter().flatten() {
        let Value::Object(version) = version else { continue };
        for (field, value) in &shared {
            if let Some(value) = value {
                version.entry(*field).or_insert_with(|| value.clone());
            }
        }
        columns(version);
        schema(version, preserve);
    }
    if let Some(conversion) = spec.get_mut("conversion") {
        convert_conversion(conversion);
    }
    true
}

/// Columns had `JSONPath`.
fn columns(version: &mut Map<String, Value>) {
    let columns = version.get_mut("additionalPrinterColumns").and_then(Value::as_array_mut);
    for column in columns.into_iter().flatten() {
        if let Value::Object(column) = column
            && let Some(path) = column.remove("JSONPath")
        {
            column.insert("jsonPath".to_owned(), path);
        }
    }
}

/// A version without a schema, and one that keeps unknown fields, has a schema that says so in v1.
fn schema(version: &mut Map<String, Value>, preserve: bool) {
    let holder = version.entry("schema").or_insert_with(|| json!({}));
    let Value::Object(holder) = holder else { return };
    let schema = holder.entry("openAPIV3Schema").or_insert_with(|| json!({"type": "object"}));
    let Value::Object(schema) = schema else { return };
    schema.entry("type").or_insert_with(|| "object".into());
    if preserve {
        loosen(schema);
    }
}

/// Marks every object of a schema as one that keeps unknown fields, and gives each field without a type one that
/// takes anything: the old form asked for neither.
fn loosen(schema: &mut Map<String, Value>) {
    const KEEP: &str = "x-kubernetes-preserve-unknown-fields";
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    let int_or_string = schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true));
    if kind.is_empty() && !int_or_string {
        let kind =
            if schema.contains_key("properties") || schema.contains_key("additionalProperties") {
                Some("object")
            } else if schema.contains_key("items") {
                Some("array")
            } else {
                None
            };
        if let Some(kind) = kind {
            schema.insert("type".to_owned(), kind.into());
        }
    }
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    if (kind == "object" || kind.is_empty()) && !int_or_string {
        schema.insert(KEEP.to_owned(), Value::Bool(true));
    }
    if kind == "array" && !schema.contains_key("items") {
        schema.insert("items".to_owned(), json!({KEEP: true}));
    }
    for (name, value) in schema {
        match (name.as_str(), value) {
            ("properties", Value::Object(fields)) => {
                fields.values_mut().filter_map(Value::as_object_mut).for_each(loosen);
            }
            ("items" | "additionalProperties", Value::Object(inner)) => loosen(inner),
            _ => {}
        }
    }
}

/// The webhook of a conversion stood beside its strategy.
fn convert_conversion(conversion: &mut Value) {
    let Value::Object(map) = conversion else { return };
    let config = map.remove("webhookClientConfig");
    let versions = map.remove("conversionReviewVersions");
    if map.get("strategy").is_none_or(|strategy| strategy != "Webhook") {
        return;
    }
    let mut webhook = Map::new();
    webhook.extend(config.map(|config| ("clientConfig".to_owned(), config)));
    let versions = versions.unwrap_or_else(|| json!(["v1beta1"]));
    webhook.insert("conversionReviewVersions".to_owned(), versions);
    map.insert("webhook".to_owned(), webhook.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stood_at_the_top_stands_in_each_version() {
        let mut old = json!({
            "apiVersion": OLD, "kind": "CustomResourceDefinition", "metadata": {"name": "as.e.io"},
            "spec": {
                "group": "e.io", "version": "v1", "names": {"kind": "A", "plural": "as"},
                "subresources": {"status": {}},
                "validation": {"openAPIV3Schema": {"properties": {"spec": {"properties": {"n": {"type": "integer"}}}}}},
                "additionalPrinterColumns": [{"name": "N", "type": "integer", "JSONPath": ".spec.n"}],
            },
        });
        assert!(to_v1(&mut old));
        let keep = "x-kubernetes-preserve-unknown-fields";
        let spec = json!({"type": "object", keep: true, "properties": {"n": {"type": "integer"}}});
        assert_eq!(
            old["spec"],
            json!({
                "group": "e.io", "scope": "Namespaced", "names": {"kind": "A", "plural": "as"},
                "versions": [{
                    "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": {"type": "object", keep: true, "properties": {"spec": spec}}},
                    "additionalPrinterColumns": [{"name": "N", "type": "integer", "jsonPath": ".spec.n"}],
                }],
            })
        );
        assert!(!to_v1(&mut old), "it is of v1 now");
    }

    #[test]
    fn without_a_schema_everything_is_kept() {
        let mut old = json!({
            "apiVersion": OLD, "spec": {"versions": [{"name": "v1"}, {"name": "v2"}]},
        });
        to_v1(&mut old);
        let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        assert_eq!(old["spec"]["versions"][1]["schema"]["openAPIV3Schema"], schema);
    }
}
