//! The schema of a version, keyword by keyword (`ValidateCustomResourceDefinitionOpenAPISchema`).

use serde_json::{Map, Value};

use super::super::super::golang::{json_text, quote};
use super::super::super::status::FieldError;
use super::field_path::valid_field_path;
use super::lists::{atomic_item, list_map, map_list_keys};
use super::options::Options;
use super::rules::{self, RuleScope, TotalCost};

/// What the walk has found: violations of schemas stand before those of rules.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) schema: Vec<FieldError>,
    pub(super) rules: Vec<FieldError>,
}

/// The walk through a schema.
pub(super) struct Walk<'o> {
    pub(super) options: &'o Options,
    pub(super) total: TotalCost,
}

/// What depends on where a schema stands (`specStandardValidatorV3`).
#[derive(Clone)]
pub(super) struct Standing {
    /// Why there may be no default, if there may be none.
    pub(super) no_defaults: Option<String>,
    pub(super) in_metadata: bool,
    /// The outermost schema whose values have no counterpart in the old object.
    pub(super) uncorrelatable: Option<String>,
}

fn text<'v>(schema: &'v Value, field: &str) -> &'v str {
    schema[field].as_str().unwrap_or_default()
}

fn flag(schema: &Value, field: &str) -> bool {
    schema[field].as_bool().unwrap_or_default()
}

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// A schema without types that are not known.
pub(super) fn with_known_types(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let unknown = |kind: &Value| kind.as_str().is_some_and(|kind| !TYPES.contains(&kind));
            let kept = map.iter().filter(|(key, value)| *key != "type" || !unknown(value));
            kept.map(|(key, value)| (key.clone(), with_known_types(value))).collect()
        }
        Value::Array(list) => list.iter().map(with_known_types).collect(),
        other => other.clone(),
    }
}

