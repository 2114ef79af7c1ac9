//! What values hold: items, entries, and the value of a key.

use serde_json::Value as Json;

use super::super::super::{Additional, Schema};
use super::super::declare::{escape, has_meta, unescape};
use super::json::resource_field;
use super::{Shape, Value};

/// The schema of a field.
pub(super) enum Field<'v> {
    Known(Option<&'v Schema>),
    /// The schema does not know it: rules cannot see it.
    Hidden,
}

impl<'v> Shape<'v> {
    /// Whether the fields have names of their own, which are escaped in expressions.
    fn has_fields(self) -> bool {
        self.is_resource
            || self.schema.is_none_or(|schema| !schema.dynamic && !schema.properties.is_empty())
    }

    pub(super) fn field(self, name: &str) -> Field<'v> {
        let Some(schema) = self.schema else { return Field::Known(None) };
        if schema.dynamic {
            return Field::Known(Some(schema));
        }
        if self.is_resource
            && let Some(field) = resource_field(name)
            && !has_meta(schema)
        {
            return Field::Known(Some(field));
        }
        match (schema.properties.get(name), &schema.additional) {
            (Some(property), _) => Field::Known(Some(property)),
            (None, Additional::Schema(inner)) if !self.has_fields() => Field::Known(Some(inner)),
            _ => Field::Hidden,
        }
    }
}

/// The schema of the items of a list.
fn items_of(list: &Schema) -> Option<&Schema> {
    if list.dynamic { Some(list) } else { list.items.as_deref() }
}

impl<'v> Value<'v> {
    /// The items of a list.
    pub(in super::super) fn items(&self) -> Option<Result<Vec<Self>, String>> {
        match self {
            Self::List(list) => Some(Ok(list.to_vec())),
            Self::Items(list, schema) => {
                let items = schema.and_then(items_of);
                Some(list.iter().map(|item| Value::of(item, items)).collect())
            }
            _ => None,
        }
    }

    /// The entries of a map.
    pub(in super::super) fn entries(&self) -> Option<Result<Vec<(Self, Self)>, String>> {
        match self {
            Self::Map(map) => Some(Ok(map.to_vec())),
            Self::Object(map, shape) => {
                let entry = |(name, value): (&'v String, &'v Json)| match shape.field(name) {
                    Field::Known(schema) => {
                        let escaped = if shape.has_fields() { escape(name) } else { None };
                        let key = Self::text(escaped.as_deref().unwrap_or(name));
                        Some(Value::of(value, schema).map(|value| (key, value)))
                    }
                    Field::Hidden => None,
                };
                Some(map.iter().filter_map(entry).collect())
            }
            _ => None,
        }
    }

    /// The value of a key: `None` where it is absent.
    pub(in super::super) fn get(&self, key: &Self) -> Result<Option<Self>, String> {
        match self {
            Self::Optional(None) => Ok(None),
            Self::Optional(Some(inner)) => inner.get(key),
            Self::Object(map, shape) => {
                let Self::String(name) = key else { return Err("no such overload".to_owned()) };
                let plain = if shape.has_fields() { unescape(name) } else { name.to_string() };
                match map.get_key_value(&plain) {
                    // A field that is null is the same as an absent one.
                    Some((_, Json::Null)) if shape.has_fields() => Ok(None),
                    Some((name, value)) => match shape.field(name) {
                        Field::Known(schema) => Value::of(value, schema).map(Some),
                        Field::Hidden => Ok(None),
                    },
                    None => Ok(None),
                }
            }
            Self::Map(map) => {
                let found = map.iter().find(|(found, _)| found.equals(key));
                Ok(found.map(|(_, value)| value.clone()))
            }
            Self::List(_) | Self::Items(..) => self.item(key),
            Self::Literal(of) => match key {
                Self::String(name) => Ok(of.get(name).cloned()),
                _ => Err("no such overload".to_owned()),
            },
            _ => Err("no such overload".to_owned()),
        }
    }

    /// The item of an index.
    fn item(&self, index: &Self) -> Result<Option<Self>, String> {
        let index = match index {
            Self::Int(index) => usize::try_from(*index).ok(),
            Self::Uint(index) => usize::try_from(*index).ok(),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a whole number"
            )]
            Self::Double(index) if index.fract() == 0.0 && *index >= 0.0 => Some(*index as usize),
            Self::Double(index) => {
                return Err(format!("unsupported index value {index} in list"));
            }
            other => {
                return Err(format!("unsupported index type '{}' in list", other.type_name()));
            }
        };
        let Some(index) = index else { return Ok(None) };
        match self {
            Self::Items(list, schema) => {
                let items = schema.and_then(items_of);
                list.get(index).map(|item| Value::of(item, items)).transpose()
            }
            Self::List(list) => Ok(list.get(index).cloned()),
            _ => Ok(None),
        }
    }
}
