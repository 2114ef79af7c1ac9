//! The types of expressions (`cel-go/common/types`, `cel-go/checker/{types,format}.go`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The type of an expression.
#[expect(clippy::enum_variant_names, reason = "a type is a value of the type `type`")]
#[derive(Debug, Clone)]
pub(in super::super) enum Type {
    Dyn,
    /// Something is wrong with the expression already.
    Error,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List(Arc<Type>),
    Map(Arc<Type>, Arc<Type>),
    Optional(Arc<Type>),
    /// An object of a schema.
    Object(Arc<ObjectDecl>),
    /// A type of a library, by its name.
    Opaque(&'static str),
    /// A type of the patches of mutating policies, by its name: `Object`, `Object.spec`, `JSONPatch`
    /// (`k8s.io/apiserver/pkg/cel/mutation`).
    Patch(Arc<str>),
    /// A type as a value.
    Type(Option<Arc<Type>>),
    /// A type that is not known yet.
    Param(Arc<str>),
}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b)) | (Self::Optional(a), Self::Optional(b)) => a == b,
            (Self::Map(a, b), Self::Map(c, d)) => a == c && b == d,
            (Self::Object(a), Self::Object(b)) => a.name == b.name,
            (Self::Opaque(a), Self::Opaque(b)) => a == b,
            (Self::Patch(a), Self::Patch(b)) => a == b,
            (Self::Type(a), Self::Type(b)) => a == b,
            (Self::Param(a), Self::Param(b)) => a == b,
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn => f.write_str("dyn"),
            Self::Error => f.write_str("!error!"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Uint => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Duration => f.write_str("duration"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::List(item) => write!(f, "list({item})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Optional(inner) => write!(f, "optional_type({inner})"),
            Self::Object(of) => f.write_str(&of.name),
            Self::Opaque(name) => f.write_str(name),
            Self::Patch(name) => f.write_str(name),
            Self::Type(None) => f.write_str("type"),
            Self::Type(Some(of)) => write!(f, "type({of})"),
            Self::Param(name) => f.write_str(name),
        }
    }
}

impl Type {
    /// A list of values of a type.
    pub(in super::super) fn list(item: Self) -> Self {
        Self::List(Arc::new(item))
    }

    /// A value that may be absent.
    pub(in super::super) fn optional(inner: Self) -> Self {
        Self::Optional(Arc::new(inner))
    }

    /// The name of the type, without those of its parts.
    pub(in super::super) fn name(&self) -> String {
        match self {
            Self::Duration => "google.protobuf.Duration".to_owned(),
            Self::Timestamp => "google.protobuf.Timestamp".to_owned(),
            Self::Null => "null_type".to_owned(),
            other => {
                let text = other.to_string();
                text.split_once('(').map_or(text.clone(), |(head, _)| head.to_owned())
            }
        }
    }

    pub(in super::super) fn is_dyn_or_error(&self) -> bool {
        matches!(self, Self::Dyn | Self::Error)
    }

    /// Whether all values have the size 1 (`isScalar`).
    pub(in super::super) fn is_scalar(&self) -> bool {
        match self {
            Self::Bool
            | Self::Double
            | Self::Duration
            | Self::Int
            | Self::Timestamp
            | Self::Uint => true,
            Self::Optional(inner) => inner.is_scalar(),
            _ => false,
        }
    }

    /// The types that a type is made of.
    pub(in super::super) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::List(item) | Self::Optional(item) => vec![item],
            Self::Map(key, value) => vec![key, value],
            Self::Type(Some(of)) => vec![of],
            _ => Vec::new(),
        }
    }
}

/// The type of the values of a schema, with sizes.
#[derive(Debug)]
pub(in super::super) struct Decl {
    pub(in super::super) shape: Shape,
    /// The largest size of a value: the number of items, entries or characters.
    pub(in super::super) max: u64,
    /// The smallest size of a value in JSON, in bytes.
    pub(in super::super) min_size: u64,
}

/// What a declaration is made of.
#[derive(Debug)]
pub(in super::super) enum Shape {
    Simple(Type),
    List(Arc<Decl>),
    Map(Arc<Decl>),
    Object(Arc<ObjectDecl>),
}

/// An object: the name of its type, and its fields by their escaped names.
#[derive(Debug)]
pub(in super::super) struct ObjectDecl {
    pub(in super::super) name: String,
    pub(in super::super) fields: BTreeMap<String, Arc<Decl>>,
}

impl Decl {
    /// The type of expressions of it.
    pub(in super::super) fn cel_type(&self) -> Type {
        match &self.shape {
            Shape::Simple(of) => of.clone(),
            Shape::List(item) => Type::list(item.cel_type()),
            Shape::Map(value) => Type::Map(Arc::new(Type::String), Arc::new(value.cel_type())),
            Shape::Object(of) => Type::Object(Arc::clone(of)),
        }
    }
}
