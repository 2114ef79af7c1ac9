//! A definition as Go's types hold it (`pkg/apis/apiextensions/v1/{types,types_jsonschema}.go`): unknown fields and
//! zero values that are not written are gone.

use serde_json::{Map, Value, json};

use super::super::golang::{self, GoType, STRING, Struct};

const STRINGS: GoType = GoType::List(&STRING);

/// A list of schemas. No constant can name a static that names the constant.
macro_rules! schemas {
    () => {
        GoType::List(&GoType::Struct(&SCHEMA))
    };
}

/// Schemas by name.
macro_rules! named_schemas {
    () => {
        GoType::Map(&GoType::Struct(&SCHEMA))
    };
}

/// `JSONSchemaPropsOrBool`.
macro_rules! schema_or_bool {
    () => {
        GoType::Union(&[GoType::Struct(&SCHEMA), GoType::Bool], "boolean or JSON schema expected")
    };
}

static SCHEMA: Struct = Struct {
    package: "v1",
    name: "JSONSchemaProps",
    fields: &[
        ("id", STRING),
        ("$schema", GoType::Text("v1.JSONSchemaURL")),
        ("$ref", STRING),
        ("description", STRING),
        ("type", STRING),
        ("format", STRING),
        ("title", STRING),
        ("default", GoType::Json),
        ("maximum", GoType::Float),
        ("exclusiveMaximum", GoType::Bool),
        ("minimum", GoType::Float),
        ("exclusiveMinimum", GoType::Bool),
        ("maxLength", GoType::Int),
        ("minLength", GoType::Int),
        ("pattern", STRING),
        ("maxItems", GoType::Int),
        ("minItems", GoType::Int),
        ("uniqueItems", GoType::Bool),
        ("multipleOf", GoType::Float),
        ("enum", GoType::List(&GoType::Json)),
        ("maxProperties", GoType::Int),
        ("minProperties", GoType::Int),
        ("required", STRINGS),
        ("items", GoType::Union(&[GoType::Struct(&SCHEMA), schemas!()], "")),
        ("allOf", schemas!()),
        ("oneOf", schemas!()),
        ("anyOf", schemas!()),
        ("not", GoType::Struct(&SCHEMA)),
        ("properties", named_schemas!()),
        ("additionalProperties", schema_or_bool!()),
        ("patternProperties", named_schemas!()),
        ("dependencies", GoType::Map(&GoType::Union(&[GoType::Struct(&SCHEMA), STRINGS], ""))),
        ("additionalItems", schema_or_bool!()),
        ("definitions", named_schemas!()),
        ("externalDocs", GoType::Struct(&EXTERNAL_DOCS)),
        ("example", GoType::Json),
        ("nullable", GoType::Bool),
        ("x-kubernetes-preserve-unknown-fields", GoType::Bool),
        ("x-kubernetes-embedded-resource", GoType::Bool),
        ("x-kubernetes-int-or-string", GoType::Bool),
        ("x-kubernetes-list-map-keys", STRINGS),
        ("x-kubernetes-list-type", STRING),
        ("x-kubernetes-map-type", STRING),
        ("x-kubernetes-validations", GoType::List(&GoType::Struct(&RULE))),
    ],
};

static EXTERNAL_DOCS: Struct = Struct {
    package: "v1",
    name: "ExternalDocumentation",
    fields: &[("description", STRING), ("url", STRING)],
};

static RULE: Struct = Struct {
    package: "v1",
    name: "ValidationRule",
    fields: &[
        ("rule", STRING),
        ("message", STRING),
        ("messageExpression", STRING),
        ("reason", GoType::Text("v1.FieldValueErrorReason")),
        ("fieldPath", STRING),
        ("optionalOldSelf", GoType::Bool),
    ],
};

static VALIDATION: Struct = Struct {
    package: "v1",
    name: "CustomResourceValidation",
    fields: &[("openAPIV3Schema", GoType::Struct(&SCHEMA))],
};

static SCALE: Struct = Struct {
    package: "v1",
    name: "CustomResourceSubresourceScale",
    fields: &[
        ("specReplicasPath", STRING),
        ("statusReplicasPath", STRING),
        ("labelSelectorPath", STRING),
    ],
};

static NOTHING: Struct =
    Struct { package: "v1", name: "CustomResourceSubresourceStatus", fields: &[] };