impl Walk<'_> {
    /// The violations of a schema. `scope` is that of its rules; without one they are not compiled.
    pub(super) fn check(
        &mut self,
        schema: &Value,
        path: &str,
        standing: &Standing,
        is_root: bool,
        scope: Option<RuleScope<'_>>,
    ) -> Found {
        let mut found = Found::default();
        self.keywords(schema, path, standing, &mut found.schema);
        self.children(schema, path, standing, is_root, scope, &mut found);
        self.extensions(schema, path, &mut found.schema);
        let rules =
            schema["x-kubernetes-validations"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (index, rule) in rules.iter().enumerate() {
            let path = format!("{path}.x-kubernetes-validations[{index}]");
            check_rule(schema, rule, &path, &mut found.schema);
        }
        if !rules.is_empty()
            && found.schema.is_empty()
            && let Some(scope) = scope
        {
            let around = standing.uncorrelatable.as_deref();
            found.rules.extend(rules::check(&scope, rules, path, around, &mut self.total));
        }
        found
    }

    /// `specStandardValidatorV3.validate`.
    fn keywords(
        &self,
        schema: &Value,
        path: &str,
        standing: &Standing,
        errors: &mut Vec<FieldError>,
    ) {
        let kind = text(schema, "type");
        if self.options.valid_types && !kind.is_empty() && !TYPES.contains(&kind) {
            let known = TYPES.map(str::to_owned);
            errors.push(FieldError::not_supported(format!("{path}.type"), quote(kind), &known));
        }
        let mut forbidden = |field: &str, why: &str| {
            errors.push(FieldError::forbidden(format!("{path}.{field}"), why));
        };
        if let Some(why) = standing.no_defaults.as_ref().filter(|_| schema.get("default").is_some())
        {
            forbidden("default", format!("must not be set {why}").trim_end());
        }
        for field in
            ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"]
        {
            if schema.get(field).is_some() {
                forbidden(field, &format!("{field} is not supported"));
            }
        }
        if kind == "null" {
            forbidden("type", "type cannot be set to null, use nullable as an alternative");
        }
        if schema["items"].as_array().is_some_and(|items| !items.is_empty()) {
            forbidden("items", "items must be a schema object and not an array");
        }
        if standing.in_metadata && flag(schema, "x-kubernetes-embedded-resource") {
            forbidden("x-kubernetes-embedded-resource", "must not be used inside of resource meta");
        }
        if flag(schema, "uniqueItems") {
            let why =
                "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
            forbidden("uniqueItems", why);
        }
    }

    fn children(
        &mut self,
        schema: &Value,
        path: &str,
        standing: &Standing,
        is_root: bool,
        scope: Option<RuleScope<'_>>,
        found: &mut Found,
    ) {
        let properties = schema["properties"].as_object();
        if let Some(additional) = schema.get("additionalProperties") {
            let path = format!("{path}.additionalProperties");
            if properties.is_some_and(|all| !all.is_empty()) && *additional != Value::Bool(true) {
                let why = "additionalProperties and properties are mutual exclusive";
                found.schema.push(FieldError::forbidden(&path, why));
            }
            if additional.is_object() {
                let mut inner = standing.clone();
                if standing.in_metadata {
                    let why = "inside additionalProperties applying to object metadata";
                    inner.no_defaults = Some(why.to_owned());
                }
                let scope = scope.and_then(|scope| scope.additional());
                self.into(additional, &path, &inner, scope, found);
            }
        }
        let map_type = schema["x-kubernetes-map-type"].as_str();
        for (name, property) in properties.into_iter().flat_map(Map::iter) {
            let mut inner = standing.clone();
            if !matches!(map_type, None | Some("granular" | "atomic")) {
                inner.uncorrelatable.get_or_insert_with(|| path.to_owned());
            }
            let of_object = is_root || flag(schema, "x-kubernetes-embedded-resource");
            if of_object && matches!(name.as_str(), "metadata" | "kind" | "apiVersion") {
                inner.in_metadata = true;
                if is_root {
                    inner.no_defaults = Some(format!("in top-level {name}"));
                }
            }
            let scope = scope.and_then(|scope| scope.property(name));
            self.into(property, &format!("{path}.properties[{name}]"), &inner, scope, found);
        }
        if let Some(inner) = schema.get("not") {
            self.into(inner, &format!("{path}.not"), standing, None, found);
        }
        for field in ["allOf", "oneOf", "anyOf"] {
            for (index, inner) in schema[field].as_array().into_iter().flatten().enumerate() {
                self.into(inner, &format!("{path}.{field}[{index}]"), standing, None, found);
            }
        }
        for (name, inner) in schema["definitions"].as_object().into_iter().flatten() {
            self.into(inner, &format!("{path}.definitions[{name}]"), standing, None, found);
        }
        if let Some(items) = schema.get("items") {
            let mut inner = standing.clone();
            if schema["x-kubernetes-list-type"] != "map" {
                inner.uncorrelatable.get_or_insert_with(|| path.to_owned());
            }
            let path = format!("{path}.items");
            match items {
                Value::Array(list) => {
                    for (index, item) in list.iter().enumerate() {
                        self.into(item, &format!("{path}[{index}]"), &inner, None, found);
                    }
                }
                item => {
                    let scope = scope.and_then(|scope| scope.item());
                    self.into(item, &path, &inner, scope, found);
                }
            }
        }
        for (name, inner) in schema["dependencies"].as_object().into_iter().flatten() {
            if inner.is_object() {
                self.into(inner, &format!("{path}.dependencies[{name}]"), standing, None, found);
            }
        }
    }

    fn into(
        &mut self,
        schema: &Value,
        path: &str,
        standing: &Standing,
        scope: Option<RuleScope<'_>>,
        found: &mut Found,
    ) {
        let inner = self.check(schema, path, standing, false, scope);
        found.schema.extend(inner.schema);
        found.rules.extend(inner.rules);
    }

    /// The rules of `x-kubernetes-*`, other than those of CEL.
    fn extensions(&self, schema: &Value, path: &str, errors: &mut Vec<FieldError>) {
        let kind = text(schema, "type");
        if schema["x-kubernetes-preserve-unknown-fields"] == Value::Bool(false) {
            let path = format!("{path}.x-kubernetes-preserve-unknown-fields");
            errors.push(FieldError::invalid(path, false, "must be true or undefined"));
        }
        let mut must_be = |wanted: &str, extension: &str| {
            let why = format!("must be {wanted} if {extension} is specified");
            let path = format!("{path}.type");
            errors.push(match kind {
                "" => FieldError::required(path, &why),
                kind => FieldError::invalid(path, quote(kind), &why),
            });
        };
        let map_type = schema["x-kubernetes-map-type"].as_str();
        let list_type = schema["x-kubernetes-list-type"].as_str();
        let items = schema.get("items").filter(|items| items.is_object());
        if map_type.is_some() && kind != "object" {
            must_be("object", "x-kubernetes-map-type");
        }
        let unsupported = |extension: &str, found: Option<&str>, known: &[&str]| {
            if let Some(found) = found.filter(|found| !known.contains(found)) {
                let known: Vec<String> = known.iter().map(|word| (*word).to_owned()).collect();
                let path = format!("{path}.{extension}");
                return Some(FieldError::not_supported(path, quote(found), &known));
            }
            None
        };
        let bad_map = unsupported("x-kubernetes-map-type", map_type, &["atomic", "granular"]);
        let bad_list = unsupported("x-kubernetes-list-type", list_type, &["atomic", "set", "map"]);
        errors.extend(bad_map);
        if list_type.is_some() && kind != "array" {
            let why = "must be array if x-kubernetes-list-type is specified";
            let path = format!("{path}.type");
            errors.push(match kind {
                "" => FieldError::required(path, why),
                kind => FieldError::invalid(path, quote(kind), why),
            });
        } else if self.options.atomic_sets && list_type == Some("set") {
            errors.extend(items.and_then(|items| atomic_item(items, path)));
        }
        errors.extend(bad_list);
        list_map(schema, items, list_type, path, errors);
        if self.options.map_keys {
            errors.extend(map_list_keys(schema, path));
        }
    }
}

