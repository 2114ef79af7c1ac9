//! An object of a file → what a server stores of it, or what is wrong with it.

use serde_json::Value;

use super::super::meta::{self, NameRule};
use super::super::resource::{Served, TypeOrigin};
use super::super::schema;
use super::super::status::FieldError;
use super::object::ObjectError;

/// Prunes a custom resource and sets its defaults, as its definition says. Returns the fields that its schema does not
/// have.
///
/// # Errors
/// Every rule that the object violates: those of all objects, and those of its definition.
pub(super) fn conform(served: &Served, value: &mut Value) -> Result<Vec<String>, Vec<ObjectError>> {
    let is_custom = matches!(served.of.origin, TypeOrigin::Custom);
    let rule = if is_custom { NameRule::Subdomain } else { NameRule::PathSegment };
    let mut errors = meta::validate(value, rule);
    let mut unknown = Vec::new();
    if is_custom {
        if let Value::Object(map) = &mut *value {
            unknown = meta::coerce(map).map_err(|why| vec![ObjectError::Object(why)])?;
        }
        if let Some(schema) = served.version().schema.as_deref() {
            unknown.extend(schema::prune(schema, value));
            schema::prune_nulls(schema, value);
            let embedded = schema::embedded::coerce(schema, value);
            unknown.extend(embedded.map_err(|why| vec![ObjectError::Object(why)])?);
            schema::apply_defaults(schema, value);
            errors.extend(schema::validate(schema, value, ""));
            errors.extend(schema::embedded::validate(schema, value));
            errors.extend(schema::validate_lists(schema, value));
            errors.extend(schema::validate_rules(schema, value, None, &errors).errors);
        }
    }
    let of = |FieldError { field, body, .. }| ObjectError::Field { key: field, message: body };
    if errors.is_empty() { Ok(unknown) } else { Err(errors.into_iter().map(of).collect()) }
}