static SUBRESOURCES: Struct = Struct {
    package: "v1",
    name: "CustomResourceSubresources",
    fields: &[("status", GoType::Struct(&NOTHING)), ("scale", GoType::Struct(&SCALE))],
};

static COLUMN: Struct = Struct {
    package: "v1",
    name: "CustomResourceColumnDefinition",
    fields: &[
        ("name", STRING),
        ("type", STRING),
        ("format", STRING),
        ("description", STRING),
        ("priority", GoType::Int32),
        ("jsonPath", STRING),
    ],
};

static SELECTABLE: Struct =
    Struct { package: "v1", name: "SelectableField", fields: &[("jsonPath", STRING)] };

static VERSION: Struct = Struct {
    package: "v1",
    name: "CustomResourceDefinitionVersion",
    fields: &[
        ("name", STRING),
        ("served", GoType::Bool),
        ("storage", GoType::Bool),
        ("deprecated", GoType::Bool),
        ("deprecationWarning", STRING),
        ("schema", GoType::Struct(&VALIDATION)),
        ("subresources", GoType::Struct(&SUBRESOURCES)),
        ("additionalPrinterColumns", GoType::List(&GoType::Struct(&COLUMN))),
        ("selectableFields", GoType::List(&GoType::Struct(&SELECTABLE))),
    ],
};

static NAMES: Struct = Struct {
    package: "v1",
    name: "CustomResourceDefinitionNames",
    fields: &[
        ("plural", STRING),
        ("singular", STRING),
        ("shortNames", STRINGS),
        ("kind", STRING),
        ("listKind", STRING),
        ("categories", STRINGS),
    ],
};

static SERVICE: Struct = Struct {
    package: "v1",
    name: "ServiceReference",
    fields: &[("namespace", STRING), ("name", STRING), ("path", STRING), ("port", GoType::Int32)],
};

static CLIENT_CONFIG: Struct = Struct {
    package: "v1",
    name: "WebhookClientConfig",
    fields: &[("url", STRING), ("service", GoType::Struct(&SERVICE)), ("caBundle", GoType::Bytes)],
};

static WEBHOOK: Struct = Struct {
    package: "v1",
    name: "WebhookConversion",
    fields: &[
        ("clientConfig", GoType::Struct(&CLIENT_CONFIG)),
        ("conversionReviewVersions", STRINGS),
    ],
};

static CONVERSION: Struct = Struct {
    package: "v1",
    name: "CustomResourceConversion",
    fields: &[
        ("strategy", GoType::Text("v1.ConversionStrategyType")),
        ("webhook", GoType::Struct(&WEBHOOK)),
    ],
};

static SPEC: Struct = Struct {
    package: "v1",
    name: "CustomResourceDefinitionSpec",
    fields: &[
        ("group", STRING),
        ("names", GoType::Struct(&NAMES)),
        ("scope", GoType::Text("v1.ResourceScope")),
        ("versions", GoType::List(&GoType::Struct(&VERSION))),
        ("conversion", GoType::Struct(&CONVERSION)),
        ("preserveUnknownFields", GoType::Bool),
    ],
};

static CONDITION: Struct = Struct {
    package: "v1",
    name: "CustomResourceDefinitionCondition",
    fields: &[
        ("type", GoType::Text("v1.CustomResourceDefinitionConditionType")),
        ("status", GoType::Text("v1.ConditionStatus")),
        ("lastTransitionTime", GoType::Time),
        ("reason", STRING),
        ("message", STRING),
        ("observedGeneration", GoType::Int),
    ],
};

static STATUS: Struct = Struct {
    package: "v1",
    name: "CustomResourceDefinitionStatus",
    fields: &[
        ("conditions", GoType::List(&GoType::Struct(&CONDITION))),
        ("acceptedNames", GoType::Struct(&NAMES)),
        ("storedVersions", STRINGS),
        ("observedGeneration", GoType::Int),
    ],
};

static DEFINITION: Struct = Struct {
    package: "v1",
    name: "CustomResourceDefinition",
    fields: &[
        ("apiVersion", STRING),
        ("kind", STRING),
        ("metadata", GoType::Any),
        ("spec", GoType::Struct(&SPEC)),
        ("status", GoType::Struct(&STATUS)),
    ],
};