/// The reasons that a rule may name.
const REASONS: [&str; 4] =
    ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/// The words of a rule of `x-kubernetes-validations`, other than its expressions.
fn check_rule(schema: &Value, rule: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let (expression, message) = (text(rule, "rule").trim(), text(rule, "message"));
    let breaks = |text: &str| text.contains(['\n', '\r']);
    if expression.is_empty() {
        errors.push(FieldError::required(format!("{path}.rule"), "rule is not specified"));
    } else if !message.is_empty() && message.trim().is_empty() {
        errors.push(FieldError::invalid(
            format!("{path}.message"),
            quote(message),
            "must be non-empty if specified",
        ));
    } else if breaks(message.trim()) {
        errors.push(FieldError::invalid(
            format!("{path}.message"),
            quote(message),
            "must not contain line breaks",
        ));
    } else if breaks(expression) && message.trim().is_empty() {
        let why = "message must be specified if rule contains line breaks";
        errors.push(FieldError::required(format!("{path}.message"), why));
    }
    let message_expression = text(rule, "messageExpression");
    if !message_expression.is_empty() && message_expression.trim().is_empty() {
        let why = "messageExpression must be non-empty if specified";
        errors.push(FieldError::required(format!("{path}.messageExpression"), why));
    }
    if let Some(reason) = rule["reason"].as_str().filter(|reason| !REASONS.contains(reason)) {
        let known = REASONS.map(str::to_owned);
        errors.push(FieldError::not_supported(
            format!("{path}.reason"),
            json_text(&reason.into()),
            &known,
        ));
    }
    let field = text(rule, "fieldPath");
    if field.is_empty() {
        return;
    }
    let mut invalid = |why: &str| {
        errors.push(FieldError::invalid(format!("{path}.fieldPath"), quote(field), why));
    };
    if field.trim().is_empty() {
        invalid("must be non-empty if specified");
    }
    if breaks(field) {
        invalid("must not contain line breaks");
    }
    if super::structural::obstacle(schema).is_none()
        && valid_field_path(field, schema, true).is_err()
    {
        invalid("must be a valid path");
    }
}
