//! Equality and order of values.

use std::cmp::Ordering;

use super::super::super::ListType;
use super::Value;
use super::access::Field;

impl Value<'_> {
    /// Whether two values are equal; numbers of different types by their value.
    pub(in super::super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Type(a), Self::Type(b)) => a.name() == b.name(),
            (Self::Quantity(a), Self::Quantity(b)) => a.compare(b) == Ordering::Equal,
            (Self::Url(a), Self::Url(b)) => a.text == b.text,
            (Self::Ip(a), Self::Ip(b)) => a == b,
            (Self::Cidr(a), Self::Cidr(b)) => a == b,
            (Self::Semver(a), Self::Semver(b)) => a.compare(b) == Ordering::Equal,
            (Self::Format(a), Self::Format(b)) => a == b,
            (Self::Literal(a), Self::Literal(b)) => a.equals(b),
            (Self::Unknown(a), Self::Unknown(b)) => a == b,
            (Self::Optional(a), Self::Optional(b)) => match (a, b) {
                (None, None) => true,
                (Some(a), Some(b)) => a.equals(b),
                _ => false,
            },
            (Self::Items(..) | Self::List(_), Self::Items(..) | Self::List(_)) => {
                self.equals_list(other)
            }
            (Self::Object(..) | Self::Map(_), Self::Object(..) | Self::Map(_)) => {
                self.equals_map(other)
            }
            (a, b) => a.compare_numbers(b) == Some(Ordering::Equal),
        }
    }

    fn equals_map(&self, other: &Self) -> bool {
        if self.size() != other.size() {
            return false;
        }
        if let (Self::Object(left, shape), Self::Object(right, other_shape)) = (self, other) {
            return left.iter().all(|(name, value)| {
                let found = right.get(name);
                match (shape.field(name), other_shape.field(name), found) {
                    // Null is the same as absent, where a schema says what is there.
                    (_, _, None) => {
                        value.is_null() && shape.schema.is_none_or(|schema| !schema.dynamic)
                    }
                    (Field::Known(one), Field::Known(another), Some(found)) => {
                        if value.is_null() || found.is_null() {
                            return value == found;
                        }
                        match (Value::of(value, one), Value::of(found, another)) {
                            (Ok(value), Ok(found)) => value.equals(&found),
                            _ => false,
                        }
                    }
                    (_, _, Some(found)) => value == found,
                }
            });
        }
        let Some(Ok(entries)) = self.entries() else { return false };
        entries.iter().all(|(key, value)| {
            let found = other.get(key).ok().flatten();
            found.is_some_and(|found| value.equals(&found))
        })
    }

    /// Lists that are sets or maps are equal in any order.
    fn equals_list(&self, other: &Self) -> bool {
        let (Some(Ok(a)), Some(Ok(b))) = (self.items(), other.items()) else { return false };
        if a.len() != b.len() {
            return false;
        }
        match self.list_type() {
            ListType::Atomic => a.iter().zip(&b).all(|(a, b)| a.equals(b)),
            ListType::Set | ListType::Map => {
                b.iter().all(|item| a.iter().any(|other| item.equals(other)))
            }
        }
    }

    /// How the items of a list are told apart.
    pub(in super::super) fn list_type(&self) -> ListType {
        match self {
            Self::Items(_, Some(schema)) => schema.list_type,
            _ => ListType::Atomic,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "floats are compared as floats")]
    fn compare_numbers(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Uint(a), Self::Uint(b)) => Some(a.cmp(b)),
            (Self::Int(a), Self::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Self::Uint(a), Self::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            (Self::Double(a), Self::Int(b)) => a.partial_cmp(&(*b as f64)),
            (Self::Double(a), Self::Uint(b)) => a.partial_cmp(&(*b as f64)),
            (Self::Int(a), Self::Double(b)) => (*a as f64).partial_cmp(b),
            (Self::Uint(a), Self::Double(b)) => (*a as f64).partial_cmp(b),
            _ => None,
        }
    }

    /// The order of two values, where they have one.
    pub(in super::super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::String(a), Self::String(b)) => Some(a.cmp(b)),
            (Self::Bytes(a), Self::Bytes(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Self::Duration(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(a.cmp(b)),
            (a, b) => a.compare_numbers(b),
        }
    }
}