/// Decodes a definition in place. Returns the paths of unknown fields, which are removed.
///
/// # Errors
/// Go's message about the first value of a wrong type.
pub(in super::super) fn decode(value: &mut Value) -> Result<Vec<String>, String> {
    let unknown = golang::decode(value, &DEFINITION)?;
    write_zeros(value);
    Ok(unknown)
}

/// Makes the zero values of a definition what Go writes: those of required fields are there, others are not.
fn write_zeros(definition: &mut Value) {
    let Value::Object(map) = definition else { return };
    let spec = entry(map, "spec");
    if let Value::Object(spec) = spec {
        drop_zeros(spec, &["preserveUnknownFields"]);
        for field in ["group", "scope"] {
            spec.entry(field).or_insert_with(|| "".into());
        }
        names(entry(spec, "names"));
        let versions = spec.entry("versions").or_insert(Value::Null);
        versions.as_array_mut().into_iter().flatten().for_each(version);
        if let Some(Value::Object(conversion)) = spec.get_mut("conversion") {
            conversion.entry("strategy").or_insert_with(|| "".into());
            if let Some(Value::Object(webhook)) = conversion.get_mut("webhook") {
                webhook.entry("conversionReviewVersions").or_insert(Value::Null);
            }
        }
    }
    if let Some(Value::Object(status)) = map.get_mut("status") {
        names(entry(status, "acceptedNames"));
    }
}

fn entry<'m>(map: &'m mut Map<String, Value>, field: &str) -> &'m mut Value {
    map.entry(field).or_insert_with(|| json!({}))
}

fn names(names: &mut Value) {
    let Value::Object(names) = names else { return };
    drop_zeros(names, &["singular", "shortNames", "listKind", "categories"]);
    for field in ["plural", "kind"] {
        names.entry(field).or_insert_with(|| "".into());
    }
}

fn version(version: &mut Value) {
    let Value::Object(version) = version else { return };
    drop_zeros(version, &["deprecated", "additionalPrinterColumns", "selectableFields"]);
    version.entry("name").or_insert_with(|| "".into());
    for field in ["served", "storage"] {
        version.entry(field).or_insert(Value::Bool(false));
    }
    for column in items(version, "additionalPrinterColumns") {
        let Value::Object(column) = column else { continue };
        drop_zeros(column, &["format", "description", "priority"]);
        for field in ["name", "type", "jsonPath"] {
            column.entry(field).or_insert_with(|| "".into());
        }
    }
    if let Some(schema) = version.get_mut("schema").and_then(|of| of.get_mut("openAPIV3Schema")) {
        write_schema(schema);
    }
}

fn items<'m>(
    map: &'m mut Map<String, Value>,
    field: &str,
) -> impl Iterator<Item = &'m mut Value> + use<'m> {
    map.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten()
}

/// The fields of a schema that are not written where they are zero; those behind pointers are.
const OMITTED: &[&str] = &[
    "id",
    "$schema",
    "description",
    "type",
    "format",
    "title",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "pattern",
    "uniqueItems",
    "enum",
    "required",
    "allOf",
    "oneOf",
    "anyOf",
    "properties",
    "patternProperties",
    "dependencies",
    "definitions",
    "nullable",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-validations",
];

fn write_schema(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    drop_zeros(map, OMITTED);
    for (name, value) in map {
        match name.as_str() {
            "items"
            | "allOf"
            | "oneOf"
            | "anyOf"
            | "not"
            | "additionalProperties"
            | "additionalItems" => match value {
                Value::Array(list) => list.iter_mut().for_each(write_schema),
                value => write_schema(value),
            },
            "properties" | "patternProperties" | "definitions" | "dependencies" => {
                value.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(write_schema);
            }
            "x-kubernetes-validations" => {
                for rule in value.as_array_mut().into_iter().flatten() {
                    let Value::Object(rule) = rule else { continue };
                    drop_zeros(rule, &["message", "messageExpression", "fieldPath"]);
                    rule.entry("rule").or_insert_with(|| "".into());
                }
            }
            _ => {}
        }
    }
}

fn drop_zeros(map: &mut Map<String, Value>, fields: &[&str]) {
    let is_zero = |value: &Value| match value {
        Value::String(text) => text.is_empty(),
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Null => true,
    };
    map.retain(|name, value| !(fields.contains(&name.as_str()) && is_zero(value)));
}
