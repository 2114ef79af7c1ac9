//! A definition in the internal form of upstream (`pkg/apis/apiextensions/{types,types_jsonschema}.go`, `v1/conversion.go`):
//! what all versions have in common stands at its top. Rules and the paths in their messages are about this form.

use serde_json::{Map, Value, json};

use super::super::super::golang::json_text;

/// The parts of a version that move to the top of the spec where all versions have the same.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parts<'v> {
    /// `CustomResourceValidation`.
    pub(super) schema: Option<&'v Value>,
    pub(super) subresources: Option<&'v Value>,
    pub(super) columns: Option<&'v Value>,
    pub(super) selectable: Option<&'v Value>,
}

/// A version.
#[derive(Debug, Clone, Copy)]
pub(super) struct Version<'v> {
    pub(super) value: &'v Value,
    pub(super) parts: Parts<'v>,
}

/// The spec.
#[derive(Debug)]
pub(super) struct Spec<'v> {
    pub(super) value: &'v Value,
    pub(super) versions: Vec<Version<'v>>,
    pub(super) top: Parts<'v>,
}

impl<'v> Spec<'v> {
    pub(super) fn of(definition: &'v Value) -> Self {
        let value = &definition["spec"];
        let versions = value["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut all: Vec<Version<'v>> = versions
            .iter()
            .map(|value| {
                let part = |name: &str| value.get(name);
                let parts = Parts {
                    schema: part("schema"),
                    subresources: part("subresources"),
                    columns: part("additionalPrinterColumns"),
                    selectable: part("selectableFields"),
                };
                Version { value, parts }
            })
            .collect();
        let mut top = Parts::default();
        hoist(&mut all, &mut top, |parts| &mut parts.schema);
        hoist(&mut all, &mut top, |parts| &mut parts.subresources);
        hoist(&mut all, &mut top, |parts| &mut parts.columns);
        hoist(&mut all, &mut top, |parts| &mut parts.selectable);
        Self { value, versions: all, top }
    }

    pub(super) fn text(&self, field: &str) -> &'v str {
        self.value[field].as_str().unwrap_or_default()
    }

    /// `spec.version`: the name of the first version.
    pub(super) fn version(&self) -> Option<&'v str> {
        self.versions.first().map(Version::name)
    }

    /// All schemas: that of the top, then those of versions.
    pub(super) fn schemas(&self) -> impl Iterator<Item = &'v Value> {
        let of = |parts: &Parts<'v>| parts.schema.and_then(|of| of.get("openAPIV3Schema"));
        std::iter::once(self.top)
            .chain(self.versions.iter().map(|version| version.parts))
            .filter_map(move |parts| of(&parts))
    }

    /// The versions as messages show them.
    pub(super) fn shown_versions(&self) -> String {
        if self.value["versions"].is_null() {
            return "null".to_owned();
        }
        let shown: Vec<String> = self.versions.iter().map(shown_version).collect();
        format!("[{}]", shown.join(","))
    }

    /// Whether the status subresource of a version is on.
    pub(super) fn has_status(&self, version: &Version<'v>) -> bool {
        let per_version = self.versions.iter().any(|version| version.parts.subresources.is_some());
        let of = if per_version { version.parts.subresources } else { self.top.subresources };
        of.is_some_and(|of| of["status"].is_object())
    }

    /// Whether the status subresource is on anywhere.
    pub(super) fn has_any_status(&self) -> bool {
        let mut all =
            std::iter::once(&self.top).chain(self.versions.iter().map(|version| &version.parts));
        all.any(|parts| parts.subresources.is_some_and(|of| of["status"].is_object()))
    }
}

impl<'v> Version<'v> {
    pub(super) fn name(&self) -> &'v str {
        self.value["name"].as_str().unwrap_or_default()
    }

    pub(super) fn flag(&self, field: &str) -> bool {
        self.value[field].as_bool().unwrap_or_default()
    }
}

/// Moves a part to the top where all versions have the same.
fn hoist<'v>(
    versions: &mut [Version<'v>],
    top: &mut Parts<'v>,
    part: for<'p> fn(&'p mut Parts<'v>) -> &'p mut Option<&'v Value>,
) {
    let Some(first) = versions.first_mut().map(|version| *part(&mut version.parts)) else { return };
    if versions.iter_mut().all(|version| *part(&mut version.parts) == first) {
        *part(top) = first;
        for version in versions.iter_mut() {
            *part(&mut version.parts) = None;
        }
    }
}

