//! Values of expressions (`k8s.io/apiserver/pkg/cel/common/valuesunstructured.go`, `cel-go/common/types`).
//!
//! Parts of an object stay what they are until an expression looks into them.

mod access;
mod compare;
mod json;
mod literal;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::super::super::golang::float;
use super::super::Schema;
use super::access::Access;
use super::kinds::network::{Cidr, Ip};
use super::kinds::quantity::Quantity;
use super::kinds::semver::Semver;
use super::kinds::url::Url;
use super::language::types::Type;

pub(super) use json::parse_go_duration;
pub(super) use literal::Literal;

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value<'v> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Arc<str>),
    Bytes(Arc<[u8]>),
    /// In nanoseconds.
    Duration(i64),
    Timestamp(Timestamp),
    List(Arc<[Value<'v>]>),
    Map(Arc<[(Value<'v>, Value<'v>)]>),
    /// An object or a map of the object that is validated.
    Object(&'v Map<String, Json>, Shape<'v>),
    /// A list of it.
    Items(&'v [Json], Option<&'v Schema>),
    /// A part of it that no schema describes: it can only be compared.
    Unknown(&'v Json),
    Optional(Option<Arc<Value<'v>>>),
    Type(Type),
    Quantity(Arc<Quantity>),
    Url(Arc<Url>),
    Ip(Ip),
    Cidr(Cidr),
    Semver(Arc<Semver>),
    Format(&'static str),
    Access(Access<'v>),
    /// An object of a literal.
    Literal(Arc<Literal<'v>>),
}

/// What an object is known to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<'v> {
    pub(super) schema: Option<&'v Schema>,
    /// Whether it is a whole object, with a kind and metadata, whatever its schema says.
    pub(super) is_resource: bool,
}

/// A value, or the message of the error in its place.
pub(super) type Outcome<'v> = Result<Value<'v>, String>;

impl Value<'_> {
    pub(super) fn text(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    pub(super) fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(items.into_iter().collect())
    }

    pub(super) fn some(value: Self) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    /// A count as a value.
    pub(super) fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The number of items, entries or characters; 1 for what has none.
    pub(super) fn size(&self) -> u64 {
        (match self {
            Self::String(text) => text.chars().count(),
            Self::Bytes(bytes) => bytes.len(),
            Self::List(list) => list.len(),
            Self::Items(list, _) => list.len(),
            Self::Map(map) => map.len(),
            Self::Object(map, _) => map.len(),
            Self::Optional(Some(value)) => return value.size(),
            Self::Ip(ip) => {
                if ip.0.is_ipv4() {
                    4
                } else {
                    16
                }
            }
            Self::Cidr(net) => usize::from(net.bits).div_ceil(8),
            _ => 1,
        }) as u64
    }

    /// The type of a value.
    pub(super) fn type_of(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Uint(_) => Type::Uint,
            Self::Double(_) => Type::Double,
            Self::String(_) => Type::String,
            Self::Bytes(_) => Type::Bytes,
            Self::Duration(_) => Type::Duration,
            Self::Timestamp(_) => Type::Timestamp,
            Self::List(_) | Self::Items(..) => Type::list(Type::Dyn),
            Self::Map(_) | Self::Object(..) => Type::Map(Arc::new(Type::Dyn), Arc::new(Type::Dyn)),
            Self::Unknown(_) => Type::Opaque("unknown"),
            Self::Optional(_) => Type::optional(Type::Dyn),
            Self::Type(_) => Type::Type(None),
            Self::Quantity(_) => Type::Opaque("kubernetes.Quantity"),
            Self::Url(_) => Type::Opaque("kubernetes.URL"),
            Self::Ip(_) => Type::Opaque("net.IP"),
            Self::Cidr(_) => Type::Opaque("net.CIDR"),
            Self::Semver(_) => Type::Opaque("kubernetes.Semver"),
            Self::Format(_) => Type::Opaque("kubernetes.NamedFormat"),
            Self::Access(access) => Type::Opaque(access.type_name()),
            Self::Literal(of) => Type::Patch(Arc::clone(&of.name)),
        }
    }

    /// The name of its type in messages: without the types of items.
    pub(super) fn type_name(&self) -> String {
        self.type_of().name()
    }

    /// A value in the message of an error.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Uint(value) => value.to_string(),
            Self::Double(value) => float(*value),
            Self::Bool(value) => value.to_string(),
            Self::String(text) => text.to_string(),
            Self::Null => "null".to_owned(),
            other => other.type_name(),
        }
    }
}
