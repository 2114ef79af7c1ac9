//! The forms of a request's objects, for its plugins.

use serde_json::Value;

use super::super::admission::attributes::Versioned;
use super::super::admission::forms::Forms;
use super::super::conversion;
use super::super::core::decode::{self as typed, From};
use super::super::core::{merge, types};
use super::super::fields;
use super::super::golang::{json_text, quote};
use super::super::meta;
use super::super::resource::Served;
use super::admission::Admission;
use super::{admit, body};

impl Forms for Admission<'_, '_> {
    fn decoded(&self, mut value: Value) -> Result<Value, String> {
        let of = &self.call.served.of;
        if !self.is_own() {
            return Ok(value);
        }
        typed_as(&self.call.served, &mut value)?;
        if of.is_built_in() && value["kind"] != *of.kind {
            // It is refused when all plugins have seen it.
            return Ok(value);
        }
        admit::coerce(self.call, &mut value, From::Json, None)?;
        Ok(value)
    }

    fn decoded_strictly(&self, mut value: Value, resource: Versioned<'_>) -> Result<Value, String> {
        let unknown = if self.is_own() {
            let served = self.served(resource)?;
            typed_as(served, &mut value)?;
            let unknown = admit::coerce_as(served, &mut value, From::Json, None)?;
            if served.of.is_built_in() { unknown } else { Vec::new() }
        } else {
            let kind = self.kind();
            match types::of_kind(kind.group, kind.version, kind.name) {
                Some(go) => {
                    let unknown = typed::decode(&mut value, go, From::Json)
                        .map_err(|problems| problems.first(None))?;
                    typed::unknown_fields(&unknown)
                }
                None => Vec::new(),
            }
        };
        if unknown.is_empty() {
            return Ok(value);
        }
        Err(format!("strict decoding error: {}", unknown.join(", ")))
    }

    fn merged(
        &self,
        object: &Value,
        configuration: &Value,
        resource: Versioned<'_>,
    ) -> Result<Value, String> {
        if !self.is_own() {
            let Versioned { group, version, name } = self.kind();
            let schema = merge::schema_of_kind(group, version, name);
            // What is no object of a path has no published schema.
            if name == "Scale" || schema.is_none() {
                return Err(format!(
                    "failed to convert patch object to typed object: no corresponding type for {group}/{version}, \
                     Kind={name}"
                ));
            }
            return fields::merged(object, configuration, schema);
        }
        let served = self.served(resource)?;
        let own = served.version().schema.as_deref();
        let schema = own.or_else(|| merge::schema(served));
        fields::merged(object, configuration, schema)
    }

    fn held(&self, mut value: Value, resource: Versioned<'_>) -> Result<Value, String> {
        if !self.is_own() {
            return Ok(value);
        }
        let served = self.served(resource)?;
        admit::coerce_as(served, &mut value, From::Map, None).map_err(|why| {
            if !served.of.is_built_in() {
                return why;
            }
            let (group, version) = (served.of.group(), &served.version().name);
            let kind = format!("{group}/{version}, Kind={}", served.of.kind);
            format!("unable to convert unstructured object to {kind}: {why}")
        })?;
        Ok(value)
    }

    fn check_version(&self, resource: Versioned<'_>) -> Result<(), String> {
        let of = &self.call.served.of;
        let own = Versioned { group: of.group(), version: self.version(), name: of.plural() };
        if !of.is_built_in() || resource == own {
            return Ok(());
        }
        let kind = &of.kind;
        Err(format!(
            "converting ({}.{kind}) to ({}.{kind}): unknown conversion",
            resource.version, own.version
        ))
    }

    fn in_version(&self, value: &Value, resource: Versioned<'_>) -> Result<Value, String> {
        self.converted(value.clone(), resource, true)
    }

    fn of_version(&self, value: Value, resource: Versioned<'_>) -> Result<Value, String> {
        self.converted(value, resource, false)
    }
}

impl Admission<'_, '_> {
    /// The type and version of a resource.
    fn served(&self, resource: Versioned<'_>) -> Result<&Served, String> {
        let found = self.call.state.types.find(resource.group, resource.version, resource.name);
        found.ok_or_else(|| format!("unable to convert to {}: unknown kind", quote(resource.name)))
    }

    /// An object in the version of another resource, or one of that version in the version of the request.
    fn converted(
        &self,
        value: Value,
        resource: Versioned<'_>,
        to_other: bool,
    ) -> Result<Value, String> {
        if !self.is_own() {
            return Ok(value);
        }
        let call = self.call;
        let other = self.served(resource)?;
        let (from, to) = if to_other { (&call.served, other) } else { (other, &call.served) };
        Ok(conversion::between(from, to, call.conversions, value))
    }
}

/// Gives a patched object of a built-in type the kind that it has lost. One of a custom resource needs it.
fn typed_as(served: &Served, value: &mut Value) -> Result<(), String> {
    if !served.of.is_built_in() {
        if value["kind"].as_str().is_none_or(str::is_empty) {
            return Err(body::missing_kind(&json_text(value)));
        }
        meta::drop_malformed(value);
        return Ok(());
    }
    for (field, own) in [("kind", &*served.of.kind), ("apiVersion", &*served.api_version)] {
        if value[field].is_null() {
            value[field] = own.into();
        }
    }
    Ok(())
}