/// A version as `encoding/json` writes the internal type.
fn shown_version(version: &Version<'_>) -> String {
    let value = version.value;
    let parts = &version.parts;
    let schema = match parts.schema {
        None => "null".to_owned(),
        Some(of) => format!(
            "{{\"OpenAPIV3Schema\":{}}}",
            of.get("openAPIV3Schema").map_or_else(|| "null".to_owned(), shown_schema)
        ),
    };
    let subresources = parts.subresources.map_or(Value::Null, |of| {
        let scale = of.get("scale").map_or(Value::Null, |scale| {
            json!({
                "SpecReplicasPath": text(scale, "specReplicasPath"),
                "StatusReplicasPath": text(scale, "statusReplicasPath"),
                "LabelSelectorPath": scale["labelSelectorPath"],
            })
        });
        json!({"Status": of.get("status").map(|_| json!({})), "Scale": scale})
    });
    let subresources = in_order(&subresources, &["Status", "Scale"], |name, value| match name {
        "Scale" => in_order(
            value,
            &["SpecReplicasPath", "StatusReplicasPath", "LabelSelectorPath"],
            |_, value| json_text(value),
        ),
        _ => json_text(value),
    });
    let list = |of: Option<&Value>, fields: &[(&str, &str)]| match of {
        None => "null".to_owned(),
        Some(of) => {
            let items: Vec<String> = of
                .as_array()
                .into_iter()
                .flatten()
                .map(|item| {
                    let fields: Vec<String> = fields
                        .iter()
                        .map(|(shown, field)| {
                            let zero = if *field == "priority" { json!(0) } else { json!("") };
                            format!("\"{shown}\":{}", json_text(item.get(*field).unwrap_or(&zero)))
                        })
                        .collect();
                    format!("{{{}}}", fields.join(","))
                })
                .collect();
            format!("[{}]", items.join(","))
        }
    };
    let columns = list(
        parts.columns,
        &[
            ("Name", "name"),
            ("Type", "type"),
            ("Format", "format"),
            ("Description", "description"),
            ("Priority", "priority"),
            ("JSONPath", "jsonPath"),
        ],
    );
    let selectable = list(parts.selectable, &[("JSONPath", "jsonPath")]);
    format!(
        "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":{},\"Schema\":{schema},\
         \"Subresources\":{subresources},\"AdditionalPrinterColumns\":{columns},\"SelectableFields\":{selectable}}}",
        json_text(&value["name"]),
        version.flag("served"),
        version.flag("storage"),
        version.flag("deprecated"),
        json_text(&value["deprecationWarning"]),
    )
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// An object with its fields in a given order.
fn in_order(value: &Value, fields: &[&str], show: impl Fn(&str, &Value) -> String) -> String {
    if value.is_null() {
        return "null".to_owned();
    }
    let shown: Vec<String> =
        fields.iter().map(|name| format!("\"{name}\":{}", show(name, &value[*name]))).collect();
    format!("{{{}}}", shown.join(","))
}

/// How a field of a schema is written where it is absent, or what its value is.
#[derive(Clone, Copy)]
enum Shown {
    Text,
    Flag,
    Pointer,
    Schema,
    Schemas,
    Named,
    OrArray,
    OrBool,
    Rules,
}

/// `JSONSchemaProps`: the names of Go, in their order, with those of JSON.
const FIELDS: &[(&str, &str, Shown)] = &[
    ("ID", "id", Shown::Text),
    ("Schema", "$schema", Shown::Text),
    ("Ref", "$ref", Shown::Pointer),
    ("Description", "description", Shown::Text),
    ("Type", "type", Shown::Text),
    ("Nullable", "nullable", Shown::Flag),
    ("Format", "format", Shown::Text),
    ("Title", "title", Shown::Text),
    ("Default", "default", Shown::Pointer),
    ("Maximum", "maximum", Shown::Pointer),
    ("ExclusiveMaximum", "exclusiveMaximum", Shown::Flag),
    ("Minimum", "minimum", Shown::Pointer),
    ("ExclusiveMinimum", "exclusiveMinimum", Shown::Flag),
    ("MaxLength", "maxLength", Shown::Pointer),
    ("MinLength", "minLength", Shown::Pointer),
    ("Pattern", "pattern", Shown::Text),
    ("MaxItems", "maxItems", Shown::Pointer),
    ("MinItems", "minItems", Shown::Pointer),
    ("UniqueItems", "uniqueItems", Shown::Flag),
    ("MultipleOf", "multipleOf", Shown::Pointer),
    ("Enum", "enum", Shown::Pointer),
    ("MaxProperties", "maxProperties", Shown::Pointer),
    ("MinProperties", "minProperties", Shown::Pointer),
    ("Required", "required", Shown::Pointer),
    ("Items", "items", Shown::OrArray),
    ("AllOf", "allOf", Shown::Schemas),
    ("OneOf", "oneOf", Shown::Schemas),
    ("AnyOf", "anyOf", Shown::Schemas),
    ("Not", "not", Shown::Schema),
    ("Properties", "properties", Shown::Named),
    ("AdditionalProperties", "additionalProperties", Shown::OrBool),
    ("PatternProperties", "patternProperties", Shown::Named),
    ("Dependencies", "dependencies", Shown::Pointer),
    ("AdditionalItems", "additionalItems", Shown::OrBool),
    ("Definitions", "definitions", Shown::Named),
    ("ExternalDocs", "externalDocs", Shown::Pointer),
    ("Example", "example", Shown::Pointer),
    ("XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields", Shown::Pointer),
    ("XEmbeddedResource", "x-kubernetes-embedded-resource", Shown::Flag),
    ("XIntOrString", "x-kubernetes-int-or-string", Shown::Flag),
    ("XListMapKeys", "x-kubernetes-list-map-keys", Shown::Pointer),
    ("XListType", "x-kubernetes-list-type", Shown::Pointer),
    ("XMapType", "x-kubernetes-map-type", Shown::Pointer),
    ("XValidations", "x-kubernetes-validations", Shown::Rules),
];

/// The Go names of the fields of a schema that are not zero, in their order.
pub(super) fn set_fields(schema: &Value) -> impl Iterator<Item = &'static str> {
    FIELDS.iter().filter(|(_, name, _)| schema.get(name).is_some()).map(|(shown, ..)| *shown)
}

