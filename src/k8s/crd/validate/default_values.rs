//! Defaults of a schema are values of that schema (`pkg/apiserver/schema/defaulting/validation.go`).

use serde_json::{Value, json};

use super::super::super::golang::json_text;
use super::super::super::meta::{self, NameRule};
use super::super::super::schema::{self, Schema};
use super::super::super::status::{FieldError, joined_errors};

/// The violations of the defaults of a whole object's schema.
pub(super) fn validate(path: &str, schema: &Schema, pruned: bool) -> Vec<FieldError> {
    let mut checking = Checking { pruned, errors: Vec::new() };
    checking.walk(schema, path, true, None);
    checking.errors
}

/// Whether no default of a schema has unknown fields.
pub(super) fn are_pruned(schema: &Schema) -> bool {
    let own = schema.default.as_ref().is_none_or(|default| is_pruned(schema, default));
    own && schema.properties.values().all(are_pruned)
        && schema.items.as_deref().is_none_or(are_pruned)
}

fn is_pruned(schema: &Schema, default: &Value) -> bool {
    schema::prune_value(schema, &mut default.clone(), schema.embedded).is_empty()
}

struct Checking {
    /// Whether defaults may not have unknown fields.
    pruned: bool,
    errors: Vec<FieldError>,
}

impl Checking {
    /// Checks the defaults below a schema. `inside` is the path inside of `metadata`, for what stands there.
    fn walk(&mut self, schema: &Schema, path: &str, is_object: bool, inside: Option<&[String]>) {
        let is_object = is_object || schema.embedded;
        let inside = inside.filter(|_| !schema.embedded);
        if let Some(default) = &schema.default {
            match inside {
                Some(steps) => self.in_metadata(schema, default, path, steps),
                None => self.value(schema, default, path),
            }
        }
        if let Some(items) = &schema.items {
            let below = inside.map(|steps| [steps, &["[]".to_owned()]].concat());
            self.walk(items, &format!("{path}.items"), false, below.as_deref());
        }
        for (name, property) in &schema.properties {
            let is_meta = is_object && matches!(name.as_str(), "metadata" | "kind" | "apiVersion");
            let below = match inside {
                Some(steps) => Some([steps, std::slice::from_ref(name)].concat()),
                None => is_meta.then(|| vec![name.clone()]),
            };
            self.walk(property, &format!("{path}.properties[{name}]"), false, below.as_deref());
        }
    }

    fn value(&mut self, schema: &Schema, default: &Value, path: &str) {
        let path = format!("{path}.default");
        if self.pruned && !is_pruned(schema, default) {
            let why = "must not have unknown fields";
            self.errors.push(FieldError::invalid(&path, schema::shown(default), why));
        }
        let mut value = default.clone();
        if let Err(mut error) = schema::embedded::coerce_value(schema, &mut value) {
            error.field = format!("{path}{}", error.field);
            self.errors.push(error);
            return;
        }
        let mut errors = schema::embedded::validate(schema, &value);
        for error in &mut errors {
            error.field = format!("{path}{}", error.field);
        }
        if errors.is_empty() {
            errors = schema::validate_at(schema, &value, &path);
        }
        if errors.is_empty() {
            errors = schema::validate_default_rules(schema, &value, &path, schema.embedded);
        }
        self.errors.extend(errors);
    }

    /// A default inside of `metadata` makes metadata that is valid.
    fn in_metadata(&mut self, schema: &Schema, default: &Value, path: &str, steps: &[String]) {
        let path = format!("{path}.default");
        let mut object =
            steps.iter().rev().fold(default.clone(), |value, step| match step.as_str() {
                "[]" => json!([value]),
                step => json!({ step: value }),
            });
        for (field, value) in [("kind", "Validation"), ("apiVersion", "validation/v1")] {
            if object.get(field).is_none() {
                object[field] = value.into();
            }
        }
        let coerced = object.as_object_mut().map_or(Ok(()), schema::embedded::coerce_whole);
        if let Err(error) = coerced {
            let why = format!("must result in valid metadata: {error}");
            self.errors.push(FieldError::invalid(path, json_text(default), &why));
            return;
        }
        meta::drop_malformed(&mut object);
        if meta::text(&object, "name").is_empty() {
            meta::set(&mut object, "name", "fakename".into());
        }
        let errors = meta::validate(&object, NameRule::PathSegment);
        if errors.is_empty() {
            let mut errors = schema::validate_at(schema, default, &path);
            if errors.is_empty() {
                errors = schema::validate_default_rules(schema, default, &path, false);
            }
            self.errors.extend(errors);
        } else {
            let why = format!("must result in valid metadata: {}", joined_errors(&errors));
            self.errors.push(FieldError::invalid(path, json_text(default), &why));
        }
    }
}