/// A schema as `encoding/json` writes the internal type.
pub(super) fn shown_schema(schema: &Value) -> String {
    let fields: Vec<String> = FIELDS
        .iter()
        .map(|(shown, name, kind)| format!("\"{shown}\":{}", shown_field(schema.get(name), *kind)))
        .collect();
    format!("{{{}}}", fields.join(","))
}

fn shown_field(value: Option<&Value>, kind: Shown) -> String {
    let Some(value) = value else {
        return match kind {
            Shown::Text => "\"\"",
            Shown::Flag => "false",
            _ => "null",
        }
        .to_owned();
    };
    let all = |list: &Value| {
        let shown: Vec<String> = list.as_array().into_iter().flatten().map(shown_schema).collect();
        format!("[{}]", shown.join(","))
    };
    match (kind, value) {
        (Shown::Schema, schema) => shown_schema(schema),
        (Shown::Schemas, list) => all(list),
        (Shown::Named, map) => {
            let map = map.as_object();
            let shown: Vec<String> = map
                .into_iter()
                .flat_map(Map::iter)
                .map(|(name, schema)| {
                    format!("{}:{}", json_text(&json!(name)), shown_schema(schema))
                })
                .collect();
            format!("{{{}}}", shown.join(","))
        }
        (Shown::OrArray, list @ Value::Array(_)) => {
            format!("{{\"Schema\":null,\"JSONSchemas\":{}}}", all(list))
        }
        (Shown::OrArray, schema) => {
            format!("{{\"Schema\":{},\"JSONSchemas\":null}}", shown_schema(schema))
        }
        (Shown::OrBool, Value::Bool(allows)) => {
            format!("{{\"Allows\":{allows},\"Schema\":null}}")
        }
        (Shown::OrBool, schema) => {
            format!("{{\"Allows\":true,\"Schema\":{}}}", shown_schema(schema))
        }
        (Shown::Rules, rules) => {
            let shown: Vec<String> =
                rules.as_array().into_iter().flatten().map(shown_rule).collect();
            format!("[{}]", shown.join(","))
        }
        (_, value) => json_text(value),
    }
}

/// A rule as `encoding/json` writes the internal type.
pub(super) fn shown_rule(rule: &Value) -> String {
    let field = |name: &str| json_text(rule.get(name).unwrap_or(&Value::Null));
    let text = |name: &str| json_text(rule.get(name).unwrap_or(&json!("")));
    format!(
        "{{\"Rule\":{},\"Message\":{},\"MessageExpression\":{},\"Reason\":{},\"FieldPath\":{},\"OptionalOldSelf\":{}}}",
        text("rule"),
        text("message"),
        text("messageExpression"),
        field("reason"),
        text("fieldPath"),
        field("optionalOldSelf"),
    )
}
